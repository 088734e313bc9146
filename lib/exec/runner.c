#include "exec/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/jobspawn.h"
#include "exec/proctree.h"

static int plain_start(struct runner *r, const struct command *c, char **env,
	const int out[2], struct err *e)
{
	pid_t pid = jobspawn(c, env, r->workspace_fd, out, r->confine, e);

	if (pid < 0)
		return -1;
	r->child = pid;
	return 0;
}

static void note_exit(void *arg, int pid, int wait_status)
{
	struct runner *r = arg;

	if (pid == r->child) {
		r->wait_status = wait_status;
		r->child = 0;
		r->running = 0;
	}
}

static void plain_look(struct runner *r)
{
	int status;
	pid_t pid;

	do {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid > 0)
			note_exit(r, pid, status);
	} while (pid > 0 || (pid < 0 && errno == EINTR));
	r->busy = pid == 0;
}

static int plain_end(struct runner *r, struct err *e)
{
	(void)r;
	return proctree_signal(SIGTERM, e) < 0 ||
			       proctree_signal(SIGCONT, e) < 0
		       ? -1
		       : 0;
}

void runner_plain(
	struct runner *r, int workspace_fd, const struct confine *confine)
{
	static const struct runner_kind plain = { plain_start, plain_look,
		plain_end };

	*r = (struct runner){ .kind = &plain,
		.grace_ms = PROCTREE_GRACE_MS,
		.fd = -1,
		.workspace_fd = workspace_fd,
		.confine = confine,
		.said = -1 };
}

void runner_close(struct runner *r)
{
	if (r->fd >= 0)
		close(r->fd);
	if (r->said >= 0)
		close(r->said);
	r->fd = r->said = -1;
}

int runner_start(struct runner *r, const struct command *c, char **env,
	const int out[2], struct err *e)
{
	if (r->kind->start(r, c, env, out, e) < 0)
		return -1;
	r->running = r->busy = 1;
	return 0;
}

void runner_look(struct runner *r)
{
	r->kind->look(r);
}

int runner_end(struct runner *r, struct err *e)
{
	return r->kind->end(r, e);
}

/* Bubblewrap dies of it too, and its kernel namespace with it. */
int runner_kill(struct runner *r, struct err *e)
{
	int ret = proctree_end(0, note_exit, r, e);

	if (r->running) /* can't be ended, or its end was not seen */
		r->wait_status = SIGKILL;
	r->running = r->busy = 0;
	r->child = 0;
	return ret;
}
