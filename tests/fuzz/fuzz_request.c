/*
 * A request, from the environment to the last byte of the answer, over a home
 * that is made once: the lines of the input are the variables below, in their
 * order. Whatever they hold, the answer has well-formed headers and a status
 * that is meant for it, says how long it is, nests as it should, runs no script
 * of anybody's, and shows nobody what is private.
 */
#include "fuzz.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "exec/seed.h"
#include "web/serve.h"

/* The first is the method; a line that is missing or empty sets nothing. \x1e
 * stands for a newline in a value. */
static const char *const names[] = { "REQUEST_METHOD", "PATH_INFO",
	"QUERY_STRING", "REMOTE_USER", "HTTP_IF_NONE_MATCH", "HTTP_RANGE",
	"HTTP_IF_RANGE", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "HTTPS" };
#define N_NAMES (sizeof(names) / sizeof(*names))

/* What a run of the private repository wrote. */
static const char private_words[] = "rotated 3 keys";

static char home[64];
static int answer_fd = -1;

static void remove_home(void)
{
	fs_remove_tree(AT_FDCWD, home);
}

static void set_up(void)
{
	struct err e = { 0 };

	snprintf(home, sizeof(home), "/tmp/quire-fuzz.XXXXXX");
	MUST(mkdtemp(home));
	MUST(atexit(remove_home) == 0);
	int failed = seed_home(home, clock_now_ms(), &e) < 0;
	if (failed)
		fprintf(stderr, "%s\n", e.text);
	MUST(!failed);
	answer_fd = memfd_create("answer", MFD_CLOEXEC);
	MUST(answer_fd >= 0);
}

/* For libFuzzer, which counts no time of this as an input's. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	set_up();
	return 0;
}

/* One variable; the caller frees it. */
static char *variable(const char *name, const char *value, size_t len)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "%s=", name);
	for (size_t i = 0; i < len; i++)
		buf_addc(&b, value[i] == '\x1e' ? '\n' : value[i]);
	/* a variable ends with its first NUL */
	return buf_detach(&b);
}

/* setenv() would keep every value for good. */
static void set_environment(char **env, const char *input, size_t len)
{
	size_t n = 0;

	env[n++] = variable("QUIRE_HOME", home, strlen(home));
	for (size_t i = 0; i < N_NAMES && len; i++) {
		const char *end = memchr(input, '\n', len);
		size_t line = end ? (size_t)(end - input) : len;

		if (line)
			env[n++] = variable(names[i], input, line);
		line += end != NULL;
		input += line;
		len -= line;
	}
	env[n] = NULL;
}

static const char *header(const char *head, const char *name)
{
	for (const char *p = head; *p; p = strstr(p, "\r\n") + 2) {
		size_t len = strlen(name);

		if (!strncmp(p, name, len) && p[len] == ':')
			return p + len + 2;
	}
	return NULL;
}

/* "Name: value", each once, of printable ASCII. */
static void check_headers(const char *head)
{
	for (const char *p = head; *p;) {
		const char *end = strstr(p, "\r\n");
		size_t name = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"abcdefghijklmnopqrstuvwxyz-");
		char text[64];

		MUST(end && name && name < sizeof(text) && p[name] == ':' &&
			p[name + 1] == ' ');
		for (const char *c = p + name; c < end; c++)
			MUST(*c >= ' ' && *c <= '~');
		memcpy(text, p, name);
		text[name] = '\0';
		MUST(header(head, text) == p + name + 2);
		p = end + 2;
	}
	const char *csp = header(head, "Content-Security-Policy");
	MUST(csp && strstr(csp, "default-src 'none'"));
	MUST(!strstr(head, "unsafe"));
	MUST(header(head, "X-Content-Type-Options"));
	MUST(header(head, "Cache-Control"));
}

static int check_status(const char *head)
{
	static const int known[] = { 200, 206, 301, 302, 304, 400, 404, 405,
		414, 416 };
	const char *text = header(head, "Status");
	int status = text ? atoi(text) : 200;
	int is_known = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		is_known |= known[i] == status;
	MUST(is_known);
	MUST((status == 405) == (header(head, "Allow") != NULL));
	MUST((status == 301 || status == 302) ==
		(header(head, "Location") != NULL));
	return status;
}

/* ---- tags ---- */

#define DEPTH_MAX 64
struct tags {
	char open[DEPTH_MAX][16];
	int depth;
	int is_html;
};

static int may_stay_open(const char *name)
{
	return !strcmp(name, "li") || !strcmp(name, "option") ||
	       !strcmp(name, "dt") || !strcmp(name, "dd");
}

static int is_void(const char *name)
{
	static const char *const voids[] = { "meta", "link", "input", "br",
		"hr", "img", "wbr" };

	for (size_t i = 0; i < sizeof(voids) / sizeof(*voids); i++) {
		if (!strcmp(voids[i], name))
			return 1;
	}
	return 0;
}

static void close_tag(struct tags *t, const char *name)
{
	while (t->is_html && t->depth &&
		strcmp(t->open[t->depth - 1], name) != 0 &&
		may_stay_open(t->open[t->depth - 1]))
		t->depth--;
	MUST(t->depth && !strcmp(t->open[t->depth - 1], name));
	t->depth--;
}

