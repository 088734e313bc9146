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

struct request {
	int head; /* HEAD: headers only */
	char *script; /* SCRIPT_NAME without a final slash: links begin so */
	char *path; /* PATH_INFO, decoded by the server; "/" if empty */
	char *query; /* QUERY_STRING, still encoded */
	char *user; /* REMOTE_USER, NULL if none */
	const char *range; /* HTTP_RANGE or NULL */
	const char *if_none_match;
};
/* 0, or the status to answer with: 405 (method), 400 (bad path). */
int request_read(struct request *r);
void request_release(struct request *r);
/* The decoded value of a query parameter, for the caller to free, or NULL. */
char *request_param(const struct request *r, const char *name);

struct response {
	int status; /* 200 unless set */
	const char *type; /* Content-Type */
	struct buf headers; /* further lines, each "Name: value\r\n" */
	struct buf body;
};
/* Writes status, headers (security headers included) and, unless HEAD, body to
 * fd in one write. */
int response_write(const struct request *r, struct response *res, int fd);
const char *http_reason(int status);

#endif
