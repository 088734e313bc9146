/*
 * Every way around the triggers that the sqlite3 shell offers: with foreign
 * keys on and off, by each key of a run, and by the ways that do not look like
 * a change.
 */
#include "store_home.h"

/* Six runs: pending (1), active (2), complete (3), failed (4), superseded (5)
 * and one more pending (6), whose rowids are their numbers; the active one
 * with jobs in all states but one, an aborted one under the failed run. */
static int set_the_scene(void **state)
{
	if (store_setup(state) < 0)
		return -1;
	sql("PRAGMA foreign_keys = OFF");
	sql("INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,"
	    " failure_kind, queued_at_ms, started_at_ms, finished_at_ms,"
	    " number, push_seq) VALUES"
	    " ('p', 'a.git', 'm', 's', 1, 'pending', NULL, 10, NULL, NULL, 1, 1),"
	    " ('a', 'a.git', 'm', 's', 1, 'active', NULL, 10, 11, NULL, 2, 2),"
	    " ('c', 'a.git', 'm', 's', 1, 'complete', NULL, 10, 11, 12, 3, 3),"
	    " ('f', 'a.git', 'm', 's', 1, 'failed', 'timeout', 10, 11, 12, 4, 4),"
	    " ('s', 'a.git', 'm', 's', 1, 'superseded', NULL, 10, NULL, 12, 5, 5),"
	    " ('q', 'a.git', 'm', 's', 1, 'pending', NULL, 10, NULL, NULL, 6, 6)");
	sql("INSERT INTO jobs (run_id, job_id, state, started_at_ms,"
	    " finished_at_ms) VALUES"
	    " ('a', 'p', 'pending', NULL, NULL), ('a', 'a', 'active', 11, NULL),"
	    " ('a', 'c', 'complete', 11, 12), ('a', 'f', 'failed', 11, 12),"
	    " ('a', 's', 'skipped', NULL, 12), ('f', 'x', 'aborted', 11, 12)");
	return 0;
}

/* The same statement, refused whatever the shell has set. */
static void refused(const char *want, const char *statement)
{
	static const char *const settings[] = {
		"PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = OFF",
		"PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = OFF",
		"PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = ON",
		"PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON",
	};
	char *before =
		rows_of(store_db.conn, "SELECT rowid, * FROM runs ORDER BY id");

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		sql("%s", settings[i]);
		sql_refused(want, statement);
	}
	char *after =
		rows_of(store_db.conn, "SELECT rowid, * FROM runs ORDER BY id");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

#define RUN_VALUES(id, number) \
	"VALUES ('" id "', 'a.git', 'm', 's', 1, 'pending', 10, " number ", 9)"
#define RUN_INTO                                                   \
	"INTO runs (id, repo, ref_name, sha, pushed_at_ms, state," \
	" queued_at_ms, number, push_seq) "
#define ROW_INTO(rowid)                                                \
	"INTO runs (" rowid ", id, repo, ref_name, sha, pushed_at_ms," \
	" state, queued_at_ms, number, push_seq) "

static void a_run_is_never_replaced(void **state)
{
	static const char exists[] = "never replaced";

	(void)state;
	refused(exists, "INSERT OR REPLACE " RUN_INTO RUN_VALUES("f", "99"));
	refused(exists, "REPLACE " RUN_INTO RUN_VALUES("f", "99"));
	refused(exists, "INSERT OR REPLACE " RUN_INTO RUN_VALUES("new", "4"));
	refused(exists, "INSERT OR REPLACE " RUN_INTO RUN_VALUES("new", "'4'"));
	refused(exists, "INSERT OR REPLACE " RUN_INTO RUN_VALUES("new", "4.0"));
	refused(exists,
		"INSERT OR REPLACE " ROW_INTO(
			"rowid") "VALUES (4, 'new', 'a.git', 'm', 's', 1, 'pending', 10, 99, 9)");
	refused(exists,
		"INSERT OR REPLACE " ROW_INTO(
			"_rowid_") "VALUES ('4', 'new', 'a.git', 'm', 's', 1, 'pending', 10, 99, 9)");
	refused(exists,
		"INSERT OR REPLACE " ROW_INTO(
			"oid") "VALUES (4, 'new', 'a.git', 'm', 's', 1, 'pending', 10, 99, 9)");
	refused(exists, "INSERT OR IGNORE " RUN_INTO RUN_VALUES("f", "99"));
	refused(exists,
		"INSERT OR REPLACE " RUN_INTO
		"SELECT 'f', 'a.git', 'm', 's', 1, 'pending', 10, 99, 9");
	refused(exists,
		"INSERT " RUN_INTO RUN_VALUES("f",
			"99") " ON CONFLICT (id) DO UPDATE SET state = 'pending'");
	refused(exists,
		"INSERT " RUN_INTO RUN_VALUES("new",
			"4") " ON CONFLICT (repo, number) DO UPDATE SET id = 'new'");
	refused(exists, "INSERT " RUN_INTO RUN_VALUES(
				"f", "99") " ON CONFLICT DO NOTHING");
	refused(exists,
		"INSERT OR REPLACE INTO runs SELECT * FROM runs WHERE id = 'f'");
}

