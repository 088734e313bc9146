#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"

static void set_fills_both(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, EXIT_USAGE, "%s: %d", "foo", 3), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_string_equal(e.text, "foo: 3");
}

static void none_to_fill_is_fine(void **state)
{
	(void)state;
	errno = ENOENT;
	assert_int_equal(err_set(NULL, EXIT_USAGE, "x"), -1);
	assert_int_equal(err_sys(NULL, "x"), -1);
	assert_int_equal(err_prefix(NULL, "x"), -1);
	assert_int_equal(errno, ENOENT);
}

static void sys_says_why_and_keeps_errno(void **state)
{
	struct err e;

	(void)state;
	errno = ENOSPC;
	assert_int_equal(err_sys(&e, "%s: write", "log"), -1);
	assert_int_equal(e.status, EXIT_BUSY);
	assert_string_equal(e.text, "log: write: No space left on device");
	assert_int_equal(errno, ENOSPC);
}

static void prefix_stands_in_front(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, EXIT_RED, "no job 'x'");
	assert_int_equal(err_prefix(&e, "jobs[%d]", 2), -1);
	assert_string_equal(e.text, "jobs[2]: no job 'x'");
	assert_int_equal(e.status, EXIT_RED);
}

static void a_strange_name_leaves_it_one_line(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, EXIT_RED, "no job '%s'", "a\nb\033[31m\x7f\tc");
	assert_string_equal(e.text, "no job 'a?b?[31m??c'");
	err_prefix(&e, "%s", "x\r");
	assert_string_equal(e.text, "x?: no job 'a?b?[31m??c'");
}

static void text_that_does_not_fit_is_cut(void **state)
{
	char wide[3000];
	struct err e;

	(void)state;
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	err_set(&e, EXIT_RED, "%s", wide);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	errno = EIO;
	err_sys(&e, "%s", wide);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	err_prefix(&e, "%s", wide);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	err_prefix(&e, "ab");
	assert_memory_equal(e.text, "ab: www", 7);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_both),
		cmocka_unit_test(none_to_fill_is_fine),
		cmocka_unit_test(sys_says_why_and_keeps_errno),
		cmocka_unit_test(prefix_stands_in_front),
		cmocka_unit_test(a_strange_name_leaves_it_one_line),
		cmocka_unit_test(text_that_does_not_fit_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
