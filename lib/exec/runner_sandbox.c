/*
 * A job's commands in a sandbox: bubblewrap is this process's child, its first
 * process is the init of jobinit.h, and the commands are that one's children.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "exec/fds.h"
#include "exec/jobinit.h"
#include "exec/limit.h"
#include "exec/proctree.h"
#include "exec/runner.h"
#include "exec/sandbox.h"
#include "exec/signals.h"

/* A file system may be slow to show what is to be bound. */
#define UP_MS 30000
/* What init needs to end all after the grace. */
#define LATE_MS 300
#define SAID_MAX 4096
#define REFUSED (-2) /* bubblewrap ended at once */

extern char **environ;

/* Whatever keeps bubblewrap from its work, it says in a line or two. */
static int say_why(struct runner *r, const char *what, struct err *e)
{
	struct buf said = BUF_INIT;
	int wait_status = 0;

	/* its end closes the pipe */
	if (r->child > 0) {
		kill(r->child, SIGKILL);
		while (waitpid(r->child, &wait_status, 0) < 0 && errno == EINTR)
			;
	}
	if (fs_read_all(r->said, &said, SAID_MAX) < 0)
		buf_reset(&said);
	while (said.len && said.ptr[said.len - 1] == '\n')
		buf_setlen(&said, said.len - 1);
	for (size_t i = 0; i < said.len; i++)
		if (said.ptr[i] == '\n')
			said.ptr[i] = ' ';
	err_set(e, EXIT_BUSY, "the sandbox could not be started: %s",
		said.len ? said.ptr : what);
	buf_release(&said);
	return -1;
}

static void look(struct runner *r)
{
	struct jobinit_packet p = { 0 };
	int fds[3], got, status;
	pid_t pid;

	while (r->fd >= 0) {
		got = jobinit_receive(r->fd, &p, fds, 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (got <= 0) {
			close(r->fd);
			r->fd = -1;
		} else if (p.type == JOBINIT_ENDED) {
			r->wait_status = p.value;
			r->running = 0;
		}
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0 ||
		(pid < 0 && errno == EINTR))
		if (pid == r->child)
			r->child = 0;
	r->busy = pid == 0;
	/* init was killed, and the command with it */
	if (r->running && !r->busy && r->fd < 0) {
		r->wait_status = SIGKILL;
		r->running = 0;
	}
}

static int start(struct runner *r, const struct command *c, char **env,
	const int out[2], struct err *e)
{
	static char *const none[] = { NULL };
	struct jobinit_packet p = { 0 };
	int fds[3], got;

	if (r->fd < 0)
		return err_set(e, EXIT_BUSY, "the sandbox is gone");
	if (jobinit_send_start(r->fd, c, env ? env : none, out) < 0)
		return err_sys(e, "can't start a process in the sandbox");
	got = jobinit_receive(r->fd, &p, fds, UP_MS);
	if (got <= 0 || p.type != JOBINIT_STARTED)
		return err_set(e, EXIT_BUSY, "the sandbox is gone");
	if (p.value) {
		errno = p.value;
		return err_sys(e, "can't start a process");
	}
	return 0;
}

static int end(struct runner *r, struct err *e)
{
	const struct jobinit_packet p = { .type = JOBINIT_END };

	(void)e;
	/* an init that is gone has taken all along */
	if (r->fd >= 0)
		(void)jobinit_send(r->fd, &p);
	return 0;
}

/* In the child. Of its descriptors it keeps the socket and the executable. */
static void become(const char *bwrap, char **argv, char *const *env, int said,
	const int keep[2]) __attribute__((noreturn));

static void become(const char *bwrap, char **argv, char *const *env, int said,
	const int keep[2])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
		dup2(null, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0)
		_exit(126);
	fds_cloexec_from(STDERR_FILENO + 1);
	for (int i = 0; i < 2; i++)
		if (fs_set_cloexec(keep[i], 0) < 0)
			_exit(126);
	signals_default();
	execve(bwrap, argv, env ? env : environ);
	_exit(126);
}

static int spawn(struct runner *r, const struct sandbox *s, char *const *env,
	int init, int ours, const int said[2], int theirs, struct err *e)
{
	struct strv argv = STRV_INIT;
	struct buf bwrap = BUF_INIT;
	const int keep[2] = { theirs, init };
	int ret = sandbox_find(&bwrap, e);

	if (ret == 0)
		ret = sandbox_argv(&argv, s, e);
	if (ret == 0) {
		/* by its descriptor: no path of it need be seen inside, and
		 * there may be a newer one at that path by now */
		strv_pushf(&argv, "/proc/self/fd/%d", init);
		strv_push(&argv, "init");
		strv_pushf(&argv, "%d", theirs);
		r->child = fork();
		if (r->child == 0 && limit_enter(r->confine) < 0) {
			dprintf(said[1], "limits: %s", strerror(errno));
			_exit(126);
		}
		if (r->child == 0)
			become(bwrap.ptr, argv.v, env, said[1], keep);
		if (r->child < 0)
			ret = err_sys(e, "can't start a process");
	}
	r->fd = ours;
	r->said = said[0];
	strv_release(&argv);
	buf_release(&bwrap);
	return ret;
}

static int await_up(struct runner *r, struct err *e)
{
	struct jobinit_packet p = { 0 };
	int fds[3];
	int got = jobinit_receive(r->fd, &p, fds, UP_MS);

	if (got == 1 && p.type == JOBINIT_UP) {
		r->busy = 1;
		return 0;
	}
	say_why(r, got < 0 ? "it does not come up" : "it ended at once", e);
	return got < 0 ? -1 : REFUSED;
}

/* 0, REFUSED, -1. */
static int begin(struct runner *r, const struct sandbox *s, char *const *env,
	const struct confine *confine, struct err *e)
{
	static const struct runner_kind sandboxed = { start, look, end };
	int ends[2] = { -1, -1 }, said[2] = { -1, -1 };
	int init = open(s->init, O_RDONLY | O_CLOEXEC);
	int ret = 0;

	*r = (struct runner){ .kind = &sandboxed,
		.grace_ms = PROCTREE_GRACE_MS + LATE_MS,
		.fd = -1,
		.workspace_fd = -1,
		.confine = confine,
		.said = -1,
		.nests = s->nests };
	if (init < 0)
		ret = err_sys(e, "%s", s->init);
	else if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) <
			 0 ||
		 pipe2(said, O_CLOEXEC) < 0)
		ret = err_sys(e, "can't make a socket");
	if (ret == 0)
		ret = spawn(r, s, env, init, ends[0], said, ends[1], e);
	if (init >= 0)
		close(init);
	if (ends[1] >= 0)
		close(ends[1]);
	if (said[1] >= 0)
		close(said[1]);
	if (ret == 0)
		ret = await_up(r, e);
	if (ret < 0) {
		if (r->fd < 0 && ends[0] >= 0)
			close(ends[0]);
		runner_close(r);
	}
	return ret;
}

int runner_sandbox(struct runner *r, const struct sandbox *s, char *const *env,
	const struct confine *confine, struct err *e)
{
	struct sandbox nests = *s;
	int ret = begin(r, s, env, confine, e);

	nests.nests = 1;
	if (ret == REFUSED && !s->nests)
		ret = begin(r, &nests, env, confine, e);
	return ret < 0 ? -1 : 0;
}
