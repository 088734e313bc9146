/*
 * jobspawn.h - starting a command of a job, and the environment it gets.
 */
#ifndef QUIRE_EXEC_JOBSPAWN_H
#define QUIRE_EXEC_JOBSPAWN_H

#include <sys/types.h>

#include "base/err.h"
#include "base/pipeline.h"
#include "exec/limit.h"

/* Sets a variable of the list, which may have it. */
void jobspawn_set(struct strv *env, const char *name, const char *value);
/* The base environment, then the pipeline's variables, then the job's, then
 * QUIRE_JOB, and QUIRE_OUTPUT and QUIRE_INPUTS in output_dir (joboutput.h;
 * NULL: without); the later wins. Without a job there is none of these. The
 * caller releases env. */
void jobspawn_env(struct strv *env, char *const *base, const struct pipeline *p,
	const struct job *job, const char *output_dir);

/*
 * Starts the command in the open folder workspace_fd (-1: where this process
 * is), in a session of its own, with standard input from /dev/null, output and
 * error to out[0] and out[1], no other descriptor, default signal
 * dispositions, no signal blocked, umask 022. Its pid, or -1 if there is no
 * process for it. What can't be executed is told by the child, as jobexec.h
 * says. It is put under confine.
 */
pid_t jobspawn(const struct command *c, char **env, int workspace_fd,
	const int out[2], const struct confine *confine, struct err *e);
/* What the child does: it has nothing else to do any more. */
void jobspawn_become(const struct command *c, char **env, int workspace_fd,
	const int out[2]) __attribute__((noreturn));

#endif
