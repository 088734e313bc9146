#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/unitconf.h"
#include "root.h"

static const char *const folders[] = { "/etc/s", "/run/s", "/usr/lib/s", NULL };
static struct unitconf conf;
static struct buf value;

static int enter(void **state)
{
	buf_init(&value);
	return root_make(state);
}

static int leave(void **state)
{
	unitconf_release(&conf);
	buf_release(&value);
	return root_remove(state);
}

/* What key of [S] in x.conf is; "-": it is not set. */
static const char *get(const char *key, int list)
{
	unitconf_release(&conf);
	unitconf_find(&conf, root, folders, "x.conf", "type");
	buf_reset(&value);
	return unitconf_get(&conf, "S", key, list, &value) ? value.ptr : "-";
}

static void nothing_is_there(void **state)
{
	(void)state;
	assert_string_equal(get("K", 0), "-");
	assert_false(conf.there);
}

static void the_last_assignment_in_its_section_counts(void **state)
{
	(void)state;
	put("/etc/s/x.conf", "K=before\n[T]\nK=other\n[S]\n; K=comment\n"
			     "#K=comment\n K = a b\t\r\nKK=longer\nK=last \n"
			     "[S2]\nK=no\n");
	assert_string_equal(get("K", 0), "last");
	assert_true(conf.there);
}

static void a_line_goes_on_behind_a_backslash(void **state)
{
	(void)state;
	put("/etc/s/x.conf", "[S]\nK=a\\\n b\nL=c");
	assert_string_equal(get("K", 0), "a  b");
	assert_string_equal(get("L", 0), "c");
}

static void the_first_folder_has_the_main_file(void **state)
{
	(void)state;
	put("/usr/lib/s/x.conf", "[S]\nK=vendor\n");
	assert_string_equal(get("K", 0), "vendor");
	put("/run/s/x.conf", "[S]\nK=run\n");
	assert_string_equal(get("K", 0), "run");
	put("/etc/s/x.conf", "[S]\nL=1\n");
	assert_string_equal(get("K", 0), "-");
}

static void an_empty_file_masks(void **state)
{
	(void)state;
	put("/usr/lib/s/x.conf", "[S]\nK=vendor\n");
	put("/etc/s/x.conf", "");
	assert_string_equal(get("K", 0), "-");
	assert_false(conf.there);
}

static void a_link_to_dev_null_masks(void **state)
{
	struct buf path = BUF_INIT;

	(void)state;
	put("/usr/lib/s/x.conf", "[S]\nK=vendor\n");
	put("/etc/s/other", "");
	buf_addf(&path, "%s/etc/s/x.conf", root);
	assert_int_equal(symlink("/dev/null", path.ptr), 0);
	assert_string_equal(get("K", 0), "-");
	assert_false(conf.there);
	buf_release(&path);
}

static void drop_ins_come_by_name_and_the_first_folder_has_each(void **state)
{
	(void)state;
	put("/etc/s/x.conf", "[S]\nK=main\n");
	put("/usr/lib/s/x.conf.d/50-b.conf", "[S]\nK=vendor\n");
	assert_string_equal(get("K", 0), "vendor");
	put("/etc/s/x.conf.d/10-a.conf", "[S]\nK=early\n");
	assert_string_equal(get("K", 0), "vendor");
	put("/run/s/x.conf.d/50-b.conf", "[S]\nK=run\n");
	assert_string_equal(get("K", 0), "run");
	put("/etc/s/x.conf.d/50-b.conf", "");
	assert_string_equal(get("K", 0), "early");
	put("/etc/s/x.conf.d/60-c", "[S]\nK=no\n");
	assert_string_equal(get("K", 0), "early");
}

static void those_of_the_type_come_before(void **state)
{
	(void)state;
	put("/etc/s/x.conf", "[S]\nK=main\n");
	put("/etc/s/type.d/99-z.conf", "[S]\nK=type\n");
	assert_string_equal(get("K", 0), "type");
	put("/etc/s/x.conf.d/00-a.conf", "[S]\nK=own\n");
	assert_string_equal(get("K", 0), "own");
}

static void a_list_grows_until_it_is_emptied(void **state)
{
	(void)state;
	put("/etc/s/x.conf", "[S]\nK=a b\nK=c\n");
	assert_string_equal(get("K", 1), "a b c");
	put("/etc/s/x.conf.d/a.conf", "[S]\nK=\nK=d\n");
	assert_string_equal(get("K", 1), "d");
	put("/etc/s/x.conf.d/b.conf", "[S]\nK=\n");
	assert_string_equal(get("K", 1), "");
}

static void a_default_is_a_comment(void **state)
{
	(void)state;
	put("/etc/s/x.conf", "#K=not here\n[S]\n# K = yes\nL=no\n");
	assert_string_equal(get("K", 0), "-");
	assert_true(unitconf_default(&conf, "S", "K", &value));
	assert_string_equal(value.ptr, "yes");
	assert_false(unitconf_default(&conf, "S", "L", &value));
}

static void booleans_are_systemds(void **state)
{
	(void)state;
	assert_int_equal(unitconf_bool("yes"), 1);
	assert_int_equal(unitconf_bool("On"), 1);
	assert_int_equal(unitconf_bool("1"), 1);
	assert_int_equal(unitconf_bool("t"), 1);
	assert_int_equal(unitconf_bool("false"), 0);
	assert_int_equal(unitconf_bool("0"), 0);
	assert_int_equal(unitconf_bool(""), -1);
	assert_int_equal(unitconf_bool("perhaps"), -1);
}

static void words_are_whole(void **state)
{
	(void)state;
	assert_true(unitconf_has("root quire", "quire"));
	assert_true(unitconf_has(" root\tquire ", "root"));
	assert_false(unitconf_has("root quires", "quire"));
	assert_false(unitconf_has("", "quire"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
		T(nothing_is_there),
		T(the_last_assignment_in_its_section_counts),
		T(a_line_goes_on_behind_a_backslash),
		T(the_first_folder_has_the_main_file),
		T(an_empty_file_masks),
		T(a_link_to_dev_null_masks),
		T(drop_ins_come_by_name_and_the_first_folder_has_each),
		T(those_of_the_type_come_before),
		T(a_list_grows_until_it_is_emptied),
		T(a_default_is_a_comment),
		T(booleans_are_systemds),
		T(words_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
