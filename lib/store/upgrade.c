#include "store/upgrade.h"

#include <string.h>

#include "base/mem.h"

static int read_int(struct db *db, const char *sql, int *value, struct err *e)
{
	sqlite3_stmt *s = db_prep(db, sql, e);
	int got;

	if (!s)
		return -1;
	got = db_step(db, s, e);
	if (got > 0)
		*value = sqlite3_column_int(s, 0);
	else if (got == 0)
		err_set(e, EXIT_INTERNAL, "quire.db: no answer to %s", sql);
	sqlite3_finalize(s);
	return got > 0 ? 0 : -1;
}

int upgrade_open(
	struct db *db, const struct home *h, int *version, struct err *e)
{
	if (db_open(db, h, DB_MIGRATE, e) < 0)
		return -1;
	*version = db_version(db, e);
	if (*version >= 0)
		return 0;
	db_close(db);
	return -1;
}

int upgrade_list_active(
	struct db *db, struct run **list, size_t *n, struct err *e)
{
	sqlite3_stmt *s;
	size_t size = 0;
	int version, got;

	*list = NULL;
	*n = 0;
	version = db_version(db, e);
	if (version <= 0)
		return version;
	s = db_prep(db, "SELECT id, repo FROM runs WHERE state = 'active'", e);
	if (!s)
		return -1;
	while ((got = db_step(db, s, e)) > 0) {
		struct run *r;

		if (*n == size) {
			size = size ? 2 * size : 8;
			*list = mem_resize(*list, size, sizeof(**list));
		}
		r = &(*list)[(*n)++];
		memset(r, 0, sizeof(*r));
		db_col_copy(s, 0, r->id, sizeof(r->id));
		r->repo = db_col_dup(s, 1);
		r->state = RUN_ACTIVE;
	}
	sqlite3_finalize(s);
	if (got < 0) {
		run_list_release(*list, *n);
		*list = NULL;
		*n = 0;
	}
	return got;
}

/* Runs one statement that may take the time ?1. */
static int at(struct db *db, const char *sql, int64_t now_ms, struct err *e)
{
	sqlite3_stmt *s = db_prep(db, sql, e);
	int got;

	if (!s)
		return -1;
	db_bind_int(s, 1, now_ms);
	got = db_step(db, s, e);
	sqlite3_finalize(s);
	return got < 0 ? -1 : 0;
}

static int has_container_id(struct db *db, int *has, struct err *e)
{
	return read_int(db,
		"SELECT count(*) FROM pragma_table_info('runs') "
		"WHERE name = 'container_id'",
		has, e);
}

static int take_over(struct db *db, int64_t now_ms, int *count, struct err *e)
{
	int container;

	if (has_container_id(db, &container, e) < 0)
		return -1;
	if (at(db,
		    "UPDATE jobs SET state = 'aborted', finished_at_ms = "
		    "max(?1, coalesce(started_at_ms, 0)) "
		    "WHERE state IN ('pending', 'active') AND run_id IN "
		    "(SELECT id FROM runs WHERE state IN "
		    "('pending', 'active'))",
		    now_ms, e) < 0)
		return -1;
	/* a run that has ended has no container: a CHECK of the time */
	if (at(db,
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

int upgrade_take_over(
	struct db *db, int version, int64_t now_ms, int *count, struct err *e)
{
	*count = 0;
	if (version < 1 || version > UPGRADE_LAST_OLDER)
		return 0;
	if (db_begin(db, e) < 0)
		return -1;
	if (take_over(db, now_ms, count, e) == 0 && db_commit(db, e) == 0)
		return 0;
	db_rollback(db);
	*count = 0;
	return -1;
}
