#include "store_home.h"

/* Four repositories with runs of two refs, three pushers (one unknown) and all
 * states; ids grow with time over all repositories. */
#define N_RUNS 600

static int fill_home(void **state)
{
	if (store_setup(state) < 0)
		return -1;
	add_repo("a.git");
	add_repo("b.git");
	add_repo("c.git");
	/* d.git was removed, its runs stayed */
	sql("WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i"
	    " WHERE n < %d), r AS (SELECT n, (n * 7919) %% 4 AS repo,"
	    " (n * 104729 / 3) %% 5 AS state, (n / 3) %% 2 AS ref,"
	    " (n / 7) %% 3 AS pusher FROM i)"
	    " INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,"
	    " queued_at_ms, started_at_ms, finished_at_ms, number, push_seq,"
	    " pusher) SELECT printf('%%08x', n),"
	    " substr('abcd', repo + 1, 1) || '.git', 'ref' || ref, 's', n,"
	    " CASE state WHEN 0 THEN 'pending' WHEN 1 THEN 'active'"
	    " WHEN 2 THEN 'complete' WHEN 3 THEN 'failed' ELSE 'superseded' END,"
	    " n, CASE WHEN state IN (1, 2) THEN n END,"
	    " CASE WHEN state >= 2 THEN n END,"
	    " row_number() OVER (PARTITION BY repo ORDER BY n), n,"
	    " CASE pusher WHEN 0 THEN 'ann' WHEN 1 THEN 'bob' END FROM r",
		N_RUNS);
	return 0;
}

/* The same list by the plainest SQL. */
static char *expected(const struct run_filter *f)
{
	struct buf q = BUF_INIT;

	buf_adds(&q, "SELECT id FROM runs WHERE 1");
	if (f->repo)
		buf_addf(&q, " AND repo = '%s'", f->repo);
	if (f->ref)
		buf_addf(&q, " AND ref_name = '%s'", f->ref);
	if (f->state)
		buf_addf(&q, " AND state = '%s'", f->state);
	if (f->pusher)
		buf_addf(&q, " AND pusher = '%s'", f->pusher);
	if (f->before)
		buf_addf(&q, " AND number < %d", (int)f->before);
	if (f->after)
		buf_addf(&q, " AND number > %d", (int)f->after);
	buf_addf(&q, " ORDER BY %s %s LIMIT %d", f->repo ? "number" : "id",
		f->after ? "ASC" : "DESC", f->limit);
	/* what is above a number comes newest first all the same */
	if (f->after) {
		struct buf inner = q;

		buf_init(&q);
		buf_addf(&q, "SELECT id FROM (%s) ORDER BY id DESC", inner.ptr);
		buf_release(&inner);
	}
	char *rows = rows_of(store_db.conn, q.ptr);
	buf_release(&q);
	return rows;
}

static size_t check_list(const struct run_filter *f)
{
	char *want = expected(f);
	struct buf got = BUF_INIT;
	struct run *runs;
	size_t n;

	must(run_list(&store_db, f, &runs, &n, &store_err));
	for (size_t i = 0; i < n; i++)
		buf_addf(&got, "%s\n", runs[i].id);
	run_list_release(runs, n);
	if (strcmp(got.ptr, want) != 0)
		fail_msg("%s %s %s %s before %d: got\n%snot\n%s",
			f->repo ? f->repo : "-", f->ref ? f->ref : "-",
			f->state ? f->state : "-", f->pusher ? f->pusher : "-",
			(int)f->before, got.ptr, want);
	free(want);
	buf_release(&got);
	return n;
}

static void every_choice_of_filters(void **state)
{
	static const char *const repos[] = { NULL, "a.git", "d.git", "no.git" };
	static const char *const refs[] = { NULL, "ref0", "ref1", "no" };
	static const char *const states[] = { NULL, "pending", "active",
		"complete", "failed", "superseded" };
	static const char *const pushers[] = { NULL, "ann", "bob", "no" };
	static const int limits[] = { 1, 7, 1000 };
	size_t listed = 0;

	(void)state;
	for (int i = 0; i < 4 * 4 * 6 * 4 * 3; i++) {
		struct run_filter f = { .repo = repos[i % 4],
			.ref = refs[i / 4 % 4],
			.state = states[i / 16 % 6],
			.pusher = pushers[i / 96 % 4],
			.limit = limits[i / 384] };

		listed += check_list(&f);
		if (f.repo) {
			f.before = 40;
			listed += check_list(&f);
			f.before = 0;
			f.after = 40;
			listed += check_list(&f);
		}
	}
	assert_true(listed > 5000);
}

static void paging_sees_each_run_once(void **state)
{
	struct run_filter f = { .repo = "a.git", .ref = "ref1", .limit = 7 };
	struct run *runs;
	size_t n, total = 0;
	int64_t last = INT64_MAX;

	(void)state;
	do {
		must(run_list(&store_db, &f, &runs, &n, &store_err));
		for (size_t i = 0; i < n; i++) {
			assert_true(runs[i].number < last);
			last = runs[i].number;
		}
		total += n;
		f.before = last;
		run_list_release(runs, n);
	} while (n);
	char *count = rows_of(store_db.conn,
		"SELECT count(*) FROM runs WHERE repo = 'a.git'"
		" AND ref_name = 'ref1'");
	assert_int_equal(total, atoi(count));
	free(count);
}

