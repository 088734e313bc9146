/*
 * jobsetup.h - what the process of a job (jobrun.h) knows, and how it gets
 * ready for the first command.
 */
#ifndef QUIRE_EXEC_JOBSETUP_H
#define QUIRE_EXEC_JOBSETUP_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "exec/cgroup.h"
#include "exec/jobreport.h"
#include "exec/jobrun.h"
#include "exec/limit.h"
#include "exec/pumps.h"
#include "exec/runner.h"
#include "exec/usage.h"

struct jobrun_state {
	const struct jobrun *spec;
	struct jobreport report; /* to the executor */
	int signals; /* signalfd */
	struct strv env;
	struct buf note; /* to its author, for its first log */

	struct pumps pumps; /* the logs that are open */

	struct cgroup cgroup;
	struct confine confine;
	struct runner runner;
	struct usage usage; /* of the workspace */
	int64_t deadline; /* monotonic; 0: none */
	int64_t kill_at; /* all below was told to end; 0: not yet */
	int64_t keep_until; /* monotonic: the deadline of its artifacts */
	int timed_out;
	struct buf reason; /* why the job failed */
	struct buf
		unkept; /* of a job that is green: globs that matched nothing */
	int no_space; /* it did because its log found none */
};

/*
 * Makes the process a job's: its session, descriptors, signals and environment,
 * its control group, its files for what jobs tell each other, its sandbox, and
 * last its secrets. -1 with why the job fails; the runner can be used all the
 * same.
 */
int jobsetup(struct jobrun_state *s, struct err *e);

#endif
