/*
 * What a repository's config says, and the names that repositories get.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "exec/adopt.h"

static char top[] = "/tmp/quire-adopt.XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(top) && chdir(top) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return chdir("/") == 0 && fs_remove_tree(AT_FDCWD, top) == 0 ? 0 : -1;
}

static int judge(const char *config, struct err *e)
{
	assert_int_equal(fs_replace_file(AT_FDCWD, "config", config,
				 strlen(config), 0600),
		0);
	return adopt_check_format(".", e);
}

static void takes(void **state)
{
	static const char *const configs[] = {
		"",
		"\n\n",
		"[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
		"[extensions]\n",
		"[extensions]\n\tobjectformat = sha1\n\trefstorage = files\n",
		"[extensions]\n\tobjectFormat = \"sha1\"\n",
		/* the same key elsewhere is another's */
		"[user]\n\tobjectformat = sha256\n",
		"[extensions \"x\"]\n\tobjectformat = sha256\n",
		"[extensions.x]\n\tobjectformat = sha256\n",
		"[extensionsx]\n\tobjectformat = sha256\n",
		"[extensions]\n[core]\n\tobjectformat = sha256\n",
		/* comments, and values that only look like lines */
		"[extensions]\n#\tobjectformat = sha256\n",
		"[extensions]\n;\tobjectformat = sha256\n",
		"[extensions]\n\tobjectformat = sha1 # sha256\n",
		"[extensions]\n\tx = \"[\n\tobjectformat = sha1\n",
		"[extensions]\n\tx = a\\\nobjectformat = sha256\n",
		"[extensions]\n\tpartialclone = origin\n",
		/* broken ones are git's to complain about */
		"[extensions",
		"[",
		"=",
		"\\",
		"[extensions]\n\tx = \\",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(*configs); i++) {
		struct err e = { 0 };

		if (judge(configs[i], &e) < 0)
			fail_msg("refused: %s: %s", configs[i], e.text);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *config, *why;
	} cases[] = {
		{ "[extensions]\n\tobjectformat = sha256\n", "sha256" },
		{ "[extensions] objectformat=sha256", "sha256" },
		{ "[EXTENSIONS]\n\tObjectFormat\t=\tsha256\r\n", "sha256" },
		{ "[ extensions ]\nobjectformat = \"sha256\" ; x\n", "sha256" },
		{ "[core]\nx\n[extensions]\nobjectformat = s\\\nha256\n",
			"sha256" },
		{ "[extensions]\n\trefstorage = reftable\n", "reftable" },
		{ "[extensions]\n\tobjectformat = sha1\n"
		  "\trefStorage = reftable\n",
			"reftable" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = { 0 };

		if (judge(cases[i].config, &e) == 0)
			fail_msg("taken: %s", cases[i].config);
		assert_int_equal(e.status, EXIT_USAGE);
		assert_non_null(strstr(e.text, cases[i].why));
		assert_null(strchr(e.text, '\n'));
	}
}

static void no_config(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(mkdir("empty", 0700), 0);
	assert_int_equal(adopt_check_format("empty", &e), -1);
	assert_int_equal(e.status, EXIT_BUSY);
	assert_non_null(strstr(e.text, "empty/config"));
}

static void git_folders(void **state)
{
	(void)state;
	assert_int_equal(mkdir("g", 0700), 0);
	assert_int_equal(mkdir("g/objects", 0700), 0);
	assert_int_equal(mkdir("g/refs", 0700), 0);
	assert_false(adopt_looks_like_git(AT_FDCWD, "g"));
	assert_int_equal(symlink("refs/heads/none", "g/HEAD"), 0);
	assert_true(adopt_looks_like_git(AT_FDCWD, "g"));
	assert_false(adopt_looks_like_git(AT_FDCWD, "none"));
	assert_false(adopt_looks_like_git(AT_FDCWD, "g/HEAD"));
}

static void below_repos(void **state)
{
	struct home h;
	struct err e;
	char git_dir[200];

	(void)state;
	assert_int_equal(mkdir("home", 0700), 0);
	assert_int_equal(mkdir("real", 0700), 0);
	assert_int_equal(symlink("../real", "home/repos"), 0);
	assert_int_equal(home_open(&h, "home", &e), 0);

	snprintf(git_dir, sizeof(git_dir), "%s/real/a/b.git", top);
	assert_string_equal(adopt_below_repos(&h, git_dir), "a/b.git");
	snprintf(git_dir, sizeof(git_dir), "%s/realm/b.git", top);
	assert_null(adopt_below_repos(&h, git_dir));
	snprintf(git_dir, sizeof(git_dir), "%s/real", top);
	assert_null(adopt_below_repos(&h, git_dir));
	home_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes),
		cmocka_unit_test(refuses),
		cmocka_unit_test(no_config),
		cmocka_unit_test(git_folders),
		cmocka_unit_test(below_repos),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
