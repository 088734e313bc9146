/*
 * limit.h - what a job may take of the machine, at most.
 *
 * The limits are settings (quire-config(5)); quire-run hands them to quire-ci
 * as --limit NAME=VALUE, the name and the value being the setting's. A job's
 * own `resources` may lower them, never raise.
 *
 * By rlimits, which the commands inherit: the size of a file, the number of
 * open files, and the nice level. There is none for processes on purpose:
 * RLIMIT_NPROC counts all that the user has, the pusher's git among them.
 * Processes, memory and CPUs are a cgroup's (cgroup.h), where one is to be
 * had. The workspace is measured while the job runs (usage.h).
 */
#ifndef QUIRE_EXEC_LIMIT_H
#define QUIRE_EXEC_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pipeline.h"

/* 0 is no limit. */
struct limits {
	int64_t artifact_bytes; /* kept of a run, in all */
	int64_t cpus_milli;
	int64_t file_bytes; /* of a file */
	int64_t files; /* open, of a process */
	int64_t memory_bytes;
	int64_t processes;
	int64_t workspace_bytes;
	int64_t nice; /* added; 0 to 19 */
};

/* The names of all, from 0, which are those of the settings; then NULL. */
const char *limit_name(size_t i);

/* "maxFiles=1024". -1 with a line that says what is wrong, EXIT_USAGE. */
int limit_parse(struct limits *l, const char *text, struct err *e);
/* What holds for a job: the lower of both. */
struct limits limit_for_job(const struct limits *l, const struct resources *r);

/* What a job's processes are put under. */
struct confine {
	const struct limits *limits;
	int procs_fd; /* cgroup.procs of the job's cgroup; -1: it has none */
};

/*
 * For the child, before it becomes a command (or the sandbox of some): enters
 * the cgroup, sets the rlimits and the nice level. No core is dumped unless
 * the job asks for it: it would be in a workspace that goes. An rlimit that is
 * lower already stays. NULL is no limit. -1 with errno.
 */
int limit_enter(const struct confine *c);
/* For a child that has made a session: there the kernel weighs sessions by a
 * nice level of their own (sched(7), autogroup). It becomes the process's. Others
 * may look at this process meanwhile: it has no descriptor any more that they
 * are not to have. */
void limit_nice_session(void);

#endif
