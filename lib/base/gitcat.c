#include "base/gitcat.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/gitenv.h"
#include "base/mem.h"

int oid_is_valid(const char *hex)
{
	size_t n = strspn(hex, "0123456789abcdef");

	return n == OID_SIZE - 1 && !hex[n];
}

int oid_is_zero(const char *hex)
{
	size_t n = strspn(hex, "0");

	return n == OID_SIZE - 1 && !hex[n];
}

int gitcat_start(struct gitcat *g, const char *git_dir, struct err *e)
{
	int pair[2];

	*g = (struct gitcat){ .sock = -1, .log = -1 };
	buf_init(&g->unsent);
	buf_init(&g->unread);
	/* a socket, since send() can be told to raise no SIGPIPE */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "git cat-file");
	g->log = memfd_create("git-cat-file", MFD_CLOEXEC);
	if (g->log < 0) {
		err_sys(e, "git cat-file");
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	g->sock = pair[0];
	g->git_dir = mem_strdup(git_dir);

	static const char *const argv[] = { "git", "cat-file", "--batch",
		NULL };
	const int fds[3] = { pair[1], pair[1], g->log };
	int rc = gitenv_spawn(&g->pid, argv, GITENV_LEAN, git_dir, fds);
	close(pair[1]);
	if (rc) {
		errno = rc;
		err_sys(e, "git");
		g->pid = 0;
		gitcat_stop(g);
		return -1;
	}
	return 0;
}

/* What git said on its way out, as the reason. */
static int said(struct gitcat *g, struct err *e)
{
	char line[512];
	ssize_t n = pread(g->log, line, sizeof(line) - 1, 0);
	char *text = line;

	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(text, "fatal: ", 7))
		text += 7;
	return err_set(e, EXIT_BUSY, "git cat-file in %s: %s", g->git_dir,
		*text ? text : "ended without an answer");
}

static int send_some(struct gitcat *g, struct err *e)
{
	while (g->unsent.len) {
		ssize_t n = send(g->sock, g->unsent.ptr, g->unsent.len,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0 && errno == EPIPE)
			return said(g, e);
		if (n < 0)
			return err_sys(e, "git cat-file");
		buf_consume(&g->unsent, (size_t)n);
	}
	return 0;
}

/* Waits until git has something to say; meanwhile hands it what it takes. */
static int read_more(struct gitcat *g, struct err *e)
{
	for (;;) {
		struct pollfd p = { .fd = g->sock, .events = POLLIN };
		ssize_t n;

		if (send_some(g, e) < 0)
			return -1;
		if (g->unsent.len)
			p.events |= POLLOUT;
		n = poll(&p, 1, GITCAT_PATIENCE_MS);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "git cat-file");
		if (!n)
			return err_set(e, EXIT_BUSY,
				"git cat-file in %s: no answer for %d seconds",
				g->git_dir, GITCAT_PATIENCE_MS / 1000);
		if (!(p.revents & (POLLIN | POLLHUP | POLLERR)))
			continue;
		buf_consume(&g->unread, g->at);
		g->at = 0;
		buf_grow(&g->unread, 65536);
		n = read(g->sock, g->unread.ptr + g->unread.len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ECONNRESET)
			return err_sys(e, "git cat-file");
		if (n <= 0)
			return said(g, e);
		buf_setlen(&g->unread, g->unread.len + (size_t)n);
		return 0;
	}
}

/* "<oid> <type> <size>"; 0 if the line is not of that form. */
static int parse_header(
	const char *line, struct gitcat_answer *a, unsigned long long *size)
{
	static const char *const names[] = {
		[GITCAT_COMMIT] = "commit ",
		[GITCAT_TREE] = "tree ",
		[GITCAT_BLOB] = "blob ",
		[GITCAT_TAG] = "tag ",
	};
	const char *type = line + OID_SIZE;

	if (strspn(line, "0123456789abcdef") != OID_SIZE - 1 ||
		line[OID_SIZE - 1] != ' ')
		return 0;
	for (int i = GITCAT_COMMIT; i <= GITCAT_TAG; i++) {
		size_t n = strlen(names[i]);
		char *end;

		if (strncmp(type, names[i], n))
			continue;
		*size = strtoull(type + n, &end, 10);
		if (end == type + n || *end)
			return 0;
		a->type = (enum gitcat_type)i;
		memcpy(a->oid, line, OID_SIZE - 1);
		a->oid[OID_SIZE - 1] = '\0';
		return 1;
	}
	return 0;
}

/* git repeats the question and adds a word where there is no object. */
static int is_missing(const char *line)
{
	static const char *const words[] = { " missing", " ambiguous",
		" submodule" };
	size_t len = strlen(line);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i]);

		if (len >= n && !strcmp(line + len - n, words[i]))
			return 1;
	}
	return 0;
}

/* The content and the newline behind it. */
static int read_content(struct gitcat *g, unsigned long long size,
	struct buf *content, struct err *e)
{
	unsigned long long left = size + 1;

	while (left) {
		if (g->at == g->unread.len && read_more(g, e) < 0)
			return -1;

		size_t n = g->unread.len - g->at;
		if (n > left)
			n = (size_t)left;
		size_t keep = n == left ? n - 1 : n;
		size_t room = GITCAT_MAX_CONTENT - content->len;
		buf_add(content, g->unread.ptr + g->at,
			keep < room ? keep : room);
		g->at += n;
		left -= n;
	}
	return 0;
}

static int read_answer(struct gitcat *g, struct gitcat_answer *a, struct err *e)
{
	unsigned long long size;
	char *line, *nl;

	while (line = g->unread.ptr + g->at,
		!(nl = memchr(line, '\n', g->unread.len - g->at)))
		if (read_more(g, e) < 0)
			return -1;
	*nl = '\0';
	g->at = (size_t)(nl + 1 - g->unread.ptr);
	if (parse_header(line, a, &size))
		return read_content(g, size, &a->content, e);
	if (is_missing(line))
		return 0;
	return err_set(e, EXIT_INTERNAL, "git cat-file in %s: said '%.100s'",
		g->git_dir, line);
}

int gitcat_ask(struct gitcat *g, const char *const *questions, size_t n,
	struct gitcat_answer *answers, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++) {
		answers[i].type = GITCAT_MISSING;
		answers[i].oid[0] = '\0';
		buf_init(&answers[i].content);
	}
	for (i = 0; i < n; i++) {
		if (strchr(questions[i], '\n'))
			return err_set(e, EXIT_INTERNAL,
				"git cat-file: a question of two lines");
		buf_adds(&g->unsent, questions[i]);
		buf_addc(&g->unsent, '\n');
	}
	if (send_some(g, e) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (read_answer(g, &answers[i], e) < 0)
			goto forget;
	return 0;
forget:
	for (i = 0; i < n; i++)
		buf_release(&answers[i].content);
	return -1;
}

void gitcat_stop(struct gitcat *g)
{
	if (!g->git_dir)
		return; /* never started */
	if (g->sock >= 0)
		close(g->sock);
	if (g->log >= 0)
		close(g->log);
	if (g->pid > 0) {
		/* it may be in the midst of an object that nobody wants */
		kill(g->pid, SIGKILL);
		while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	buf_release(&g->unsent);
	buf_release(&g->unread);
	free(g->git_dir);
	*g = (struct gitcat){ .sock = -1, .log = -1 };
}
