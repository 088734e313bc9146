#include "store_home.h"

#include <dirent.h>
#include <sys/wait.h>

/* What a database of the older system can hold at every version: each run
 * state in each shape it may have, jobs in all six, commands from 2 on. */
static const char runs_v1[] =
	"INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,"
	" failure_kind, queued_at_ms, started_at_ms, finished_at_ms%s)"
	" SELECT column1, column2, column3, column4, column5, column6,"
	" column7, column8, column9, column10%s FROM (VALUES"
	" ('r-pending', 'a.git', 'refs/heads/m', 's1', 5, 'pending',"
	" NULL, 10, NULL, NULL),"
	" ('r-active', 'a.git', 'refs/heads/m', 's2', 6, 'active',"
	" NULL, 11, 12, NULL),"
	" ('r-done', 'b.git', 'refs/heads/m', 's3', 7, 'complete',"
	" NULL, 12, 13, 14),"
	" ('r-late', 'b.git', 'refs/tags/v1', 's4', 8, 'complete',"
	" NULL, 9, 9, 9),"
	" ('r-failed', 'a.git', 'refs/heads/x', 's5', 9, 'failed',"
	" 'pipeline-failure', 13, 14, 15),"
	" ('r-bare', 'a.git', 'refs/heads/x', 's6', 9, 'failed',"
	" NULL, 13, NULL, 15),"
	" ('r-odd', 'a.git', 'refs/heads/x', 's7', 9, 'failed',"
	" 'something-else', 13, NULL, 13),"
	" ('r-gone', 'a.git', 'refs/heads/m', 's8', 9, 'superseded',"
	" NULL, 10, NULL, 20),"
	" ('r-gone2', 'a.git', 'refs/heads/m', 's9', 9, 'superseded',"
	" NULL, 10, 11, 20));";

static const char jobs_v1[] =
	"INSERT INTO jobs (run_id, job_id, state, exit_code, started_at_ms,"
	" finished_at_ms) VALUES"
	" ('r-active', 'z-first', 'complete', 0, 12, 13),"
	" ('r-active', 'b', 'active', NULL, 13, NULL),"
	" ('r-active', 'c', 'pending', NULL, NULL, NULL),"
	" ('r-failed', 'a', 'failed', 3, 14, 15),"
	" ('r-failed', 'b', 'skipped', NULL, NULL, 15),"
	" ('r-gone2', 'a', 'aborted', NULL, 11, 20),"
	" ('r-gone2', 'b', 'aborted', NULL, NULL, 20),"
	" ('r-done', 'same', 'complete', NULL, 13, 14);";

static const char sh_v2[] =
	"INSERT INTO sh_events (run_id, job_id, started_at_ms,"
	" finished_at_ms, exit_code, cmd) VALUES"
	" ('r-active', 'z-first', 12, 13, 0, 'make'),"
	" ('r-failed', 'a', 15, 15, 3, 'make check'),"
	" ('r-failed', 'a', 14, 15, 0, 'make');";

static sqlite3 *open_raw(void)
{
	char path[128];
	sqlite3 *conn;

	snprintf(path, sizeof(path), "%s/quire.db", store_dir);
	assert_int_equal(sqlite3_open(path, &conn), SQLITE_OK);
	return conn;
}

