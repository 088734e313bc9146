#include "store_home.h"

#include "store/setting.h"

static void is(const char *repo, const char *key, const char *want)
{
	char *value = setting_get(&store_db, repo, key, &store_err);

	assert_non_null(value);
	assert_string_equal(value, want);
	free(value);
}

static void the_table_is_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < setting_keys_count; i++) {
		const struct setting_key *key = &setting_keys[i];

		if (i)
			assert_true(strcmp(setting_keys[i - 1].name,
					    key->name) < 0);
		assert_non_null(key->fallback);
		assert_true(strlen(key->help) > 5);
		assert_int_equal(
			key->choices != NULL, key->type == SETTING_CHOICE);
		assert_int_equal(key->max != 0,
			key->type == SETTING_INT || key->type == SETTING_LIMIT);
		/* a default is a value that could be set */
		must(setting_set(
			&store_db, "", key->name, key->fallback, &store_err));
	}
}

static void a_value_is_the_nearest_one(void **state)
{
	(void)state;
	add_repo("a.git");
	is(NULL, "timeout", "1h");
	is("a.git", "timeout", "1h");
	must(setting_set(&store_db, "", "timeout", "2h", &store_err));
	is(NULL, "timeout", "2h");
	is("", "timeout", "2h");
	is("a.git", "timeout", "2h");
	must(setting_set(&store_db, "a.git", "timeout", "3h", &store_err));
	is(NULL, "timeout", "2h");
	is("a.git", "timeout", "3h");
	is("b.git", "timeout", "2h");
	must(setting_set(&store_db, "a.git", "timeout", "4h", &store_err));
	is("a.git", "timeout", "4h");
	must(setting_unset(&store_db, "", "timeout", &store_err));
	is(NULL, "timeout", "1h");
	is("a.git", "timeout", "4h");
	must(setting_unset(&store_db, "a.git", "timeout", &store_err));
	is("a.git", "timeout", "1h");
	must(setting_unset(&store_db, "a.git", "timeout", &store_err));
}

static void an_empty_value_is_a_value(void **state)
{
	(void)state;
	must(setting_set(&store_db, "", "refs", "", &store_err));
	is(NULL, "refs", "");
	must(setting_set(
		&store_db, "a.git", "refs", "refs/heads/x", &store_err));
	is("a.git", "refs", "refs/heads/x");
}

