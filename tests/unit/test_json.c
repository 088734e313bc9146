#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void assert_taken(const char *text, const char *want)
{
	struct err e = { 0 };
	struct json_object *o = json_parse(text, strlen(text), &e);
	struct buf b = BUF_INIT;

	if (!o)
		fail_msg("%s: %s", text, e.text);
	json_write(&b, o, 0);
	assert_string_equal(b.ptr, want);
	buf_release(&b);
	json_object_put(o);
}

static void assert_refused_len(const char *text, size_t len, const char *want)
{
	struct err e = { 0 };
	/* a copy without a byte behind it, for the sanitizer to watch */
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	struct json_object *o = json_parse(copy, len, &e);
	free(copy);
	if (o)
		fail_msg("%s was taken", text);
	assert_string_equal(e.text, want);
	assert_int_equal(e.status, EXIT_RED);
}

static void assert_refused(const char *text, const char *want)
{
	assert_refused_len(text, strlen(text), want);
}

static void json_is_taken(void **state)
{
	(void)state;
	assert_taken("{}", "{}");
	assert_taken(" [ 1 , -2 , 0, -0, 1.5e3 ] \r\n\t", "[1,-2,0,0,1.5e3]");
	assert_taken("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]},\"b\":null}",
		"{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]},\"b\":null}");
	assert_taken("[true,false,null]", "[true,false,null]");
	assert_taken("\"\\\\\\\"\\u00e4/\"", "\"\\\\\\\"\xc3\xa4/\"");
	assert_taken("[\"a:\",\"{\",\"\\\\\"]", "[\"a:\",\"{\",\"\\\\\"]");
	assert_taken("12", "12");
	assert_taken("true", "true");
	assert_taken("[\"N\",\"I\",\"'\"]", "[\"N\",\"I\",\"'\"]");
}

static void errors_have_a_place(void **state)
{
	(void)state;
	assert_refused("", "line 1, column 1: unexpected end of data");
	assert_refused("[1\n,\n 2 3]",
		"line 3, column 4: array value separator ',' expected");
	assert_refused("{\"a\":1,\n}", "line 2, column 1: "
				       "unexpected character");
	assert_refused("[1,]", "line 1, column 4: unexpected character");
	assert_refused("{\"a\"", "line 1, column 5: unexpected end of data");
	assert_refused("\"abc", "line 1, column 5: unexpected end of data");
	/* columns count characters */
	assert_refused("[\"\xc3\xa4\xc3\xa4\" 1]",
		"line 1, column 7: array value separator ',' expected");
}

static void nothing_may_stand_behind(void **state)
{
	(void)state;
	assert_refused("{} x", "line 1, column 4: unexpected character");
	assert_refused("{}\n{}", "line 2, column 1: unexpected character");
	assert_refused("[]]", "line 1, column 3: unexpected character");
	assert_refused_len("{}\0x", 4, "line 1, column 3: a NUL character");
	assert_refused_len("{}\0", 3, "line 1, column 3: a NUL character");
}

static void no_key_twice(void **state)
{
	(void)state;
	assert_refused("{\"a\":1,\"b\":2,\"a\":3}",
		"line 1, column 14: the key 'a' stands twice in one object");
	assert_refused("{\"a\":1,\n \"\\u0061\" :2}",
		"line 2, column 2: the key 'a' stands twice in one object");
	assert_refused("{\"x\":[{\"b\":1},{\"b\":{},\"b\":3}]}",
		"line 1, column 23: the key 'b' stands twice in one object");
	assert_refused("{\"a\":{\"b\":1},\"a\":1}",
		"line 1, column 14: the key 'a' stands twice in one object");
	assert_refused("{\"\":1,\"\":1}",
		"line 1, column 7: the key '' stands twice in one object");
}