static void exec_raw(sqlite3 *conn, const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(conn, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
}

/* quire.db as the older system left it at the version. */
static void make_older(int version, int wal)
{
	sqlite3 *conn = open_raw();
	char text[4096];

	exec_raw(conn, wal ? "PRAGMA journal_mode = WAL"
			   : "PRAGMA journal_mode = DELETE");
	for (int i = 0; i < version; i++)
		exec_raw(conn, migrations[i].sql);
	snprintf(text, sizeof(text), "PRAGMA user_version = %d", version);
	exec_raw(conn, text);
	snprintf(text, sizeof(text), runs_v1,
		version < 7 ? ", workspace_path" : "",
		version < 7 ? ", '/w/' || column1" : "");
	exec_raw(conn, text);
	exec_raw(conn, jobs_v1);
	if (version >= 2)
		exec_raw(conn, sh_v2);
	if (version >= 3)
		exec_raw(conn,
			version < 5 ? "UPDATE runs SET auth_token = 't' || id"
				    : "UPDATE runs SET run_token = 't' || id");
	if (version >= 4)
		exec_raw(conn, "UPDATE runs SET git_dir = '/srv/' || repo"
			       " WHERE id <> 'r-odd'");
	if (version >= 6)
		exec_raw(conn, "UPDATE runs SET traceparent = '00-' || id");
	assert_int_equal(sqlite3_close(conn), SQLITE_OK);
}

#define LIVE "state IN ('pending', 'active')"

/*
 * The columns that every version has, in all rows of all tables, with what was
 * live shown as the upgrade settles it: orphaned and aborted, at some time.
 */
static char *old_rows(sqlite3 *conn, int version)
{
	static const char *const queries[] = {
		"SELECT id, repo, ref_name, sha, pushed_at_ms,"
		" iif(" LIVE ", 'failed', state),"
		" iif(" LIVE ", 'orphaned', failure_kind),"
		" queued_at_ms, started_at_ms,"
		" iif(failure_kind = 'orphaned', NULL, finished_at_ms)"
		" FROM runs ORDER BY id",
		"SELECT run_id, job_id, iif(" LIVE ", 'aborted', state),"
		" exit_code, started_at_ms,"
		" iif(run_id = 'r-active' AND state = 'aborted', NULL,"
		" finished_at_ms) FROM jobs ORDER BY run_id, job_id",
		"SELECT run_id, job_id, started_at_ms, finished_at_ms,"
		" exit_code, cmd FROM sh_events"
		" ORDER BY run_id, job_id, started_at_ms",
		"SELECT run_token FROM runs ORDER BY id",
		"SELECT git_dir FROM runs ORDER BY id",
		"SELECT traceparent FROM runs ORDER BY id",
	};
	static const int since[] = { 1, 1, 2, 5, 4, 6 };
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
		if (version < since[i])
			continue;
		char *rows = rows_of(conn, queries[i]);
		buf_adds(&b, rows);
		free(rows);
	}
	return buf_detach(&b);
}

static char *schema_of(sqlite3 *conn)
{
	return rows_of(conn,
		"SELECT type, name, tbl_name, sql FROM sqlite_master"
		" ORDER BY type, name");
}

static char *fresh_schema(void)
{
	struct db db = { 0 };
	char *schema;

	assert_int_equal(sqlite3_open(":memory:", &db.conn), SQLITE_OK);
	db.path = strdup(":memory:");
	must(migrate_run(&db, &store_err));
	schema = schema_of(db.conn);
	db_close(&db);
	return schema;
}

static void upgrade_from(int version, int wal)
{
	char *fresh = fresh_schema(), *before, *after, *schema;
	sqlite3 *conn;

	make_older(version, wal);
	conn = open_raw();
	before = old_rows(conn, version);
	assert_int_equal(sqlite3_close(conn), SQLITE_OK);

	must(db_open(&store_db, &store_home, DB_WRITE, &store_err));
	assert_int_equal(db_version(&store_db, &store_err), migrate_current());
	after = old_rows(store_db.conn, version);
	assert_string_equal(before, after);
	schema = schema_of(store_db.conn);
	assert_string_equal(schema, fresh);
	assert_rows("PRAGMA integrity_check", "ok\n");
	assert_rows("PRAGMA foreign_key_check", "");
	assert_rows("PRAGMA application_id", "1903520114\n");
	assert_rows("PRAGMA journal_mode", "wal\n");
	/* in the order they were queued, then by id */
	assert_rows("SELECT id, number, push_seq FROM runs"
		    " ORDER BY push_seq",
		"r-late|1|1\nr-gone|1|2\nr-gone2|2|3\nr-pending|3|4\n"
		"r-active|4|5\nr-done|2|6\nr-bare|5|7\nr-failed|6|8\n"
		"r-odd|7|9\n");
	assert_rows("SELECT name, value FROM counters ORDER BY name",
		"push_seq|9\ntakeover|2\n");
	assert_rows("SELECT id, finished_at_ms > 1700000000000 FROM runs"
		    " WHERE failure_kind = 'orphaned' ORDER BY id",
		"r-active|1\nr-pending|1\n");
	assert_rows("SELECT job_id, position FROM jobs"
		    " WHERE run_id = 'r-active' ORDER BY position",
		"z-first|1\nb|2\nc|3\n");
	if (version >= 2)
		assert_rows("SELECT n, cmd FROM sh_events"
			    " WHERE run_id = 'r-failed' ORDER BY n",
			"1|make\n2|make check\n");
	free(fresh);
	free(before);
	free(after);
	free(schema);
}

