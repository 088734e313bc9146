#include "exec/pushwait.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

#define CLIENT_LOOK_MS 1000 /* whether it is still there */

/* In the child: it ends with this process, and says all to the pusher. */
static void become_wait(const char *program, char **argv, pid_t parent)
{
	if (!prctl(PR_SET_PDEATHSIG, SIGTERM) && getppid() == parent &&
		dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		execv(program, argv);
	_exit(127);
}

/* How many threads a process has; 0: that cannot be told. */
static nlink_t threads_of(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
	return stat(path, &st) < 0 || st.st_nlink < 2 ? 0 : st.st_nlink - 2;
}

/*
 * Until `quire wait` has ended, or the client is gone: then it is ended. That
 * cannot be seen by writing. What a hook writes a thread of git-receive-pack
 * takes to the client, with something every five seconds where there is
 * nothing (receive.keepAlive in git-config(1)); when the client does not take
 * it that thread ends, but its process waits for the hook and holds the pipe
 * open. So that is what is looked for: one that had a second thread, and has
 * it no more.
 */
static void attend(pid_t child)
{
	struct pollfd end = { .fd = pidfd_open(child, 0), .events = POLLIN };
	pid_t caller = getppid();
	nlink_t threads = threads_of(caller);
	int status;

	while (end.fd >= 0 && poll(&end, 1, CLIENT_LOOK_MS) <= 0)
		if (threads > 1 && threads_of(caller) == 1) {
			kill(child, SIGTERM);
			break;
		}
	if (end.fd >= 0)
		close(end.fd);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
}

int pushwait(const struct home *h, const struct strv *ids, struct err *e)
{
	static const char *const words[] = { "quire", "--home", NULL, "wait",
		"--queued", "--" };
	struct buf program = BUF_INIT;
	struct strv argv = STRV_INIT;
	pid_t self = getpid(), pid = -1;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		strv_push(&argv, words[i] ? words[i] : h->path);
	for (size_t i = 0; i < ids->n; i++)
		strv_push(&argv, ids->v[i]);
	if (fs_sibling(&program, "quire", e) < 0)
		goto out;
	/* asked before: what it says itself, the pusher sees */
	if (access(program.ptr, X_OK)) {
		err_sys(e, "%s", program.ptr);
		goto out;
	}
	pid = fork();
	if (!pid)
		become_wait(program.ptr, argv.v, self);
	if (pid < 0)
		err_sys(e, "quire wait");
	else
		attend(pid);
out:
	strv_release(&argv);
	buf_release(&program);
	return pid < 0 ? -1 : 0;
}
