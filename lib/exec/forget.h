/*
 * forget.h - a repository leaves.
 *
 * Nothing is done while a run of it is live. The order is such that a crash
 * leaves the repository registered, or gone with nothing but rubbish behind:
 * hook, runs moved to runs/.pruned (purge), row, cache, files. Reconcile, which
 * is kept out of a purge, puts runs back that still have their rows, and
 * removes the rest.
 */
#ifndef QUIRE_EXEC_FORGET_H
#define QUIRE_EXEC_FORGET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"
#include "store/db.h"
#include "store/repo.h"

#define FORGET_DELETE 1u /* the repository itself, if below repos/ */
#define FORGET_PURGE 2u /* its runs, with logs */

/*
 * Unhooks and forgets. Appends a line to done for each thing that happened.
 * EXIT_BUSY: a run is live, or its supervisor has not ended yet. EXIT_USAGE:
 * FORGET_DELETE of what is elsewhere, or holds another's repository.
 */
int forget_repo(struct db *db, const struct home *h, const struct repo *r,
	unsigned what, struct buf *done, struct err *e);

/*
 * Removes what a killed adopt_new() or forget_repo() has left in repos/
 * (.new.<pid>, .rm.<pid>), where no such process is alive. Called by quire
 * init. A line in done for each.
 */
int forget_sweep(const struct home *h, struct buf *done, struct err *e);

#endif