#define UPGRADES(n)                                 \
	static void upgrades_from_##n(void **state) \
	{                                           \
		(void)state;                        \
		upgrade_from(n, 0);                 \
	}                                           \
	static void upgrades_wal_##n(void **state)  \
	{                                           \
		(void)state;                        \
		upgrade_from(n, 1);                 \
	}
UPGRADES(1)
UPGRADES(2)
UPGRADES(3)
UPGRADES(4)
UPGRADES(5)
UPGRADES(6)
UPGRADES(7)

/* A home of the version before the tallies, with runs in every state. */
static void what_had_ended_by_8_is_tallied(void **state)
{
	char *fresh = fresh_schema(), *schema;
	sqlite3 *conn = open_raw();

	(void)state;
	for (int i = 0; i < 8; i++)
		exec_raw(conn, migrations[i].sql);
	exec_raw(conn,
		"PRAGMA user_version = 8; PRAGMA journal_mode = WAL;"
		"INSERT INTO runs (id, repo, ref_name, sha,"
		" pushed_at_ms, state, queued_at_ms, started_at_ms,"
		" finished_at_ms, number, push_seq) VALUES"
		" ('p', 'a.git', 'm', 's', 1, 'pending', 1, NULL, NULL,"
		" 1, 1),"
		" ('c', 'a.git', 'm', 's', 1, 'complete', 1, 2, 3, 2, 2),"
		" ('d', 'a.git', 'm', 's', 1, 'complete', 1, 2, 4, 3, 3),"
		" ('f', 'b.git', 'm', 's', 1, 'failed', 1, NULL, 3, 4, 4)");
	assert_int_equal(sqlite3_close(conn), SQLITE_OK);
	must(db_open(&store_db, &store_home, DB_WRITE, &store_err));
	assert_rows("SELECT repo, state, class, runs, duration_ms"
		    " FROM tallies ORDER BY repo, class",
		"a.git|complete|01|1|1\na.git|complete|11|1|2\n"
		"b.git|failed||1|0\n");
	schema = schema_of(store_db.conn);
	assert_string_equal(schema, fresh);
	assert_int_equal(settle("p", RUN_SUPERSEDED, NULL), 1);
	assert_rows("SELECT state FROM tallies WHERE state = 'superseded'",
		"superseded\n");
	free(fresh);
	free(schema);
}

/* Names, sizes, times and bytes of all there is in the home. */
static char *fingerprint(void)
{
	struct buf b = BUF_INIT;
	struct dirent **names;
	int n = scandir(store_dir, &names, NULL, alphasort);

	assert_true(n >= 2);
	for (int i = 0; i < n; i++) {
		struct stat st;
		struct buf content = BUF_INIT;

		assert_int_equal(fstatat(store_home.fd, names[i]->d_name, &st,
					 AT_SYMLINK_NOFOLLOW),
			0);
		if (S_ISREG(st.st_mode)) {
			unsigned long sum = 5381;
			assert_int_equal(
				fs_read_file(store_home.fd, names[i]->d_name,
					&content, 1 << 24),
				0);
			for (size_t k = 0; k < content.len; k++)
				sum = sum * 33 + (unsigned char)content.ptr[k];
			buf_addf(&b, "%s %zu %lx %ld.%09ld\n", names[i]->d_name,
				content.len, sum, (long)st.st_mtim.tv_sec,
				st.st_mtim.tv_nsec);
		} else {
			buf_addf(&b, "%s\n", names[i]->d_name);
		}
		buf_release(&content);
		free(names[i]);
	}
	free(names);
	return buf_detach(&b);
}

