#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} cases[] = {
		{ "0", 0 },
		{ "90", 90000 },
		{ "90s", 90000 },
		{ "30m", 1800000 },
		{ "1h30m", 5400000 },
		{ "1h", 3600000 },
		{ "2d", 172800000 },
		{ "500ms", 500 },
		{ "1d2h3m4s5ms", 93784005 },
		{ "36500d", INT64_C(36500) * 86400000 },
		{ "36501d", -1 },
		{ "", -1 },
		{ "m", -1 },
		{ "-1", -1 },
		{ "1.5h", -1 },
		{ "1 h", -1 },
		{ " 1h", -1 },
		{ "1h ", -1 },
		{ "1h30", -1 },
		{ "30m1h", -1 },
		{ "1h1h", -1 },
		{ "1w", -1 },
		{ "1H", -1 },
		{ "99999999999999999999", -1 },
		{ "9223372036854775807d", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		int64_t ms = -1;
		int got = units_duration(cases[i].text, &ms, &e);

		if (ms != cases[i].ms)
			fail_msg("'%s'", cases[i].text);
		assert_int_equal(got, cases[i].ms < 0 ? -1 : 0);
		assert_int_equal(e.status, got < 0 ? EXIT_USAGE : 0);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = {
		{ "0", 0 },
		{ "100", 100 },
		{ "512K", 524288 },
		{ "64M", 67108864 },
		{ "64m", 67108864 },
		{ "1G", 1073741824 },
		{ "2T", INT64_C(2199023255552) },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", -1 },
		{ "8388608T", -1 },
		{ "", -1 },
		{ "K", -1 },
		{ "1KB", -1 },
		{ "1P", -1 },
		{ "-1", -1 },
		{ "1 K", -1 },
		{ "1.5G", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		int64_t bytes = -1;
		int got = units_size(cases[i].text, &bytes, &e);

		if (bytes != cases[i].bytes)
			fail_msg("'%s'", cases[i].text);
		assert_int_equal(got, cases[i].bytes < 0 ? -1 : 0);
	}
}

static void sizes_are_written_as_they_are_read(void **state)
{
	static const char *const texts[] = { "0", "1", "1023", "1K", "1536",
		"64M", "10G", "3T", "2048T" };
	struct buf b = BUF_INIT;
	struct err e;
	int64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		buf_reset(&b);
		assert_int_equal(units_size(texts[i], &n, &e), 0);
		units_add_size(&b, n);
		assert_string_equal(b.ptr, texts[i]);
	}
	buf_release(&b);
}

static void decimals(void **state)
{
	static const struct {
		const char *text;
		int64_t milli; /* -1: refused */
	} cases[] = {
		{ "0", 0 },
		{ "2", 2000 },
		{ "0.5", 500 },
		{ "1.25", 1250 },
		{ "0.001", 1 },
		{ "0.0001", -1 },
		{ "1.", -1 },
		{ ".5", -1 },
		{ "1.5x", -1 },
		{ "-1", -1 },
		{ "", -1 },
		{ "9223372036854775807", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };
		int64_t milli = -1;
		int got = units_decimal(cases[i].text, &milli, &e);

		if (milli != cases[i].milli)
			fail_msg("'%s'", cases[i].text);
		assert_int_equal(got, cases[i].milli < 0 ? -1 : 0);
	}
}

static void booleans(void **state)
{
	static const char *const yes[] = { "on", "true", "yes", "1" };
	static const char *const no[] = { "off", "false", "no", "0" };
	struct err e;
	int value;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		value = -1;
		assert_int_equal(units_bool(yes[i], &value, &e), 0);
		assert_int_equal(value, 1);
		assert_int_equal(units_bool(no[i], &value, &e), 0);
		assert_int_equal(value, 0);
	}
	value = 7;
	assert_int_equal(units_bool("", &value, &e), -1);
	assert_int_equal(units_bool("maybe", &value, &e), -1);
	assert_string_equal(e.text, "'maybe' is neither on nor off");
	assert_int_equal(value, 7);
}

static void whole_numbers(void **state)
{
	struct err e;
	int64_t n = 0;

	(void)state;
	assert_int_equal(units_int("-5", -5, 5, &n, &e), 0);
	assert_int_equal(n, -5);
	assert_int_equal(units_int("5", -5, 5, &n, &e), 0);
	assert_int_equal(n, 5);
	assert_int_equal(units_int("6", -5, 5, &n, &e), -1);
	assert_string_equal(e.text, "'6' is not a whole number from -5 to 5");
	assert_int_equal(units_int("", -5, 5, &n, &e), -1);
	assert_int_equal(units_int("-", -5, 5, &n, &e), -1);
	assert_int_equal(units_int("1 ", -5, 5, &n, &e), -1);
	assert_int_equal(units_int("+1", -5, 5, &n, &e), -1);
	assert_int_equal(units_int("0x1", -5, 5, &n, &e), -1);
	assert_int_equal(
		units_int("18446744073709551617", 0, INT64_MAX, &n, &e), -1);
	assert_int_equal(n, 5);
}

static void limits(void **state)
{
	int64_t n = -1;
	struct err e;

	(void)state;
	assert_int_equal(units_limit("0", 64, 100, &n, &e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(units_limit("64", 64, 100, &n, &e), 0);
	assert_int_equal(n, 64);
	assert_int_equal(units_limit("63", 64, 100, &n, &e), -1);
	assert_string_equal(
		e.text, "'63' is not a whole number from 64 to 100, nor 0");
	assert_int_equal(units_limit("101", 64, 100, &n, &e), -1);
	assert_int_equal(units_limit("-1", 64, 100, &n, &e), -1);
	assert_int_equal(units_lower(0, 5), 5);
	assert_int_equal(units_lower(5, 0), 5);
	assert_int_equal(units_lower(5, 3), 3);
	assert_int_equal(units_lower(3, 5), 3);
	assert_int_equal(units_lower(0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(sizes_are_written_as_they_are_read),
		cmocka_unit_test(decimals),
		cmocka_unit_test(booleans),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
