#include "exec/kick.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "exec/signals.h"

/* All that the child needs, made before the fork: behind it, it only makes
 * system calls. */
struct launch {
	struct buf program;
	struct strv argv, env;
	const char *dir;
};

static void launch_release(struct launch *l)
{
	buf_release(&l->program);
	strv_release(&l->argv);
	strv_release(&l->env);
}

static void launch_env(struct launch *l, const struct home *h)
{
	static const char *const allowed[] = { "PATH", "HOME", "LANG", "TZ" };

	strv_pushf(&l->env, "QUIRE_HOME=%s", h->path);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++) {
		const char *value = getenv(allowed[i]);

		if (value)
			strv_pushf(&l->env, "%s=%s", allowed[i], value);
	}
}

static void launch_make_command(
	struct launch *l, const struct home *h, const char *command)
{
	*l = (struct launch){ .dir = h->path };
	buf_init(&l->program);
	launch_env(l, h);
	buf_adds(&l->program, "/bin/sh");
	strv_push(&l->argv, "sh");
	strv_push(&l->argv, "-c");
	strv_push(&l->argv, command);
}

/* quire-run beside this executable; operands may be NULL. */
static int launch_make(struct launch *l, const struct home *h,
	const char *const *operands, struct err *e)
{
	*l = (struct launch){ .dir = h->path };
	buf_init(&l->program);
	launch_env(l, h);
	strv_push(&l->argv, "quire-run");
	for (; operands && *operands; operands++)
		strv_push(&l->argv, *operands);
	if (fs_sibling(&l->program, "quire-run", e) < 0)
		goto fail;
	if (access(l->program.ptr, X_OK)) {
		err_sys(e, "%s", l->program.ptr);
		goto fail;
	}
	return 0;
fail:
	launch_release(l);
	return -1;
}

/*
 * In the child: nothing of the parent's stays, but for the descriptor *keep
 * (-1: none), which becomes 3.
 */
static void detach(const struct launch *l, int *keep)
{
	int null;

	setsid();
	/* 3 is filled first: an open would get it, or it is one of 0 to 2 */
	if (*keep >= 0 && *keep != 3) {
		if (dup2(*keep, 3) != 3)
			_exit(127);
		*keep = 3;
	}
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		_exit(127);
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) != fd)
			_exit(127);
	closefrom(*keep >= 0 ? 4 : 3);
	signals_default();
	umask(027);
	if (chdir(l->dir) && chdir("/"))
		_exit(127);
}

static void launch_exec(const struct launch *l)
{
	execve(l->program.ptr, l->argv.v, l->env.v);
	_exit(127);
}

/* caller: a descriptor of the process that called the hook, or -1. */
static void let_push_end(int caller)
{
	struct pollfd p = { .fd = caller, .events = POLLIN };
	struct timespec t = { .tv_nsec = KICK_NAP_MS * 1000000L };

	if (caller >= 0) {
		(void)poll(&p, 1, KICK_PATIENCE_MS);
		close(caller);
	}
	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

int kick_in_job(void)
{
	const char *id = getenv("QUIRE_RUN_ID");

	return id && *id;
}

/* A live run of this home has a FIFO: quire-run is there, and goes on. */
static int in_job_of(const struct home *h)
{
	const char *id = getenv("QUIRE_RUN_ID"), *repo = getenv("QUIRE_REPO");
	struct buf path = BUF_INIT;
	int is;

	if (!id || !*id || !repo || !*repo)
		return 0;
	home_add_run_dir(&path, repo, id);
	buf_adds(&path, "/wake");
	is = !faccessat(h->fd, path.ptr, F_OK, AT_SYMLINK_NOFOLLOW);
	buf_release(&path);
	return is;
}

void kick_add_outcome(
	struct buf *b, const struct home *h, int outcome, const struct err *e)
{
	if (outcome > 0)
		return;
	if (outcome < 0)
		buf_addf(b, "%s: it waits for the next quire-reconcile",
			e->text);
	else if (in_job_of(h))
		buf_adds(b, "quire-run starts it after this job's run");
	else if (kick_in_job())
		buf_adds(b, "a job starts nothing here: the next "
			    "quire-reconcile does");
	else
		buf_addf(b,
			"uid %ld may not start it: the next quire-reconcile "
			"does",
			(long)geteuid());
}

/* In the child's child. */
static void await_release(const struct launch *l, int fd, pid_t caller)
{
	ssize_t n;
	char byte;
	int ends;

	detach(l, &fd);
	ends = pidfd_open(caller, 0);
	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(0);
	close(fd);
	let_push_end(ends);
	launch_exec(l);
}

/* The child between has ended long ago. */
static void reap(struct kick *k)
{
	close(k->fd);
	while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*k = (struct kick){ .fd = -1 };
}

int kick_prepare(struct kick *k, const struct home *h, struct err *e)
{
	pid_t caller = getppid();
	struct launch l;
	int pair[2];

	*k = (struct kick){ .fd = -1 };
	if (kick_in_job() || !home_is_owner(h))
		return 0;
	if (launch_make(&l, h, NULL, e) < 0)
		return -1;
	/* a socket, since send() can be told to raise no SIGPIPE */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		launch_release(&l);
		return err_sys(e, "quire-run");
	}
	k->pid = fork();
	if (!k->pid) {
		pid_t inner = fork();

		if (inner)
			_exit(inner < 0 ? 1 : 0);
		await_release(&l, pair[1], caller);
	}
	int why = errno;
	close(pair[1]);
	launch_release(&l);
	if (k->pid < 0) {
		close(pair[0]);
		*k = (struct kick){ .fd = -1 };
		errno = why;
		return err_sys(e, "quire-run");
	}
	k->fd = pair[0];
	return 1;
}

void kick_release(struct kick *k)
{
	ssize_t n;

	if (k->fd < 0 || !k->pid)
		return;
	do
		n = send(k->fd, "", 1, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	/* it may be dead; then the next kick or reconcile does it */
	reap(k);
}

void kick_drop(struct kick *k)
{
	if (k->fd < 0 || !k->pid)
		return;
	reap(k);
}

/* A child that leaves a child of its own, which nobody need wait for. */
static int launch_detached(const struct launch *l, struct err *e)
{
	pid_t pid = fork();
	int status, keep = -1;

	if (pid < 0)
		return err_sys(e, "%s", l->argv.v[0]);
	if (!pid) {
		detach(l, &keep);
		pid_t inner = fork();
		if (inner)
			_exit(inner < 0 ? 1 : 0);
		launch_exec(l);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "%s", l->argv.v[0]);
	if (status)
		return err_set(e, EXIT_BUSY,
			"%s: could not be started in the background",
			l->argv.v[0]);
	return 1;
}

static int launch(struct launch *l, struct err *e)
{
	int rc = launch_detached(l, e);

	launch_release(l);
	return rc;
}

int kick_now(const struct home *h, const char *command, struct err *e)
{
	struct launch l;

	if (home_is_owner(h))
		return kick_with(h, NULL, e);
	if (kick_in_job() || !command || !*command)
		return 0;
	launch_make_command(&l, h, command);
	return launch(&l, e);
}

int kick_with(const struct home *h, const char *const *operands, struct err *e)
{
	struct launch l;

	if (kick_in_job() || !home_is_owner(h))
		return 0;
	return launch_make(&l, h, operands, e) < 0 ? -1 : launch(&l, e);
}