static void assert_refused(enum db_mode mode, int status, const char *want)
{
	char *before = fingerprint(), *after;
	struct err e = { 0 };

	assert_int_equal(db_open(&store_db, &store_home, mode, &e), -1);
	if (e.status != status || !strstr(e.text, want))
		fail_msg("mode %d: %d '%s', not %d '%s'", mode, e.status,
			e.text, status, want);
	after = fingerprint();
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static const enum db_mode all_modes[] = { DB_PUSH, DB_WRITE, DB_WRITE_CURRENT,
	DB_MIGRATE, DB_READ };
#define N_MODES (sizeof(all_modes) / sizeof(*all_modes))

static void refuses_versions(
	int application_id, int from, int to, int wal, const char *want)
{
	char text[256];

	for (int version = from; version <= to; version++) {
		sqlite3 *conn = open_raw();

		snprintf(text, sizeof(text),
			"PRAGMA journal_mode = %s;"
			"CREATE TABLE IF NOT EXISTS runs (id TEXT);"
			"PRAGMA application_id = %d; PRAGMA user_version = %d",
			wal ? "WAL" : "DELETE", application_id, version);
		exec_raw(conn, text);
		assert_int_equal(sqlite3_close(conn), SQLITE_OK);
		for (size_t i = 0; i < N_MODES; i++)
			assert_refused(all_modes[i], EXIT_INTERNAL, want);
	}
}

static void refuses_the_older_systems_own_way(void **state)
{
	(void)state;
	refuses_versions(0, 8, 11, 0, "not a database of quire");
	refuses_versions(0, 8, 11, 1, "not a database of quire");
}

static void refuses_another_program(void **state)
{
	(void)state;
	refuses_versions(0x1234, 1, 9, 1, "not a database of quire");
}

static void refuses_newer(void **state)
{
	(void)state;
	refuses_versions(DB_APPLICATION_ID, migrate_current() + 1,
		migrate_current() + 2, 0, "newer");
	refuses_versions(DB_APPLICATION_ID, migrate_current() + 1,
		migrate_current() + 2, 1, "newer");
}

/* With -wal and -shm there, frames in it, and nobody at work. */
static void refuses_newer_with_a_wal(void **state)
{
	sqlite3 *conn;
	pid_t pid;
	int status;

	(void)state;
	store_make();
	db_close(&store_db);
	pid = fork();
	if (pid == 0) {
		conn = open_raw();
		exec_raw(conn, "PRAGMA user_version = 99");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	struct err e = { 0 };
	for (size_t i = 0; i < N_MODES; i++) {
		assert_int_equal(
			db_open(&store_db, &store_home, all_modes[i], &e), -1);
		assert_int_equal(e.status, EXIT_INTERNAL);
		assert_non_null(strstr(e.text, "99 is newer"));
	}
}

static void older_is_refused_by_who_does_not_migrate(void **state)
{
	(void)state;
	for (int wal = 0; wal < 2; wal++) {
		make_older(7, wal);
		assert_refused(DB_PUSH, EXIT_BUSY, "quire init");
		assert_refused(DB_READ, EXIT_BUSY, "quire init");
		assert_refused(DB_WRITE_CURRENT, EXIT_BUSY, "quire init");
		assert_int_equal(unlinkat(store_home.fd, "quire.db", 0), 0);
	}
}

static void refuses_what_is_no_database(void **state)
{
	int fd = openat(store_home.fd, "quire.db", O_WRONLY | O_CREAT, 0644);

	(void)state;
	for (int i = 0; i < 512; i++)
		assert_int_equal(write(fd, "not a database\n", 15), 15);
	close(fd);
	for (size_t i = 0; i < N_MODES; i++)
		assert_refused(all_modes[i], EXIT_INTERNAL,
			"file is not a database: restore it from a copy");
}

/* A crash or a restore has left it: only quire init begins anew. */
static void refuses_an_empty_file(void **state)
{
	static const enum db_mode modes[] = { DB_PUSH, DB_WRITE,
		DB_WRITE_CURRENT, DB_READ };

	(void)state;
	store_touch("quire.db");
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		assert_refused(modes[i], EXIT_INTERNAL,
			"is empty: restore it from a copy, or begin anew with "
			"'quire init'");
	store_touch("quire.db-wal");
	store_touch("quire.db-shm");
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		assert_refused(modes[i], EXIT_INTERNAL, "is empty");
	must(db_open(&store_db, &store_home, DB_MIGRATE, &store_err));
	must(migrate_run(&store_db, &store_err));
	db_close(&store_db);
	must(db_open(&store_db, &store_home, DB_WRITE, &store_err));
}

static void refuses_tables_of_no_version(void **state)
{
	sqlite3 *conn = open_raw();
	struct err e = { 0 };

	(void)state;
	exec_raw(conn, "CREATE TABLE notes (a)");
	assert_int_equal(sqlite3_close(conn), SQLITE_OK);
	assert_int_equal(db_open(&store_db, &store_home, DB_WRITE, &e), -1);
	assert_int_equal(e.status, EXIT_INTERNAL);
	assert_non_null(strstr(e.text, "not empty"));
}

static void a_missing_database_stays_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_MODES; i++)
		assert_refused(all_modes[i], EXIT_INTERNAL, "quire init");
}

