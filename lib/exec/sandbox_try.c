/*
 * Whether there can be a sandbox on this machine, and if not, why.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "exec/fds.h"
#include "exec/proctree.h"
#include "exec/runner.h"
#include "exec/sandbox.h"

#define LIMIT_MS 10000
#define LOOK_MS 10
#define STATUS_NESTS 3

extern char **environ;

/* In the folders of list, which are split by colons. */
static int find_in(const char *list, struct buf *path)
{
	while (list && *list) {
		size_t n = strcspn(list, ":");

		buf_reset(path);
		buf_add(path, list, n);
		buf_adds(path, "/bwrap");
		if (*path->ptr == '/' && access(path->ptr, X_OK) == 0)
			return 1;
		list += n + (list[n] == ':');
	}
	return 0;
}

int sandbox_find(struct buf *path, struct err *e)
{
	if (find_in(getenv("PATH"), path) ||
		find_in("/usr/bin:/usr/local/bin:/bin", path))
		return 0;
	return err_set(e, EXIT_BUSY,
		"bubblewrap is not installed: there is no bwrap in PATH or "
		"/usr/bin");
}

/* Until the command has ended, or the sandbox; 0 if it is over in time. */
static int await_end(struct runner *r, const int *still)
{
	int64_t until = clock_mono_ms() + LIMIT_MS;
	struct pollfd p = { r->fd, POLLIN, 0 };

	while (*still && clock_mono_ms() < until) {
		p.fd = r->fd;
		if (poll(&p, 1, LOOK_MS) < 0 && errno != EINTR)
			return -1;
		runner_look(r);
	}
	return *still ? -1 : 0;
}

static int run_true(struct runner *r, struct err *e)
{
	struct command c = { .argv = STRV_INIT };
	const int out[2] = { STDOUT_FILENO, STDERR_FILENO };
	int ret;

	strv_push(&c.argv, "true");
	ret = runner_start(r, &c, environ, out, e);
	strv_release(&c.argv);
	if (ret < 0)
		return -1;
	if (await_end(r, &r->running) < 0)
		return err_set(e, EXIT_BUSY, "the sandbox hangs");
	if (r->wait_status)
		return err_set(e, EXIT_BUSY, "in the sandbox `true` fails");
	if (runner_end(r, e) < 0)
		return -1;
	if (await_end(r, &r->busy) < 0)
		return err_set(e, EXIT_BUSY, "the sandbox does not end");
	return 0;
}

/* In a process of its own, since a runner reaps whatever there is. */
static int try_here(int *nests, struct err *e)
{
	struct buf init = BUF_INIT;
	struct sandbox s = { .fresh = 1, .no_network = 1 };
	struct runner r;
	struct err ignored;
	int ret = fs_sibling(&init, "quire-ci", e);

	s.init = init.ptr;
	if (ret == 0 && (ret = runner_sandbox(&r, &s, NULL, NULL, e)) == 0) {
		*nests = r.nests;
		ret = run_true(&r, e);
		(void)runner_kill(&r, &ignored);
		runner_close(&r);
	}
	buf_release(&init);
	return ret;
}

static void report(int fd) __attribute__((noreturn));

static void report(int fd)
{
	struct err e = { .text = "" };
	sigset_t none;
	int ret, nests = 0;

	/* the locks of the process that asks are not held for longer */
	fds_close_all_but(&fd, 1);
	sigemptyset(&none);
	ret = sigprocmask(SIG_SETMASK, &none, NULL) < 0
		      ? err_sys(&e, "signals")
		      : proctree_subreaper(1, &e);
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		ret = err_sys(&e, "signals");
	if (ret == 0)
		ret = try_here(&nests, &e);
	if (ret < 0)
		(void)fs_write_all(fd, e.text, strlen(e.text));
	_exit(ret < 0 ? 1 : nests ? STATUS_NESTS : 0);
}

int sandbox_try(int *nests, struct err *e)
{
	struct buf said = BUF_INIT;
	int ends[2], status = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "can't make a pipe");
	pid_t pid = fork();
	if (pid == 0)
		report(ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_sys(e, "can't start a process");
	}
	if (fs_read_all(ends[0], &said, sizeof(e->text)) < 0)
		buf_reset(&said);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	int has_nests =
		WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NESTS;
	int failed = status && !has_nests;
	if (failed)
		err_set(e, EXIT_BUSY, "%s",
			said.len ? said.ptr : "the sandbox could not be tried");
	else if (nests)
		*nests = has_nests;
	buf_release(&said);
	return failed ? -1 : 0;
}
