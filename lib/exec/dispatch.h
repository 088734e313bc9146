/*
 * dispatch.h - quire-run: slot, claim, supervise, again.
 *
 *   1. take a free slot, without waiting, of maxRuns. None: done.
 *   2. read maxRuns again (too many now: release, go to 1) and claim in one
 *      BEGIN IMMEDIATE: the oldest pending row, its directory, its lock taken
 *      without waiting, UPDATE, commit. Lock taken by another: the next row. A
 *      fault of this run alone: it fails as `workspace`. A fault of the host
 *      (no space, no descriptors, I/O): stop claiming, it stays pending, 75.
 *   3. the claim committed and pending rows left: kick once more, so that
 *      every slot fills.
 *   4. supervise, settle, go to 2. Nothing pending: release the slot, look
 *      once more, and go to 1 if one has come.
 */
#ifndef QUIRE_EXEC_DISPATCH_H
#define QUIRE_EXEC_DISPATCH_H

#include "base/err.h"
#include "base/home.h"
#include "store/db.h"

/* Works until the queue is empty (returns 1: the caller checkpoints) or no slot
 * is free (0: others are at work). When stop becomes readable its run is ended
 * and nothing more is claimed. -1 with EXIT_BUSY for that, and for a fault of
 * the host, after which nothing more was claimed either. */
int dispatch(struct db *db, const struct home *h, int stop, struct err *e);

#endif
