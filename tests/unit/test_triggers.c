/*
 * Every way around the triggers that the sqlite3 shell offers: with foreign
 * keys on and off, by each key of a run, and by the ways that do not look like
 * a change.
 */
#include "store_home.h"

#include "store/ingest.h"

/* Six runs: pending (1), active (2), complete (3), failed (4), superseded (5)
 * and one more pending (6), whose rowids are their numbers; the active one
 * with jobs in all states, an aborted one under the failed run. */
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
	    " ('a', 's', 'skipped', NULL, 12), ('a', 'b', 'aborted', 11, 12),"
	    " ('f', 'x', 'aborted', 11, 12)");
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

static void what_a_run_is_of_never_changes(void **state)
{
	static const char of[] = "never change";
	static const char *const ids[] = { "p", "a", "c", "f", "s" };

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		static const char *const sets[] = { "push_seq = 99",
			"push_seq = push_seq + 1", "push_seq = '1.5'",
			"ref_name = 'n'", "ref_name = x'6d'", "sha = 't'",
			"sha = x'73', pusher = 'me'" };

		for (size_t k = 0; k < sizeof(sets) / sizeof(*sets); k++) {
			char statement[256];

			snprintf(statement, sizeof(statement),
				"UPDATE OR REPLACE runs SET %s WHERE id = '%s'",
				sets[k], ids[i]);
			refused(of, statement);
		}
	}
	/* nor on the way along an edge */
	refused(of, "UPDATE runs SET state = 'active', started_at_ms = 20,"
		    " push_seq = 0 WHERE id = 'p'");
	/* the same again is no change */
	sql("UPDATE runs SET push_seq = 1, ref_name = 'm', sha = 's'"
	    " WHERE id = 'p'");
}

/*
 * The edges of a run, as quire-db(5) has them. The library and the triggers
 * each have a table of their own, and both must be this one.
 */
static const int run_edges[5][5] = {
	[RUN_PENDING] = { [RUN_ACTIVE] = 1,
		[RUN_FAILED] = 1,
		[RUN_SUPERSEDED] = 1 },
	[RUN_ACTIVE] = { [RUN_COMPLETE] = 1,
		[RUN_FAILED] = 1,
		[RUN_SUPERSEDED] = 1 },
};

/* Statements that change a row: their beginning, and what is before WHERE. */
static const char *const updates[][2] = {
	{ "UPDATE", "" },
	{ "UPDATE OR REPLACE", "" },
	{ "UPDATE OR IGNORE", "" },
	{ "UPDATE OR FAIL", "" },
	{ "UPDATE", "FROM (SELECT 1) AS other" },
	{ "WITH other AS (SELECT 1) UPDATE", "" },
};

/* The edge from one row by each statement: all go through, or none does. */
static void try_edge(
	const char *table, const char *set, const char *which, int legal)
{
	for (size_t i = 0; i < sizeof(updates) / sizeof(*updates); i++) {
		char statement[512];

		snprintf(statement, sizeof(statement),
			"%s %s SET %s %s WHERE %s", updates[i][0], table, set,
			updates[i][1], which);
		if (legal)
			sql("SAVEPOINT try; %s; ROLLBACK TO try; RELEASE try",
				statement);
		else
			refused("no such edge", statement);
	}
}

static void nothing_but_an_edge(void **state)
{
	static const char *const ids[] = { "p", "a", "c", "f", "s" };

	(void)state;
	sql("UPDATE jobs SET state = 'aborted', finished_at_ms = 12"
	    " WHERE state IN ('pending', 'active')");
	for (int from = 0; from < 5; from++) {
		for (int to = 0; to < 5; to++) {
			char set[256], which[32];

			snprintf(set, sizeof(set),
				"state = '%s', started_at_ms ="
				" coalesce(started_at_ms, %s), finished_at_ms ="
				" coalesce(finished_at_ms, %s)",
				run_state_name((enum run_state)to),
				to == RUN_ACTIVE || to == RUN_COMPLETE ? "20"
								       : "NULL",
				to >= RUN_COMPLETE ? "20" : "NULL");
			snprintf(which, sizeof(which), "id = '%s'", ids[from]);
			try_edge("runs", set, which,
				to == from || run_edges[from][to]);
		}
	}
}

