#include "web/http.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"

static const char *env_or_empty(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static char *without_final_slashes(const char *s)
{
	size_t len = strlen(s);

	while (len && s[len - 1] == '/')
		len--;
	return mem_strndup(s, len);
}

int request_read(struct request *r)
{
	const char *method = env_or_empty("REQUEST_METHOD");
	const char *path = env_or_empty("PATH_INFO");
	const char *query = env_or_empty("QUERY_STRING");
	const char *user = env_or_empty("REMOTE_USER");

	*r = (struct request){
		.head = !strcmp(method, "HEAD"),
		.script = without_final_slashes(env_or_empty("SCRIPT_NAME")),
		.path = mem_strdup(*path ? path : "/"),
		.query = mem_strdup(query),
		.user = *user ? mem_strdup(user) : NULL,
		.range = getenv("HTTP_RANGE"),
		.if_range = getenv("HTTP_IF_RANGE"),
		.if_none_match = getenv("HTTP_IF_NONE_MATCH"),
	};
	if (!*method || r->path[0] != '/')
		return 400;
	if (!r->head && strcmp(method, "GET") != 0)
		return 405;
	if (strlen(path) > REQUEST_PATH_MAX || strlen(query) > REQUEST_PATH_MAX)
		return 414;
	return 0;
}

void request_release(struct request *r)
{
	free(r->script);
	free(r->path);
	free(r->query);
	free(r->user);
	*r = (struct request){ 0 };
}

/* RFC 3875, 4.1.14: a name, or an address that may stand in brackets. */
static int is_server_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789.-_:[]") == strlen(name);
}

