#include "store_home.h"

#include <sys/wait.h>

#define MAIN "refs/heads/main"

static int with_repo(void **state)
{
	if (store_setup(state) < 0)
		return -1;
	add_repo("a.git");
	return 0;
}

static void one(const char *query, const char *want)
{
	char line[256];

	snprintf(line, sizeof(line), "%s\n", want);
	assert_rows(query, line);
}

static void a_new_run_is_stamped_and_counted(void **state)
{
	const struct run_new n = {
		.repo = "a.git",
		.ref = "refs/heads/\xff odd",
		.sha = "s",
		.git_dir = "/srv/a.git",
		.trigger = "push",
		.previous_sha = "p",
		.pusher = "ann",
		.subject = "it's",
		.author = "Ann <a@b>",
		.pushed_at_ms = 77,
	};
	char first[ID_SIZE], second[ID_SIZE];
	struct run r;

	(void)state;
	assert_int_equal(add_run_of(&n, first), 1);
	assert_int_equal(add_run_of(&n, second), 2);
	assert_true(strcmp(first, second) < 0);
	assert_int_equal(run_by_id(&store_db, first, &r, &store_err), 1);
	assert_int_equal(r.state, RUN_PENDING);
	assert_string_equal(r.ref, n.ref);
	assert_string_equal(r.sha, "s");
	assert_string_equal(r.git_dir, "/srv/a.git");
	assert_string_equal(r.previous_sha, "p");
	assert_string_equal(r.pusher, "ann");
	assert_string_equal(r.subject, "it's");
	assert_string_equal(r.author, "Ann <a@b>");
	assert_int_equal(r.pushed_at_ms, 77);
	assert_int_equal(strlen(r.traceparent), 55);
	assert_int_equal(r.push_seq, 1);
	assert_int_equal(r.attempt, 1);
	assert_int_equal(r.started_at_ms, -1);
	assert_int_equal(r.finished_at_ms, -1);
	assert_null(r.failure_kind);
	assert_null(r.superseded_by);
	run_release(&r);
}

static void a_run_needs_its_repository(void **state)
{
	const struct run_new n = {
		.repo = "nobody.git", .ref = MAIN, .sha = "s", .trigger = "push"
	};
	char id[ID_SIZE];
	int64_t number;
	struct err e = { 0 };

	(void)state;
	must(db_begin(&store_db, &store_err));
	assert_int_equal(run_insert(&store_db, &n, id, &number, &e), -1);
	assert_non_null(strstr(e.text, "nobody.git"));
	db_rollback(&store_db);
}

static void a_rerun_inherits_and_counts(void **state)
{
	char first[ID_SIZE], newer[ID_SIZE], again[ID_SIZE];
	struct run_new n = { .repo = "a.git",
		.ref = MAIN,
		.sha = "s",
		.trigger = "rerun",
		.rerun_of = first };
	struct run r;

	(void)state;
	add_run("a.git", MAIN, first);
	add_run("a.git", MAIN, newer);
	assert_int_equal(add_run_of(&n, again), 3);
	n.rerun_of = again;
	assert_int_equal(add_run_of(&n, again), 4);
	assert_rows("SELECT push_seq, attempt FROM runs ORDER BY number",
		"1|1\n2|1\n1|2\n1|3\n");
	/* the newest of the ref is by push, not by number */
	assert_int_equal(run_newest_of_ref(&store_db, "a.git", MAIN, NULL, &r,
				 &store_err),
		1);
	assert_string_equal(r.id, newer);
	run_release(&r);
	/* and the queue too: the rerun comes before the newer push */
	assert_int_equal(run_next_pending(&store_db, 2, &r, &store_err), 1);
	assert_string_equal(r.id, again);
	run_release(&r);
	assert_int_equal(run_next_pending(&store_db, 3, &r, &store_err), 1);
	assert_string_equal(r.id, newer);
	run_release(&r);
	assert_int_equal(run_next_pending(&store_db, 4, &r, &store_err), 0);
}

