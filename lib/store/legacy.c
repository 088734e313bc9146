#include "store/legacy.h"

/* The one number of a query; *n stays as it is if there is no row. */
static int number(struct db *db, const char *sql, int64_t *n, struct err *e)
{
	sqlite3_stmt *s = db_prep(db, sql, e);
	int got;

	if (!s)
		return -1;
	got = db_step(db, s, e);
	if (got > 0)
		*n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return got;
}

/* Runs one statement that takes the number ?1. */
static int with(struct db *db, const char *sql, int64_t n, struct err *e)
{
	sqlite3_stmt *s = db_prep(db, sql, e);
	int got;

	if (!s)
		return -1;
	db_bind_int(s, 1, n);
	got = db_step(db, s, e);
	sqlite3_finalize(s);
	return got < 0 ? -1 : 0;
}

int legacy_settle(struct db *db, int64_t now_ms, int64_t *count, struct err *e)
{
	int64_t container = 0;

	if (number(db,
		    "SELECT count(*) FROM pragma_table_info('runs') "
		    "WHERE name = 'container_id'",
		    &container, e) < 0)
		return -1;
	/* nothing held the older system to it that the jobs of a run that has
	 * ended have ended, too */
	if (with(db,
		    "UPDATE jobs SET state = 'aborted', finished_at_ms = "
		    "max(coalesce((SELECT finished_at_ms FROM runs "
		    "WHERE id = run_id), ?1), coalesce(started_at_ms, 0)) "
		    "WHERE state IN ('pending', 'active')",
		    now_ms, e) < 0)
		return -1;
	/* a run that has ended has no container: a CHECK of the time */
	if (with(db,
		    container ? "UPDATE runs SET state = 'failed', "
				"failure_kind = coalesce(failure_kind, "
				"'orphaned'), finished_at_ms = max(?1, "
				"queued_at_ms, coalesce(started_at_ms, 0)), "
				"container_id = NULL "
				"WHERE state IN ('pending', 'active')"
			      : "UPDATE runs SET state = 'failed', "
				"failure_kind = coalesce(failure_kind, "
				"'orphaned'), finished_at_ms = max(?1, "
				"queued_at_ms, coalesce(started_at_ms, 0)) "
				"WHERE state IN ('pending', 'active')",
		    now_ms, e) < 0)
		return -1;
	*count = db_changes(db);
	return 0;
}

int legacy_mark(struct db *db, int64_t count, struct err *e)
{
	return with(db,
		"INSERT INTO counters (name, value) VALUES ('takeover', ?1)",
		count, e);
}

int legacy_keep_runs(struct db *db, struct err *e)
{
	return db_exec(db,
		"INSERT INTO settings (repo, key, value)"
		" SELECT '', 'keepDays', '0' WHERE EXISTS (SELECT 1 FROM runs)",
		e);
}

int legacy_marked(struct db *db, int64_t *count, struct err *e)
{
	return number(db, "SELECT value FROM counters WHERE name = 'takeover'",
		count, e);
}

int legacy_unmark(struct db *db, struct err *e)
{
	return db_exec(db, "DELETE FROM counters WHERE name = 'takeover'", e);
}

int legacy_count_tokens(struct db *db, int64_t *n, struct err *e)
{
	return number(db,
		       "SELECT count(*) FROM runs WHERE run_token IS NOT NULL",
		       n, e) > 0
		       ? 0
		       : -1;
}
