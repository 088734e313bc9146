#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/pipeline.h"
#include "base/pipeline_env.h"
#include "base/pipeline_select.h"

static const char text[] =
	"{\"env\": {\"A\": \"1\", \"B\": \"2\"}, \"jobs\": ["
	"{\"id\": \"all\", \"needs\": [\"test\", \"lint\"], \"run\": \"x\"},"
	"{\"id\": \"docs\", \"run\": \"x\"},"
	"{\"id\": \"test\", \"needs\": [\"build\"], \"when\": {\"tag\": \"v*\","
	" \"paths\": [\"a\", \"b\"]}, \"env\": {\"B\": \"3\"}, \"run\": \"x\"},"
	"{\"id\": \"build\", \"run\": \"x\"},"
	"{\"id\": \"lint\", \"needs\": [\"build\"], \"run\": \"x\"}]}";

static void parse(struct pipeline *p)
{
	struct err e;

	*p = (struct pipeline){ 0 };
	assert_int_equal(pipeline_parse(p, text, strlen(text), &e), 0);
}

/* The jobs with their needs: "test(build) build()". */
static void check_jobs(const struct pipeline *p, const char *want)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < p->n_jobs; i++) {
		buf_addf(&b, "%s%s(", i ? " " : "", p->jobs[i].id);
		for (size_t k = 0; k < p->jobs[i].n_needs; k++)
			buf_addf(&b, "%s%s", k ? " " : "",
				p->jobs[p->jobs[i].needs[k]].id);
		buf_addc(&b, ')');
	}
	assert_string_equal(b.ptr, want);
	buf_release(&b);
}

static void check_select(char *const *ids, size_t n, const char *want)
{
	struct pipeline p;
	struct err e;

	parse(&p);
	assert_int_equal(pipeline_select(&p, ids, n, &e), 0);
	check_jobs(&p, want);
	for (size_t i = 0; i < p.n_jobs; i++)
		assert_false(p.jobs[i].when.has_tag ||
			     p.jobs[i].when.has_paths || p.jobs[i].when.tag.n);
	pipeline_release(&p);
}

static void test_select(void **state)
{
	(void)state;
	check_select((char *[]){ "build" }, 1, "build()");
	check_select((char *[]){ "test" }, 1, "test(build) build()");
	check_select((char *[]){ "lint", "docs", "lint" }, 3,
		"docs() build() lint(build)");
	check_select((char *[]){ "all" }, 1,
		"all(test lint) test(build) build() lint(build)");
}

static void test_unknown(void **state)
{
	struct pipeline p;
	struct err e;

	(void)state;
	parse(&p);
	assert_int_equal(
		pipeline_select(&p, (char *[]){ "docs", "tets" }, 2, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_string_equal(e.text, "no job 'tets' (did you mean 'test'?)");
	/* it is as it was */
	assert_int_equal(p.n_jobs, 5);
	assert_true(p.jobs[2].when.has_tag);
	assert_int_equal(
		pipeline_select(&p, (char *[]){ "qqqqqqqq" }, 1, &e), -1);
	assert_string_equal(e.text,
		"no job 'qqqqqqqq' (quire ci run --list: those there are)");
	pipeline_release(&p);
}

static void test_set_env(void **state)
{
	struct pipeline p;
	struct err e;

	(void)state;
	parse(&p);
	assert_int_equal(pipeline_set_env(&p, "B=x=y", &e), 0);
	assert_int_equal(pipeline_set_env(&p, "C=", &e), 0);
	assert_int_equal(p.jobs[2].n_env, 0);
	assert_int_equal(p.n_env, 3);
	assert_string_equal(p.env[0].name, "A");
	assert_string_equal(p.env[1].name, "B");
	assert_string_equal(p.env[1].value, "x=y");
	assert_string_equal(p.env[2].value, "");
	const char *wrong[] = { "B", "=x", "1=x", "A B=x", "QUIRE_JOB=x", "" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(pipeline_set_env(&p, wrong[i], &e), -1);
		assert_int_equal(e.status, EXIT_USAGE);
	}
	assert_int_equal(p.n_env, 3);
	pipeline_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_set_env),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
