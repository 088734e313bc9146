/* The words of the setting `bind`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bindword.h"

static void test_words(void **state)
{
	const char *at = "  /opt/x\t/srv/y:rw\n/a:rw:rw ";
	struct buf word = BUF_INIT;
	struct err e;

	(void)state;
	assert_int_equal(bindword_next(&at, &word, &e), 1);
	assert_string_equal(word.ptr, "/opt/x");
	assert_int_equal(bindword_take_rw(&word), 0);
	assert_int_equal(bindword_next(&at, &word, &e), 1);
	assert_string_equal(word.ptr, "/srv/y:rw");
	assert_int_equal(bindword_take_rw(&word), 1);
	assert_string_equal(word.ptr, "/srv/y");
	assert_int_equal(bindword_next(&at, &word, &e), 1);
	assert_int_equal(bindword_take_rw(&word), 1);
	assert_string_equal(word.ptr, "/a:rw");
	assert_int_equal(bindword_next(&at, &word, &e), 0);
	assert_int_equal(word.len, 0);
	buf_release(&word);
}

static void test_no_words(void **state)
{
	static const struct {
		const char *word, *says;
	} bad[] = {
		{ "opt", "no absolute path" },
		{ ":rw", "no absolute path" },
		{ "rw:/opt", "no absolute path" },
		{ "/", "would show everything" },
		{ "/:rw", "would show everything" },
		{ "//", "extra slashes" },
		{ "/opt/", "extra slashes" },
		{ "/opt//x", "extra slashes" },
		{ "/opt/./x", "without" },
		{ "/opt/..", "without" },
		{ "/..", "without" },
		{ "/proc", "one of its own" },
		{ "/proc/1", "one of its own" },
		{ "/dev", "one of its own" },
		{ "/tmp:rw", "one of its own" },
	};
	struct buf word = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *at = bad[i].word;
		struct err e = { .text = "" };

		if (bindword_next(&at, &word, &e) != -1 ||
			e.status != EXIT_USAGE || !strstr(e.text, bad[i].says))
			fail_msg("'%s': '%s'", bad[i].word, e.text);
	}
	buf_release(&word);
}

static void test_good_words(void **state)
{
	static const char *const good[] = { "/dev/kvm", "/tmp/x", "/procs",
		"/opt/..x", "/opt/x..", "/o", "/home/a:b" };
	struct buf word = BUF_INIT;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		const char *at = good[i];

		if (bindword_next(&at, &word, &e) != 1)
			fail_msg("'%s': %s", good[i], e.text);
	}
	buf_release(&word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_no_words),
		cmocka_unit_test(test_good_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
