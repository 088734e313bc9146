/*
 * launch.h - how quire-ci is started for a run: its options and environment.
 *
 * quire-ci knows neither the home nor the database: what it is to go by, of
 * the settings too, is in its options (quire-ci(1), exec), and what its jobs
 * are told is in its environment (jobenv.h).
 */
#ifndef QUIRE_EXEC_LAUNCH_H
#define QUIRE_EXEC_LAUNCH_H

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"
#include "exec/rundir.h"
#include "store/db.h"
#include "store/run.h"

struct launch {
	struct strv argv, env;
};

/* The workspace is laid out. errno says why it failed, 0 if no system call
 * did; release it in any case. */
int launch_make(struct launch *l, struct db *db, const struct home *h,
	const struct run *r, struct rundir *d, struct err *e);
void launch_release(struct launch *l);

#endif
