#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/near.h"

static const char *const words[] = { "needs", "when", "env", "timeout",
	"allow-failure", "secrets", "id" };

static const char *near(const char *typed)
{
	return near_word(typed, words, sizeof(words) / sizeof(words[0]));
}

static void slips_are_found(void **state)
{
	(void)state;
	assert_string_equal(near("need"), "needs");
	assert_string_equal(near("nedes"), "needs"); /* a swap is one slip */
	assert_string_equal(near("envs"), "env");
	assert_string_equal(near("tiemout"), "timeout");
	assert_string_equal(near("time-out"), "timeout");
	assert_string_equal(near("allow_failure"), "allow-failure");
	assert_string_equal(near("allowfailures"), "allow-failure");
	assert_string_equal(near("needs"), "needs");
}

static void strangers_are_not(void **state)
{
	char wide[200];

	(void)state;
	assert_null(near(""));
	assert_null(near("jobs"));
	assert_null(near("xx"));
	assert_null(near("artifacts"));
	assert_null(near_word("x", words, 0));
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	assert_null(near(wide));
}

static void the_nearest_wins(void **state)
{
	static const char *const close_ones[] = { "buildx", "build", "builds" };

	(void)state;
	assert_string_equal(near_word("biuld", close_ones, 3), "build");
	assert_string_equal(near_word("biulds", close_ones, 3), "builds");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips_are_found),
		cmocka_unit_test(strangers_are_not),
		cmocka_unit_test(the_nearest_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
