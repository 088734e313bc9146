#include "store_home.h"

#include "store/run_news.h"

#define MAIN "refs/heads/main"
#define TAG "refs/tags/v1"

static int with_repo(void **state)
{
	if (store_setup(state) < 0)
		return -1;
	add_repo("a.git");
	return 0;
}

/* A run that has ended: "complete", "failed", "canceled", "superseded". */
static void ended(const char *ref, const char *sha, int64_t pushed_at_ms,
	const char *how, const char *rerun_of, char id[ID_SIZE])
{
	const struct run_new n = {
		.repo = "a.git",
		.ref = ref,
		.sha = sha,
		.git_dir = "/srv/a.git",
		.trigger = rerun_of ? "rerun" : "push",
		.pushed_at_ms = pushed_at_ms,
		.rerun_of = rerun_of,
	};

	add_run_of(&n, id);
	settle(id, RUN_ACTIVE, NULL);
	if (!strcmp(how, "complete"))
		settle(id, RUN_COMPLETE, NULL);
	else if (!strcmp(how, "superseded"))
		settle(id, RUN_SUPERSEDED, NULL);
	else
		settle(id, RUN_FAILED,
			!strcmp(how, "failed") ? "pipeline-failure" : how);
}

static void assert_news(const char *id, const char *want)
{
	enum run_news news;
	struct run r;

	assert_int_equal(run_by_id(&store_db, id, &r, &store_err), 1);
	must(run_news(&store_db, &r, &news, &store_err));
	assert_string_equal(run_news_name(news), want);
	run_release(&r);
}

/* The number of the run that an outcome is compared with, or 0. */
static void assert_previous(const char *id, int64_t want)
{
	struct run r, previous;
	int got;

	assert_int_equal(run_by_id(&store_db, id, &r, &store_err), 1);
	got = run_previous_outcome(&store_db, &r, &previous, &store_err);
	assert_int_equal(got, want != 0);
	if (got) {
		assert_int_equal(previous.number, want);
		run_release(&previous);
	}
	run_release(&r);
}

static void failures_and_the_first_that_is_whole_are_news(void **state)
{
	static const struct {
		const char *how, *news;
	} pushes[] = {
		{ "complete", "" },
		{ "failed", "failed" },
		{ "failed", "failed" },
		{ "complete", "recovered" },
		{ "complete", "" },
		{ "timeout", "failed" },
		{ "canceled", "" },
		{ "superseded", "" },
		{ "complete", "recovered" },
	};
	char id[ID_SIZE], sha[8];

	(void)state;
	for (int i = 0; i < 9; i++) {
		snprintf(sha, sizeof(sha), "%d", i);
		ended(MAIN, sha, i, pushes[i].how, NULL, id);
		assert_news(id, pushes[i].news);
	}
}

static void an_outcome_is_compared_with_that_before_it(void **state)
{
	char first[ID_SIZE], second[ID_SIZE], other[ID_SIZE], again[ID_SIZE];
	char last[ID_SIZE];

	(void)state;
	ended(MAIN, "1", 1, "failed", NULL, first);
	ended(MAIN, "2", 2, "canceled", NULL, second);
	ended(TAG, "3", 3, "complete", NULL, other);
	ended(MAIN, "1", 1, "complete", first, again);
	ended(MAIN, "4", 4, "complete", NULL, last);
	assert_previous(first, 0);
	assert_previous(second, 4); /* the rerun has the place of the first */
	assert_previous(other, 0);
	assert_previous(again, 1);
	assert_previous(last, 4);
	assert_news(again, "recovered");
	assert_news(last, "");
}

static void of_one_push_the_first_to_end_has_the_news(void **state)
{
	char red[ID_SIZE], tag[ID_SIZE], later[ID_SIZE], other[ID_SIZE];

	(void)state;
	ended(MAIN, "1", 7, "failed", NULL, red);
	ended(TAG, "1", 7, "failed", NULL, tag);
	ended("refs/heads/b", "2", 7, "failed", NULL, other);
	ended("refs/heads/c", "1", 8, "failed", NULL, later);
	assert_news(red, "failed");
	assert_news(tag, "");
	assert_news(other, "failed"); /* another commit's author */
	assert_news(later, "failed"); /* another push */
}

/* What was complete without having failed had no news to tell. */
static void recovery_is_told_by_a_ref_that_recovers(void **state)
{
	char red[ID_SIZE], tag[ID_SIZE], green[ID_SIZE];

	(void)state;
	ended(MAIN, "1", 1, "failed", NULL, red);
	ended(TAG, "2", 2, "complete", NULL, tag);
	ended(MAIN, "2", 2, "complete", NULL, green);
	assert_news(tag, "");
	assert_news(green, "recovered");
}

static void a_rerun_that_ends_as_before_is_no_news(void **state)
{
	char first[ID_SIZE], again[ID_SIZE], third[ID_SIZE], id[ID_SIZE];

	(void)state;
	ended(MAIN, "1", 1, "failed", NULL, first);
	/* far away, by its number */
	for (int i = 0; i < 600; i++)
		ended(TAG, "x", 100 + i, "complete", NULL, id);
	ended(MAIN, "1", 1, "failed", first, again);
	ended(MAIN, "1", 1, "complete", first, third);
	assert_news(first, "failed");
	assert_news(again, "");
	assert_news(third, "recovered");
}

/* Whichever of them looks, and whenever: one of the two. */
static void two_that_end_together_agree(void **state)
{
	char a[ID_SIZE], b[ID_SIZE];

	(void)state;
	ended(MAIN, "1", 7, "failed", NULL, a);
	ended(TAG, "1", 7, "failed", NULL, b);
	sql("DROP TRIGGER runs_update");
	sql("UPDATE runs SET finished_at_ms ="
	    " (SELECT max(finished_at_ms) FROM runs)");
	assert_news(a, "failed");
	assert_news(b, "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, with_repo, store_leave)
	const struct CMUnitTest tests[] = {
		TEST(failures_and_the_first_that_is_whole_are_news),
		TEST(an_outcome_is_compared_with_that_before_it),
		TEST(of_one_push_the_first_to_end_has_the_news),
		TEST(recovery_is_told_by_a_ref_that_recovers),
		TEST(a_rerun_that_ends_as_before_is_no_news),
		TEST(two_that_end_together_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