static void a_rowid_is_no_way_around(void **state)
{
	(void)state;
	/* -1 is what NEW.rowid is where none was given */
	refused("above 0",
		"INSERT " ROW_INTO(
			"rowid") "VALUES (-1, 'n', 'a.git', 'm', 's', 1, 'pending', 10, 99, 9)");
	refused("above 0",
		"INSERT OR REPLACE " ROW_INTO(
			"rowid") "VALUES (0, 'n', 'a.git', 'm', 's', 1, 'pending', 10, 99, 9)");
	sql("INSERT " RUN_INTO RUN_VALUES("plain", "7"));
	assert_rows("SELECT rowid FROM runs WHERE id = 'plain'", "7\n");
}

static void a_key_never_changes(void **state)
{
	static const char key[] = "key of a run";

	(void)state;
	refused(key, "UPDATE runs SET id = 'z' WHERE id = 'p'");
	refused(key, "UPDATE OR REPLACE runs SET id = 'f' WHERE id = 'p'");
	refused(key, "UPDATE OR IGNORE runs SET id = 'f' WHERE id = 'p'");
	refused(key, "UPDATE runs SET repo = 'b.git' WHERE id = 'p'");
	refused(key, "UPDATE runs SET number = 99 WHERE id = 'p'");
	refused(key, "UPDATE OR REPLACE runs SET number = 4 WHERE id = 'p'");
	refused(key, "UPDATE OR REPLACE runs SET number = '4' WHERE id = 'p'");
	refused(key, "UPDATE OR REPLACE runs SET rowid = 4 WHERE id = 'p'");
	refused(key, "UPDATE OR REPLACE runs SET oid = '4' WHERE id = 'p'");
	refused(key, "UPDATE runs SET rowid = 99 WHERE id = 'p'");
	refused(key, "UPDATE OR REPLACE runs SET id = 'f', number = 4,"
		     " rowid = 4 WHERE id = 'p'");
	refused(key, "UPDATE OR REPLACE runs SET id = o.id FROM (SELECT id"
		     " FROM runs WHERE id = 'f') AS o WHERE runs.id = 'p'");
	refused("key of a job", "UPDATE OR REPLACE jobs SET job_id = 'a'"
				" WHERE job_id = 'p'");
	refused("key of a job",
		"UPDATE jobs SET run_id = 'c' WHERE job_id = 'a'");
}

/* Every pair of states that is no edge, by shape. */
static void nothing_but_an_edge(void **state)
{
	static const char *const ids[] = { "p", "a", "c", "f", "s" };
	static const char *const names[] = { "pending", "active", "complete",
		"failed", "superseded" };
	static const int legal[5][5] = {
		{ 1, 1, 0, 1, 1 },
		{ 0, 1, 1, 1, 1 },
		{ 0, 0, 1, 0, 0 },
		{ 0, 0, 0, 1, 0 },
		{ 0, 0, 0, 0, 1 },
	};

	(void)state;
	sql("UPDATE jobs SET state = 'aborted', finished_at_ms = 12"
	    " WHERE state IN ('pending', 'active')");
	for (int from = 0; from < 5; from++) {
		for (int to = 0; to < 5; to++) {
			struct buf b = BUF_INIT;

			buf_addf(&b,
				"UPDATE OR REPLACE runs SET state = '%s',"
				" started_at_ms = coalesce(started_at_ms, %s),"
				" finished_at_ms = coalesce(finished_at_ms, %s)"
				" WHERE id = '%s'",
				names[to], to == 1 || to == 2 ? "20" : "NULL",
				to >= 2 ? "20" : "NULL", ids[from]);
			if (legal[from][to]) {
				sql("SAVEPOINT try; %s;"
				    " ROLLBACK TO try; RELEASE try",
					b.ptr);
			} else {
				refused("no such edge", b.ptr);
			}
			buf_release(&b);
		}
	}
}

static void stamps_are_set_once(void **state)
{
	static const char once[] = "stamped once";

	(void)state;
	refused(once, "UPDATE runs SET started_at_ms = 10 WHERE id = 'a'");
	refused(once, "UPDATE runs SET started_at_ms = NULL WHERE id = 'f'");
	refused(once, "UPDATE runs SET finished_at_ms = 13 WHERE id = 'c'");
	refused(once, "UPDATE runs SET failure_kind = 'x' WHERE id = 'f'");
	refused(once, "UPDATE runs SET failure_kind = NULL WHERE id = 'f'");
	/* what was left open may come later */
	sql("UPDATE runs SET pusher = 'me', \"trigger\" = 'drift'"
	    " WHERE id = 'p'");
	sql("UPDATE runs SET failure_kind = 'x' WHERE id = 'c'");
}