void request_origin(struct buf *b)
{
	const char *name = env_or_empty("SERVER_NAME");
	const char *port = env_or_empty("SERVER_PORT");
	const char *https = env_or_empty("HTTPS");
	int secure = *https && strcasecmp(https, "off") != 0;
	size_t digits = strspn(port, "0123456789");

	if (!is_server_name(name))
		name = "localhost";
	buf_adds(b, secure ? "https://" : "http://");
	if (strchr(name, ':') && *name != '[')
		buf_addf(b, "[%s]", name);
	else
		buf_adds(b, name);
	if (digits && digits <= 5 && !port[digits] &&
		strcmp(port, secure ? "443" : "80") != 0)
		buf_addf(b, ":%s", port);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* application/x-www-form-urlencoded, n bytes; NULL if it holds a NUL. */
static char *decode(const char *s, size_t n)
{
	char *out = mem_alloc(n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		char c = s[i] == '+' ? ' ' : s[i];

		if (c == '%' && i + 2 < n && hex_value(s[i + 1]) >= 0 &&
			hex_value(s[i + 2]) >= 0) {
			c = (char)(hex_value(s[i + 1]) * 16 +
				   hex_value(s[i + 2]));
			i += 2;
		}
		if (!c) {
			free(out);
			return NULL;
		}
		out[len++] = c;
	}
	out[len] = '\0';
	return out;
}

char *request_param(const struct request *r, const char *name)
{
	size_t name_len = strlen(name);

	for (const char *p = r->query; *p;) {
		size_t len = strcspn(p, "&");

		if (len > name_len && !strncmp(p, name, name_len) &&
			p[name_len] == '=')
			return decode(p + name_len + 1, len - name_len - 1);
		p += len;
		if (*p)
			p++;
	}
	return NULL;
}

/* Digits alone, up to the first other byte; -1 for none, or far too many. */
static int64_t number_at(const char **s)
{
	const char *p = *s;
	int64_t n = 0;

	while (isdigit((unsigned char)*p)) {
		if (p - *s >= 18)
			return -1;
		n = n * 10 + (*p++ - '0');
	}
	if (p == *s)
		return -1;
	*s = p;
	return n;
}

int64_t request_param_int(const struct request *r, const char *name)
{
	char *text = request_param(r, name);
	const char *p = text;
	int64_t n = -1;

	if (text) {
		n = number_at(&p);
		if (*p)
			n = -1;
	}
	free(text);
	return n;
}

int request_has_etag(const struct request *r, const char *etag)
{
	const char *p = r->if_none_match;
	size_t len = strlen(etag);

	while (p && *p) {
		p += strspn(p, " \t,");
		if (*p == '*')
			return 1;
		if (!strncmp(p, "W/", 2))
			p += 2;
		size_t n =
			*p == '"' ? strcspn(p + 1, "\"") + 2 : strcspn(p, ",");
		if (n == len && !strncmp(p, etag, len))
			return 1;
		if (strlen(p) < n)
			break;
		p += n;
	}
	return 0;
}

/* "-20" or "5-9" or "5-", all of it, of length bytes: as request_range(). */
static int parse_range(
	const char *p, int64_t length, int64_t *from, int64_t *to)
{
	int64_t last;

	if (*p == '-') { /* the last so many */
		p++;
		last = number_at(&p);
		if (last < 0 || *p)
			return 0;
		*from = last < length ? length - last : 0;
		*to = length;
		return last && length ? 1 : -1;
	}
	*from = number_at(&p);
	if (*from < 0 || *p++ != '-')
		return 0;
	*to = length;
	if (*p) {
		last = number_at(&p);
		if (last < *from || *p)
			return 0;
		if (last < length)
			*to = last + 1;
	}
	return *from < length ? 1 : -1;
}

int request_range(const struct request *r, const char *etag, int64_t length,
	int64_t *from, int64_t *to)
{
	int64_t first, end;
	int got;

	if (!r->range || strncmp(r->range, "bytes=", 6) != 0)
		return 0;
	if (r->if_range && strcmp(r->if_range, etag) != 0)
		return 0;
	got = parse_range(r->range + 6, length, &first, &end);
	if (got > 0) {
		*from = first;
		*to = end;
	}
	return got;
}

const char *http_reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 206:
		return "Partial Content";
	case 301:
		return "Moved Permanently";
	case 302:
		return "Found";
	case 304:
		return "Not Modified";
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 414:
		return "URI Too Long";
	case 416:
		return "Range Not Satisfiable";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

/* Room for most pages from the start: what is not written to costs nothing,
 * but every growth touches, and copies into, fresh memory. */
#define BODY_ROOM 65535

void response_init(struct response *res)
{
	*res = (struct response){ .headers = BUF_INIT, .body = BUF_INIT };
	buf_grow(&res->body, BODY_ROOM);
	response_reset(res);
}

void response_reset(struct response *res)
{
	if (res->release)
		res->release(res->arg);
	buf_reset(&res->headers);
	buf_reset(&res->body);
	res->status = 200;
	res->type = "text/html; charset=utf-8";
	res->cache = "private, no-cache";
	res->scripted = 0;
	res->csp = NULL;
	res->length = 0;
	res->send = NULL;
	res->release = NULL;
	res->arg = NULL;
}

void response_release(struct response *res)
{
	response_reset(res);
	buf_release(&res->headers);
	buf_release(&res->body);
}

/* Styles of ours only, in nobody's frame; an icon is drawn in the page itself.
 * Only what is made by the frame of our pages may run a script, ours, which
 * asks for what is new where it came from. Nothing in a page itself is script
 * or style. */
#define SITE_POLICY                                                    \
	"style-src 'self'; img-src 'self' data:; form-action 'self'; " \
	"base-uri 'none'; frame-ancestors 'none'"
static const char no_script[] = "default-src 'none'; " SITE_POLICY;
static const char our_script[] =
	"default-src 'none'; script-src 'self'; connect-src 'self'; " SITE_POLICY;

static void add_security(struct buf *head, const struct response *res)
{
	buf_adds(head, "Content-Security-Policy: ");
	if (res->csp)
		buf_adds(head, res->csp);
	else
		buf_adds(head, res->scripted ? our_script : no_script);
	buf_adds(head, "\r\nX-Content-Type-Options: nosniff\r\n"
		       "Referrer-Policy: same-origin\r\n");
}

/* Whether a header is set; name is "\r\nName: ". */
static int has_header(const struct response *res, const char *name)
{
	const struct buf *h = &res->headers;
	size_t first = strlen(name) - 2;

	return !strncmp(h->ptr, name + 2, first) ||
	       memmem(h->ptr, h->len, name, first + 2) != NULL;
}

/* The same bytes have the same tag, whenever and wherever they are made. */
static void tag_body(const struct request *r, struct response *res)
{
	char etag[24];

	if (res->status != 200 || res->send || has_header(res, "\r\nETag: "))
		return;
	snprintf(etag, sizeof(etag), "\"%016llx\"",
		(unsigned long long)hash64(res->body.ptr, res->body.len));
	buf_adds(&res->headers, "ETag: ");
	buf_adds(&res->headers, etag);
	buf_adds(&res->headers, "\r\n");
	if (request_has_etag(r, etag))
		res->status = 304;
}

static void add_head(struct buf *head, const struct response *res)
{
	int64_t length = res->send ? res->length : (int64_t)res->body.len;

	if (res->status != 200) {
		buf_adds(head, "Status: ");
		buf_addi(head, res->status);
		buf_addc(head, ' ');
		buf_adds(head, http_reason(res->status));
		buf_adds(head, "\r\n");
	}
	if (res->status != 304) {
		buf_adds(head, "Content-Type: ");
		buf_adds(head, res->type);
		buf_adds(head, "\r\nContent-Length: ");
		buf_addi(head, length);
		buf_adds(head, "\r\n");
	}
	buf_adds(head, "Cache-Control: ");
	buf_adds(head, res->cache);
	buf_adds(head, "\r\n");
	add_security(head, res);
	buf_add(head, res->headers.ptr, res->headers.len);
	buf_adds(head, "\r\n");
}

/* Both with one system call where the pipe takes them. */
static int write_both(int fd, const struct buf *head, const struct buf *body)
{
	struct iovec iov[2] = {
		{ head->ptr, head->len },
		{ body->ptr, body->len },
	};
	ssize_t n;

	do
		n = writev(fd, iov, 2);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;

	size_t done = (size_t)n;
	if (done < head->len) {
		if (fs_write_all(fd, head->ptr + done, head->len - done) < 0)
			return -1;
		done = head->len;
	}
	done -= head->len;
	return fs_write_all(fd, body->ptr + done, body->len - done);
}

int response_write(const struct request *r, struct response *res, int fd)
{
	static const struct buf nothing = BUF_INIT;
	struct buf head = BUF_INIT;
	int bodyless, ret;

	tag_body(r, res);
	bodyless = r->head || res->status == 304 || res->send;
	add_head(&head, res);
	ret = write_both(fd, &head, bodyless ? &nothing : &res->body);
	buf_release(&head);
	if (!ret && res->send && !r->head)
		ret = res->send(res->arg, fd);
	return ret;
}
