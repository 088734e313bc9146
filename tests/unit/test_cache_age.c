#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exec/cache_age.h"

static void steps_grow_with_the_age(void **state)
{
	int last = 0;

	(void)state;
	assert_int_equal(cache_age(-5), 0);
	assert_int_equal(cache_age(0), 0);
	for (int64_t s = 1; s < 10000000; s += 1 + s / 100) {
		int age = cache_age(s);

		assert_true(age == last || age == last + 1);
		assert_true(cache_age(s + s / 15 + 1) > age);
		last = age;
	}
	assert_true(cache_age(INT64_MAX) < CACHE_AGES);
	/* none of the steps that a clock comes to is shared with the last */
	assert_true(cache_age((int64_t)1 << 34) < CACHE_AGES - 1);
}

static void the_cut_leaves_what_may_stay(void **state)
{
	struct cache_ages a = { { 0 }, 0 };
	int64_t excess;

	(void)state;
	cache_ages_add(&a, 10, 100);
	cache_ages_add(&a, 1000, 200);
	cache_ages_add(&a, 100000, 300);
	assert_int_equal(cache_ages_cut(&a, 0, &excess), CACHE_AGES - 1);
	assert_int_equal(excess, 0);
	assert_int_equal(cache_ages_cut(&a, 600, &excess), CACHE_AGES - 1);
	assert_int_equal(excess, 0);
	assert_int_equal(cache_ages_cut(&a, 599, &excess), cache_age(100000));
	assert_int_equal(excess, 1);
	/* just the oldest */
	assert_int_equal(cache_ages_cut(&a, 300, &excess), cache_age(1000));
	assert_int_equal(excess, 0);
	assert_int_equal(cache_ages_cut(&a, 150, &excess), cache_age(1000));
	assert_int_equal(excess, 150);
	assert_int_equal(cache_ages_cut(&a, 1, &excess), cache_age(10));
	assert_int_equal(excess, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_grow_with_the_age),
		cmocka_unit_test(the_cut_leaves_what_may_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
