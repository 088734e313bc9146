/*
 * run_row.h - how a row of `runs` becomes a struct run; for lib/store alone.
 */
#ifndef QUIRE_STORE_RUN_ROW_H
#define QUIRE_STORE_RUN_ROW_H

#include "store/db.h"
#include "store/run.h"

/* The columns that run_from_row() reads, in its order, of a table runs. */
#define RUN_COLUMNS                                                      \
	" runs.id, runs.number, runs.repo, runs.ref_name, runs.sha,"     \
	" runs.state, runs.failure_kind, runs.reason, runs.\"trigger\"," \
	" runs.push_seq, runs.attempt, runs.pushed_at_ms,"               \
	" runs.queued_at_ms, runs.started_at_ms, runs.finished_at_ms,"   \
	" runs.git_dir, runs.traceparent, runs.previous_sha,"            \
	" runs.pusher, runs.subject, runs.author, runs.superseded_by,"   \
	" runs.rerun_of, runs.sandbox "

/* Overwrites r, which holds nothing to free. */
int run_from_row(sqlite3_stmt *s, struct run *r, struct err *e);
/* Runs a bound statement that gives at most one row of RUN_COLUMNS, and gives
 * it back with db_done(). s NULL: db_stmt() failed. 1/0/-1 */
int run_read_one(struct db *db, sqlite3_stmt *s, struct run *r, struct err *e);
/* The same for any number of rows; *list is NULL on failure. */
int run_read_all(struct db *db, sqlite3_stmt *s, struct run **list, size_t *n,
	struct err *e);

/* The parts of run_prepare(). */
int run_insert_prepare(struct db *db, struct err *e);
int run_edge_prepare(struct db *db, struct err *e);

#endif
