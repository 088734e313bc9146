/*
 * test_timeline.c - the picture of a run: what is in it, and that it stays in
 * its box, whatever the times are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "web/timeline.h"

#define START 1000000
#define MAX_JOBS 64

static struct job_row jobs[MAX_JOBS];
static size_t n_jobs;
static struct run run;
static struct request req;
static struct response res;
static struct page page;

static int set_up(void **state)
{
	(void)state;
	memset(jobs, 0, sizeof(jobs));
	n_jobs = 0;
	run = (struct run){
		.number = 7,
		.repo = "a.git",
		.state = RUN_COMPLETE,
		.queued_at_ms = START,
		.started_at_ms = START,
		.finished_at_ms = START + 60000,
	};
	req = (struct request){ .script = "", .path = "/", .query = "" };
	response_init(&res);
	page = (struct page){
		.req = &req, .res = &res, .now_ms = START + 3600000
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_jobs; i++) {
		for (size_t k = 0; k < jobs[i].n_sh; k++)
			free(jobs[i].sh[k].cmd);
		free(jobs[i].sh);
		free(jobs[i].id);
	}
	response_release(&res);
	return 0;
}

static int64_t at(int64_t after_ms)
{
	return after_ms < 0 ? -1 : START + after_ms;
}

/* A job, from and to after the run's start; -1: it has not. */
static struct job_row *job(
	const char *state, const char *needs, int64_t from, int64_t to)
{
	struct job_row *j = &jobs[n_jobs];
	struct buf id = BUF_INIT;

	buf_addf(&id, "job-%zu", n_jobs++);
	*j = (struct job_row){
		.id = buf_detach(&id),
		.state = (char *)state,
		.needs = (char *)needs,
		.started_at_ms = at(from),
		.finished_at_ms = at(to),
	};
	return j;
}

static void command(struct job_row *j, const char *cmd, int64_t from,
	int64_t to, int exit_code)
{
	j->sh = mem_resize(j->sh, j->n_sh + 1, sizeof(*j->sh));
	j->sh[j->n_sh] = (struct sh){
		.n = (int)j->n_sh + 1,
		.cmd = mem_strdup(cmd),
		.started_at_ms = at(from),
		.finished_at_ms = at(to),
		.exit_code = exit_code,
	};
	j->n_sh++;
}

static const char *draw(void)
{
	buf_reset(&res.body);
	timeline(&page, &run, jobs, n_jobs);
	return res.body.ptr;
}

static void has(const char *want)
{
	if (!strstr(res.body.ptr, want))
		fail_msg("no '%s' in\n%s", want, res.body.ptr);
}

static void has_not(const char *unwanted)
{
	if (strstr(res.body.ptr, unwanted))
		fail_msg("'%s' in\n%s", unwanted, res.body.ptr);
}

/* Every bar is in the box and is to be seen, and those of one row do not
 * cover each other; returns how many there are. */
static size_t check_bars(void)
{
	const char *p = strstr(res.body.ptr, "<g class");
	int end[MAX_JOBS] = { 0 };
	size_t n = 0;

	for (; p && (p = strstr(p, " d=\"M")); n++) {
		int x, y, width, height, back;

		assert_int_equal(sscanf(p, " d=\"M%d %dh%dv%dH%dz\"", &x, &y,
					 &width, &height, &back),
			5);
		p += 5;
		size_t row = (size_t)(y / 10);
		assert_true(row < n_jobs && (y + height) / 10 == y / 10);
		assert_int_equal(x, back);
		assert_true(width >= 1 && height > 0);
		assert_true(x >= end[row] && x + width <= 1000);
		end[row] = x + width;
	}
	return n;
}

static void nothing_before_a_job_has_started(void **state)
{
	(void)state;
	assert_string_equal(draw(), "");
	job("pending", "", -1, -1);
	job("skipped", "", -1, 500);
	assert_string_equal(draw(), "");
}

static void one_short_job(void **state)
{
	struct job_row *j = job("complete", "", 2, 40);

	(void)state;
	run.finished_at_ms = at(45);
	command(j, "true", 3, 39, 0);
	draw();
	assert_int_equal(check_bars(), 1);
	has("<a href=\"#job-job-0\">job-0</a>");
	has("true, 36 ms</title>");
	has_not("longest"); /* of one command nothing is */
}

static void twenty_jobs_of_three_commands_are_small(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct job_row *j = job("complete", i ? "job-0" : "", i * 3000,
			i * 3000 + 3000);

		for (int k = 0; k < 3; k++)
			command(j, "make -j4 check", i * 3000 + k * 1000,
				i * 3000 + k * 1000 + 1000, 0);
	}
	draw();
	assert_int_equal(check_bars(), 60);
	assert_in_range(res.body.len, 2000, 8 << 10);
}

static void sixty_jobs_and_uneven_times_stay_in_the_box(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct job_row *j = job("complete", "", i * 1000, 60000);

		for (int k = 0; k < 5; k++) {
			seed = seed * 6364136223846793005u + 1;
			int64_t from = (int64_t)(seed >> 33) % 60000;

			command(j, "x", from, from + (k == 4), 0);
		}
	}
	draw();
	assert_int_equal(check_bars(), 300);
}

