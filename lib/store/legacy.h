/*
 * legacy.h - a database that was the older system's, on its way to ours.
 *
 * Nothing of it is live: its supervisors are not ours. So whoever migrates it
 * settles what was pending or active in the same transaction, and leaves a
 * mark, the row 'takeover' in `counters`, for `quire init`, which registers the
 * repositories and takes the mark away.
 */
#ifndef QUIRE_STORE_LEGACY_H
#define QUIRE_STORE_LEGACY_H

#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

/* The last version of the older system; ours begin behind it. */
#define LEGACY_LAST (MIGRATE_OURS - 1)

/*
 * Before the migrations, in their transaction and under the old schema: what
 * is pending or active becomes failed, orphaned, and every live job aborted,
 * those of runs that had ended already too. *count says how many runs that
 * were.
 */
int legacy_settle(struct db *db, int64_t now_ms, int64_t *count, struct err *e);
/* Behind them: leaves the mark, with that count. */
int legacy_mark(struct db *db, int64_t count, struct err *e);
/* Behind them: sets keepDays to 0, if there are runs. The older system kept
 * all, and an upgrade is not what should make them go. */
int legacy_keep_runs(struct db *db, struct err *e);
/* Whether the mark is there, and its count. 1, 0, -1. */
int legacy_marked(struct db *db, int64_t *count, struct err *e);
int legacy_unmark(struct db *db, struct err *e);

/* Runs with a run_token, which the older system gave its containers. */
int legacy_count_tokens(struct db *db, int64_t *n, struct err *e);

#endif
