/*
 * ci_progress.h - what quire-ci run shows line by line: jobs, commands, their output as it
 * comes, and a table at the end.
 *
 *	build $ make
 *	build | cc -c main.c
 *	build: complete in 1.2s
 *
 * All of it is appended to a buffer that somebody else writes.
 */
#ifndef QUIRE_CI_PROGRESS_H
#define QUIRE_CI_PROGRESS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/crilog.h"
#include "base/event.h"
#include "ci_jobs.h"

struct ci_progress {
	const struct ci_jobs *jobs;
	struct buf *out;
	int colour;
	char *mid_line; /* the job whose output has not ended its line */
};

void ci_progress_init(struct ci_progress *p, const struct ci_jobs *jobs,
	struct buf *out, int colour);
void ci_progress_release(struct ci_progress *p);
/* An event that the jobs know of already. */
void ci_progress_event(struct ci_progress *p, const struct event *ev);
/* Output is shown as it is, cut into lines; a line that has not ended is
 * shown so far. */
void ci_progress_output(struct ci_progress *p, const char *job_id,
	const char *data, size_t len);
/* The table. A job that was cut off shows as aborted. */
void ci_progress_table(struct ci_progress *p);

#endif
