/*
 * test_http.c - requests as servers hand them over, and answers by RFC 9110.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "web/http.h"

/* Only how cmocka reports is left of the environment. */
static int read_request(struct request *r, const char *const *env)
{
	static const char output[] = "CMOCKA_MESSAGE_OUTPUT";
	char *format = getenv(output) ? mem_strdup(getenv(output)) : NULL;

	clearenv();
	if (format)
		setenv(output, format, 1);
	free(format);
	for (; *env; env += 2)
		setenv(env[0], env[1], 1);
	return request_read(r);
}
#define READ(r, ...) read_request(r, (const char *const[]){ __VA_ARGS__, NULL })

static void only_the_method_is_needed(void **state)
{
	struct request r;

	(void)state;
	assert_int_equal(READ(&r, "REQUEST_METHOD", "GET"), 0);
	assert_string_equal(r.path, "/");
	assert_string_equal(r.script, "");
	assert_string_equal(r.query, "");
	assert_null(r.user);
	assert_false(r.head);
	request_release(&r);
	assert_int_equal(READ(&r, "PATH_INFO", "/"), 400);
	request_release(&r);
}

static void other_methods_are_refused(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "DELETE", "get",
		"OPTIONS", "GETX", "TRACE" };
	struct request r;

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		assert_int_equal(READ(&r, "REQUEST_METHOD", methods[i]), 405);
		request_release(&r);
	}
	assert_int_equal(READ(&r, "REQUEST_METHOD", "HEAD"), 0);
	assert_true(r.head);
	request_release(&r);
}

static void bad_and_long_paths_are_refused(void **state)
{
	char path[REQUEST_PATH_MAX + 3];
	struct request r;

	(void)state;
	assert_int_equal(
		READ(&r, "REQUEST_METHOD", "GET", "PATH_INFO", "foo"), 400);
	request_release(&r);
	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(
		READ(&r, "REQUEST_METHOD", "GET", "PATH_INFO", path), 414);
	request_release(&r);
	assert_int_equal(
		READ(&r, "REQUEST_METHOD", "GET", "QUERY_STRING", path), 414);
	request_release(&r);
}

static void links_begin_with_the_script(void **state)
{
	struct request r;

	(void)state;
	READ(&r, "REQUEST_METHOD", "GET", "SCRIPT_NAME", "/ci//", "REMOTE_USER",
		"tess");
	assert_string_equal(r.script, "/ci");
	assert_string_equal(r.user, "tess");
	request_release(&r);
	READ(&r, "REQUEST_METHOD", "GET", "SCRIPT_NAME", "/", "REMOTE_USER",
		"");
	assert_string_equal(r.script, "");
	assert_null(r.user);
	request_release(&r);
}

static void headers_grant_nothing(void **state)
{
	struct request r;

	(void)state;
	READ(&r, "REQUEST_METHOD", "GET", "HTTP_REMOTE_USER", "tess",
		"HTTP_X_REMOTE_USER", "tess", "HTTP_AUTHORIZATION", "Basic x",
		"HTTP_X_FORWARDED_USER", "tess");
	assert_null(r.user);
	request_release(&r);
}

static void check_origin(const char *const *env, const char *want)
{
	struct buf b = BUF_INIT;
	struct request r;

	read_request(&r, env);
	request_origin(&b);
	assert_string_equal(b.ptr, want);
	buf_release(&b);
	request_release(&r);
}
#define ORIGIN(want, ...) \
	check_origin((const char *const[]){ __VA_ARGS__, NULL }, want)

static void the_origin_is_what_the_server_says(void **state)
{
	(void)state;
	ORIGIN("http://localhost", "HTTP_HOST", "evil.example");
	ORIGIN("http://a.b-c", "SERVER_NAME", "a.b-c", "SERVER_PORT", "80",
		"HTTPS", "off");
	ORIGIN("http://a:443", "SERVER_NAME", "a", "SERVER_PORT", "443");
	ORIGIN("https://a", "SERVER_NAME", "a", "SERVER_PORT", "443", "HTTPS",
		"on");
	ORIGIN("https://[::1]:8443", "SERVER_NAME", "::1", "SERVER_PORT",
		"8443", "HTTPS", "1");
	ORIGIN("http://[::1]", "SERVER_NAME", "[::1]");
	ORIGIN("http://localhost", "SERVER_NAME", "a/b", "SERVER_PORT", "8x");
	ORIGIN("http://localhost", "SERVER_NAME", "<b>", "SERVER_PORT",
		"123456");
}

static void check_param(const char *query, const char *name, const char *want)
{
	struct request r;
	char *got;

	READ(&r, "REQUEST_METHOD", "GET", "QUERY_STRING", query);
	got = request_param(&r, name);
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	free(got);
	request_release(&r);
}