/* What a later version may look like. */
static const struct migration *with_next(const char *statement)
{
	static struct migration list[64];

	memcpy(list, migrations,
		(size_t)migrations_count * sizeof(*migrations));
	list[migrations_count] = (struct migration){
		.version = migrate_current() + 1,
		.name = "next",
		.sql = statement,
	};
	return list;
}

static int migrate_next(const char *statement, int only_idle, struct err *e)
{
	return migrate_with(&store_db, with_next(statement),
		migrations_count + 1, only_idle, e);
}

static void migrates_only_when_idle(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE];

	(void)state;
	store_make();
	add_repo("a.git");
	add_run("a.git", "refs/heads/main", id);
	settle(id, RUN_ACTIVE, NULL);
	assert_int_equal(
		migrate_next("ALTER TABLE runs ADD COLUMN x", 1, &e), -1);
	assert_int_equal(e.status, EXIT_BUSY);
	assert_non_null(strstr(e.text, "quire-reconcile"));
	assert_int_equal(db_version(&store_db, &store_err), migrate_current());
	/* with the locks held it may */
	must(migrate_next("ALTER TABLE runs ADD COLUMN x", 0, &store_err));
	assert_int_equal(
		db_version(&store_db, &store_err), migrate_current() + 1);
	assert_rows("SELECT state FROM runs", "active\n");
	sql_refused("no such edge", "UPDATE runs SET state = 'pending',"
				    " started_at_ms = started_at_ms");
}

static void a_failed_migration_changes_nothing(void **state)
{
	struct err e = { 0 };
	char id[ID_SIZE], *before, *after;

	(void)state;
	store_make();
	add_repo("a.git");
	add_run("a.git", "refs/heads/main", id);
	sql("INSERT INTO jobs (run_id, job_id, state) VALUES ('%s', 'j',"
	    " 'pending')",
		id);
	before = schema_of(store_db.conn);
	assert_int_equal(migrate_next("ALTER TABLE runs ADD COLUMN x;"
				      "INSERT INTO nowhere VALUES (1)",
				 0, &e),
		-1);
	assert_non_null(strstr(e.text, "migration next"));
	assert_int_equal(migrate_next("DELETE FROM runs", 0, &e), -1);
	assert_non_null(strstr(e.text, "break 1 reference"));
	after = schema_of(store_db.conn);
	assert_string_equal(before, after);
	assert_rows(
		"SELECT count(*) FROM runs JOIN jobs ON run_id = id", "1\n");
	assert_rows("PRAGMA foreign_keys", "1\n");
	free(before);
	free(after);
}

/* Dropping `runs` with foreign keys on would take the jobs along. Its triggers
 * go with it, and those of other tables that name it are in the way. */
static void rebuilding_runs_keeps_jobs_and_triggers(void **state)
{
	char id[ID_SIZE];
	struct buf b = BUF_INIT;

	(void)state;
	store_make();
	add_repo("a.git");
	add_run("a.git", "refs/heads/main", id);
	sql("INSERT INTO jobs (run_id, job_id, state) VALUES ('%s', 'j',"
	    " 'pending')",
		id);
	must(migrate_next("CREATE TABLE r2 AS SELECT * FROM runs;"
			  "DROP TABLE runs;"
			  "ALTER TABLE r2 RENAME TO runs;"
			  "CREATE UNIQUE INDEX runs_id ON runs (id)",
		0, &store_err));
	assert_rows("SELECT count(*) FROM jobs", "1\n");
	assert_int_equal(migrate_check_triggers(&store_db, &b, &store_err), 0);
	sql_refused("no such edge", "UPDATE runs SET state = 'complete'");
	sql_refused("never replaced", "REPLACE INTO runs SELECT * FROM runs");
	sql_refused("live jobs cannot end",
		"UPDATE runs SET state = 'failed', finished_at_ms = 1");
	sql_refused("key of a job", "UPDATE jobs SET job_id = 'k'");
	sql_refused("never replaced", "REPLACE INTO jobs SELECT * FROM jobs");
	buf_release(&b);
}

