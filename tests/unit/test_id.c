#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/id.h"

#define NOW 1795499218123LL

static void an_id_is_a_uuid_of_version_7(void **state)
{
	char id[ID_SIZE], time[16];
	unsigned counter = 0;

	(void)state;
	id_new(id, NOW, &counter);
	assert_int_equal(strlen(id), ID_SIZE - 1);
	for (int i = 0; i < ID_SIZE - 1; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23)
			assert_int_equal(id[i], '-');
		else
			assert_non_null(strchr("0123456789abcdef", id[i]));
	}
	snprintf(time, sizeof(time), "%012llx", NOW);
	assert_memory_equal(id, time, 8);
	assert_memory_equal(id + 9, time + 8, 4);
	assert_int_equal(id[14], '7');
	assert_non_null(strchr("89ab", id[19])); /* the variant */
	assert_true(id_is_prefix(id));
}

static void ids_of_one_millisecond_sort_as_made(void **state)
{
	char last[ID_SIZE] = "", id[ID_SIZE];
	unsigned counter = 0;

	(void)state;
	/* past the borders of all bytes that the counter spans */
	for (int i = 0; i < 100000; i++) {
		id_new(id, NOW, &counter);
		assert_true(strcmp(last, id) < 0);
		memcpy(last, id, sizeof(last));
	}
	counter = (1U << 22) - 2;
	last[0] = '\0';
	for (int i = 0; i < 5; i++) {
		id_new(id, NOW, &counter);
		assert_true(strcmp(last, id) < 0);
		memcpy(last, id, sizeof(last));
	}
}

static void later_milliseconds_sort_behind(void **state)
{
	char first[ID_SIZE], second[ID_SIZE];
	unsigned counter = 77;

	(void)state;
	id_new(first, NOW, &counter);
	counter = 0;
	id_new(second, NOW + 1, &counter);
	assert_true(strcmp(first, second) < 0);
}

static void two_processes_differ(void **state)
{
	char a[ID_SIZE], b[ID_SIZE];
	unsigned one = 0, two = 0;

	(void)state;
	id_new(a, NOW, &one);
	id_new(b, NOW, &two);
	assert_memory_equal(a, b, 24); /* same time, same count */
	assert_string_not_equal(a, b);
}

static void a_traceparent_is_sampled_version_00(void **state)
{
	char a[TRACE_SIZE], b[TRACE_SIZE];

	(void)state;
	id_traceparent(a);
	id_traceparent(b);
	assert_int_equal(strlen(a), 55);
	assert_memory_equal(a, "00-", 3);
	assert_string_equal(a + 52, "-01");
	assert_int_equal(a[35], '-');
	assert_int_equal(strspn(a + 3, "0123456789abcdef"), 32);
	assert_int_equal(strspn(a + 36, "0123456789abcdef"), 16);
	assert_string_not_equal(a, b);
}

static void prefixes(void **state)
{
	(void)state;
	assert_true(id_is_prefix("01a2"));
	assert_true(id_is_prefix("019a-"));
	assert_false(id_is_prefix("01a"));
	assert_false(id_is_prefix(""));
	assert_false(id_is_prefix("01A2"));
	assert_false(id_is_prefix("01a2%"));
	assert_false(id_is_prefix("0123456789abcdef0123456789abcdef01234"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_a_uuid_of_version_7),
		cmocka_unit_test(ids_of_one_millisecond_sort_as_made),
		cmocka_unit_test(later_milliseconds_sort_behind),
		cmocka_unit_test(two_processes_differ),
		cmocka_unit_test(a_traceparent_is_sampled_version_00),
		cmocka_unit_test(prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
