/*
 * takeover.h - a home of the older system becomes one of ours.
 *
 * Its database is migrated by whoever opens it first for writing, which also
 * settles what was pending or active, and leaves a mark (legacy.h). What is
 * left for quire init: every bare repository below repos/ gets its row, its
 * hook and its baseline (all refs seen, nothing queued). The mark goes last, so
 * that the next quire init goes on where a crash ended this one.
 */
#ifndef QUIRE_EXEC_TAKEOVER_H
#define QUIRE_EXEC_TAKEOVER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"
#include "store/db.h"

struct takeover {
	struct buf done; /* a line for each thing carried over */
	struct buf left; /* a line for each thing that is not */
};
void takeover_release(struct takeover *t);

/* What fails for one repository is a line in left. Where the host is to blame
 * for it the mark stays: -1, EXIT_BUSY, and the next call goes on. */
int takeover_finish(
	struct db *db, const struct home *h, struct takeover *t, struct err *e);
/* For a home that is ours: bare repositories below repos/ that nobody has
 * registered are lines in left. */
void takeover_survey(struct db *db, const struct home *h, struct takeover *t);

#endif