static void parameters_are_decoded(void **state)
{
	(void)state;
	check_param("ref=main&state=failed", "state", "failed");
	check_param("ref=a%2Fb+c", "ref", "a/b c");
	check_param("ref=100%&x=1", "ref", "100%");
	check_param("ref=%4", "ref", "%4");
	check_param("ref=%zz", "ref", "%zz");
	check_param("ref=", "ref", "");
	check_param("xref=1&ref=2", "ref", "2");
	check_param("ref", "ref", NULL);
	check_param("&&ref=1&", "ref", "1");
	check_param("ref=a%00b", "ref", NULL);
}

static void check_int(const char *query, int64_t want)
{
	struct request r;

	READ(&r, "REQUEST_METHOD", "GET", "QUERY_STRING", query);
	assert_int_equal(request_param_int(&r, "n"), want);
	request_release(&r);
}

static void numbers_are_whole_ones(void **state)
{
	(void)state;
	check_int("n=42", 42);
	check_int("n=0", 0);
	check_int("n=-1", -1);
	check_int("n=4x", -1);
	check_int("n=", -1);
	check_int("", -1);
	check_int("n=999999999999999999", 999999999999999999);
	check_int("n=9999999999999999999999", -1);
}

static int range(const char *text, int64_t length, int64_t *from, int64_t *to)
{
	struct request r = { .range = text };

	*from = *to = 0;
	return request_range(&r, "\"tag\"", length, from, to);
}

static void check_range(
	const char *text, int64_t length, int64_t from, int64_t to)
{
	int64_t a, b;

	assert_int_equal(range(text, length, &a, &b), 1);
	assert_int_equal(a, from);
	assert_int_equal(b, to);
}

static void one_range_is_answered(void **state)
{
	(void)state;
	check_range("bytes=0-0", 10, 0, 1);
	check_range("bytes=2-5", 10, 2, 6);
	check_range("bytes=2-", 10, 2, 10);
	check_range("bytes=2-99", 10, 2, 10);
	check_range("bytes=-3", 10, 7, 10);
	check_range("bytes=-30", 10, 0, 10);
}

static void ranges_beyond_the_end_are_416(void **state)
{
	int64_t a, b;

	(void)state;
	assert_int_equal(range("bytes=10-", 10, &a, &b), -1);
	assert_int_equal(range("bytes=-0", 10, &a, &b), -1);
	assert_int_equal(range("bytes=0-", 0, &a, &b), -1);
	assert_int_equal(range("bytes=-1", 0, &a, &b), -1);
}

static void what_is_no_range_is_ignored(void **state)
{
	static const char *const texts[] = { "bytes=", "bytes=a-b", "bytes=5-2",
		"lines=1-2", "bytes=1-2,4-5", "bytes=-", "bytes=1",
		"bytes=1-2x", "bytes= 1-2", "bytes=3-x",
		"bytes=99999999999999999999-" };
	int64_t a, b;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(range(texts[i], 10, &a, &b), 0);
		/* what the caller means to send is left alone */
		assert_int_equal(a, 0);
		assert_int_equal(b, 0);
	}
	assert_int_equal(range(NULL, 10, &a, &b), 0);
}

static void if_range_must_name_the_tag(void **state)
{
	struct request r = { .range = "bytes=1-2", .if_range = "\"tag\"" };
	int64_t a, b;

	(void)state;
	assert_int_equal(request_range(&r, "\"tag\"", 10, &a, &b), 1);
	r.if_range = "\"other\"";
	assert_int_equal(request_range(&r, "\"tag\"", 10, &a, &b), 0);
}

static int has(const char *header, const char *etag)
{
	struct request r = { .if_none_match = header };

	return request_has_etag(&r, etag);
}

static void entity_tags_are_found(void **state)
{
	(void)state;
	assert_true(has("\"a\"", "\"a\""));
	assert_true(has("\"b\", W/\"a\"", "\"a\""));
	assert_true(has("*", "\"a\""));
	assert_false(has("\"b\"", "\"a\""));
	assert_false(has("a", "\"a\""));
	assert_false(has("\"a", "\"a\""));
	assert_false(has("", "\"a\""));
	assert_false(has(NULL, "\"a\""));
}

/* What response_write() writes, for the caller to free. */
static char *written(const struct request *r, struct response *res)
{
	struct buf out = BUF_INIT;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(response_write(r, res, fds[1]), 0);
	close(fds[1]);
	assert_int_equal(fs_read_all(fds[0], &out, 1 << 16), 0);
	close(fds[0]);
	return buf_detach(&out);
}

