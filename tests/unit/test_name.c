#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/name.h"

static void assert_refused(const char *name, const char *why)
{
	struct err e = { 0 };

	assert_int_equal(name_check(name, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	if (!strstr(e.text, why))
		fail_msg("'%s': %s", name, e.text);
}

static void good_names(void **state)
{
	static const char *const names[] = {
		"foo.git",
		"work/foo.git",
		"a/b/c/d.git",
		"ci/tools.git",
		"ci-tools.git",
		"work/api.git",
		"apis.git",
		"with blank.git",
		"\xc3\xa4.git",
		"\xff.git",
		"a..b.git",
		"x.git.git",
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (name_check(names[i], &e) < 0)
			fail_msg("%s", e.text);
	}
}

static void bad_names(void **state)
{
	char wide[257];

	(void)state;
	assert_refused("", ".git");
	assert_refused("foo", "does not end in .git");
	assert_refused(".git", "does not end in .git");
	assert_refused("foo.git/", "does not end in .git");
	assert_refused("work/.git", "begins with");
	assert_refused("/foo.git", "begins with no /");
	assert_refused("a//foo.git", "empty");
	assert_refused("../foo.git", "begins with");
	assert_refused("a/../foo.git", "begins with");
	assert_refused("a/./foo.git", "begins with");
	assert_refused(".foo.git", "begins with");
	assert_refused("-foo.git", "begins with");
	assert_refused("a/-foo.git", "begins with");
	assert_refused("a\nb.git", "control");
	assert_refused("a\x7f.git", "control");
	assert_refused("a#1.git", "'#'");
	assert_refused("ci.git", "'ci'");
	assert_refused("work/ci.git", "'ci'");
	assert_refused("foo/ci/7.git", "'ci'");
	assert_refused("api.git", "pages");
	assert_refused("api/foo.git", "pages");
	assert_refused("metrics/foo.git", "pages");
	assert_refused("style.css.git", "pages");
	assert_refused("style.css/foo.git", "pages");
	assert_refused("foo.git/bar.git", "inside another");

	memset(wide, 'w', sizeof(wide));
	memcpy(wide + 252, ".git", 5);
	assert_refused(wide, "255 bytes");
	memmove(wide, wide + 1, 256);
	assert_int_equal(name_check(wide, NULL), 0);
}

static void full_and_short(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	name_add_full(&b, "foo");
	buf_addc(&b, ' ');
	name_add_full(&b, "work/foo.git");
	buf_addc(&b, ' ');
	name_add_full(&b, ".git");
	assert_string_equal(b.ptr, "foo.git work/foo.git .git.git");
	buf_release(&b);

	assert_int_equal(name_short_len("foo.git"), 3);
	assert_int_equal(name_short_len("foo"), 3);
	assert_int_equal(name_short_len(".git"), 4);
	assert_int_equal(name_short_len(""), 0);
}

static void refs(void **state)
{
	(void)state;
	assert_string_equal(name_of_ref("refs/heads/main"), "main");
	assert_string_equal(name_of_ref("refs/heads/a/b"), "a/b");
	assert_string_equal(name_of_ref("refs/tags/v1"), "v1");
	assert_string_equal(name_of_ref("refs/notes/x"), "refs/notes/x");
	assert_string_equal(name_of_ref("refs/heads/"), "refs/heads/");
	assert_string_equal(name_of_ref(""), "");
}

static void runs_by_number(void **state)
{
	struct run_name run;

	(void)state;
	assert_int_equal(name_parse_run("foo#42", &run, NULL), 0);
	assert_int_equal(run.number, 42);
	assert_string_equal(run.repo, "foo.git");
	assert_string_equal(run.id, "");
	assert_int_equal(name_parse_run("work/foo.git#1", &run, NULL), 0);
	assert_string_equal(run.repo, "work/foo.git");
}

static void runs_by_id(void **state)
{
	struct run_name run;

	(void)state;
	assert_int_equal(name_parse_run("019ac0de-77", &run, NULL), 0);
	assert_int_equal(run.number, 0);
	assert_string_equal(run.repo, "");
	assert_string_equal(run.id, "019ac0de-77");
	/* of the older system */
	assert_int_equal(name_parse_run("01JDABCXYZ", &run, NULL), 0);
	assert_string_equal(run.id, "01JDABCXYZ");
}

static void what_is_no_run(void **state)
{
	static const char *const texts[] = { "", "foo#", "#1", "foo#0",
		"foo#-1", "foo#x", "foo#1x", "foo#99999999999999999999", "abc",
		"foo/bar", "abcd%", "abcd'", "#" };
	struct run_name run;
	char wide[400];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		e.status = 0;
		if (name_parse_run(texts[i], &run, &e) == 0)
			fail_msg("'%s' was taken", texts[i]);
		assert_int_equal(e.status, EXIT_USAGE);
		assert_non_null(strstr(e.text, "foo#42"));
	}
	memset(wide, 'a', sizeof(wide));
	memcpy(wide + 300, "#1", 3);
	assert_int_equal(name_parse_run(wide, &run, &e), -1);
	memcpy(wide + 252, "#1", 3);
	assert_int_equal(name_parse_run(wide, &run, &e), -1);
	memcpy(wide + 251, "#1", 3);
	assert_int_equal(name_parse_run(wide, &run, &e), 0);
	assert_int_equal(strlen(run.repo), 255);
	memset(wide, 'a', 64);
	wide[64] = '\0';
	assert_int_equal(name_parse_run(wide, &run, &e), -1);
	wide[63] = '\0';
	assert_int_equal(name_parse_run(wide, &run, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_names),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(full_and_short),
		cmocka_unit_test(refs),
		cmocka_unit_test(runs_by_number),
		cmocka_unit_test(runs_by_id),
		cmocka_unit_test(what_is_no_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