static void no_live_job_under_an_ended_run(void **state)
{
	static const char ended[] = "has no live job";

	(void)state;
	refused(ended, "INSERT INTO jobs (run_id, job_id, state)"
		       " VALUES ('c', 'n', 'pending')");
	refused(ended, "INSERT INTO jobs (run_id, job_id, state, started_at_ms)"
		       " VALUES ('s', 'n', 'active', 20)");
	refused("never replaced",
		"INSERT OR REPLACE INTO jobs (run_id, job_id, state)"
		" VALUES ('f', 'x', 'pending')");
	refused("no such edge", "UPDATE jobs SET state = 'pending',"
				" started_at_ms = NULL, finished_at_ms = NULL"
				" WHERE run_id = 'f'");
	refused("live jobs cannot end",
		"UPDATE runs SET state = 'failed', failure_kind = 'x',"
		" finished_at_ms = 20 WHERE id = 'a'");
	refused("live jobs cannot end",
		"UPDATE OR REPLACE runs SET state = 'complete',"
		" finished_at_ms = 20 WHERE id = 'a'");
	/* the job first, its ended run after it */
	sql("PRAGMA foreign_keys = OFF");
	sql("INSERT INTO jobs (run_id, job_id, state)"
	    " VALUES ('new', 'n', 'pending')");
	refused(ended,
		"INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms,"
		" state, queued_at_ms, finished_at_ms, number, push_seq) VALUES"
		" ('new', 'a.git', 'm', 's', 1, 'failed', 10, 20, 99, 9)");
	/* a run deleted without its jobs, and put back as ended */
	sql("PRAGMA foreign_keys = OFF; DELETE FROM runs WHERE id = 'a'");
	refused(ended,
		"INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms,"
		" state, queued_at_ms, finished_at_ms, number, push_seq) VALUES"
		" ('a', 'a.git', 'm', 's', 1, 'failed', 10, 20, 99, 9)");
}

static void jobs_go_along_their_edges(void **state)
{
	static const char *const ids[] = { "p", "a", "c", "f", "s" };
	static const char *const names[] = { "pending", "active", "complete",
		"failed", "skipped", "aborted" };
	static const int legal[5][6] = {
		{ 1, 1, 0, 0, 1, 1 },
		{ 0, 1, 1, 1, 0, 1 },
		{ 0, 0, 1, 0, 0, 0 },
		{ 0, 0, 0, 1, 0, 0 },
		{ 0, 0, 0, 0, 1, 0 },
	};

	(void)state;
	for (int from = 0; from < 5; from++) {
		for (int to = 0; to < 6; to++) {
			struct buf b = BUF_INIT;

			buf_addf(&b,
				"UPDATE OR REPLACE jobs SET state = '%s',"
				" started_at_ms = %s, finished_at_ms = %s"
				" WHERE run_id = 'a' AND job_id = '%s'",
				names[to], to == 0 || to == 4 ? "NULL" : "11",
				to >= 2 ? "12" : "NULL", ids[from]);
			if (legal[from][to]) {
				sql("SAVEPOINT try; %s;"
				    " ROLLBACK TO try; RELEASE try",
					b.ptr);
			} else {
				refused("no such edge", b.ptr);
			}
			buf_release(&b);
		}
	}
}

/* They guard changes, not what a seed or a restore puts in. */
static void a_new_row_may_be_in_any_state(void **state)
{
	char *all = rows_of(store_db.conn, "SELECT * FROM runs ORDER BY id");

	(void)state;
	sql("CREATE TEMP TABLE kept AS SELECT * FROM runs");
	sql("PRAGMA foreign_keys = ON; DELETE FROM runs");
	assert_rows("SELECT count(*) FROM jobs", "0\n");
	sql("INSERT INTO runs SELECT * FROM kept");
	assert_rows("SELECT count(*) FROM runs", "6\n");
	char *again = rows_of(store_db.conn, "SELECT * FROM runs ORDER BY id");
	assert_string_equal(all, again);
	free(all);
	free(again);
}

static void counters_follow_what_the_shell_adds(void **state)
{
	char id[ID_SIZE];

	(void)state;
	add_repo("b.git");
	sql("INSERT " RUN_INTO "VALUES ('n', 'b.git', 'm', 's', 1, 'pending',"
	    " 10, 41, 500)");
	assert_int_equal(add_run("b.git", "refs/heads/main", id), 42);
	assert_rows("SELECT push_seq FROM runs WHERE number = 42", "501\n");
	/* nor does an old one turn them back */
	sql("INSERT " RUN_INTO "VALUES ('o', 'b.git', 'm', 's', 1, 'pending',"
	    " 10, 7, 7)");
	assert_int_equal(add_run("b.git", "refs/heads/main", id), 43);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_the_scene, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_run_is_never_replaced),
		T(a_rowid_is_no_way_around),
		T(a_key_never_changes),
		T(nothing_but_an_edge),
		T(stamps_are_set_once),
		T(no_live_job_under_an_ended_run),
		T(jobs_go_along_their_edges),
		T(a_new_row_may_be_in_any_state),
		T(counters_follow_what_the_shell_adds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
