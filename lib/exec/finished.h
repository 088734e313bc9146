/*
 * finished.h - a run has ended: those who wait for it are told, by the hooks
 * run-finished (runhook.h).
 *
 * Whoever ends a run begins this, behind the commit, with finished_tell(): it
 * starts `quire-run --notify ID` in the background, as a kicked process is
 * started, and returns; that one calls the hooks, in finished_call(). So no
 * hook delays a run, holds a slot or a lock, or is below a supervisor that
 * ends all below it; and its environment, made anew, has no QUIRE_RUN_ID, by
 * which what a run left behind is found.
 *
 * Told of is every run that has begun, and one that failed before it did; not
 * what was superseded while it waited, which the recorder does and nobody else,
 * on the path of a push: the newer run speaks for it. Who tells:
 *
 *	quire-run	of each run that it claimed, whatever ended it, with
 *			the run's lock still held
 *	quire-reconcile	of each that it settled in a supervisor's place, and
 *			of those that have the file `untold`
 *	quire cancel, quire-reconcile	of a run that had not begun
 *
 * `untold` in the run's folder is there from before its jobs begin, if there is
 * a hook, until it is told. It goes by the run's lock: only who holds that
 * makes it or removes it. It is removed behind the start of that process, so a
 * crash between the two tells twice, and one of the machine's a moment later
 * not at all.
 */
#ifndef QUIRE_EXEC_FINISHED_H
#define QUIRE_EXEC_FINISHED_H

#include "base/err.h"
#include "base/home.h"
#include "exec/rundir.h"
#include "store/db.h"
#include "store/run.h"

#define FINISHED_MARK "untold"

/* The folder's run will have to be told of, if there is a hook. -1 with errno:
 * it won't be if its supervisor is killed. */
int finished_owe(
	const struct home *h, const struct run *r, const struct rundir *d);
/* Whether a run's end is still to be told; dir is its folder, relative to
 * dirfd. 1, 0, -1 with errno. */
int finished_is_owed(int dirfd, const char *dir);

/*
 * Tells of the run as its row is now, in the background; never while this
 * process is a subreaper. 1 begun; 0 there is nobody to tell, the run goes on,
 * or this is no process of the home's owner's, or one of a job; -1 nobody was
 * started.
 */
int finished_tell(
	struct db *db, const struct home *h, const char *id, struct err *e);
/* The same for a run that had not begun, whose end has been committed just
 * now: one that had is for its supervisor to tell of. */
int finished_tell_unbegun(
	struct db *db, const struct home *h, const char *id, struct err *e);

/*
 * Calls the hooks for a run that has ended, one after the other, and writes
 * what became of them to run-finished.log, and to quire-run.log what went
 * wrong. A hook that fails keeps no other from being called. typed is a RUN.
 * 0; -1 with the last that failed, EXIT_RED, or why none was called.
 */
int finished_call(const struct home *h, const char *typed, struct err *e);

#endif
