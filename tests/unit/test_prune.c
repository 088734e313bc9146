/*
 * Which runs may go. Every choice of a rule over runs of all states, refs and
 * ages, compared with the plainest SQL that says the same.
 */
#include "store_home.h"

#include "store/prune.h"
#include "store/ref.h"
#include "store/setting.h"

#define N_RUNS 400
#define DAY 86400000LL

/* Two repositories and one that was forgotten; refs 0 and 1 are there, 2 is
 * not, 3 is at the commit of an older run. Times go up with numbers, not
 * strictly. */
static int fill_home(void **state)
{
	if (store_setup(state) < 0)
		return -1;
	add_repo("a.git");
	add_repo("b.git");
	sql("WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i"
	    " WHERE n < %d), r AS (SELECT n, (n * 7919) %% 3 AS repo,"
	    " (n * 104729 / 3) %% 7 AS state, (n / 3) %% 4 AS ref FROM i)"
	    " INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,"
	    " queued_at_ms, started_at_ms, finished_at_ms, number, push_seq,"
	    " attempt) SELECT printf('%%08x', n),"
	    " substr('abc', repo + 1, 1) || '.git', 'ref' || ref,"
	    " 's' || (n %% 50), n, CASE state WHEN 0 THEN 'pending'"
	    " WHEN 1 THEN 'active' WHEN 2 THEN 'complete' WHEN 3 THEN 'failed'"
	    " ELSE 'superseded' END, n, CASE WHEN state IN (1, 2) THEN n END,"
	    " CASE WHEN state >= 2 THEN n + (n * 31) %% 20 END,"
	    " row_number() OVER (PARTITION BY repo ORDER BY n), n / 2,"
	    " 1 + n %% 2 FROM r",
		N_RUNS);
	sql("INSERT INTO refs (repo, ref_name, oid, sha, seen_at_ms) VALUES"
	    " ('a.git', 'ref0', 'x', 's1', 1), ('a.git', 'ref1', 'x', NULL, 1),"
	    " ('a.git', 'ref3', 'x', 's9', 1), ('b.git', 'ref0', 'x', 's0', 1),"
	    " ('b.git', 'ref3', 'x', 'none', 1)");
	return 0;
}

static char *expected(const char *repo, const struct prune_rule *rule)
{
	struct buf q = BUF_INIT;

	buf_addf(&q,
		"WITH newest (id) AS (SELECT id FROM (SELECT id, row_number()"
		" OVER (PARTITION BY repo, ref_name ORDER BY push_seq DESC,"
		" attempt DESC) AS nth FROM runs JOIN refs USING"
		" (repo, ref_name)) WHERE nth = 1), tips (id) AS (SELECT id"
		" FROM (SELECT id, row_number() OVER (PARTITION BY repo,"
		" ref_name ORDER BY push_seq DESC, attempt DESC) AS nth"
		" FROM runs JOIN refs USING (repo, ref_name, sha))"
		" WHERE nth = 1) SELECT id FROM runs WHERE repo = '%s'"
		" AND state NOT IN ('pending', 'active') AND (finished_at_ms <"
		" %lld OR number < %lld) AND id NOT IN newest"
		" AND id NOT IN tips AND number < (SELECT max(number)"
		" FROM runs WHERE repo = '%s') ORDER BY number",
		repo, (long long)rule->ended_before_ms, (long long)rule->below,
		repo);
	char *rows = rows_of(store_db.conn, q.ptr);
	buf_release(&q);
	return rows;
}

static char *listed(
	const char *repo, const struct prune_rule *rule, size_t page)
{
	struct buf all = BUF_INIT;
	int64_t behind = INT64_MIN;
	size_t n;

	do {
		struct strv ids = STRV_INIT;

		must(prune_list(&store_db, repo, rule, &behind, page, &ids,
			&store_err));
		for (size_t i = 0; i < ids.n; i++)
			buf_addf(&all, "%s\n", ids.v[i]);
		n = ids.n;
		strv_release(&ids);
		assert_true(n <= page);
	} while (n == page);
	return buf_detach(&all);
}

/* The length of what is expected: whether it says anything at all. */
static size_t check_lists(const char *repo, const struct prune_rule *rule)
{
	char *want = expected(repo, rule);
	size_t len = strlen(want);

	for (size_t page = 1; page < 1000; page *= 7) {
		char *got = listed(repo, rule, page);

		assert_string_equal(got, want);
		free(got);
	}
	free(want);
	return len;
}

static void lists_are_what_plain_sql_says(void **state)
{
	static const char *const repos[] = { "a.git", "b.git", "c.git",
		"d.git" };
	static const int64_t bounds[] = { INT64_MIN, 0, 30, 57, 100, 250,
		1000 };
	size_t found = 0;

	(void)state;
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < 7; k++)
			for (int l = 0; l < 7; l++) {
				const struct prune_rule rule = { bounds[k],
					bounds[l] };

				found += check_lists(repos[i], &rule);
			}
	assert_true(found > 10000);
}

