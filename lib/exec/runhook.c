#include "exec/runhook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "exec/signals.h"

/* More than a pipe holds. */
#define LAST_READS 64

void runhook_add_path(struct buf *b, const char *repo)
{
	buf_adds(b, "hooks/");
	if (repo && *repo)
		buf_addf(b, "%s/", repo);
	buf_adds(b, RUNHOOK_NAME);
}

int runhook_any(const struct home *h, const char *repo)
{
	const char *const repos[] = { NULL, repo };
	struct buf path = BUF_INIT;
	int there = 0;

	for (size_t i = 0; i < 2 && !there; i++) {
		int got;

		buf_reset(&path);
		runhook_add_path(&path, repos[i]);
		got = fs_exists(h->fd, path.ptr);
		there = got > 0 || (got < 0 && errno != ENOTDIR);
	}
	buf_release(&path);
	return there;
}

/* Nobody else may change it. */
static int check_ours(const struct home *h, const char *path,
	const struct stat *st, struct err *e)
{
	if (st->st_uid != h->owner && st->st_uid != 0)
		return err_set(e, EXIT_RED,
			"%s: belongs to uid %ld, not to the home's owner: it "
			"is not called",
			path, (long)st->st_uid);
	if (st->st_mode & 022)
		return err_set(e, EXIT_RED,
			"%s: mode %04o: others than its owner may write to it: "
			"it is not called",
			path, (unsigned)(st->st_mode & 07777));
	return 0;
}

/* The folders from hooks/ down to the one it is in. */
static int check_folders(const struct home *h, const char *path,
	struct buf *fit_path, struct err *e)
{
	const char *slash = path;

	while ((slash = strchr(slash, '/'))) {
		struct stat st;

		buf_reset(fit_path);
		buf_add(fit_path, path, (size_t)(slash++ - path));
		if (fstatat(h->fd, fit_path->ptr, &st, 0) < 0)
			return errno == ENOENT
				       ? 0
				       : err_sys(e, "%s", fit_path->ptr);
		if (!S_ISDIR(st.st_mode))
			return 0;
		if (check_ours(h, fit_path->ptr, &st, e) < 0)
			return -1;
	}
	return 1;
}

int runhook_check(const struct home *h, const char *path, struct buf *fit_path,
	struct err *e)
{
	struct stat st;
	int there;

	/* a link to what is shipped is followed */
	there = fs_exists(h->fd, path);
	if (there == 0 || (there < 0 && errno == ENOTDIR))
		return 0;
	there = check_folders(h, path, fit_path, e);
	if (there <= 0)
		return there;
	buf_reset(fit_path);
	buf_adds(fit_path, path);
	if (fstatat(h->fd, path, &st, 0) < 0)
		return err_sys(e, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EXIT_RED,
			"%s: is no regular file: it is not called", path);
	if (check_ours(h, path, &st, e) < 0)
		return -1;
	if (faccessat(h->fd, path, X_OK, AT_EACCESS) < 0)
		return err_set(e, EXIT_RED,
			"%s: is not executable: it is not called", path);
	return 1;
}

/* In the child. */
static void become(const struct runhook *hook, const char *path, int out)
{
	char name[] = RUNHOOK_NAME, *argv[] = { name, NULL };
	char input[32];
	int in;

	setsid();
	/* opened anew: from its start, and to be read only */
	snprintf(input, sizeof(input), "/proc/self/fd/%d", hook->input);
	in = open(input, O_RDONLY | O_CLOEXEC);
	/* both are above 2: the parent has all three */
	if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(127);
	closefrom(3);
	signals_default();
	umask(027);
	if (chdir(hook->home->path) == 0)
		execve(path, argv, hook->env);
	dprintf(2, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

/* A call that goes on. */
struct call {
	pid_t pid;
	int pidfd; /* readable: it has ended */
	int out; /* -1: it has closed its outputs */
	struct runhook_end *end;
};

/* 1 there may be more. */
static int take_output(struct call *c)
{
	char chunk[4096];
	ssize_t n = read(c->out, chunk, sizeof(chunk));
	size_t room = RUNHOOK_SAID_MAX - c->end->said.len;

	if (n < 0)
		return errno == EINTR;
	if (n == 0) {
		close(c->out);
		c->out = -1;
		return 0;
	}
	if ((size_t)n < room)
		room = (size_t)n;
	buf_add(&c->end->said, chunk, room);
	c->end->dropped_bytes += n - (ssize_t)room;
	return 1;
}

/* 1 it has ended, 0 the time is over, -1. */
static int watch(struct call *c, int64_t until_ms)
{
	for (;;) {
		struct pollfd p[] = {
			{ .fd = c->pidfd, .events = POLLIN },
			{ .fd = c->out, .events = POLLIN },
		};
		int64_t left = until_ms - clock_mono_ms();
		int wait_ms = -1;

		if (until_ms && left <= 0)
			return 0;
		if (until_ms)
			wait_ms = left < 60000 ? (int)left : 60000;
		if (poll(p, 2, wait_ms) < 0 && errno != EINTR)
			return -1;
		if (p[1].revents)
			take_output(c);
		if (p[0].revents)
			return 1;
	}
}

/* It is not reaped yet, so the number is its own, and its group's. */
static void signal_group(const struct call *c, int sig)
{
	if (kill(-c->pid, sig) < 0)
		(void)kill(c->pid, sig);
}

static int see_to_its_end(
	struct call *c, const struct runhook *hook, struct err *e)
{
	int64_t begun_ms = clock_mono_ms();
	int ended = watch(c, hook->limit_ms ? begun_ms + hook->limit_ms : 0);

	if (ended == 0) {
		c->end->timed_out = 1;
		signal_group(c, SIGTERM);
		signal_group(c, SIGCONT);
		ended = watch(c, clock_mono_ms() + RUNHOOK_GRACE_MS);
	}
	if (ended < 0)
		err_sys(e, "%s: poll", hook->path);
	signal_group(c, SIGKILL);
	while (waitpid(c->pid, &c->end->wait_status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "%s: waitpid", hook->path);
	c->end->took_ms = clock_mono_ms() - begun_ms;
	/* what is in the pipe, if somebody has it still and goes on writing */
	for (int i = 0; i < LAST_READS && c->out >= 0 && take_output(c); i++)
		;
	return ended < 0 ? -1 : 0;
}

static int start(struct call *c, const struct runhook *hook, const char *path,
	struct err *e)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "%s", hook->path);
	c->pid = fork();
	if (!c->pid)
		become(hook, path, ends[1]);
	int why = errno;
	close(ends[1]);
	c->out = ends[0];
	errno = why;
	if (c->pid < 0)
		return err_sys(e, "%s", hook->path);
	c->pidfd = pidfd_open(c->pid, 0);
	if (c->pidfd >= 0 && fs_set_nonblock(c->out, 1) == 0)
		return 0;
	err_sys(e, "%s", hook->path);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	return -1;
}

int runhook_call(
	const struct runhook *hook, struct runhook_end *end, struct err *e)
{
	struct call c = { .pidfd = -1, .out = -1, .end = end };
	struct buf path = BUF_INIT;
	int failed;

	*end = (struct runhook_end){ .said = BUF_INIT };
	home_add(&path, hook->home, hook->path);
	failed = start(&c, hook, path.ptr, e) || see_to_its_end(&c, hook, e)
			 ? -1
			 : 0;
	if (c.pidfd >= 0)
		close(c.pidfd);
	if (c.out >= 0)
		close(c.out);
	buf_release(&path);
	return failed;
}
