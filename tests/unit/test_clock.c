#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "base/clock.h"

static void assert_date(int64_t at_ms, const char *want)
{
	struct buf b = BUF_INIT;

	clock_add_rfc3339(&b, at_ms);
	assert_string_equal(b.ptr, want);
	buf_release(&b);
}

static void dates_are_those_of_the_calendar(void **state)
{
	(void)state;
	assert_date(0, "1970-01-01T00:00:00Z");
	assert_date(951782399999, "2000-02-28T23:59:59Z");
	assert_date(951782400000, "2000-02-29T00:00:00Z");
	assert_date(1795499218123, "2026-11-24T05:46:58Z");
	assert_date(-1, "1969-12-31T23:59:59Z");
	assert_date(4107542399000, "2100-02-28T23:59:59Z");
	assert_date(4107542400000, "2100-03-01T00:00:00Z");
}

static void dates_agree_with_the_c_library(void **state)
{
	(void)state;
	/* a prime step, so that all months and times of day occur */
	for (int64_t s = -5000000000; s < 20000000000; s += 3715891) {
		char want[32];
		struct tm tm;
		time_t t = (time_t)s;

		assert_non_null(gmtime_r(&t, &tm));
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_date(s * 1000, want);
	}
}

static void nanoseconds_have_nine_digits(void **state)
{
	const struct timespec at = { 1795499218, 1234567 };
	struct buf b = BUF_INIT;

	(void)state;
	clock_add_rfc3339_ns(&b, &at);
	assert_string_equal(b.ptr, "2026-11-24T05:46:58.001234567Z");
	buf_release(&b);
}

static void ago_counts_in_the_largest_unit(void **state)
{
	static const struct {
		int64_t seconds;
		const char *want;
	} cases[] = {
		{ -100, "just now" },
		{ 0, "just now" },
		{ 4, "just now" },
		{ 5, "5 seconds ago" },
		{ 59, "59 seconds ago" },
		{ 60, "1 minute ago" },
		{ 3599, "59 minutes ago" },
		{ 3600, "1 hour ago" },
		{ 86399, "23 hours ago" },
		{ 86400, "1 day ago" },
		{ 7 * 86400, "1 week ago" },
		{ 30 * 86400, "1 month ago" },
		{ 364 * 86400, "12 months ago" },
		{ 800 * 86400, "2 years ago" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT;
		int64_t now = 1795499218000;

		clock_add_ago(&b, now - cases[i].seconds * 1000, now);
		assert_string_equal(b.ptr, cases[i].want);
		buf_release(&b);
	}
}

static void spans_are_short(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} cases[] = {
		{ -5, "0.0s" },
		{ 0, "0.0s" },
		{ 449, "0.4s" },
		{ 9999, "9.9s" },
		{ 10000, "10s" },
		{ 12345, "12s" },
		{ 63000, "1m 03s" },
		{ 3599999, "59m 59s" },
		{ 7500000, "2h 05m" },
		{ 273600000, "3d 4h" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT;

		clock_add_span(&b, cases[i].ms);
		assert_string_equal(b.ptr, cases[i].want);
		buf_release(&b);
	}
}

static void the_steady_clock_does_not_go_back(void **state)
{
	int64_t before = clock_mono_ms();

	(void)state;
	clock_sleep_ms(2);
	assert_true(clock_mono_ms() - before >= 2);
	clock_sleep_ms(0);
	clock_sleep_ms(-1);
	/* in milliseconds: after 2020, before 2500 */
	assert_in_range(clock_now_ms(), 1577836800000, 16725225600000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_those_of_the_calendar),
		cmocka_unit_test(dates_agree_with_the_c_library),
		cmocka_unit_test(nanoseconds_have_nine_digits),
		cmocka_unit_test(ago_counts_in_the_largest_unit),
		cmocka_unit_test(spans_are_short),
		cmocka_unit_test(the_steady_clock_does_not_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
