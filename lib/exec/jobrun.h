/*
 * jobrun.h - one job, in a process of its own.
 *
 * The executor forks; the child calls jobrun(). That process is a subreaper
 * and the leader of a session. It runs the job's commands in order, each in a
 * session of its own, with its output in its own log; the first that fails
 * ends the job. What a command leaves in the background lives, and is logged,
 * until the job ends; then everything below is ended: TERM, CONT, 400 ms,
 * KILL. Only when nothing is left and the logs are closed does the job count
 * as finished. The time limit is kept here. Before that, but when nothing of
 * it runs any more, its artifacts are kept (artifact.h).
 *
 * It speaks to the executor through one pipe, in frames: a kind, a length, as
 * many bytes.
 *	'E'  an event line (event.h), from the first command to the job's end
 *	'O', 'e'  standard output or error of a command, where there is no log
 * In a sandbox the commands are in one, together, and this process is not: it
 * is not among those that they can see.
 *
 * TERM, INT, HUP, or that nobody reads the pipe any more, mean: end everything
 * and say nothing further.
 */
#ifndef QUIRE_EXEC_JOBRUN_H
#define QUIRE_EXEC_JOBRUN_H

#include <stdint.h>

#include "base/pipeline.h"
#include "exec/joboutput.h"
#include "exec/cgroup.h"
#include "exec/limit.h"
#include "exec/sandbox.h"
#include "exec/secret.h"

struct jobrun {
	const struct pipeline *pipeline;
	const struct job *job;
	int evaluates; /* it is .quire/ci, and has no QUIRE_JOB */
	int workspace_fd; /* where commands start */
	int run_dir_fd; /* holds jobs/<id>/sh-<n>.log; -1: no logs */
	int scratch_fd; /* holds home/ and tmp/, which are measured; -1: none */
	int64_t max_log; /* bytes a log; 0: no limit */
	const struct joboutput *output; /* NULL: it has none, and no inputs */
	const char *well; /* of each job: whether it has ended well */
	const struct cgroup_base *cgroups; /* NULL: it gets none */
	struct limits limits; /* the job's own taken in */
	int64_t *artifact_bytes; /* kept of the run so far, shared */
	char *const *env; /* what the job's variables are added to */
	const struct sandbox *sandbox; /* NULL: the job is not confined */
	const struct secret_source *secrets; /* NULL: none are to be had */
	int pipe_fd; /* to the executor, non-blocking */
};

struct jobrun_frame {
	uint32_t len;
	uint8_t kind;
} __attribute__((packed));

/* Never returns: _exit(0) when the job has finished, whatever its outcome. */
void jobrun(const struct jobrun *spec) __attribute__((noreturn));

#endif
