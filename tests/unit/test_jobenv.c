#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exec/fault.h"
#include "exec/jobenv.h"

static void is(const struct strv *env, const char *const *want)
{
	size_t n = 0;

	for (; want[n]; n++) {
		assert_true(n < env->n);
		assert_string_equal(env->v[n], want[n]);
	}
	assert_int_equal(env->n, n);
}
#define IS(env, ...) is(env, (const char *const[]){ __VA_ARGS__, NULL })

static void a_later_value_replaces_an_earlier_one(void **state)
{
	struct strv env = STRV_INIT;

	(void)state;
	jobenv_set(&env, "A", "1");
	jobenv_set(&env, "AB", "2");
	jobenv_set(&env, "B", "x=y z");
	IS(&env, "A=1", "AB=2", "B=x=y z");
	jobenv_set(&env, "A", "3");
	IS(&env, "AB=2", "B=x=y z", "A=3");
	jobenv_set(&env, "AB", NULL);
	jobenv_set(&env, "C", NULL);
	IS(&env, "B=x=y z", "A=3");
	assert_null(env.v[env.n]);
	strv_release(&env);
}

static void words_of_the_setting(void **state)
{
	static const char *const bad[] = { "A", "=1", "A=1 B", "1A=2", "A-B=1",
		"A=1 =", "\xc3\xa9=1" };
	struct strv env = STRV_INIT;
	struct err e;

	(void)state;
	assert_int_equal(jobenv_add_words(&env, "", &e), 0);
	assert_int_equal(jobenv_add_words(&env, " \t ", &e), 0);
	assert_int_equal(env.n, 0);
	assert_int_equal(
		jobenv_add_words(&env, "  A=1\tB_2=a=b \n C= A=3 ", &e), 0);
	IS(&env, "B_2=a=b", "C=", "A=3");
	strv_release(&env);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(jobenv_add_words(&env, bad[i], &e), -1);
		assert_non_null(strstr(e.text, "NAME=VALUE"));
		strv_release(&env);
	}
}

static void whose_fault_an_error_is(void **state)
{
	(void)state;
	assert_true(fault_is_hosts(ENOSPC) && fault_is_no_space(ENOSPC));
	assert_true(fault_is_hosts(EMFILE) && !fault_is_no_space(EMFILE));
	assert_true(fault_is_hosts(EIO));
	assert_false(fault_is_hosts(0));
	assert_false(fault_is_hosts(ENOENT) || fault_is_hosts(EACCES));
	assert_int_equal(fault_in_text("could not open 'x': Too many open "
				       "files"),
		EMFILE);
	assert_int_equal(fault_in_text("No space left on device"), ENOSPC);
	assert_int_equal(fault_in_text("object not found"), 0);
	assert_int_equal(fault_in_text(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_later_value_replaces_an_earlier_one),
		cmocka_unit_test(words_of_the_setting),
		cmocka_unit_test(whose_fault_an_error_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