static void every_edge_and_no_other(void **state)
{
	static const int legal[5][5] = {
		{ 0, 1, 0, 1, 1 },
		{ 0, 0, 1, 1, 1 },
		{ 0, 0, 0, 0, 0 },
		{ 0, 0, 0, 0, 0 },
		{ 0, 0, 0, 0, 0 },
	};

	(void)state;
	for (int from = 0; from < 5; from++) {
		for (int to = 1; to < 5; to++) {
			char id[ID_SIZE];
			enum run_state is;

			add_run("a.git", MAIN, id);
			if (from == RUN_ACTIVE || from == RUN_COMPLETE)
				settle(id, RUN_ACTIVE, NULL);
			if (from > RUN_ACTIVE)
				assert_int_equal(
					settle(id, (enum run_state)from,
						from == RUN_FAILED ? "timeout"
								   : NULL),
					1);
			assert_int_equal(settle(id, (enum run_state)to,
						 to == RUN_FAILED ? "x" : NULL),
				legal[from][to]);
			assert_int_equal(
				run_state_of(&store_db, id, &is, &store_err),
				1);
			assert_int_equal(is, legal[from][to] ? to : from);
		}
	}
}

static void an_edge_that_is_none_is_an_error(void **state)
{
	char id[ID_SIZE];
	struct run_edge edge = { .to = RUN_PENDING };
	struct err e = { 0 };

	(void)state;
	add_run("a.git", MAIN, id);
	assert_int_equal(run_settle(&store_db, id, &edge, &e), -1);
	edge.to = RUN_FAILED; /* of no kind */
	assert_int_equal(run_settle(&store_db, id, &edge, &e), -1);
	edge.failure_kind = KIND_TIMEOUT; /* in no transaction */
	assert_int_equal(run_take_edge(&store_db, id, &edge, 1, &e), -1);
	one("SELECT state FROM runs", "pending");
}

static void ending_a_run_aborts_its_live_jobs(void **state)
{
	char id[ID_SIZE], other[ID_SIZE];

	(void)state;
	add_run("a.git", MAIN, id);
	add_run("a.git", MAIN, other);
	settle(id, RUN_ACTIVE, NULL);
	sql("INSERT INTO jobs (run_id, job_id, state, started_at_ms,"
	    " finished_at_ms, exit_code, position) VALUES"
	    " ('%s', 'done', 'complete', 5, 6, 0, 1),"
	    " ('%s', 'at-work', 'active', 5, NULL, NULL, 2),"
	    " ('%s', 'waits', 'pending', NULL, NULL, NULL, 3),"
	    " ('%s', 'other', 'pending', NULL, NULL, NULL, 1)",
		id, id, id, other);
	assert_int_equal(settle(id, RUN_FAILED, KIND_CANCELED), 1);
	assert_rows("SELECT job_id, state, started_at_ms IS NULL,"
		    " finished_at_ms IS NULL FROM jobs"
		    " ORDER BY run_id, position",
		"done|complete|0|0\nat-work|aborted|0|0\n"
		"waits|aborted|1|0\nother|pending|1|1\n");
	/* too late: nothing is touched */
	assert_int_equal(settle(id, RUN_COMPLETE, NULL), 0);
	one("SELECT state, failure_kind FROM runs WHERE number = 1",
		"failed|canceled");
}

/* A late edge must not abort the jobs of a run that goes on. */
static void an_edge_not_taken_aborts_nothing(void **state)
{
	const struct run_edge edge = { .to = RUN_COMPLETE };
	char id[ID_SIZE];

	(void)state;
	add_run("a.git", MAIN, id);
	sql("INSERT INTO jobs (run_id, job_id, state)"
	    " VALUES ('%s', 'j', 'pending')",
		id);
	/* pending has no edge to complete; what was done before in the same
	 * transaction is committed all the same */
	must(db_begin(&store_db, &store_err));
	assert_int_equal(run_take_edge(&store_db, id, &edge, 5, &store_err), 0);
	must(db_commit(&store_db, &store_err));
	one("SELECT state FROM jobs", "pending");
}

