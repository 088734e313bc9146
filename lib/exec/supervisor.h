/*
 * supervisor.h - one claimed run, from its workspace to its settled row.
 *
 * Lays out the workspace, spawns quire-ci, appends what that emits to
 * events.jsonl and ingests it, looks at its row every 200 ms and whenever a
 * byte comes through `wake`, ends the run at its time limit. When quire-ci has
 * ended it first appends {"type":"executor_exited",...} and syncs, then settles
 * by the rules of the run lifecycle, ends every process that is left (a
 * subreaper from before the spawn until this sweep), and removes the workspace.
 */
#ifndef QUIRE_EXEC_SUPERVISOR_H
#define QUIRE_EXEC_SUPERVISOR_H

#include "base/err.h"
#include "base/home.h"
#include "store/db.h"
#include "store/run.h"

/*
 * The run is claimed (active) and its lock is held by the caller, who releases
 * it. When stop becomes readable the run is ended. 0 whatever became of the
 * run; -1 for a fault of the host or database after which the row may still
 * be active: reconcile settles it. 1: the row is settled, but a process of
 * the run could not be ended; the lock is to be kept over supervise_linger().
 */
int supervise(struct db *db, const struct home *h, const struct run *r,
	int lock, int stop, struct err *e);

/* Waits until no process of the run is left, then removes its workspace. -1
 * also when stop became readable first: then reconcile does it. */
int supervise_linger(
	const struct home *h, const struct run *r, int stop, struct err *e);

/*
 * For reconcile, with the lock of a run whose supervisor is gone: ends marked
 * processes, ingests events.jsonl again from its start, settles by the
 * recorded end or as `orphaned`, removes the workspace. A run that is terminal
 * already is only cleaned. *outcome is what the row became.
 */
int supervise_salvage(struct db *db, const struct home *h, const struct run *r,
	enum run_state *outcome, struct err *e);

#endif
