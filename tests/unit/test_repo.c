#include "store_home.h"

#include "store/setting.h"

static void a_repository_is_found_by_both_keys(void **state)
{
	struct repo r;

	(void)state;
	must(repo_add(&store_db, "work/a.git", "/srv/a", &store_err));
	assert_int_equal(
		repo_by_name(&store_db, "work/a.git", &r, &store_err), 1);
	assert_string_equal(r.git_dir, "/srv/a");
	assert_int_equal(r.refs_gen, 0);
	assert_int_equal(r.baseline, 0);
	assert_int_equal(r.missing_since_ms, -1);
	repo_release(&r);
	assert_int_equal(
		repo_by_git_dir(&store_db, "/srv/a", &r, &store_err), 1);
	assert_string_equal(r.name, "work/a.git");
	repo_release(&r);
	assert_int_equal(
		repo_by_git_dir(&store_db, "/srv/a/", &r, &store_err), 0);
	assert_int_equal(repo_by_name(&store_db, "a.git", &r, &store_err), 0);
}

static void what_is_typed_may_leave_git_out(void **state)
{
	struct err e = { 0 };
	struct repo r;

	(void)state;
	add_repo("website.git");
	add_repo("work/tools.git");
	assert_int_equal(repo_resolve(&store_db, "website", &r, &store_err), 1);
	repo_release(&r);
	assert_int_equal(
		repo_resolve(&store_db, "work/tools.git", &r, &store_err), 1);
	repo_release(&r);
	assert_int_equal(repo_resolve(&store_db, "websiet", &r, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_non_null(strstr(e.text, "did you mean 'website'?"));
	assert_int_equal(repo_resolve(&store_db, "zzz", &r, &e), -1);
	assert_null(strstr(e.text, "did you mean"));
}

static void both_keys_are_unique(void **state)
{
	struct err e = { 0 };

	(void)state;
	must(repo_add(&store_db, "a.git", "/srv/a", &store_err));
	assert_int_equal(repo_add(&store_db, "a.git", "/srv/b", &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_non_null(strstr(e.text, "/srv/a"));
	assert_int_equal(repo_add(&store_db, "b.git", "/srv/a", &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_non_null(strstr(e.text, "a.git"));
	assert_rows("SELECT name FROM repos", "a.git\n");
}

static void the_list_is_by_name(void **state)
{
	struct repo *list;
	size_t n;

	(void)state;
	must(repo_list(&store_db, &list, &n, &store_err));
	assert_int_equal(n, 0);
	add_repo("b.git");
	add_repo("a.git");
	must(repo_set_missing(&store_db, "b.git", 5, &store_err));
	must(repo_list(&store_db, &list, &n, &store_err));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "a.git");
	assert_int_equal(list[1].missing_since_ms, 5);
	repo_list_release(list, n);
	must(repo_set_missing(&store_db, "b.git", -1, &store_err));
	assert_rows("SELECT missing_since_ms FROM repos WHERE name = 'b.git'",
		"-\n");
}

static void removing_forgets_all_but_the_runs(void **state)
{
	char pending[ID_SIZE], done[ID_SIZE], id[ID_SIZE];

	(void)state;
	add_repo("a.git");
	add_repo("b.git");
	add_run("b.git", "m", id);
	add_run("a.git", "m", done);
	settle(done, RUN_ACTIVE, NULL);
	settle(done, RUN_COMPLETE, NULL);
	add_run("a.git", "m", pending);
	sql("INSERT INTO jobs (run_id, job_id, state)"
	    " VALUES ('%s', 'j', 'pending')",
		pending);
	sql("INSERT INTO refs (repo, ref_name, oid, seen_at_ms)"
	    " VALUES ('a.git', 'm', 'x', 1), ('b.git', 'm', 'x', 1)");
	must(setting_set(&store_db, "a.git", "timeout", "1m", &store_err));
	must(setting_set(&store_db, "b.git", "timeout", "1m", &store_err));
	must(repo_remove(&store_db, "a.git", 0, &store_err));
	assert_rows("SELECT name FROM repos", "b.git\n");
	assert_rows("SELECT repo FROM refs", "b.git\n");
	assert_rows("SELECT repo FROM settings", "b.git\n");
	assert_rows("SELECT repo, state, failure_kind FROM runs ORDER BY id",
		"b.git|pending|-\na.git|complete|-\na.git|failed|canceled\n");
	assert_rows("SELECT state FROM jobs", "aborted\n");
	/* adopted again, the numbers go on */
	add_repo("a.git");
	assert_int_equal(add_run("a.git", "m", id), 3);
}

static void purging_takes_the_runs_too(void **state)
{
	char id[ID_SIZE];

	(void)state;
	add_repo("a.git");
	add_repo("b.git");
	add_run("b.git", "m", id);
	add_run("a.git", "m", id);
	sql("INSERT INTO jobs (run_id, job_id, state)"
	    " VALUES ('%s', 'j', 'pending')",
		id);
	must(repo_remove(&store_db, "a.git", 1, &store_err));
	assert_rows("SELECT repo FROM runs", "b.git\n");
	assert_rows("SELECT count(*) FROM jobs", "0\n");
}

static void a_live_repository_stays(void **state)
{
	char active[ID_SIZE], pending[ID_SIZE];
	struct err e = { 0 };

	(void)state;
	add_repo("a.git");
	add_run("a.git", "m", active);
	add_run("a.git", "m", pending);
	settle(active, RUN_ACTIVE, NULL);
	for (int purge = 0; purge < 2; purge++) {
		assert_int_equal(
			repo_remove(&store_db, "a.git", purge, &e), -1);
		assert_int_equal(e.status, EXIT_BUSY);
		assert_rows("SELECT state FROM runs ORDER BY number",
			"active\npending\n");
		assert_rows("SELECT name FROM repos", "a.git\n");
	}
	assert_int_equal(repo_remove(&store_db, "no.git", 0, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_repository_is_found_by_both_keys),
		T(what_is_typed_may_leave_git_out),
		T(both_keys_are_unique),
		T(the_list_is_by_name),
		T(removing_forgets_all_but_the_runs),
		T(purging_takes_the_runs_too),
		T(a_live_repository_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