static void times_are_clamped_and_set_once(void **state)
{
	const struct run_edge go = { .to = RUN_ACTIVE, .sandbox = "none" };
	const struct run_edge end = {
		.to = RUN_FAILED, .failure_kind = KIND_TIMEOUT, .reason = "why"
	};
	char id[ID_SIZE], never[ID_SIZE];

	(void)state;
	add_run("a.git", MAIN, id);
	add_run("a.git", MAIN, never);
	/* the clock has stepped back by decades */
	must(db_begin(&store_db, &store_err));
	assert_int_equal(run_take_edge(&store_db, id, &go, 5, &store_err), 1);
	sql("INSERT INTO jobs (run_id, job_id, state, started_at_ms)"
	    " SELECT id, 'j', 'active', started_at_ms + 9 FROM runs"
	    " WHERE id = '%s'",
		id);
	assert_int_equal(run_take_edge(&store_db, id, &end, 3, &store_err), 1);
	assert_int_equal(
		run_take_edge(&store_db, never, &end, 3, &store_err), 1);
	must(db_commit(&store_db, &store_err));
	assert_rows("SELECT queued_at_ms > 1000, started_at_ms - queued_at_ms,"
		    " finished_at_ms - queued_at_ms, reason, sandbox"
		    " FROM runs ORDER BY number",
		"1|0|9|why|none\n1|-|0|why|-\n");
	one("SELECT finished_at_ms - started_at_ms FROM jobs", "0");
}

struct stops {
	int n;
	char id[ID_SIZE];
};

static void note_stop(void *arg, const char *repo, const char *id)
{
	struct stops *s = arg;

	assert_string_equal(repo, "a.git");
	s->n++;
	snprintf(s->id, sizeof(s->id), "%s", id);
}

static void superseding_ends_what_is_older_of_the_ref(void **state)
{
	char active[ID_SIZE], waits[ID_SIZE], elsewhere[ID_SIZE],
		newest[ID_SIZE];
	struct stops stops = { 0 };

	(void)state;
	add_run("a.git", MAIN, active);
	settle(active, RUN_ACTIVE, NULL);
	add_run("a.git", MAIN, waits);
	add_run("a.git", "refs/heads/other", elsewhere);
	add_run("a.git", MAIN, newest);
	must(db_begin(&store_db, &store_err));
	must(run_supersede(&store_db, "a.git", MAIN, 4, newest, 1, note_stop,
		&stops, &store_err));
	assert_int_equal(stops.n, 0);
	assert_rows("SELECT state FROM runs ORDER BY number",
		"active\nsuperseded\npending\npending\n");
	must(run_supersede(&store_db, "a.git", MAIN, 4, newest, 0, note_stop,
		&stops, &store_err));
	must(db_commit(&store_db, &store_err));
	assert_int_equal(stops.n, 1);
	assert_string_equal(stops.id, active);
	assert_rows("SELECT state, superseded_by IS NULL FROM runs"
		    " ORDER BY number",
		"superseded|0\nsuperseded|0\npending|1\npending|1\n");
	/* one that is called late does not end a newer one */
	must(db_begin(&store_db, &store_err));
	must(run_supersede(&store_db, "a.git", MAIN, 4, NULL, 0, note_stop,
		&stops, &store_err));
	must(db_commit(&store_db, &store_err));
	one("SELECT state FROM runs WHERE number = 4", "pending");
	assert_int_equal(stops.n, 1);
}

static void a_run_may_be_born_superseded(void **state)
{
	const struct run_new n = { .repo = "a.git",
		.ref = MAIN,
		.sha = "s",
		.trigger = "push",
		.superseded = 1,
		.superseded_by = "other" };
	char id[ID_SIZE];

	(void)state;
	add_run_of(&n, id);
	one("SELECT state, started_at_ms IS NULL,"
	    " finished_at_ms = queued_at_ms, superseded_by FROM runs",
		"superseded|1|1|other");
}

