/* Which job comes next: pure order, no processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pipeline.h"
#include "exec/schedule.h"

/* "a b:a c:a,b": jobs and what they need. */
static void make(struct pipeline *p, const char *graph)
{
	struct buf json = BUF_INIT;
	struct err e = { 0 };

	buf_adds(&json, "{\"jobs\":[");
	for (const char *c = graph; *c; c += strspn(c, " ")) {
		size_t len = strcspn(c, ": ");

		buf_addf(&json, "%s{\"id\":\"%.*s\",\"run\":\"x\"",
			c == graph ? "" : ",", (int)len, c);
		c += len;
		for (const char *open = ",\"needs\":["; *c == ':' || *c == ',';
			open = ",") {
			c++;
			len = strcspn(c, ", ");
			buf_addf(&json, "%s\"%.*s\"", open, (int)len, c);
			c += len;
			if (*c != ',')
				buf_addc(&json, ']');
		}
		buf_addc(&json, '}');
	}
	buf_adds(&json, "]}");
	*p = (struct pipeline){ 0 };
	if (pipeline_parse(p, json.ptr, json.len, &e) < 0)
		fail_msg("%s: %s", json.ptr, e.text);
	buf_release(&json);
}

static const struct pipeline *told_pipeline;

static void tell(void *arg, size_t job, const char *reason)
{
	struct buf *told = arg;

	buf_addf(told, "%s: %s; ", told_pipeline->jobs[job].id, reason);
}

/* The next job's id, or "-". */
static const char *next(struct schedule *s, size_t *job)
{
	return schedule_next(s, job) ? s->p->jobs[*job].id : "-";
}

static void goes_by_needs_and_then_by_the_file(void **state)
{
	struct pipeline p;
	struct schedule s;
	struct buf told = BUF_INIT;
	size_t a, b, c, d;

	(void)state;
	make(&p, "d:b,c c:a b:a a");
	told_pipeline = &p;
	schedule_init(&s, &p);
	assert_string_equal(next(&s, &a), "a");
	assert_string_equal(next(&s, &b), "-");
	schedule_end(&s, a, 1, tell, &told);
	/* both are ready: two may run at a time */
	assert_string_equal(next(&s, &c), "c");
	assert_string_equal(next(&s, &b), "b");
	schedule_end(&s, b, 1, tell, &told);
	assert_string_equal(next(&s, &d), "-");
	schedule_end(&s, c, 1, tell, &told);
	assert_string_equal(next(&s, &d), "d");
	schedule_end(&s, d, 1, tell, &told);
	assert_string_equal(next(&s, &d), "-");
	assert_string_equal(told.ptr, "");
	schedule_release(&s);
	pipeline_release(&p);
}

static void a_failure_skips_all_that_needs_it(void **state)
{
	struct pipeline p;
	struct schedule s;
	struct buf told = BUF_INIT;
	size_t a, x;

	(void)state;
	make(&p, "a b:a c:b,x x d:a e:x");
	told_pipeline = &p;
	schedule_init(&s, &p);
	assert_string_equal(next(&s, &a), "a");
	schedule_end(&s, a, 0, tell, &told);
	assert_string_equal(told.ptr,
		"b: needs 'a', which failed; d: needs 'a', which failed; "
		"c: needs 'b', which was skipped; ");
	buf_reset(&told);
	assert_string_equal(next(&s, &x), "x");
	schedule_end(&s, x, 1, tell, &told);
	assert_string_equal(next(&s, &x), "e");
	assert_string_equal(next(&s, &x), "-");
	assert_string_equal(told.ptr, "");
	schedule_release(&s);
	pipeline_release(&p);
	buf_release(&told);
}

static void a_job_is_skipped_once(void **state)
{
	struct pipeline p;
	struct schedule s;
	struct buf told = BUF_INIT;
	size_t a;

	(void)state;
	make(&p, "a b:a c:b d");
	told_pipeline = &p;
	schedule_init(&s, &p);
	schedule_skip(&s, 1, "branch", tell, &told);
	schedule_skip(&s, 2, "branch", tell, &told);
	assert_string_equal(
		told.ptr, "b: branch; c: needs 'b', which was skipped; ");
	buf_reset(&told);
	assert_string_equal(next(&s, &a), "a");
	schedule_end(&s, a, 0, tell, &told);
	assert_string_equal(told.ptr, "");
	assert_string_equal(next(&s, &a), "d");
	assert_string_equal(next(&s, &a), "-");
	schedule_release(&s);
	pipeline_release(&p);
	buf_release(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_by_needs_and_then_by_the_file),
		cmocka_unit_test(a_failure_skips_all_that_needs_it),
		cmocka_unit_test(a_job_is_skipped_once),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
