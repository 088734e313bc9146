/*
 * http.h - a CGI/1.1 request (RFC 3875) and its answer.
 *
 * Only REQUEST_METHOD is needed; other missing variables count as empty.
 * Nothing that a request header can set (HTTP_*) grants anything.
 */
#ifndef QUIRE_WEB_HTTP_H
#define QUIRE_WEB_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define REQUEST_PATH_MAX 4096 /* a longer path or query is answered 414 */

struct request {
	int head; /* HEAD: headers only */
	char *script; /* SCRIPT_NAME without a final slash: links begin so */
	char *path; /* PATH_INFO, decoded by the server; "/" if empty */
	char *query; /* QUERY_STRING, still encoded */
	char *user; /* REMOTE_USER, NULL if none */
	const char *range; /* HTTP_RANGE or NULL */
	const char *if_range;
	const char *if_none_match;
};
/* 0, or the status to answer with: 405 (method), 400 (no method, or a path
 * without its slash), 414. The request is filled in all the same. */
int request_read(struct request *r);
void request_release(struct request *r);
/*
 * Appends where the server says it is, "https://ci.example.org:8443", from
 * SERVER_NAME, SERVER_PORT and HTTPS. What the Host header says is not asked.
 * A name that is none, or missing, is "localhost".
 */
void request_origin(struct buf *b);
/* The decoded value of a query parameter, for the caller to free, or NULL;
 * one that holds %00 counts as not given. */
char *request_param(const struct request *r, const char *name);
/* A parameter that is a whole number from 0 on; -1 if it is none or not
 * given. */
int64_t request_param_int(const struct request *r, const char *name);
/* Whether If-None-Match names this entity tag (quotes included). */
int request_has_etag(const struct request *r, const char *etag);

/*
 * Range (RFC 9110, 14.2) over length bytes: 1 *from and *to (exclusive) are
 * the one range asked for; 0 answer with all: no range, a malformed one, several
 * of them, or If-Range names another entity tag; -1 none of it is there (416).
 * Only 1 changes *from and *to.
 */
int request_range(const struct request *r, const char *etag, int64_t length,
	int64_t *from, int64_t *to);

struct response {
	int status; /* 200 unless set */
	const char *type; /* Content-Type */
	struct buf headers; /* further lines, each "Name: value\r\n" */
	const char *cache; /* Cache-Control; "private, no-cache" unless set */
	int scripted; /* a page of ours, which loads our script */
	/* Content-Security-Policy of what is none of ours; NULL: the site's */
	const char *csp;
	struct buf body;
	/* A body that is not held in memory: length bytes that send() writes
	 * to fd, 0 or -1. release() frees arg. */
	int64_t length;
	int (*send)(void *arg, int fd);
	void (*release)(void *arg);
	void *arg;
};
void response_init(struct response *res);
/* Makes it as new again, and keeps the memory. */
void response_reset(struct response *res);
void response_release(struct response *res);
/*
 * Writes status, headers (security headers included) and, unless HEAD, body to
 * fd, in one write if there is no send(). 0 or -1 with errno.
 *
 * An answer of status 200 whose body is held in memory gets an entity tag that
 * is a digest of it, unless the page has set an ETag, and becomes a 304 where
 * If-None-Match names that tag (RFC 9110, 13.1.2). No other answer does: what
 * is not there stays 404 whatever is guessed.
 */
int response_write(const struct request *r, struct response *res, int fd);
const char *http_reason(int status);

#endif
