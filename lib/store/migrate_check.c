#include "store/migrate.h"

#include <string.h>

#include "base/mem.h"

/*
 * What the triggers should be is read from a fresh database in memory, made
 * from the same text: so SQLite itself says how it stores them.
 */
static int make_fresh(struct db *fresh, struct err *e)
{
	memset(fresh, 0, sizeof(*fresh));
	if (sqlite3_open(":memory:", &fresh->conn) != SQLITE_OK)
		return err_set(
			e, EXIT_INTERNAL, "cannot open a database in memory");
	fresh->path = mem_strdup(":memory:");
	return migrate_run(fresh, e);
}

/* Whether the database has this very trigger: 1, 0, -1. */
static int has_trigger(
	struct db *db, const char *name, const char *sql, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT 1 FROM sqlite_master"
		" WHERE type = 'trigger' AND name = ?1 AND sql = ?2",
		e);
	int r = -1;

	if (s) {
		db_bind_text(s, 1, name);
		db_bind_text(s, 2, sql);
		r = db_step(db, s, e);
		db_done(s);
	}
	return r;
}

static int compare(
	struct db *db, struct db *fresh, struct buf *b, struct err *e)
{
	sqlite3_stmt *s = db_prep(fresh,
		"SELECT name, sql FROM sqlite_master"
		" WHERE type = 'trigger' ORDER BY name",
		e);
	int r = -1, has = 0, lacking = 0;

	while (s && (r = db_step(fresh, s, e)) == 1) {
		const char *name = (const char *)sqlite3_column_text(s, 0);

		has = has_trigger(
			db, name, (const char *)sqlite3_column_text(s, 1), e);
		if (has < 0)
			break;
		if (!has)
			buf_addf(b, "%s%s", lacking++ ? ", " : "", name);
	}
	sqlite3_finalize(s);
	return r < 0 || has < 0 ? -1 : lacking > 0;
}

int migrate_check_triggers(struct db *db, struct buf *b, struct err *e)
{
	struct db fresh;
	int r = make_fresh(&fresh, e);

	if (r == 0)
		r = compare(db, &fresh, b, e);
	db_close(&fresh);
	return r;
}

static int add_drops(struct db *fresh, struct buf *statements, struct err *e)
{
	sqlite3_stmt *s = db_prep(fresh,
		"SELECT 'DROP TRIGGER IF EXISTS \"' || name || '\";'"
		" FROM sqlite_master WHERE type = 'trigger'",
		e);
	int r = -1;

	while (s && (r = db_step(fresh, s, e)) == 1)
		buf_adds(statements, (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	return r;
}

int migrate_mend_triggers(struct db *db, struct buf *b, struct err *e)
{
	struct buf statements = BUF_INIT;
	struct db fresh;
	int r = make_fresh(&fresh, e);

	if (r == 0)
		r = compare(db, &fresh, b, e);
	if (r > 0) {
		r = add_drops(&fresh, &statements, e);
		buf_adds(&statements, triggers_sql);
		if (r == 0 && db_begin(db, e) < 0)
			r = -1;
		if (r == 0)
			r = db_exec(db, statements.ptr, e) < 0 ||
					    db_commit(db, e) < 0
				    ? -1
				    : 1;
		db_rollback(db);
	}
	buf_release(&statements);
	db_close(&fresh);
	return r;
}
