/*
 * cmd_follow.h - the logs of a run that goes on, as they grow.
 */
#ifndef QUIRE_CMD_FOLLOW_H
#define QUIRE_CMD_FOLLOW_H

#include "cmd.h"
#include "store/job.h"
#include "store/run.h"

/* What `quire log` was asked for. */
struct wanted {
	const char *typed, *job; /* job NULL: not named */
	int n; /* 0: not named */
	int all, raw, follow;
	/* what wanted_load() found */
	int loaded;
	struct run run;
	struct job_row *jobs;
	size_t n_jobs;
};
void wanted_release(struct wanted *w);
/* For cmd_read(): finds w->typed, with its jobs. */
int wanted_load(struct cmd_ctx *c, void *w, struct err *e);
/* The job that was named; NULL: there is none. */
const struct job_row *wanted_job(const struct wanted *w, struct err *e);

/*
 * Prints what the commands wanted write until they have ended, a head in front
 * wherever the output is another command's than before; those that have ended
 * by now only if all is wanted, or their job. w is as it was at the last look
 * then. 0 or -1.
 */
int follow(struct wanted *w, const struct home *h, struct err *e);

#endif