static void of_before_and_after_before_counts(void **state)
{
	struct run_filter f = {
		.repo = "a.git", .before = 40, .after = 60, .limit = 7
	};
	struct run *runs;
	size_t n;

	(void)state;
	must(run_list(&store_db, &f, &runs, &n, &store_err));
	assert_int_equal(n, 7);
	assert_int_equal(runs[0].number, 39);
	run_list_release(runs, n);
}

static void the_recent_ones_are_the_newest(void **state)
{
	struct run_recent recent;
	char *last;

	(void)state;
	must(run_recent(&store_db, "a.git", &recent, &store_err));
	assert_int_equal(recent.n, RUN_RECENT_MAX);
	last = rows_of(store_db.conn,
		"SELECT max(number) FROM runs WHERE repo = 'a.git'");
	assert_int_equal(recent.runs[0].number, atoi(last));
	free(last);
	for (size_t i = 0; i < recent.n; i++) {
		const struct run_brief *b = &recent.runs[i];
		struct run r = { 0 };

		assert_int_equal(b->number, recent.runs[0].number - (int64_t)i);
		assert_int_equal(run_by_number(&store_db, "a.git", b->number,
					 &r, &store_err),
			1);
		assert_int_equal(b->state, r.state);
		if (!i || r.state == RUN_ACTIVE)
			assert_string_equal(b->ref, r.ref);
		else
			assert_null(b->ref);
		assert_int_equal(b->queued_at_ms, r.queued_at_ms);
		assert_int_equal(b->started_at_ms, r.started_at_ms);
		assert_int_equal(b->finished_at_ms, r.finished_at_ms);
		run_release(&r);
	}
	run_recent_release(&recent);
	must(run_recent(&store_db, "no.git", &recent, &store_err));
	assert_int_equal(recent.n, 0);
}

static void choices_are_what_the_newest_had(void **state)
{
	struct strv refs = STRV_INIT, pushers = STRV_INIT;

	(void)state;
	sql("UPDATE runs SET pusher = 'old' WHERE repo = 'a.git'"
	    " AND number < 50");
	must(run_choices(&store_db, "a.git", &refs, &pushers, &store_err));
	assert_int_equal(refs.n, 2);
	assert_int_equal(pushers.n, 2); /* not the old one, and not none */
	for (size_t i = 0; i < 2; i++)
		assert_true(!strcmp(pushers.v[i], "ann") ||
			    !strcmp(pushers.v[i], "bob"));
	strv_release(&refs);
	strv_release(&pushers);
}

static void an_unknown_state_is_an_error(void **state)
{
	const struct run_filter f = { .state = "done", .limit = 1 };
	struct err e = { 0 };
	struct run *runs;
	size_t n;

	(void)state;
	assert_int_equal(run_list(&store_db, &f, &runs, &n, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_non_null(strstr(e.text, "superseded"));
	assert_null(runs);
}

static void no_limit_lists_nothing(void **state)
{
	const struct run_filter f = { .limit = 0 };
	struct run *runs;
	size_t n = 9;

	(void)state;
	must(run_list(&store_db, &f, &runs, &n, &store_err));
	assert_int_equal(n, 0);
	run_list_release(runs, n);
}

static void the_newest_of_each_repository(void **state)
{
	struct run *runs;
	size_t n;

	(void)state;
	add_repo("empty.git");
	/* something happened to the last of b last */
	sql("UPDATE runs SET state = 'failed', finished_at_ms = 100000"
	    " WHERE repo = 'b.git' AND state IN ('pending', 'active')");
	sql("DELETE FROM runs WHERE repo = 'b.git' AND finished_at_ms < 100000");
	must(run_latest_by_repo(&store_db, &runs, &n, &store_err));
	/* not the removed one, not the empty one */
	assert_int_equal(n, 3);
	assert_string_equal(runs[0].repo, "b.git");
	for (size_t i = 0; i < n; i++) {
		char query[128], *want;

		snprintf(query, sizeof(query),
			"SELECT id FROM runs WHERE repo = '%s'"
			" ORDER BY number DESC LIMIT 1",
			runs[i].repo);
		want = rows_of(store_db.conn, query);
		assert_memory_equal(runs[i].id, want, strlen(runs[i].id));
		free(want);
	}
	run_list_release(runs, n);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fill_home, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_choice_of_filters),
		T(paging_sees_each_run_once),
		T(of_before_and_after_before_counts),
		T(the_recent_ones_are_the_newest),
		T(choices_are_what_the_newest_had),
		T(an_unknown_state_is_an_error),
		T(no_limit_lists_nothing),
		T(the_newest_of_each_repository),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
