/*
 * takeover.h - a home of the older system becomes one of ours.
 *
 * Its database is migrated by reconcile_migrate(), which also settles what was
 * pending or active. What is left: every bare repository below repos/ gets its
 * row, its hook and its baseline (all refs seen, nothing queued). A crash in
 * between leaves the file .takeover in the home, and the next quire init goes
 * on from there.
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

/* Whether the home is one (its database is at version 1 to 7), or a takeover
 * was cut short; and then marks it. Opens the database itself. 1, 0, -1. */
int takeover_begin(const struct home *h, struct err *e);
/* After the migration. What fails for one repository is a line in left. */
int takeover_finish(
	struct db *db, const struct home *h, struct takeover *t, struct err *e);
/* For a home that is ours: bare repositories below repos/ that nobody has
 * registered are lines in left. */
void takeover_survey(struct db *db, const struct home *h, struct takeover *t);

#endif