static void numbers_are_read(void **state)
{
	static const struct {
		const char *key, *value;
		int64_t number;
	} good[] = {
		{ "maxRuns", "3", 3 },
		{ "minFree", "2G", 2LL << 30 },
		{ "maxLog", "1K", 1024 },
		{ "maxLog", "0", 0 },
		{ "timeout", "90s", 90000 },
		{ "timeout", "1h30m", 5400000 },
		{ "private", "yes", 1 },
		{ "private", "off", 0 },
		{ "publicRuns", "true", 1 },
		{ "publicRuns", "0", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		int64_t n = -1;

		must(setting_set(
			&store_db, "", good[i].key, good[i].value, &store_err));
		must(setting_get_int(
			&store_db, NULL, good[i].key, &n, &store_err));
		assert_int_equal(n, good[i].number);
		/* it is kept as it was written */
		is(NULL, good[i].key, good[i].value);
	}
}

static void bad_values_are_refused(void **state)
{
	static const struct {
		const char *repo, *key, *value, *why;
	} bad[] = {
		{ "", "maxRuns", "0", "maxRuns" },
		{ "", "maxRuns", "-1", "maxRuns" },
		{ "", "maxRuns", "1x", "maxRuns" },
		{ "", "maxRuns", "", "maxRuns" },
		{ "", "minFree", "much", "minFree" },
		{ "", "timeout", "soon", "timeout" },
		{ "", "private", "maybe", "private" },
		{ "", "sandbox", "jail", "none of" },
		{ "", "sandbox", "", "none of" },
		{ "", "sandbox", "non", "none of" },
		{ "", "refs", "a\nb", "one line" },
		{ "", "maxRuns", "1025", "maxRuns" },
		{ "", "env", "A B", "env: 'A' is not of the form NAME=VALUE" },
		{ "a.git", "env", "A=1 =2", "'=2'" },
		{ "", "path", "", "path" },
		{ "", "path", "bin", "absolute" },
		{ "", "path", "/bin:", "absolute" },
		{ "", "path", "/bin::/usr/bin", "absolute" },
		{ "", "url", "javascript:x", "no address" },
		{ "", "url", "https://", "no address" },
		{ "", "url", "https://a b", "no address" },
		{ "", "url", "https://a\nb", "no address" },
		{ "a.git", "commitUrl", "ftp://x/%s", "no address" },
		{ "a.git", "maxRuns", "2", "global" },
		{ "", "maxRun", "2", "did you mean 'maxRuns'?" },
		{ "", "colour", "2", "no setting 'colour'" },
		{ "", "MAXRUNS", "2", "no setting" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err e = { 0 };

		assert_int_equal(setting_set(&store_db, bad[i].repo, bad[i].key,
					 bad[i].value, &e),
			-1);
		assert_int_equal(e.status, EXIT_USAGE);
		if (!strstr(e.text, bad[i].why))
			fail_msg("%s=%s: %s", bad[i].key, bad[i].value, e.text);
	}
	assert_rows("SELECT count(*) FROM settings", "0\n");
}

static void what_the_shell_stored_may_not_parse(void **state)
{
	struct err e = { 0 };
	int64_t n;

	(void)state;
	sql("INSERT INTO settings (key, value) VALUES ('maxRuns', 'many')");
	assert_int_equal(
		setting_get_int(&store_db, NULL, "maxRuns", &n, &e), -1);
	assert_int_equal(e.status, EXIT_INTERNAL);
	assert_non_null(strstr(e.text, "maxRuns"));
	assert_int_equal(setting_check_run(&store_db, "a.git", &e), 0);
	sql("INSERT INTO settings (key, value) VALUES ('env', 'A')");
	assert_null(setting_get(&store_db, NULL, "env", &e));
	assert_int_equal(e.status, EXIT_INTERNAL);
	assert_string_equal(
		e.text, "setting env: 'A' is not of the form NAME=VALUE");
	assert_int_equal(setting_check_run(&store_db, "a.git", &e), -1);
	must(setting_set(&store_db, "a.git", "env", "A=1 B=", &store_err));
	assert_int_equal(setting_check_run(&store_db, "a.git", &e), 0);
	/* a global one has no value of a repository's, even if a row says so */
	sql("INSERT INTO settings (repo, key, value)"
	    " VALUES ('a.git', 'kick', 'x')");
	is("a.git", "kick", "");
}

struct tally {
	size_t n;
	char of_timeout[64], of_maxlog[64], of_url[64];
};

static void count_key(void *arg, const struct setting_key *key,
	const char *value, const char *origin)
{
	struct tally *t = arg;
	char *to = !strcmp(key->name, "timeout")  ? t->of_timeout
		   : !strcmp(key->name, "maxLog") ? t->of_maxlog
		   : !strcmp(key->name, "url")	  ? t->of_url
						  : NULL;

	t->n++;
	if (to)
		snprintf(to, 64, "%s %s", value, origin);
}

static void each_says_where_a_value_is_from(void **state)
{
	struct tally t = { 0 };

	(void)state;
	must(setting_set(&store_db, "", "maxLog", "1M", &store_err));
	must(setting_set(&store_db, "a.git", "timeout", "5m", &store_err));
	must(setting_each(&store_db, "a.git", count_key, &t, &store_err));
	assert_int_equal(t.n, setting_keys_count);
	assert_string_equal(t.of_timeout, "5m a.git");
	assert_string_equal(t.of_maxlog, "1M global");
	assert_string_equal(t.of_url, " default");
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_table_is_in_order),
		T(a_value_is_the_nearest_one),
		T(an_empty_value_is_a_value),
		T(numbers_are_read),
		T(bad_values_are_refused),
		T(what_the_shell_stored_may_not_parse),
		T(each_says_where_a_value_is_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
