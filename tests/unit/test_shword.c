#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shword.h"

static void what_is_plain_stays(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	shword_add(&b, "/srv/quire-1.0/a_b:c@d,e+f");
	assert_string_equal(b.ptr, "/srv/quire-1.0/a_b:c@d,e+f");
	buf_release(&b);
}

/* sh gets the very word back, whatever is in it. */
static void sh_reads_it_as_one_word(void **state)
{
	static const char *const words[] = { "", "a b", "it's", "''", "$HOME",
		"a\\", "`id`", "%d", "*", "-n", "#", "a\tb", "\"", "!x", "a;b",
		"~", "=x", "{a,b}" };

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct buf command = BUF_INIT;
		char got[64];

		buf_adds(&command, "printf '<%s>' ");
		shword_add(&command, words[i]);
		FILE *p = popen(command.ptr, "r"); /* NOLINT: is our own */
		assert_non_null(p);
		size_t n = fread(got, 1, sizeof(got) - 1, p);
		got[n] = '\0';
		assert_int_equal(pclose(p), 0);
		assert_int_equal(n, strlen(words[i]) + 2);
		assert_memory_equal(got + 1, words[i], n - 2);
		buf_release(&command);
	}
}

static void in_a_crontab_percent_is_escaped_too(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	shword_add_cron(&b, "a%'");
	assert_string_equal(b.ptr, "'a'\\%''\\'''");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_plain_stays),
		cmocka_unit_test(sh_reads_it_as_one_word),
		cmocka_unit_test(in_a_crontab_percent_is_escaped_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