static void a_typed_run_is_found(void **state)
{
	static const struct {
		const char *typed, *why;
	} bad[] = {
		{ "a#9", "no run a#9" },
		{ "b#1", "no repository 'b'" },
		{ "aaaa1", "several runs" },
		{ "aaaa9", "no run" },
		{ "", "" },
		{ "a#", "" },
		{ "a#0", "" },
		{ "a#x", "" },
	};
	struct err e;
	struct run r;

	(void)state;
	sql("INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,"
	    " queued_at_ms, number, push_seq) VALUES"
	    " ('aaaa1111', 'a.git', 'm', 's', 1, 'pending', 1, 1, 1),"
	    " ('aaaa1122', 'a.git', 'm', 's', 1, 'pending', 1, 2, 2),"
	    " ('aaaa11', 'a.git', 'm', 's', 1, 'pending', 1, 3, 3)");
	assert_int_equal(run_resolve(&store_db, "a#2", &r, &store_err), 1);
	assert_string_equal(r.id, "aaaa1122");
	run_release(&r);
	assert_int_equal(run_resolve(&store_db, "a.git#1", &r, &store_err), 1);
	assert_string_equal(r.id, "aaaa1111");
	run_release(&r);
	assert_int_equal(run_resolve(&store_db, "aaaa112", &r, &store_err), 1);
	assert_string_equal(r.id, "aaaa1122");
	run_release(&r);
	/* a whole id is itself, though others begin with it */
	assert_int_equal(run_resolve(&store_db, "aaaa11", &r, &store_err), 1);
	assert_int_equal(r.number, 3);
	run_release(&r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memset(&e, 0, sizeof(e));
		assert_int_equal(
			run_resolve(&store_db, bad[i].typed, &r, &e), -1);
		assert_int_equal(e.status, EXIT_USAGE);
		if (!strstr(e.text, bad[i].why))
			fail_msg("%s: %s", bad[i].typed, e.text);
	}
}

static void the_tip_has_the_state_of_its_newest_run(void **state)
{
	char first[ID_SIZE], rerun[ID_SIZE], late[ID_SIZE];
	const struct run_new again = { .repo = "a.git",
		.ref = MAIN,
		.sha = "1111111111111111111111111111111111111111",
		.trigger = "rerun",
		.rerun_of = first };
	const struct run_new other = { .repo = "a.git",
		.ref = MAIN,
		.sha = "2222",
		.trigger = "push",
		.superseded = 1 };
	struct run r;

	(void)state;
	assert_int_equal(
		run_of_tip(&store_db, "a.git", MAIN, &r, &store_err), 0);
	add_run("a.git", MAIN, first);
	assert_int_equal(
		run_of_tip(&store_db, "a.git", MAIN, &r, &store_err), 0);
	sql("INSERT INTO refs (repo, ref_name, oid, sha, run_id, seen_at_ms)"
	    " SELECT repo, ref_name, sha, sha, id, 1 FROM runs");
	assert_int_equal(
		run_of_tip(&store_db, "a.git", MAIN, &r, &store_err), 1);
	assert_string_equal(r.id, first);
	run_release(&r);
	add_run_of(&again, rerun);
	add_run_of(&other, late);
	assert_int_equal(
		run_of_tip(&store_db, "a.git", MAIN, &r, &store_err), 1);
	assert_string_equal(r.id, rerun);
	run_release(&r);
	/* a tip that nothing is known of has no run */
	sql("UPDATE refs SET sha = '3333'");
	assert_int_equal(
		run_of_tip(&store_db, "a.git", MAIN, &r, &store_err), 0);
	sql("UPDATE refs SET sha = NULL");
	assert_int_equal(
		run_of_tip(&store_db, "a.git", MAIN, &r, &store_err), 0);
}

static void the_last_good_commit_is_by_push(void **state)
{
	char ids[4][ID_SIZE];
	struct run r;

	(void)state;
	for (int i = 0; i < 4; i++) {
		add_run("a.git", MAIN, ids[i]);
		settle(ids[i], RUN_ACTIVE, NULL);
	}
	settle(ids[1], RUN_COMPLETE, NULL);
	settle(ids[0], RUN_COMPLETE, NULL); /* later, but older */
	settle(ids[2], RUN_FAILED, KIND_TIMEOUT);
	assert_int_equal(
		run_last_complete(&store_db, "a.git", MAIN, 4, &r, &store_err),
		1);
	assert_string_equal(r.id, ids[1]);
	run_release(&r);
	assert_int_equal(
		run_last_complete(&store_db, "a.git", MAIN, 2, &r, &store_err),
		1);
	assert_string_equal(r.id, ids[0]);
	run_release(&r);
	assert_int_equal(
		run_last_complete(&store_db, "a.git", MAIN, 1, &r, &store_err),
		0);
	assert_int_equal(run_last_complete(&store_db, "a.git", "refs/heads/x",
				 9, &r, &store_err),
		0);
}