static void what_json_c_lets_pass(void **state)
{
	(void)state;
	assert_refused(
		"{'a':1}", "line 1, column 2: strings stand in double quotes");
	assert_refused(
		"[NaN]", "line 1, column 2: NaN and Infinity are no JSON");
	assert_refused(
		"[Infinity]", "line 1, column 2: NaN and Infinity are no JSON");
	assert_refused("[-Infinity]", "line 1, column 2: '-' is no number");
	assert_refused("[1.]", "line 1, column 2: '1.' is no number");
	assert_refused("[-01]", "line 1, column 2: '-01' is no number");
	assert_refused("[\"a\tb\"]", "line 1, column 4: a control character "
				     "in a string; write it as \\u0009");
	assert_refused("[\"\\u0000\"]",
		"line 1, column 3: a string cannot hold a NUL character");
	assert_refused("{\"a\\u0000\":1}",
		"line 1, column 4: a string cannot hold a NUL character");
	/* escaped backslash: no NUL at all */
	assert_taken("[\"\\\\u0000\"]", "[\"\\\\u0000\"]");
	assert_refused(
		"[TRUE]", "line 1, column 2: no JSON value begins like this");
	assert_refused(
		"name: x", "line 1, column 2: no JSON value begins like this");
	assert_refused("/**/[]", "line 1, column 1: unexpected character");
	assert_refused("null", "line 1, column 1: null is no document");
}

static void only_utf8(void **state)
{
	(void)state;
	assert_refused(
		"\xff", "line 1, column 1: this byte is not valid UTF-8");
	assert_refused("[\n\"\xed\xa0\x80\"]",
		"line 2, column 2: this byte is not valid UTF-8");
	assert_refused("[\"\xc3", "line 1, column 3: "
				  "this byte is not valid UTF-8");
}

static struct json_object *nested(int depth, char open, struct err *e)
{
	struct buf b = BUF_INIT;

	for (int i = 0; i < depth; i++)
		buf_adds(&b, open == '[' ? "[" : "{\"a\":");
	if (open == '{')
		buf_addc(&b, '1');
	for (int i = 0; i < depth; i++)
		buf_addc(&b, open == '[' ? ']' : '}');
	struct json_object *o = json_parse(b.ptr, b.len, e);
	buf_release(&b);
	return o;
}

static void depth_is_limited(void **state)
{
	(void)state;
	for (const char *open = "[{"; *open; open++) {
		struct err e = { 0 };
		/* a number at the bottom is a level of its own to json-c */
		int most = *open == '[' ? 32 : 31;

		struct json_object *o = nested(most, *open, &e);
		assert_non_null(o);
		json_object_put(o);
		assert_null(nested(33, *open, &e));
		assert_non_null(strstr(e.text, "nesting too deep"));
		assert_null(nested(100000, *open, &e));
	}
}

static void members_of_the_wrong_type_are_missing(void **state)
{
	const char *text = "{\"s\":\"x\",\"i\":7,\"n\":null,\"d\":1.5}";
	struct json_object *o = json_parse(text, strlen(text), NULL);

	(void)state;
	assert_non_null(o);
	assert_string_equal(json_get_str(o, "s"), "x");
	assert_null(json_get_str(o, "i"));
	assert_null(json_get_str(o, "n"));
	assert_null(json_get_str(o, "missing"));
	assert_int_equal(json_get_int(o, "i", -1), 7);
	assert_int_equal(json_get_int(o, "s", -1), -1);
	assert_int_equal(json_get_int(o, "d", -1), -1);
	assert_int_equal(json_get_int(o, "missing", 9), 9);
	json_object_put(o);
}

static void what_is_written_can_be_read(void **state)
{
	struct json_object *o = json_object_new_object();
	struct buf b = BUF_INIT;

	(void)state;
	json_add_str(o, "bytes", "a\xff/\x01");
	json_add_str(o, "none", NULL);
	json_add_int(o, "int", INT64_MAX);
	json_add_ms(o, "never", -1);
	json_add_ms(o, "at", 5);
	json_add_bool(o, "yes", 8);
	json_write(&b, o, 0);
	assert_string_equal(b.ptr,
		"{\"bytes\":\"a\xef\xbf\xbd/\\u0001\",\"none\":null,"
		"\"int\":9223372036854775807,\"never\":null,\"at\":5,"
		"\"yes\":true}");
	json_object_put(o);

	o = json_parse(b.ptr, b.len, NULL);
	assert_non_null(o);
	assert_int_equal(json_get_int(o, "int", 0), INT64_MAX);
	buf_reset(&b);
	json_write(&b, o, 1);
	assert_non_null(strchr(b.ptr, '\n'));
	json_object_put(o);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_taken),
		cmocka_unit_test(errors_have_a_place),
		cmocka_unit_test(nothing_may_stand_behind),
		cmocka_unit_test(no_key_twice),
		cmocka_unit_test(what_json_c_lets_pass),
		cmocka_unit_test(only_utf8),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(members_of_the_wrong_type_are_missing),
		cmocka_unit_test(what_is_written_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
