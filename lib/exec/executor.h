/*
 * executor.h - the jobs of one pipeline, in the order that their needs allow.
 *
 * The executor is one thread and one poll loop. Each job is a process of its
 * own (jobrun.h) that sends its events through a pipe; what arrives goes to
 * event() and output(), which put what the reader is to see into out. So
 * nothing a job does can block the loop: it always sees a signal, a hang-up
 * and a time limit.
 *
 * A failed job skips what needs it, directly or not; the others still run,
 * unless fail_fast is set: then no job begins after the first failure.
 * Jobs whose `when` does not match are skipped at the start. Among ready jobs
 * the first in the file goes first; `parallel` of them run at a time.
 *
 * When it is to stop, every job's process is told to end its tree (400 ms of
 * grace); half a second later it does so itself. The caller must be a
 * subreaper. When executor_run() returns, no process is left below.
 */
#ifndef QUIRE_EXEC_EXECUTOR_H
#define QUIRE_EXEC_EXECUTOR_H

#include <stdint.h>

#include "base/crilog.h"
#include "base/err.h"
#include "base/event.h"
#include "base/pipeline.h"
#include "exec/joboutput.h"
#include "exec/cgroup.h"
#include "exec/limit.h"
#include "exec/sandbox.h"
#include "exec/secret.h"
#include "exec/sendq.h"

/* What a run was made for: `when` is matched against it. */
struct executor_cause {
	const char *branch, *tag; /* or NULL */
	const char *changed; /* paths ended by NUL, or NULL: see when_matches */
	size_t changed_len;
};

enum executor_outcome {
	EXECUTOR_GREEN,
	EXECUTOR_RED, /* a job failed that was not allowed to */
	EXECUTOR_TIMEOUT, /* timeout_ms was over */
	EXECUTOR_SIGNAL, /* TERM, INT or HUP: see signal */
	EXECUTOR_HANGUP, /* the end of hangup_fd, or nobody reads out */
	EXECUTOR_REFUSED, /* output() would have no more */
};

struct executor {
	const struct pipeline *pipeline;
	int evaluates; /* its one job is .quire/ci: see evaluate.h */
	struct executor_cause cause;
	int workspace_fd;
	int run_dir_fd; /* -1: no logs, output() is called */
	int scratch_fd; /* holds home and tmp of the jobs; -1: not known */
	int64_t max_log; /* bytes a log; 0: no limit */
	const struct joboutput *output_to; /* of jobs, for jobs; NULL: no */
	const struct cgroup_base *cgroups; /* of the jobs'; NULL: none */
	struct limits limits; /* of each job; of artifacts: of all */
	int64_t timeout_ms; /* of the whole, kept here; 0: not here */
	int fail_fast;
	char *const *env; /* of every job */
	const struct sandbox
		*sandbox; /* of every job; NULL: none is confined */
	const struct secret_source *secrets; /* NULL: none are to be had */
	int hangup_fd; /* its end of file stops everything; -1: none */

	struct sendq *out; /* flushed as its reader takes it */
	/* Every event in its order, run_finished included; line has the
	 * newline. */
	void (*event)(void *arg, const struct event *ev, const char *line,
		size_t len);
	/* NULL with logs. -1: stop everything. */
	int (*output)(void *arg, const char *job_id, enum crilog_stream stream,
		const char *data, size_t len);
	void *arg;
	/* For who shows the run as it goes, or NULL: called in every turn of
	 * the loop, before what is in out is written, and when watch_fd can be
	 * read. Returns after how many ms it is to be called again at the
	 * latest; -1: when something happens. */
	int (*turn)(void *arg);
	int watch_fd; /* with turn(); -1: none */
};

struct executor_result {
	enum executor_outcome outcome;
	int signal; /* EXECUTOR_SIGNAL: which */
};

/*
 * -1: it could not be done (no process, no pipe); jobs that ran have been
 * ended. Green or red, out has been flushed; otherwise what is pending is the
 * caller's to flush or to leave.
 */
int executor_run(const struct executor *x, struct executor_result *result,
	struct err *e);

#endif