/* Attributes are name="value" or name alone, none is an event's or a style;
 * returns behind them. */
static const char *attributes(const char *p, const char *end)
{
	for (;;) {
		while (p < end && isspace((unsigned char)*p))
			p++;
		MUST(p < end);
		if (*p == '>' || *p == '/' || *p == '?')
			return p;
		const char *name = p;
		while (p < end &&
			(isalpha((unsigned char)*p) || *p == '-' || *p == ':' ||
				isdigit((unsigned char)*p)))
			p++;
		MUST(p > name && p < end);
		MUST(strncmp(name, "on", 2) != 0 && strncmp(name, "style", 5));
		if (*p != '=')
			continue;
		MUST(end - p > 2 && p[1] == '"');
		const char *value = p + 2;
		p = memchr(value, '"', (size_t)(end - value));
		MUST(p && !memchr(value, '<', (size_t)(p - value)));
		MUST(strncmp(value, "javascript:", 11) != 0);
		p++;
	}
}

static const char *one_tag(struct tags *t, const char *p, const char *end)
{
	char name[16];
	int closes = p < end && *p == '/';
	size_t len = 0;

	if (closes || (p < end && (*p == '!' || *p == '?')))
		p++;
	while (p + len < end && isalnum((unsigned char)p[len]))
		len++;
	MUST(len && len < sizeof(name));
	memcpy(name, p, len);
	name[len] = '\0';
	if (!strcmp(name, "DOCTYPE") || !strcmp(name, "xml")) {
		p = memchr(p, '>', (size_t)(end - p));
		MUST(p);
		return p + 1;
	}
	p = attributes(p + len, end);
	if (closes) {
		close_tag(t, name);
	} else if (*p == '/') {
		p++;
	} else if (!t->is_html || !is_void(name)) {
		MUST(t->depth < DEPTH_MAX);
		memcpy(t->open[t->depth++], name, len + 1);
	}
	MUST(p < end && *p == '>');
	return p + 1;
}

static void check_tags(const char *body, size_t len, int is_html)
{
	struct tags t = { .is_html = is_html };
	const char *p = body, *end = body + len;

	while ((p = memchr(p, '<', (size_t)(end - p))))
		p = one_tag(&t, p + 1, end);
	MUST(!t.depth);
}

/* ---- */

static int is_typed(const char *type, const char *as)
{
	return type && !strncmp(type, as, strlen(as));
}

static void check_body(
	const char *head, int status, const char *body, size_t len, int is_head)
{
	const char *type = header(head, "Content-Type");
	const char *length = header(head, "Content-Length");

	MUST((status == 304) == !length && (status == 304) == !type);
	if (is_head || status == 304) {
		MUST(!len);
		return;
	}
	MUST((size_t)atoll(length) == len);
	/* an artifact comes as it is, and alone */
	if (strstr(head, "Content-Security-Policy: sandbox"))
		return;
	if (is_typed(type, "text/html"))
		check_tags(body, len, 1);
	if (is_typed(type, "image/svg+xml") ||
		is_typed(type, "application/atom+xml"))
		check_tags(body, len, 0);
}

static void check_answer(const char *answer, size_t len, const char *input,
	size_t input_len, const char *user)
{
	const char *end = memmem(answer, len, "\r\n\r\n", 4);
	int is_head = input_len >= 5 && !memcmp(input, "HEAD\n", 5);
	struct buf head = BUF_INIT;

	MUST(end);
	buf_add(&head, answer, (size_t)(end - answer) + 2);
	MUST(strlen(head.ptr) == head.len);
	check_headers(head.ptr);
	check_body(head.ptr, check_status(head.ptr), end + 4,
		len - (size_t)(end + 4 - answer), is_head);
	buf_release(&head);
	if (!user && !memmem(input, input_len, private_words,
			     sizeof(private_words) - 1))
		MUST(!memmem(
			answer, len, private_words, sizeof(private_words) - 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *env[N_NAMES + 2], **kept = environ;
	struct err e = { 0 };
	struct stat st;

	if (answer_fd < 0)
		set_up();
	MUST(ftruncate(answer_fd, 0) == 0 &&
		lseek(answer_fd, 0, SEEK_SET) == 0);
	set_environment(env, (const char *)data, len);
	environ = env;
	int ret = serve(answer_fd, &e);
	const char *user = getenv("REMOTE_USER");
	MUST(fstat(answer_fd, &st) == 0 && st.st_size > 0);
	char *answer = mmap(
		NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, answer_fd, 0);
	MUST(answer != MAP_FAILED);
	if (ret)
		fprintf(stderr, "%s\n", e.text);
	MUST(!ret);
	check_answer(answer, (size_t)st.st_size, (const char *)data, len,
		user && *user ? user : NULL);
	MUST(munmap(answer, (size_t)st.st_size) == 0);
	environ = kept;
	for (char **v = env; *v; v++)
		free(*v);
	return 0;
}