static void an_answer_has_its_headers(void **state)
{
	struct request r = { 0 };
	struct response res;
	char *out;

	(void)state;
	response_init(&res);
	buf_adds(&res.body, "hello");
	out = written(&r, &res);
	assert_null(strstr(out, "Status:"));
	assert_non_null(strstr(out, "Content-Length: 5\r\n"));
	assert_non_null(strstr(out, "frame-ancestors 'none'"));
	assert_non_null(strstr(out, "X-Content-Type-Options: nosniff\r\n"));
	assert_null(strstr(out, "unsafe-inline"));
	assert_string_equal(strstr(out, "\r\n\r\n"), "\r\n\r\nhello");
	free(out);

	res.status = 404;
	r.head = 1;
	out = written(&r, &res);
	assert_ptr_equal(strstr(out, "Status: 404 Not Found\r\n"), out);
	assert_non_null(strstr(out, "Content-Length: 5\r\n"));
	assert_string_equal(strstr(out, "\r\n\r\n"), "\r\n\r\n");
	free(out);
	response_release(&res);
}

/* The answer of this status with this body; its tag goes to etag if there is
 * one. */
static char *tagged(int status, const char *own, const char *body,
	const char *if_none_match, char etag[32])
{
	struct request r = { .if_none_match = if_none_match };
	struct response res;
	char *out;

	response_init(&res);
	res.status = status;
	buf_adds(&res.headers, own);
	buf_adds(&res.body, body);
	out = written(&r, &res);
	response_release(&res);

	const char *line = strstr(out, "\r\nETag: ");
	snprintf(etag, 32, "%.*s", line ? (int)strcspn(line + 8, "\r") : 0,
		line ? line + 8 : "");
	return out;
}

static void a_body_has_a_tag_of_its_bytes(void **state)
{
	char a[32], b[32], c[32];

	(void)state;
	free(tagged(200, "", "hello", NULL, a));
	free(tagged(200, "X-ETag: 1\r\n", "hello", "\"x\"", b));
	free(tagged(200, "", "hellp", NULL, c));
	assert_int_equal(strlen(a), 18);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	free(tagged(404, "", "hello", NULL, c));
	assert_string_equal(c, "");
	free(tagged(200, "ETag: \"own\"\r\n", "hello", "\"own\"", c));
	assert_string_equal(c, "\"own\"");
	free(tagged(200, "A: b\r\nETag: \"own\"\r\n", "hello", NULL, c));
	assert_string_equal(c, "\"own\"");
}

static void what_the_client_has_is_304(void **state)
{
	char tag[32], again[32];
	char *out;

	(void)state;
	free(tagged(200, "", "hello", NULL, tag));
	out = tagged(200, "X: y\r\n", "hello", tag, again);
	assert_ptr_equal(strstr(out, "Status: 304 Not Modified\r\n"), out);
	assert_string_equal(tag, again);
	assert_non_null(strstr(out, "Cache-Control: private, no-cache\r\n"));
	assert_non_null(strstr(out, "X: y\r\n"));
	assert_null(strstr(out, "Content-Length"));
	assert_string_equal(strstr(out, "\r\n\r\n"), "\r\n\r\n");
	free(out);

	/* no guess makes what is not there anything else */
	out = tagged(404, "", "hello", "*", again);
	assert_ptr_equal(strstr(out, "Status: 404 Not Found\r\n"), out);
	assert_non_null(strstr(out, "\r\n\r\nhello"));
	free(out);
}

static int send_abc(void *arg, int fd)
{
	return fs_write_all(fd, arg, 3);
}

static void a_body_may_be_sent(void **state)
{
	struct request r = { 0 };
	struct response res;
	char *out;

	(void)state;
	response_init(&res);
	res.send = send_abc;
	res.release = free;
	res.arg = mem_strdup("abc");
	res.length = 3;
	out = written(&r, &res);
	assert_non_null(strstr(out, "Content-Length: 3\r\n"));
	assert_string_equal(strstr(out, "\r\n\r\n"), "\r\n\r\nabc");
	free(out);
	response_release(&res);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_method_is_needed),
		cmocka_unit_test(other_methods_are_refused),
		cmocka_unit_test(bad_and_long_paths_are_refused),
		cmocka_unit_test(links_begin_with_the_script),
		cmocka_unit_test(headers_grant_nothing),
		cmocka_unit_test(the_origin_is_what_the_server_says),
		cmocka_unit_test(parameters_are_decoded),
		cmocka_unit_test(numbers_are_whole_ones),
		cmocka_unit_test(one_range_is_answered),
		cmocka_unit_test(ranges_beyond_the_end_are_416),
		cmocka_unit_test(what_is_no_range_is_ignored),
		cmocka_unit_test(if_range_must_name_the_tag),
		cmocka_unit_test(entity_tags_are_found),
		cmocka_unit_test(an_answer_has_its_headers),
		cmocka_unit_test(a_body_has_a_tag_of_its_bytes),
		cmocka_unit_test(what_the_client_has_is_304),
		cmocka_unit_test(a_body_may_be_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
