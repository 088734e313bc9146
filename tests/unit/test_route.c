/*
 * test_route.c - from a path to its page, whatever is in the names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/access.h"
#include "web/route.h"

/* The repositories there are, ended by NULL. */
static int known(void *arg, const char *repo, struct err *e)
{
	const char *const *names = arg;

	(void)e;
	for (; *names; names++) {
		if (!strcmp(*names, repo))
			return 1;
	}
	return 0;
}

static const char *const names[] = { "foo.git", "work/foo.git", "ci/foo.git",
	"a.git", "<b>&\"x.git", NULL };

static struct route find(const char *path)
{
	struct route rt;
	struct err e;

	assert_int_equal(route_repo(&rt, path, known, (void *)names, &e), 0);
	return rt;
}

static void is(const char *path, page_fn *page, const char *repo)
{
	struct route rt = find(path);

	assert_ptr_equal(rt.page, page);
	assert_string_equal(rt.repo, repo);
}

static void is_nothing(const char *path)
{
	assert_null(find(path).page);
}

static void the_site_has_its_own(void **state)
{
	struct route rt;

	(void)state;
	assert_true(route_site(&rt, "/"));
	assert_ptr_equal(rt.page, page_index);
	assert_true(route_site(&rt, "/style.css"));
	assert_false(rt.needs_db);
	assert_true(route_site(&rt, "/metrics"));
	assert_ptr_equal(rt.page, page_metrics);
	assert_true(rt.needs_db);
	assert_false(route_site(&rt, "/style.css/"));
	assert_false(route_site(&rt, "//"));
}

static void a_repository_has_its_pages(void **state)
{
	struct route rt;

	(void)state;
	is("/foo/ci", page_runs, "foo.git");
	is("/foo/ci.json", page_runs_json, "foo.git");
	is("/foo/ci/latest", page_latest, "foo.git");
	is("/foo/ci/badge.svg", page_badge, "foo.git");
	is("/work/foo/ci/feed.atom", page_feed, "work/foo.git");
	is("/work/foo/ci/42.json", page_run_json, "work/foo.git");
	rt = find("/work/foo/ci/42");
	assert_ptr_equal(rt.page, page_run);
	assert_string_equal(rt.repo, "work/foo.git");
	assert_string_equal(rt.run, "42");
	rt = find("/foo/ci/42/unit.test-1/17.txt");
	assert_ptr_equal(rt.page, page_raw);
	assert_string_equal(rt.job, "unit.test-1");
	assert_int_equal(rt.n, 17);
	is("/foo/ci/0193a3f2-7a3b-7c11-8000-000000000001/a/1", page_log,
		"foo.git");
	is("/<b>&\"x/ci/1", page_run, "<b>&\"x.git");
}

static void short_forms_lead_to_the_list(void **state)
{
	(void)state;
	is("/foo", page_to_runs, "foo.git");
	is("/foo/", page_to_runs, "foo.git");
	is("/foo.git", page_to_runs, "foo.git");
	is("/work/foo.git/", page_to_runs, "work/foo.git");
	is("/foo/ci/", page_to_runs, "foo.git");
}

static void a_ci_may_be_a_name_too(void **state)
{
	struct route rt;

	(void)state;
	is("/ci/foo/ci/42", page_run, "ci/foo.git");
	rt = find("/ci/foo/ci/42/ci/1");
	assert_ptr_equal(rt.page, page_log);
	assert_string_equal(rt.repo, "ci/foo.git");
	assert_string_equal(rt.job, "ci");
	is("/a/ci/42/ci/1", page_log, "a.git");
}

static void artifacts_have_any_path(void **state)
{
	struct route rt;

	(void)state;
	rt = find("/foo/ci/42/artifacts/out/ci/7/x.html");
	assert_ptr_equal(rt.page, page_artifact);
	assert_string_equal(rt.repo, "foo.git");
	assert_string_equal(rt.run, "42");
	assert_string_equal(rt.artifact, "out/ci/7/x.html");
	assert_null(rt.otherwise);
	assert_string_equal(find("/foo/ci/42/artifacts/").artifact, "");
	assert_string_equal(find("/foo/ci/42/artifacts").artifact, "");
	is("/foo/ci/42/artifacts/a/ci/7/b/1", page_artifact, "foo.git");
}

