/*
 * test_scale.c - the geometry of the pictures: whatever the times are, bars
 * are in their box, visible, in order and apart, and ticks are few and round.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/scale.h"

static void rounds(int64_t ms, int64_t want)
{
	assert_int_equal(scale_round_up(ms), want);
}

static void round_durations_are_a_clocks(void **state)
{
	(void)state;
	rounds(-5, 1);
	rounds(0, 1);
	rounds(3, 5);
	rounds(201, 500);
	rounds(501, 1000);
	rounds(1001, 2000);
	rounds(31000, 60000);
	rounds(60001, 120000);
	rounds(16 * 60000, 30 * 60000);
	rounds(4 * 3600000, 6 * 3600000);
	rounds(25 * 3600000, 48 * 3600000);
	for (int64_t ms = 1; ms < INT64_MAX / 3; ms += ms / 7 + 1) {
		assert_true(scale_round_up(ms) >= ms);
		assert_true(scale_round_up(scale_round_up(ms)) ==
			    scale_round_up(ms));
	}
}

static void an_axis_has_three_to_five_ticks(void **state)
{
	(void)state;
	for (int64_t axis = 2; axis < INT64_C(1) << 60; axis += axis / 9 + 1) {
		int64_t ticks = axis / scale_step(axis) + 1;

		if (ticks < 3 || ticks > 5)
			fail_msg("%lld ms: %lld ticks", (long long)axis,
				(long long)ticks);
	}
}

static void label(int64_t ms, const char *want)
{
	struct buf b = BUF_INIT;

	scale_add_label(&b, ms);
	assert_string_equal(b.ptr, want);
	buf_release(&b);
}

static void labels_are_short(void **state)
{
	(void)state;
	label(0, "0");
	label(200, "200 ms");
	label(1500, "1.5 s");
	label(2000, "2 s");
	label(60000, "1 m");
	label(90000, "1 m 30 s");
	label(3600000, "1 h");
	label(5400000, "1 h 30 m");
	label(2 * 86400000, "2 d");
}

static void lengths_stay_in_their_box(void **state)
{
	static const int64_t values[] = { INT64_MIN, -1, 0, 1, 2, 50, 99, 100,
		101, INT64_MAX };

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		for (size_t k = 0; k < 10; k++) {
			int l = scale_length(values[i], values[k], 40, 3);
			int r = scale_root(values[i], values[k], 40, 3);

			assert_in_range(l, 3, 40);
			assert_in_range(r, 3, 40);
		}
	}
	assert_int_equal(scale_length(50, 100, 40, 3), 20);
	assert_int_equal(scale_length(1, 100, 40, 3), 3);
	assert_int_equal(scale_root(25, 100, 40, 3), 20);
	assert_int_equal(scale_root(100, 100, 40, 3), 40);
	for (int64_t i = 1; i < 3000; i++) {
		/* exact: a root off by one is a length off by one */
		assert_int_equal(scale_root(i * i, 9000000, 3000, 0), i);
		assert_int_equal(
			scale_root(i * i - 1, 9000000, 3000, 0), i - 1);
	}
}

static void a_scale_ends_near_what_is_usual(void **state)
{
	int64_t none[] = { 0, -1, 0 };
	int64_t even[] = { 12, 0, 10, 14, 11, 13 };
	int64_t hung[] = { 10, 3600, 11, 12, 0 };
	int64_t two[] = { 3600, 10 };

	(void)state;
	assert_int_equal(scale_median(NULL, 0), 0);
	assert_int_equal(scale_top(NULL, 0), 0);
	assert_int_equal(scale_top(none, 3), 0);
	assert_int_equal(scale_median(even, 6), 12);
	assert_int_equal(scale_top(even, 6), 14);
	assert_int_equal(scale_median(hung, 5), 11);
	assert_int_equal(scale_top(hung, 5), 44);
	assert_int_equal(scale_top(two, 2), 40);
}

#define SIZE 1000
#define LEAST 5

static void check_bars(struct scale_bar *bars, size_t n)
{
	int end = 0;
	int least = n > SIZE / LEAST ? (int)(SIZE / n) : LEAST;

	scale_bars(bars, n, 1000, 61000, SIZE, LEAST);
	for (size_t i = 0; i < n; i++) {
		assert_true(bars[i].x >= end); /* in order, and apart */
		assert_true(bars[i].width >= least);
		end = bars[i].x + bars[i].width;
	}
	assert_true(end <= SIZE);
}

static void bars_begin_where_their_time_does(void **state)
{
	struct scale_bar bars[] = { { 1000, 7000, 0, 0 }, { 7000, 31000, 0, 0 },
		{ 40000, 61000, 0, 0 } };

	(void)state;
	check_bars(bars, 3);
	assert_int_equal(bars[0].x, 0);
	assert_int_equal(bars[0].width, 100);
	assert_int_equal(bars[1].x, 100);
	assert_int_equal(bars[1].width, 400);
	assert_int_equal(bars[2].x, 650);
	assert_int_equal(bars[2].width, 350);
}

static void short_bars_at_the_end_are_visible(void **state)
{
	struct scale_bar bars[] = { { 1000, 60990, 0, 0 },
		{ 60990, 60991, 0, 0 }, { 60991, 61000, 0, 0 } };

	(void)state;
	check_bars(bars, 3);
	assert_int_equal(bars[2].x + bars[2].width, SIZE);
	assert_int_equal(bars[0].width, SIZE - 2 * LEAST);
}

static void more_bars_than_there_is_room_for_fit(void **state)
{
	struct scale_bar bars[3000];

	(void)state;
	for (size_t n = 1; n <= 3000; n += n / 3 + 1) {
		for (size_t i = 0; i < n; i++)
			bars[i] = (struct scale_bar){ 61000, 61000, 0, 0 };
		check_bars(bars, n);
	}
}

/* A clock that steps back, ends before begins, times out of the axis. */
static void times_that_make_no_sense_do_no_harm(void **state)
{
	uint64_t seed = 1;
	struct scale_bar bars[40];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		size_t n = 1 + (size_t)round % 40;

		for (size_t i = 0; i < n; i++) {
			seed = seed * 6364136223846793005u +
			       1442695040888963407u;
			bars[i].from_ms = (int64_t)(seed >> 33) % 90000 - 9000;
			seed = seed * 6364136223846793005u +
			       1442695040888963407u;
			bars[i].to_ms = bars[i].from_ms +
					(int64_t)(seed >> 33) % 9000 - 2000;
		}
		check_bars(bars, n);
	}
	struct scale_bar one = { 5, 5, 0, 0 };
	scale_bars(&one, 1, 5, 5, SIZE, LEAST); /* an axis of no length */
	assert_true(one.x >= 0 && one.x + one.width <= SIZE);
	assert_true(one.width >= LEAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_durations_are_a_clocks),
		cmocka_unit_test(an_axis_has_three_to_five_ticks),
		cmocka_unit_test(labels_are_short),
		cmocka_unit_test(lengths_stay_in_their_box),
		cmocka_unit_test(a_scale_ends_near_what_is_usual),
		cmocka_unit_test(bars_begin_where_their_time_does),
		cmocka_unit_test(short_bars_at_the_end_are_visible),
		cmocka_unit_test(more_bars_than_there_is_room_for_fit),
		cmocka_unit_test(times_that_make_no_sense_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