static void the_library_has_the_same_edges(void **state)
{
	static const char *const ids[] = { "p", "a", "c", "f", "s" };

	(void)state;
	for (int from = 0; from < 5; from++) {
		for (int to = 0; to < 5; to++) {
			const struct run_edge edge = { .to = (enum run_state)to,
				.failure_kind = to == RUN_FAILED ? "x" : NULL };
			struct err e = { 0 };

			must(db_begin(&store_db, &store_err));
			int taken = run_take_edge(
				&store_db, ids[from], &edge, 20, &e);
			/* nothing becomes pending: it does not know that edge */
			assert_int_equal(taken,
				to == RUN_PENDING ? -1 : run_edges[from][to]);
			db_rollback(&store_db);
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
	sql("UPDATE runs SET failure_kind = 'x' WHERE id = 's'");
}

static void only_what_failed_has_a_failure_kind(void **state)
{
	static const char none[] = "has no failure_kind";
	const struct run_edge wrong[] = {
		{ .to = RUN_ACTIVE, .failure_kind = "x" },
		{ .to = RUN_COMPLETE, .failure_kind = "x" },
		{ .to = RUN_SUPERSEDED, .failure_kind = "x" },
		{ .to = RUN_FAILED },
	};
	struct err e;

	(void)state;
	refused(none, "UPDATE runs SET failure_kind = 'x' WHERE id = 'p'");
	refused(none, "UPDATE runs SET failure_kind = '' WHERE id = 'a'");
	refused(none, "UPDATE OR REPLACE runs SET failure_kind = 'x'"
		      " WHERE id = 'c'");
	refused(none, "UPDATE runs SET failure_kind = 'x', state = 'active',"
		      " started_at_ms = 20 WHERE id = 'p'");
	sql("DELETE FROM jobs WHERE run_id = 'a'");
	refused(none, "UPDATE runs SET failure_kind = 'x', state = 'complete',"
		      " finished_at_ms = 20 WHERE id = 'a'");
	/* put in with one, as some of the older system's are: the rest of the
	 * row can change */
	sql("INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,"
	    " failure_kind, queued_at_ms, started_at_ms, finished_at_ms,"
	    " number, push_seq) VALUES ('o', 'a.git', 'm', 's', 1, 'complete',"
	    " 'x', 10, 11, 12, 7, 7)");
	sql("UPDATE runs SET git_dir = '/elsewhere' WHERE id = 'o'");
	/* the library knows it too */
	must(db_begin(&store_db, &store_err));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(run_take_edge(&store_db, i ? "a" : "p",
					 &wrong[i], 20, &e),
			-1);
	db_rollback(&store_db);
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

enum { PENDING, ACTIVE, COMPLETE, FAILED, SKIPPED, ABORTED, JOB_STATES };
static const char *const job_names[JOB_STATES] = { "pending", "active",
	"complete", "failed", "skipped", "aborted" };
static const char *const job_ids[JOB_STATES] = { "p", "a", "c", "f", "s", "b" };
static const int job_edges[JOB_STATES][JOB_STATES] = {
	[PENDING] = { [ACTIVE] = 1, [SKIPPED] = 1, [ABORTED] = 1 },
	[ACTIVE] = { [COMPLETE] = 1, [FAILED] = 1, [ABORTED] = 1 },
};

static void jobs_go_along_their_edges(void **state)
{
	(void)state;
	for (int from = 0; from < JOB_STATES; from++) {
		for (int to = 0; to < JOB_STATES; to++) {
			char set[256], which[64];

			snprintf(set, sizeof(set),
				"state = '%s', started_at_ms = %s,"
				" finished_at_ms = %s",
				job_names[to],
				to == PENDING || to == SKIPPED ? "NULL" : "11",
				to >= COMPLETE ? "12" : "NULL");
			snprintf(which, sizeof(which),
				"run_id = 'a' AND job_id = '%s'",
				job_ids[from]);
			try_edge("jobs", set, which,
				to == from || job_edges[from][to]);
		}
	}
}

/* What an event makes of a job in each state: an edge, two of them through
 * active, or nothing; never an error. */
static void events_take_edges_alone(void **state)
{
	static const struct {
		const char *event;
		int to;
	} tries[] = {
		{ "\"type\":\"job_started\"", ACTIVE },
		{ "\"type\":\"sh_started\",\"n\":1,\"cmd\":\"x\"", ACTIVE },
		{ "\"type\":\"sh_finished\",\"n\":1,\"exit_code\":0", ACTIVE },
		{ "\"type\":\"job_finished\",\"outcome\":\"complete\"",
			COMPLETE },
		{ "\"type\":\"job_finished\",\"outcome\":\"failed\"", FAILED },
		{ "\"type\":\"job_skipped\",\"reason\":\"x\"", SKIPPED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		for (int from = 0; from < JOB_STATES; from++) {
			struct buf line = BUF_INIT;
			struct ingest in;
			size_t used;
			char *is, want[32];
			int to = tries[i].to;

			buf_addf(&line, "{\"at_ms\":12,\"job_id\":\"%s\",%s}\n",
				job_ids[from], tries[i].event);
			ingest_init(&in, "a");
			must(ingest_lines(&store_db, &in, line.ptr, line.len,
				&used, &store_err));
			ingest_release(&in);
			buf_reset(&line);
			buf_addf(&line,
				"SELECT state FROM jobs WHERE run_id = 'a'"
				" AND job_id = '%s'",
				job_ids[from]);
			is = rows_of(store_db.conn, line.ptr);
			if (!job_edges[from][to] &&
				!(from == PENDING && job_edges[ACTIVE][to]))
				to = from;
			snprintf(want, sizeof(want), "%s\n", job_names[to]);
			assert_string_equal(is, want);
			free(is);
			buf_release(&line);
			/* as they were */
			sql("DELETE FROM sh_events; DELETE FROM jobs"
			    " WHERE run_id = 'a' AND job_id IN ('p', 'a');"
			    "INSERT INTO jobs (run_id, job_id, state,"
			    " started_at_ms) VALUES ('a', 'p', 'pending', NULL),"
			    " ('a', 'a', 'active', 11)");
		}
	}
}

static void no_way_around_by_deleting_first(void **state)
{
	(void)state;
	/* a job that has ended comes back only as one that has */
	sql("DELETE FROM jobs WHERE run_id = 'f'");
	refused("has no live job",
		"INSERT INTO jobs (run_id, job_id, state, started_at_ms)"
		" VALUES ('f', 'x', 'active', 11)");
	sql("INSERT INTO jobs (run_id, job_id, state, started_at_ms,"
	    " finished_at_ms) VALUES ('f', 'x', 'aborted', 11, 12)");
	/* nor is a live one taken along to a run that has ended */
	refused("key of a job",
		"UPDATE OR REPLACE jobs SET run_id = 'f', job_id = 'x'"
		" WHERE run_id = 'a' AND job_id = 'a'");
	refused("never replaced",
		"INSERT INTO jobs (run_id, job_id, state) VALUES"
		" ('f', 'x', 'pending') ON CONFLICT (run_id, job_id)"
		" DO UPDATE SET state = 'active', started_at_ms = 11,"
		" finished_at_ms = NULL");
	refused("never replaced",
		"INSERT INTO jobs (run_id, job_id, state, started_at_ms)"
		" VALUES ('a', 'a', 'active', 11)"
		" ON CONFLICT (run_id, job_id) DO UPDATE SET run_id = 'c'");
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
		T(what_a_run_is_of_never_changes),
		T(nothing_but_an_edge),
		T(the_library_has_the_same_edges),
		T(stamps_are_set_once),
		T(only_what_failed_has_a_failure_kind),
		T(no_live_job_under_an_ended_run),
		T(jobs_go_along_their_edges),
		T(events_take_edges_alone),
		T(no_way_around_by_deleting_first),
		T(a_new_row_may_be_in_any_state),
		T(counters_follow_what_the_shell_adds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