/* One by one, and what refuses to go is what is not in the list. */
static void what_goes_is_what_is_listed(void **state)
{
	const struct prune_rule rule = { 200, 60 };
	char *want = expected("a.git", &rule);
	size_t gone = 0, stayed = 0;

	(void)state;
	sql("INSERT INTO jobs (run_id, job_id, state, started_at_ms,"
	    " finished_at_ms) SELECT id, 'j', 'complete', 1, 2 FROM runs"
	    " WHERE state = 'complete';"
	    "INSERT INTO sh_events (run_id, job_id, n, started_at_ms, cmd)"
	    " SELECT run_id, 'j', 1, 1, 'c' FROM jobs");
	for (int n = 1; n <= N_RUNS; n++) {
		char id[16];
		struct run r;

		snprintf(id, sizeof(id), "%08x", n);
		must(run_by_id(&store_db, id, &r, &store_err));
		if (strcmp(r.repo, "a.git") != 0) {
			run_release(&r);
			continue;
		}
		run_release(&r);
		int may = strstr(want, id) != NULL;
		assert_int_equal(
			prune_may_go(&store_db, id, &rule, &store_err), may);
		assert_int_equal(
			prune_remove(&store_db, id, &rule, &store_err), may);
		assert_int_equal(
			prune_remove(&store_db, id, &rule, &store_err), 0);
		gone += (size_t)may;
		stayed += !may;
	}
	assert_true(gone > 20 && stayed > 20);
	assert_rows("SELECT count(*) FROM jobs WHERE run_id NOT IN"
		    " (SELECT id FROM runs) UNION SELECT count(*) FROM"
		    " sh_events WHERE run_id NOT IN (SELECT run_id FROM jobs)",
		"0\n");
	free(want);
}

static void nobody_is_there(void **state)
{
	const struct prune_rule rule = { 1000, 1000 };

	(void)state;
	assert_int_equal(prune_may_go(&store_db, "no", &rule, &store_err), 0);
	assert_int_equal(prune_remove(&store_db, "no", &rule, &store_err), 0);
}

static void assert_rule(const char *repo, int64_t before, int64_t below)
{
	struct prune_rule rule;

	must(prune_rule_of(&store_db, repo, 100 * DAY, &rule, &store_err));
	assert_int_equal(rule.ended_before_ms, before);
	assert_int_equal(rule.below, below);
}

static void rules_are_made_of_settings(void **state)
{
	int64_t last = 0;

	(void)state;
	char *rows = rows_of(store_db.conn,
		"SELECT max(number) FROM runs WHERE repo = 'a.git'");
	last = atoll(rows);
	free(rows);
	assert_rule("a.git", 10 * DAY, INT64_MIN);
	must(setting_set(&store_db, "a.git", "keepDays", "1", &store_err));
	must(setting_set(&store_db, "a.git", "keepRuns", "1", &store_err));
	assert_rule("a.git", 99 * DAY, last);
	must(setting_set(&store_db, "a.git", "keepRuns", "10", &store_err));
	assert_rule("a.git", 99 * DAY, last - 9);
	must(setting_set(&store_db, "a.git", "keepRuns", "400", &store_err));
	assert_rule("a.git", 99 * DAY, INT64_MIN);
	must(setting_set(&store_db, "", "keepDays", "0", &store_err));
	assert_rule("b.git", INT64_MIN, INT64_MIN);
	assert_rule("d.git", INT64_MIN, INT64_MIN);
	sql("UPDATE settings SET value = 'x' WHERE repo = ''");
	struct prune_rule rule;
	assert_int_equal(
		prune_rule_of(&store_db, "b.git", 0, &rule, &store_err), -1);
	assert_non_null(strstr(store_err.text, "keepDays"));
}

/* A run that was queued by a clock far ahead does not end the walk; many do, or
 * it would never end. */
static void a_walk_ends_behind_what_is_too_new(void **state)
{
	const struct prune_rule rule = { 1000, INT64_MIN };

	(void)state;
	add_repo("e.git");
	sql("WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i"
	    " WHERE n < 200) INSERT INTO runs (id, repo, ref_name, sha,"
	    " pushed_at_ms, state, queued_at_ms, finished_at_ms, number,"
	    " push_seq) SELECT 'e' || n, 'e.git', 'r', 's', 1, 'superseded',"
	    " CASE WHEN n BETWEEN 2 AND 90 OR n BETWEEN 92 AND 180 THEN 5000"
	    " ELSE 1 END, 5000 - 4990 * (n IN (1, 91, 190)), n, n FROM i");
	char *got = listed("e.git", &rule, 10);
	assert_string_equal(got, "e1\ne91\n");
	free(got);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fill_home, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(lists_are_what_plain_sql_says),
		T(what_goes_is_what_is_listed),
		T(nobody_is_there),
		T(rules_are_made_of_settings),
		T(a_walk_ends_behind_what_is_too_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
