#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/columns.h"

static void test_of(void **state)
{
	(void)state;
	assert_int_equal(columns_of(""), 0);
	assert_int_equal(columns_of("abc"), 3);
	assert_int_equal(columns_of("tést"), 4);
	assert_int_equal(columns_of("├─ ✓"), 4);
	/* wide, and one that takes none */
	assert_int_equal(columns_of("日本"), 4);
	assert_int_equal(columns_of("e\u0301"), 1);
}

static void check_cut(const char *text, size_t columns, const char *want)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, text);
	columns_cut(&b, columns);
	assert_string_equal(b.ptr, want);
	assert_true(columns_of(b.ptr) <= columns);
	buf_release(&b);
}

static void test_cut(void **state)
{
	(void)state;
	check_cut("abc", 3, "abc");
	check_cut("abcd", 3, "ab…");
	check_cut("äöüß", 4, "äöüß");
	check_cut("äöüßx", 4, "äöü…");
	/* no half of a wide one */
	check_cut("日本語", 4, "日…");
	check_cut("日本語", 5, "日本…");
	check_cut("abc", 1, "…");
	check_cut("abc", 0, "");
	check_cut("", 0, "");
}

static void test_pad(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	columns_pad(&b, 2, 5);
	assert_string_equal(b.ptr, "   ");
	columns_pad(&b, 5, 2);
	assert_string_equal(b.ptr, "   ");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_pad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
