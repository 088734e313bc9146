#include "store/migrate.h"

#include <string.h>

#include "base/clock.h"
#include "store/legacy.h"

int migrate_current(void)
{
	return migrations[migrations_count - 1].version;
}

int migrate_judge(int version, int application_id, struct err *e)
{
	int ours = application_id == DB_APPLICATION_ID;

	if (version < 0 || (version >= MIGRATE_OURS && !ours) ||
		(version < MIGRATE_OURS && application_id != 0))
		return err_set(e, EXIT_INTERNAL,
			"not a database of quire (version %d, application_id %d)",
			version, application_id);
	if (version > migrate_current())
		return err_set(e, EXIT_INTERNAL,
			"version %d is newer than this program's %d: install a newer quire",
			version, migrate_current());
	return version < migrate_current();
}

/* One number of a query that has one row. */
static int count(struct db *db, const char *sql, int64_t *n, struct err *e)
{
	sqlite3_stmt *s = db_prep(db, sql, e);
	int r = s ? db_step(db, s, e) : -1;

	if (r == 1)
		*n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return r < 0 ? -1 : 0;
}

static int check_idle(struct db *db, int version, struct err *e)
{
	int64_t active = 0;

	if (version < MIGRATE_OURS)
		return 0;
	if (count(db, "SELECT count(*) FROM runs WHERE state = 'active'",
		    &active, e) < 0)
		return -1;
	if (active)
		return err_set(e, EXIT_BUSY,
			"%s: it needs an upgrade, and runs are active: run 'quire-reconcile' when they have ended",
			db->path);
	return 0;
}

/* Version 0 is ours to fill only if there is nothing in it. */
static int check_empty(struct db *db, int version, struct err *e)
{
	int64_t things = 0;

	if (version > 0)
		return 0;
	if (count(db, "SELECT count(*) FROM sqlite_master", &things, e) < 0)
		return -1;
	if (things)
		return err_set(e, EXIT_INTERNAL,
			"%s: not a database of quire (version 0, but not empty)",
			db->path);
	return 0;
}

static int drop_triggers(struct db *db, struct err *e)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *s = db_prep(db,
		"SELECT 'DROP TRIGGER \"' || replace(name, '\"', '\"\"') || '\";'"
		" FROM sqlite_master WHERE type = 'trigger'",
		e);
	int r = -1;

	while (s && (r = db_step(db, s, e)) == 1)
		buf_adds(&sql, (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	if (r == 0)
		r = db_exec(db, sql.ptr, e);
	buf_release(&sql);
	return r;
}

/* Everything between BEGIN and COMMIT. */
static int migrate_inside(struct db *db, const struct migration *list, int n,
	int only_idle, struct err *e)
{
	static const char broken_sql[] =
		"SELECT count(*) FROM pragma_foreign_key_check";
	int version = db_version(db, e);
	int64_t broken = 0, broken_before = 0, settled = 0;

	if (version < 0)
		return -1;
	if (version >= list[n - 1].version) /* somebody else was faster */
		return 0;
	if (check_empty(db, version, e) < 0 ||
		(only_idle && check_idle(db, version, e) < 0) ||
		count(db, broken_sql, &broken_before, e) < 0 ||
		drop_triggers(db, e) < 0)
		return -1;
	int older = version > 0 && version <= LEGACY_LAST;
	if (older && legacy_settle(db, clock_now_ms(), &settled, e) < 0)
		return -1;

	for (int i = 0; i < n; i++) {
		if (list[i].version <= version)
			continue;
		if (db_exec(db, list[i].sql, e) < 0)
			return err_prefix(e, "migration %s", list[i].name);
	}
	/* to a version before ours only a test migrates */
	if (older && list[n - 1].version >= MIGRATE_OURS &&
		(legacy_mark(db, settled, e) < 0 ||
			legacy_keep_runs(db, e) < 0))
		return -1;
	if (db_exec(db, triggers_sql, e) < 0 ||
		count(db, broken_sql, &broken, e) < 0)
		return -1;
	/* rows that were orphans before are kept as they were */
	if (broken > broken_before)
		return err_set(e, EXIT_INTERNAL,
			"%s: the upgrade would break %lld references, nothing was changed",
			db->path, (long long)broken);

	struct buf sql = BUF_INIT;
	buf_addf(&sql, "PRAGMA user_version = %d", list[n - 1].version);
	int r = db_exec(db, sql.ptr, e);
	buf_release(&sql);
	return r;
}

static int set_foreign_keys(struct db *db, int on, struct err *e)
{
	int is = -1;

	if (sqlite3_db_config(db->conn, SQLITE_DBCONFIG_ENABLE_FKEY, on, &is) !=
		SQLITE_OK)
		return db_error(db, e, "cannot set it up");
	if (is != on)
		return err_set(e, EXIT_INTERNAL,
			"%s: cannot turn foreign keys %s", db->path,
			on ? "on" : "off");
	return 0;
}

int migrate_with(struct db *db, const struct migration *list, int n,
	int only_idle, struct err *e)
{
	/* inside a transaction this would be ignored without a word */
	if (set_foreign_keys(db, 0, e) < 0)
		return -1;

	int r = db_begin(db, e);
	if (r == 0)
		r = migrate_inside(db, list, n, only_idle, e);
	if (r == 0)
		r = db_commit(db, e);
	db_rollback(db);
	if (r == 0)
		r = db_exec(db, "PRAGMA journal_mode=WAL", e);

	struct err after;
	if (set_foreign_keys(db, 1, &after) < 0 && r == 0) {
		*e = after;
		r = -1;
	}
	return r;
}

int migrate_run(struct db *db, struct err *e)
{
	return migrate_with(db, migrations, migrations_count, 0, e);
}

int migrate_if_idle(struct db *db, struct err *e)
{
	return migrate_with(db, migrations, migrations_count, 1, e);
}
