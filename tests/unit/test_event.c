/* The event stream: what is written is read back, and nothing stops a
 * reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/event.h"

static void write_one(struct buf *b, struct event ev, const char *expected)
{
	buf_reset(b);
	event_write(b, &ev);
	assert_string_equal(b->ptr, expected);
}

static void writes_the_documented_lines(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	write_one(&b,
		(struct event){ .type = EVENT_JOB_STARTED,
			.at_ms = 5,
			.job_id = "build",
			.exit_code = 3 },
		"{\"at_ms\":5,\"type\":\"job_started\","
		"\"job_id\":\"build\"}\n");
	write_one(&b,
		(struct event){ .type = EVENT_SH_STARTED,
			.at_ms = 5,
			.job_id = "build",
			.n = 1,
			.cmd = "make \"all\"" },
		"{\"at_ms\":5,\"type\":\"sh_started\",\"job_id\":\"build\","
		"\"n\":1,\"cmd\":\"make \\\"all\\\"\"}\n");
	write_one(&b,
		(struct event){ .type = EVENT_SH_FINISHED,
			.at_ms = 5,
			.job_id = "build",
			.n = 1 },
		"{\"at_ms\":5,\"type\":\"sh_finished\",\"job_id\":\"build\","
		"\"n\":1,\"exit_code\":0}\n");
	write_one(&b,
		(struct event){ .type = EVENT_ARTIFACT,
			.at_ms = 5,
			.job_id = "build",
			.path = "dist/app",
			.size = 7 },
		"{\"at_ms\":5,\"type\":\"artifact\",\"job_id\":\"build\","
		"\"path\":\"dist/app\",\"size\":7}\n");
	write_one(&b,
		(struct event){ .type = EVENT_RUN_FINISHED,
			.at_ms = 5,
			.outcome = "success" },
		"{\"at_ms\":5,\"type\":\"run_finished\","
		"\"outcome\":\"success\"}\n");
	buf_release(&b);
}

static void stamps_the_present_time(void **state)
{
	struct buf b = BUF_INIT;
	struct event ev = {
		.type = EVENT_JOB_STARTED, .at_ms = -1, .job_id = "a"
	};
	struct err e;

	(void)state;
	event_write(&b, &ev);
	assert_int_equal(event_parse(&ev, b.ptr, b.len, &e), 0);
	assert_true(ev.at_ms > 1600000000000);
	event_release(&ev);
	buf_release(&b);
}

static void reads_back_a_pipeline(void **state)
{
	struct event_job jobs[2] = { { "build", STRV_INIT, 0 },
		{ "test", STRV_INIT, 1 } };
	struct event ev = { .type = EVENT_PIPELINE,
		.at_ms = 1,
		.timeout_ms = 60000,
		.jobs = jobs,
		.n_jobs = 2 };
	struct event back;
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	strv_push(&jobs[1].needs, "build");
	event_write(&b, &ev);
	assert_int_equal(event_parse(&back, b.ptr, b.len, &e), 0);
	assert_int_equal(back.type, EVENT_PIPELINE);
	assert_int_equal(back.timeout_ms, 60000);
	assert_int_equal(back.n_jobs, 2);
	assert_string_equal(back.jobs[0].id, "build");
	assert_int_equal(back.jobs[0].needs.n, 0);
	assert_int_equal(back.jobs[0].allow_failure, 0);
	assert_string_equal(back.jobs[1].needs.v[0], "build");
	assert_int_equal(back.jobs[1].allow_failure, 1);
	event_release(&back);
	strv_release(&jobs[1].needs);
	buf_release(&b);
}

static void reads_back_how_the_executor_ended(void **state)
{
	struct event ev = { .type = EVENT_EXECUTOR_EXITED,
		.at_ms = 1,
		.status = -1,
		.signal = 9 };
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	event_write(&b, &ev);
	assert_int_equal(event_parse(&ev, b.ptr, b.len, &e), 0);
	assert_int_equal(ev.status, -1);
	assert_int_equal(ev.signal, 9);
	event_release(&ev);

	static const char null[] = "{\"type\":\"executor_exited\","
				   "\"status\":3,\"signal\":null}";
	assert_int_equal(event_parse(&ev, null, strlen(null), &e), 0);
	assert_int_equal(ev.status, 3);
	assert_int_equal(ev.signal, 0);
	event_release(&ev);
	buf_release(&b);
}

static void keeps_what_it_does_not_know(void **state)
{
	static const char unknown[] =
		"{\"at_ms\":3,\"type\":\"weather\",\"rain\":[1,2]}";
	static const char field[] =
		"{\"at_ms\":3,\"type\":\"job_started\",\"job_id\":\"a\","
		"\"colour\":{\"x\":1}}";
	static const char no_n[] =
		"{\"type\":\"sh_started\",\"job_id\":\"a\",\"cmd\":\"x\"}";
	struct event ev;
	struct err e;

	(void)state;
	assert_int_equal(event_parse(&ev, unknown, strlen(unknown), &e), 0);
	assert_int_equal(ev.type, EVENT_UNKNOWN);
	assert_int_equal(ev.at_ms, 3);
	event_release(&ev);
	assert_int_equal(event_parse(&ev, field, strlen(field), &e), 0);
	assert_int_equal(ev.type, EVENT_JOB_STARTED);
	event_release(&ev);
	assert_int_equal(event_parse(&ev, no_n, strlen(no_n), &e), 0);
	assert_int_equal(ev.n, 0);
	assert_int_equal(ev.at_ms, -1);
	event_release(&ev);
}

static void refuses_what_is_no_event(void **state)
{
	static const char *const lines[] = { "", "{", "[]", "3", "null",
		"{\"type\":3}", "{\"at_ms\":1}", "{\"type\":\"job_started\"}",
		"{\"type\":\"job_started\",\"job_id\":3}",
		"{\"type\":\"job_started\",\"job_id\":\"\"}",
		"{\"type\":\"sh_started\",\"job_id\":\"a\",\"n\":1}",
		"{\"type\":\"sh_started\",\"job_id\":\"a\",\"n\":0,"
		"\"cmd\":\"x\"}",
		"{\"type\":\"sh_started\",\"job_id\":\"a\",\"n\":99999999999,"
		"\"cmd\":\"x\"}",
		"{\"type\":\"sh_finished\",\"job_id\":\"a\",\"n\":1}",
		"{\"type\":\"sh_finished\",\"job_id\":\"a\",\"n\":1,"
		"\"exit_code\":\"0\"}",
		"{\"type\":\"job_finished\",\"job_id\":\"a\"}",
		"{\"type\":\"pipeline\"}", "{\"type\":\"pipeline\",\"jobs\":3}",
		"{\"type\":\"pipeline\",\"jobs\":[{}]}",
		"{\"type\":\"pipeline\",\"jobs\":[{\"id\":\"a\","
		"\"needs\":\"b\"}]}",
		"{\"type\":\"pipeline\",\"jobs\":[{\"id\":\"a\","
		"\"needs\":[3]}]}" };
	struct event ev;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (event_parse(&ev, lines[i], strlen(lines[i]), &e) != -1)
			fail_msg("taken: %s", lines[i]);
}

static void a_torn_line_is_none(void **state)
{
	static const char line[] = "{\"at_ms\":5,\"type\":\"sh_finished\","
				   "\"job_id\":\"b\",\"n\":1,"
				   "\"exit_code\":0}";
	struct event ev;
	struct err e;

	(void)state;
	for (size_t len = 0; len < strlen(line); len++)
		assert_int_equal(event_parse(&ev, line, len, &e), -1);
	assert_int_equal(event_parse(&ev, line, strlen(line), &e), 0);
	event_release(&ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_documented_lines),
		cmocka_unit_test(stamps_the_present_time),
		cmocka_unit_test(reads_back_a_pipeline),
		cmocka_unit_test(reads_back_how_the_executor_ended),
		cmocka_unit_test(keeps_what_it_does_not_know),
		cmocka_unit_test(refuses_what_is_no_event),
		cmocka_unit_test(a_torn_line_is_none),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