static void counting_ahead_ends_somewhere(void **state)
{
	char first[ID_SIZE], second[ID_SIZE], last[ID_SIZE];
	int64_t n = -1;

	(void)state;
	add_run("a.git", MAIN, first);
	add_run("a.git", MAIN, second);
	must(run_ahead(&store_db, first, &n, &store_err));
	assert_int_equal(n, 0);
	settle(first, RUN_ACTIVE, NULL);
	must(run_ahead(&store_db, second, &n, &store_err));
	assert_int_equal(n, 1);
	sql("WITH RECURSIVE i (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM i"
	    " WHERE n < 2010) INSERT INTO runs (id, repo, ref_name, sha,"
	    " pushed_at_ms, state, queued_at_ms, number, push_seq)"
	    " SELECT 'n' || n, 'a.git', 'm', 's', 1, 'pending', 1, n, n"
	    " FROM i");
	add_run("a.git", MAIN, last);
	must(run_ahead(&store_db, last, &n, &store_err));
	assert_int_equal(n, RUN_AHEAD_MAX);
	must(run_count(&store_db, RUN_PENDING, &n, &store_err));
	assert_int_equal(n, 2003);
	must(run_count(&store_db, RUN_ACTIVE, &n, &store_err));
	assert_int_equal(n, 1);
}

static void active_runs_are_listed(void **state)
{
	char a[ID_SIZE], b[ID_SIZE], c[ID_SIZE];
	struct run *list;
	size_t n;

	(void)state;
	must(run_list_active(&store_db, &list, &n, &store_err));
	assert_int_equal(n, 0);
	add_run("a.git", MAIN, a);
	add_run("a.git", MAIN, b);
	add_run("a.git", MAIN, c);
	settle(c, RUN_ACTIVE, NULL);
	settle(a, RUN_ACTIVE, NULL);
	must(run_list_active(&store_db, &list, &n, &store_err));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].id, a);
	assert_string_equal(list[1].id, c);
	run_list_release(list, n);
}

static void state_names_go_both_ways(void **state)
{
	(void)state;
	for (int i = RUN_PENDING; i <= RUN_SUPERSEDED; i++) {
		enum run_state s = RUN_PENDING;

		assert_int_equal(
			run_state_parse(run_state_name((enum run_state)i), &s),
			0);
		assert_int_equal(s, i);
		assert_int_equal(run_state_is_terminal(s), i >= RUN_COMPLETE);
	}
	enum run_state s;
	assert_int_equal(run_state_parse("Active", &s), -1);
	assert_int_equal(run_state_parse("", &s), -1);
}

/* Many at once: every number is given once, and none is left out. */
static void numbers_are_unique_among_processes(void **state)
{
	pid_t pids[6];
	int status;

	(void)state;
	db_close(&store_db);
	for (int i = 0; i < 6; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		char id[ID_SIZE];
		must(db_open(&store_db, &store_home, DB_PUSH, &store_err));
		for (int k = 0; k < 20; k++)
			add_run("a.git", MAIN, id);
		_exit(0);
	}
	for (int i = 0; i < 6; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	must(db_open(&store_db, &store_home, DB_WRITE, &store_err));
	one("SELECT count(*), min(number), max(number),"
	    " count(DISTINCT push_seq) FROM runs",
		"120|1|120|120");
}

#define T(f) cmocka_unit_test_setup_teardown(f, with_repo, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_new_run_is_stamped_and_counted),
		T(a_run_needs_its_repository),
		T(a_rerun_inherits_and_counts),
		T(every_edge_and_no_other),
		T(an_edge_that_is_none_is_an_error),
		T(ending_a_run_aborts_its_live_jobs),
		T(an_edge_not_taken_aborts_nothing),
		T(times_are_clamped_and_set_once),
		T(superseding_ends_what_is_older_of_the_ref),
		T(a_run_may_be_born_superseded),
		T(a_typed_run_is_found),
		T(the_tip_has_the_state_of_its_newest_run),
		T(the_last_good_commit_is_by_push),
		T(counting_ahead_ends_somewhere),
		T(active_runs_are_listed),
		T(state_names_go_both_ways),
		T(numbers_are_unique_among_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
