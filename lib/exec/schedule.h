/*
 * schedule.h - which job may run next.
 *
 * Pure: it knows the graph and what became of its jobs, nothing of processes.
 * A job is ready when all that it needs have ended well.
 */
#ifndef QUIRE_EXEC_SCHEDULE_H
#define QUIRE_EXEC_SCHEDULE_H

#include <stddef.h>

#include "base/pipeline.h"

struct schedule {
	const struct pipeline *p;
	struct schedule_job *jobs;
	size_t *needed_by; /* all lists, one behind the other */
	size_t *queue; /* room for the jobs that one end skips */
	size_t first; /* no job before it is waiting */
};

/* Told of each job that is skipped, once. */
typedef void schedule_skipped(void *arg, size_t job, const char *reason);

/* The pipeline must outlive it. */
void schedule_init(struct schedule *s, const struct pipeline *p);
void schedule_release(struct schedule *s);
/* The first ready job in file order, which counts as running from now on; 0:
 * none is ready. */
int schedule_next(struct schedule *s, size_t *job);
/* A running job ended; if not well, what needs it is skipped, directly or
 * not, with the reason "needs 'build', which failed". */
void schedule_end(struct schedule *s, size_t job, int well,
	schedule_skipped *told, void *arg);
/* A job will not run, for the reason; what needs it will not either. No more
 * than a look if it is skipped already. */
void schedule_skip(struct schedule *s, size_t job, const char *reason,
	schedule_skipped *told, void *arg);

#endif