static void a_live_run_ends_now(void **state)
{
	struct job_row *j;

	(void)state;
	run.state = RUN_ACTIVE;
	run.finished_at_ms = -1;
	page.now_ms = at(10000);
	j = job("complete", "", 0, 5000);
	command(j, "make", 0, 5000, 0);
	j = job("active", "job-0", 5000, -1);
	command(j, "make check", 5000, -1, -1);
	job("pending", "job-1", -1, -1);
	draw();
	assert_int_equal(check_bars(), 2);
	has("<g class=\"active\">\n<path d=\"M500 13h500v4H500z\"><title>make "
	    "check, 5.0s, active</title>");
	has("<span data-since=\"1005000\">5.0s</span>");
	has("<span>pending</span>");
}

static void a_command_has_its_own_state(void **state)
{
	struct job_row *j = job("failed", "", 0, 30000);

	(void)state;
	command(j, "good", 0, 10000, 0);
	command(j, "bad", 10000, 30000, 2);
	j = job("aborted", "", 30000, 60000);
	command(j, "cut off", 30000, -1, -1);
	j = job("failed", "", 0, 100);
	j->allow_failure = 1;
	job("skipped", "job-0", -1, 60000);
	draw();
	assert_int_equal(check_bars(), 4);
	has("<path class=\"complete\" d=\"M0 3h167v4H0z\"><title>good, 10s<");
	has("<path d=\"M167 2h333v6H167z\"><title>bad, 20s, exit 2<");
	has("<title>cut off, 30s, aborted<");
	has("<g class=\"failed may-fail\">");
	has("<li class=\"skipped\"><a href=\"#job-job-3\">job-3</a> "
	    "<span>skipped</span></li>");
}

static void needs_are_lines_from_end_to_start(void **state)
{
	(void)state;
	job("complete", "", 0, 15000);
	job("complete", "", 0, 30000);
	job("complete", "job-0 job-1 gone", 36000, 60000);
	job("skipped", "job-2", -1, 60000);
	draw();
	has("<path class=\"needs\" d=\"M250 5H600V25M500 15H600V25\"/>");
}

static void waiting_is_seen_but_does_not_take_over(void **state)
{
	(void)state;
	job("complete", "", 0, 60000);
	run.queued_at_ms = at(0) - 6000;
	draw();
	has("<path class=\"wait\" d=\"M0 0h91v10h-91z\"/>");
	has("waited 6.0s</p>");
	run.queued_at_ms = at(0) - 7200000;
	draw();
	has("<path class=\"wait\" d=\"M0 0h200v10h-200z\"/>");
	has("waited 2h 00m, shown shorter</p>");
	has("x=\"20.0%\"");
	run.queued_at_ms = at(0);
	draw();
	has_not("class=\"wait\"");
}

static void the_longest_command_is_named(void **state)
{
	struct job_row *j = job("complete", "", 0, 60000);

	(void)state;
	command(j, "short", 0, 15000, 0);
	command(j, "long\nsecond line", 15000, 60000, 0);
	draw();
	has("longest <code>long\xE2\x80\xA6</code> in job-0, 45s of 1m 00s "
	    "(75 %)");
}

static void a_crowd_of_commands_is_one_bar(void **state)
{
	struct job_row *j = job("complete", "", 0, 60000);

	(void)state;
	for (int i = 0; i < 201; i++)
		command(j, "x", i, i + 1, 0);
	draw();
	assert_int_equal(check_bars(), 1);
	has("<title>job-0, 1m 00s</title>");
}

static void commands_are_cut_and_escaped(void **state)
{
	char cmd[120];
	struct job_row *j = job("complete", "", 0, 60000);

	(void)state;
	memset(cmd, 'x', sizeof(cmd));
	memcpy(cmd, "</title><script>", 16);
	memcpy(cmd + 79, "\xE8\x8A\xB1", 3); /* across the cut */
	cmd[sizeof(cmd) - 1] = '\0';
	command(j, cmd, 0, 60000, 0);
	draw();
	has_not("<script");
	has("<title>&lt;/title&gt;&lt;script&gt;xxx");
	has("xxx\xE2\x80\xA6, 1m 00s</title>");
}

/* Commands that end before they begin, jobs out of the run's time. */
static void times_that_make_no_sense_do_no_harm(void **state)
{
	struct job_row *j = job("complete", "", 5000, 1000);

	(void)state;
	command(j, "back", 5000, 1000, 0);
	command(j, "earlier", 100, 90000000, 0);
	job("complete", "job-0", 0, 0);
	run.queued_at_ms = at(0) + 999999;
	run.finished_at_ms = at(0);
	draw();
	assert_int_equal(check_bars(), 3);
	jobs[0].sh[1].finished_at_ms = 1; /* none takes any time */
	draw();
	assert_int_equal(check_bars(), 3);
	has("longest <code>back</code> in job-0, 0 ms");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_before_a_job_has_started),
		T(one_short_job),
		T(twenty_jobs_of_three_commands_are_small),
		T(sixty_jobs_and_uneven_times_stay_in_the_box),
		T(a_live_run_ends_now),
		T(a_command_has_its_own_state),
		T(needs_are_lines_from_end_to_start),
		T(waiting_is_seen_but_does_not_take_over),
		T(the_longest_command_is_named),
		T(a_crowd_of_commands_is_one_bar),
		T(commands_are_cut_and_escaped),
		T(times_that_make_no_sense_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
