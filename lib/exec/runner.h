/*
 * runner.h - where the commands of one job run: below the job's own process,
 * or in a sandbox of the job's.
 *
 * A runner is used by one process (jobrun.h), a subreaper with SIGCHLD
 * blocked, which calls runner_look() whenever that signal has come or fd can
 * be read. One command runs at a time; what earlier ones left in the
 * background lives on.
 *
 *	runner_plain() or runner_sandbox()
 *	runner_start()     then until running is 0, for each command:
 *	runner_look()
 *	runner_end()       TERM and CONT to all that is left, then until busy
 *	runner_look()      is 0, or grace_ms are over:
 *	runner_kill()
 *	runner_close()
 */
#ifndef QUIRE_EXEC_RUNNER_H
#define QUIRE_EXEC_RUNNER_H

#include <sys/types.h>

#include "base/err.h"
#include "base/pipeline.h"

struct runner;
struct sandbox;
struct confine;

struct runner_kind {
	int (*start)(struct runner *r, const struct command *c, char **env,
		const int out[2], struct err *e);
	void (*look)(struct runner *r);
	int (*end)(struct runner *r, struct err *e);
};

struct runner {
	const struct runner_kind *kind;
	int running; /* a command is, as far as was seen */
	int wait_status; /* its, when it has ended */
	int busy; /* there are, or may be, processes */
	int grace_ms; /* from runner_end() to runner_kill() */
	int fd; /* to be polled for input; -1: SIGCHLD tells all */

	const struct confine *confine; /* of all commands; the caller's */
	pid_t child; /* the command, or bubblewrap; 0: ended */
	int workspace_fd; /* plain: where commands start; the caller's */
	int said; /* sandbox: what bubblewrap says, to be read; -1 */
	int nests; /* sandbox: as in sandbox.h */
};

/* Commands are children of this process, with nothing hidden from them. */
void runner_plain(
	struct runner *r, int workspace_fd, const struct confine *confine);
/*
 * Commands run in a bubblewrap of their own (sandbox.h), which is started
 * here, with env for its environment. If bubblewrap refuses, it is tried once
 * more with `nests`. -1 with why it could not be: nothing is left of it.
 */
int runner_sandbox(struct runner *r, const struct sandbox *s, char *const *env,
	const struct confine *confine, struct err *e);
void runner_close(struct runner *r);

/* Starts the command as jobspawn.h says. -1: there is no process for it. */
int runner_start(struct runner *r, const struct command *c, char **env,
	const int out[2], struct err *e);
/* Takes notice of what has ended. Does not wait. */
void runner_look(struct runner *r);
int runner_end(struct runner *r, struct err *e);
/* Ends all at once. What can't be ended is not waited for: -1. */
int runner_kill(struct runner *r, struct err *e);

#endif
