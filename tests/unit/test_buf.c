#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"

#include <stdlib.h>

static void a_new_buffer_is_an_empty_string(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_string_equal(b.ptr, "");
	buf_reset(&b);
	buf_setlen(&b, 0);
	buf_consume(&b, 3);
	buf_add(&b, "x", 0);
	assert_string_equal(b.ptr, "");
	assert_int_equal(b.size, 0);
	buf_release(&b);
	assert_string_equal(buf_empty, "");
}

static void every_add_keeps_the_nul(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		buf_addc(&b, (char)('a' + i % 26));
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.ptr[b.len], 0);
		assert_true(b.size > b.len);
	}
	buf_adds(&b, "tail");
	assert_string_equal(b.ptr + 1000, "tail");
	buf_release(&b);
	assert_int_equal(b.len, 0);
}

static void bytes_may_be_nul(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "a\0b", 3);
	buf_addc(&b, '\0');
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.ptr, "a\0b\0", 5);
	buf_release(&b);
}

static void formats_any_length(void **state)
{
	struct buf b = BUF_INIT;
	char wide[5000];

	(void)state;
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	buf_addf(&b, "%d-%s", 7, wide);
	buf_addf(&b, "%s", "");
	assert_int_equal(b.len, 2 + sizeof(wide) - 1);
	assert_memory_equal(b.ptr, "7-www", 5);
	buf_release(&b);
}

static void numbers_are_those_of_printf(void **state)
{
	static const long long numbers[] = { 0, 1, -1, 9, 10, -10, 123456789,
		INT64_MAX, INT64_MIN };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct buf a = BUF_INIT, b = BUF_INIT;

		buf_addi(&a, numbers[i]);
		buf_addf(&b, "%lld", numbers[i]);
		assert_string_equal(a.ptr, b.ptr);
		buf_release(&a);
		buf_release(&b);
	}
}

static void consuming_moves_the_rest_up(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_adds(&b, "one two");
	buf_consume(&b, 4);
	assert_string_equal(b.ptr, "two");
	buf_consume(&b, 99);
	assert_string_equal(b.ptr, "");
	buf_release(&b);
}

static void a_detached_string_is_the_callers(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	char *empty = buf_detach(&b);
	assert_string_equal(empty, "");
	free(empty);
	buf_adds(&b, "mine");
	char *mine = buf_detach(&b);
	assert_string_equal(mine, "mine");
	assert_int_equal(b.len, 0);
	buf_adds(&b, "new");
	assert_string_equal(mine, "mine");
	free(mine);
	buf_release(&b);
}

static void grown_room_can_be_filled(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_grow(&b, 10000);
	assert_true(b.size >= 10001);
	memset(b.ptr, 'x', 10000);
	buf_setlen(&b, 10000);
	assert_int_equal(strlen(b.ptr), 10000);
	buf_release(&b);
}

static void a_list_ends_in_null(void **state)
{
	struct strv s = STRV_INIT;

	(void)state;
	for (int i = 0; i < 100; i++) {
		strv_pushf(&s, "item %d", i);
		assert_int_equal(s.n, i + 1);
		assert_null(s.v[s.n]);
	}
	strv_push(&s, "last");
	assert_string_equal(s.v[0], "item 0");
	assert_string_equal(s.v[99], "item 99");
	assert_string_equal(s.v[100], "last");
	strv_release(&s);
	assert_null(s.v);
	assert_int_equal(s.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_buffer_is_an_empty_string),
		cmocka_unit_test(every_add_keeps_the_nul),
		cmocka_unit_test(bytes_may_be_nul),
		cmocka_unit_test(formats_any_length),
		cmocka_unit_test(numbers_are_those_of_printf),
		cmocka_unit_test(consuming_moves_the_rest_up),
		cmocka_unit_test(a_detached_string_is_the_callers),
		cmocka_unit_test(grown_room_can_be_filled),
		cmocka_unit_test(a_list_ends_in_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