static void a_job_may_be_called_artifacts(void **state)
{
	struct route rt = find("/foo/ci/42/artifacts/17");

	(void)state;
	assert_ptr_equal(rt.page, page_artifact);
	assert_ptr_equal(rt.otherwise, page_log);
	assert_string_equal(rt.job, "artifacts");
	assert_int_equal(rt.n, 17);
	assert_ptr_equal(
		find("/foo/ci/42/artifacts/17.txt").otherwise, page_raw);
	assert_null(find("/foo/ci/42/artifacts/017").otherwise);
	assert_null(find("/foo/ci/42/a/17").otherwise);
}

static void everything_else_is_nothing(void **state)
{
	static const char *const paths[] = { "/ci", "/nope", "/nope/ci",
		"/foo/ci/..", "/foo/ci/../../x", "/foo/ci/4 2", "/foo/ci/42/",
		"/foo/ci/42/a", "/foo/ci/42/a/", "/foo/ci/42/a/0",
		"/foo/ci/42/a/01", "/foo/ci/42/a/1x", "/foo/ci/42/a/1.txtx",
		"/foo/ci/42/a/9999999999", "/foo/ci/42/a/1/2", "/foo/ci/.json",
		"/foo/ci/42//1", "/foo//ci", "//foo/ci", "/foo/ci/42/../1",
		"/../foo/ci", "/foo/cix", "/foo/ci/42.xml", "/.git",
		"/foo/ci/%2f", "/./foo/ci", "/foo/ci/latest/x" };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct route rt = find(paths[i]);

		if (rt.page)
			fail_msg("%s is a page", paths[i]);
	}
}

static void long_parts_are_nothing(void **state)
{
	char path[4000];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	memcpy(path + sizeof(path) - 4, "/ci", 4);
	is_nothing(path);
	memcpy(path, "/foo/ci/", 8);
	path[sizeof(path) - 4] = 'a';
	is_nothing(path);
	memcpy(path, "/foo/ci/1/", 10);
	memcpy(path + sizeof(path) - 3, "/1", 3);
	is_nothing(path);
}

static void readers_are_told_apart(void **state)
{
	const struct audience open = { 0, 1, "" }, closed = { 0, 0, "" },
			      own = { 1, 0, "" }, few = { 1, 1, "ada, ben" },
			      logs = { 0, 0, "ada ben" };

	(void)state;
	assert_int_equal(access_of(&open, NULL), ACCESS_ALL);
	assert_int_equal(access_of(&closed, NULL), ACCESS_STATES);
	assert_int_equal(access_of(&closed, "tess"), ACCESS_ALL);
	assert_int_equal(access_of(&own, NULL), ACCESS_NONE);
	assert_int_equal(access_of(&own, "tess"), ACCESS_ALL);
	/* publicRuns does not open what is private */
	assert_int_equal(access_of(&few, NULL), ACCESS_NONE);
	assert_int_equal(access_of(&few, "tess"), ACCESS_NONE);
	assert_int_equal(access_of(&few, "ben"), ACCESS_ALL);
	assert_int_equal(access_of(&logs, "tess"), ACCESS_STATES);
	assert_int_equal(access_of(&logs, "ada"), ACCESS_ALL);
	assert_false(access_is_reader("adam ad", "ada"));
	assert_false(access_is_reader("", ""));
	assert_false(access_is_reader("ada ben", "ada ben"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_site_has_its_own),
		cmocka_unit_test(a_repository_has_its_pages),
		cmocka_unit_test(short_forms_lead_to_the_list),
		cmocka_unit_test(a_ci_may_be_a_name_too),
		cmocka_unit_test(artifacts_have_any_path),
		cmocka_unit_test(a_job_may_be_called_artifacts),
		cmocka_unit_test(everything_else_is_nothing),
		cmocka_unit_test(long_parts_are_nothing),
		cmocka_unit_test(readers_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