static void orphans_of_before_are_kept(void **state)
{
	sqlite3 *conn;

	(void)state;
	make_older(6, 0);
	conn = open_raw();
	exec_raw(conn, "INSERT INTO jobs (run_id, job_id, state)"
		       " VALUES ('nobody', 'j', 'pending')");
	assert_int_equal(sqlite3_close(conn), SQLITE_OK);
	must(db_open(&store_db, &store_home, DB_WRITE, &store_err));
	assert_rows("SELECT count(*) FROM jobs WHERE run_id = 'nobody'", "1\n");
}

/* No run that has ended has a live job, whatever the older system left. */
static void a_live_job_of_an_ended_run_ends_with_it(void **state)
{
	sqlite3 *conn;

	(void)state;
	make_older(5, 0);
	conn = open_raw();
	exec_raw(conn, "INSERT INTO jobs (run_id, job_id, state, started_at_ms)"
		       " VALUES ('r-done', 'p', 'pending', NULL),"
		       " ('r-done', 'a', 'active', 13),"
		       " ('r-gone', 'late', 'active', 25)");
	assert_int_equal(sqlite3_close(conn), SQLITE_OK);
	must(db_open(&store_db, &store_home, DB_WRITE, &store_err));
	assert_rows("SELECT job_id, state, started_at_ms, finished_at_ms"
		    " FROM jobs WHERE job_id IN ('p', 'a', 'late') AND"
		    " run_id IN ('r-done', 'r-gone') ORDER BY job_id",
		"a|aborted|13|14\nlate|aborted|25|25\np|aborted|-|14\n");
}

static void two_may_migrate_at_once(void **state)
{
	pid_t pids[4];
	int status;

	(void)state;
	make_older(3, 0);
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(db_open(&store_db, &store_home, DB_WRITE,
				      &store_err) < 0);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	must(db_open(&store_db, &store_home, DB_WRITE_CURRENT, &store_err));
	assert_rows("SELECT count(*) FROM runs", "9\n");
}

static void doctor_misses_a_trigger(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	store_make();
	assert_int_equal(migrate_check_triggers(&store_db, &b, &store_err), 0);
	sql("DROP TRIGGER runs_update;"
	    "DROP TRIGGER jobs_insert;"
	    "CREATE TRIGGER jobs_insert BEFORE INSERT ON jobs BEGIN"
	    " SELECT 1; END");
	assert_int_equal(migrate_check_triggers(&store_db, &b, &store_err), 1);
	assert_string_equal(b.ptr, "jobs_insert, runs_update");
	buf_release(&b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_enter, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(upgrades_from_1),
		T(upgrades_from_2),
		T(upgrades_from_3),
		T(upgrades_from_4),
		T(upgrades_from_5),
		T(upgrades_from_6),
		T(upgrades_from_7),
		T(upgrades_wal_1),
		T(upgrades_wal_2),
		T(upgrades_wal_3),
		T(upgrades_wal_4),
		T(upgrades_wal_5),
		T(upgrades_wal_6),
		T(upgrades_wal_7),
		T(what_had_ended_by_8_is_tallied),
		T(refuses_the_older_systems_own_way),
		T(refuses_another_program),
		T(refuses_newer),
		T(refuses_newer_with_a_wal),
		T(older_is_refused_by_who_does_not_migrate),
		T(refuses_what_is_no_database),
		T(refuses_an_empty_file),
		T(refuses_tables_of_no_version),
		T(a_missing_database_stays_missing),
		T(migrates_only_when_idle),
		T(a_failed_migration_changes_nothing),
		T(rebuilding_runs_keeps_jobs_and_triggers),
		T(orphans_of_before_are_kept),
		T(a_live_job_of_an_ended_run_ends_with_it),
		T(two_may_migrate_at_once),
		T(doctor_misses_a_trigger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
