#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"

#define R "\xef\xbf\xbd"

/* The rule as Unicode defines it, from the code point's side. */
static size_t encode(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static void every_code_point_is_known(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x120000; c++) {
		char s[4];
		size_t n = encode(c, s);
		int good = c < 0x110000 && !(c >= 0xd800 && c < 0xe000);

		if (utf8_len(s, n) != (good ? n : 0))
			fail_msg("U+%04X", (unsigned)c);
		/* cut short, it is none */
		if (n > 1 && utf8_len(s, n - 1) != 0)
			fail_msg("U+%04X cut", (unsigned)c);
	}
}

static void no_other_form_is_taken(void **state)
{
	(void)state;
	assert_int_equal(utf8_len("", 0), 0);
	assert_int_equal(utf8_len("\x80", 1), 0);
	assert_int_equal(utf8_len("\xc0\x80", 2), 0); /* overlong NUL */
	assert_int_equal(utf8_len("\xc1\xbf", 2), 0);
	assert_int_equal(utf8_len("\xe0\x80\xaf", 3), 0);
	assert_int_equal(utf8_len("\xf0\x80\x80\xaf", 4), 0);
	assert_int_equal(utf8_len("\xf5\x80\x80\x80", 4), 0);
	assert_int_equal(utf8_len("\xff", 1), 0);
	assert_int_equal(utf8_len("\xc3(", 2), 0);
	assert_int_equal(utf8_len("\xe2\x82(", 3), 0);
}

static void assert_added(const char *in, size_t n, const char *want)
{
	struct buf b = BUF_INIT;

	utf8_add(&b, in, n);
	assert_int_equal(b.len, strlen(want));
	assert_string_equal(b.ptr, want);
	buf_release(&b);
}

static void stray_bytes_are_replaced_one_by_one(void **state)
{
	(void)state;
	assert_added("", 0, "");
	assert_added("plain \xc3\xa4", 8, "plain \xc3\xa4");
	assert_added("\xff", 1, R);
	assert_added("a\xff\xfe"
		     "b",
		4, "a" R R "b");
	assert_added("\xed\xa0\x80", 3, R R R);
	assert_added("\xe2\x82", 2, R R);
	assert_added("\xc3\xa4\xc3", 3, "\xc3\xa4" R);
}

static void assert_plain(const char *in, int keep_tabs, const char *want)
{
	struct buf b = BUF_INIT;

	utf8_add_plain(&b, in, strlen(in), keep_tabs);
	assert_string_equal(b.ptr, want);
	buf_release(&b);
}

static void terminals_are_told_nothing(void **state)
{
	(void)state;
	assert_plain("a\033[2Jb", 0, "a?[2Jb");
	assert_plain("a\r\nb\x7f", 0, "a??b?");
	assert_plain("a\tb", 0, "a?b");
	assert_plain("a\tb\n", 1, "a\tb?");
	assert_plain("\xc2\x9b"
		     "2J",
		0, "?2J"); /* C1 */
	assert_plain("\xc2\xa0", 0, "\xc2\xa0");
	assert_plain("x\xe2\x80\xae"
		     "y",
		0, "x?y"); /* U+202E */
	assert_plain("x\xe2\x81\xa6y", 0, "x?y"); /* U+2066 */
	assert_plain("\xe2\x80\xa8", 0, "?"); /* U+2028 */
	assert_plain("\xe2\x82\xac \xf0\x9f\x8e\x89", 0,
		"\xe2\x82\xac \xf0\x9f\x8e\x89");
	assert_plain("\xff\033", 0, R "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_is_known),
		cmocka_unit_test(no_other_form_is_taken),
		cmocka_unit_test(stray_bytes_are_replaced_one_by_one),
		cmocka_unit_test(terminals_are_told_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
