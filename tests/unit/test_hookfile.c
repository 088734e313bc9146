/* The hook: its text, its installation, and what was there before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "exec/hookfile.h"

#define PROGRAM "/usr/bin/quire-push"
#define PLAIN                         \
	"#!/usr/bin/quire-push\n"     \
	"# quire hook 1\n"            \
	"# home /var/quire\n"         \
	"# set " HOOKFILE_CONFIG "\n" \
	"exec '/usr/bin/quire-push' \"$0\" \"$@\"\n"

static char top[64];

static int sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int sh(const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	buf_addf(&b, "cd %s && ", top);
	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	int rc = system(b.ptr);
	buf_release(&b);
	return rc;
}

static const char *at(const char *rel)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", top, rel);
	return path;
}

static int make_repo(void **state)
{
	(void)state;
	strcpy(top, "/tmp/quire-unit.XXXXXX");
	assert_non_null(mkdtemp(top));
	unsetenv("GIT_DIR");
	setenv("GIT_CONFIG_GLOBAL", at("gitconfig"), 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	return sh("git init -q --bare r.git && git init -q --bare 'a b.git'");
}

static int remove_repo(void **state)
{
	(void)state;
	return sh("rm -rf %s", top);
}

static void check_text(const char *rel, const char *want)
{
	struct buf b = BUF_INIT;

	assert_int_equal(fs_read_file(AT_FDCWD, at(rel), &b, 65536), 0);
	assert_string_equal(b.ptr, want);
	buf_release(&b);
}

static int install(const char *rel, const char *home, const char *program)
{
	struct err e;
	int changed;
	char *dir = strdup(at(rel));
	int rc = hookfile_install(dir, home, program, &changed, &e);

	free(dir);
	if (rc < 0)
		fprintf(stderr, "# %s\n", e.text);
	assert_int_equal(rc, 0);
	return changed;
}

static int removed(const char *rel)
{
	struct err e;
	int changed;

	assert_int_equal(hookfile_remove(at(rel), &changed, &e), 0);
	return changed;
}

static void text_of(struct buf *b, const char *home, const char *program)
{
	struct hookfile hf = { .home = (char *)home };
	struct err e;

	buf_reset(b);
	assert_int_equal(hookfile_add_text(b, &hf, program, &e), 0);
}

/* What is written is read again, and sh understands the last line. */
static void odd_paths_survive(void **state)
{
	static const char *const paths[] = { "/usr/bin/quire-push",
		"/opt/my tools/quire-push", "/it's/quire-push",
		"/a\tb/quire-push", "/\"$HOME\"/`x`/\\/quire-push",
		"/caf\xc3\xa9/\xff/quire-push" };
	struct buf text = BUF_INIT;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct hookfile hf;

		text_of(&text, paths[i], paths[i]);
		assert_int_equal(!strncmp(text.ptr, "#!/bin/sh\n", 10),
			strpbrk(paths[i], " \t") != NULL);
		assert_int_equal(fs_replace_file(AT_FDCWD, at("hook"), text.ptr,
					 text.len, 0755),
			0);
		assert_int_equal(hookfile_read(&hf, at("hook"), &e), 1);
		assert_string_equal(hf.home, paths[i]);
		assert_string_equal(hf.program, paths[i]);
		assert_null(hf.chain);
		hookfile_release(&hf);

		/* the last line alone, with echo for exec */
		assert_int_equal(sh("sed -n '$s/^exec/printf %%s/p' hook "
				    ">line && sed -i 's/ \"$0\".*//' line && "
				    "sh line >out"),
			0);
		check_text("out", paths[i]);
	}
	buf_release(&text);
}

static void long_programs_go_through_sh(void **state)
{
	struct buf text = BUF_INIT;
	char program[300];

	(void)state;
	memset(program, 'x', sizeof(program));
	program[0] = '/';
	program[250] = '\0';
	text_of(&text, "/h", program);
	assert_int_equal(text.ptr[2], '/');
	assert_int_equal(text.ptr[3], 'x');
	program[250] = 'x';
	program[251] = '\0';
	text_of(&text, "/h", program);
	assert_int_equal(strncmp(text.ptr, "#!/bin/sh\n", 10), 0);
	buf_release(&text);
}

static void line_breaks_are_refused(void **state)
{
	struct hookfile hf = { .home = "/a\nb" };
	struct buf text = BUF_INIT;
	struct err e;

	(void)state;
	assert_int_equal(hookfile_add_text(&text, &hf, "/p", &e), -1);
	hf.home = "/a";
	assert_int_equal(hookfile_add_text(&text, &hf, "/p\n", &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	buf_release(&text);
}

static void only_ours_is_ours(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
		{ "", 0 },
		{ "#!/bin/sh\n", 0 },
		{ "#!/bin/sh\n# home /x\n", 0 },
		{ "#!/bin/sh\n# quire hook 1\n# home /x\n", 1 },
		{ "#!/bin/sh\n# quire hook 1\n# home /x", 1 },
		{ "#!/bin/sh\n# quire hook 12\n# home /x\n", 0 },
		{ "#!/bin/sh\n# quire hook 1\n", -1 },
		{ "#!/bin/sh\n# quire hook 1\n# home rel\n", -1 },
		{ "#!/bin/sh\n# quire hook 1\nexit\n# home /x\n", -1 },
		{ "#!/bin/sh\n# quire hook 1\n# home /x\n# chain ../x\n", -1 },
		{ "#!/bin/sh\n# quire hook 1\n# home /x\n# chain \n", -1 },
	};
	struct hookfile hf;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(
			fs_replace_file(AT_FDCWD, at("hook"), cases[i].text,
				strlen(cases[i].text), 0755),
			0);
		assert_int_equal(
			hookfile_read(&hf, at("hook"), &e), cases[i].rc);
		if (cases[i].rc < 0)
			assert_int_equal(e.status, EXIT_INTERNAL);
		hookfile_release(&hf);
	}
	assert_int_equal(hookfile_read(&hf, at("no hook"), &e), 0);
	assert_int_equal(hookfile_read(&hf, at("r.git"), &e), -1);
}

static void twice_is_once(void **state)
{
	(void)state;
	assert_true(install("r.git", "/var/quire", PROGRAM));
	check_text("r.git/hooks/post-receive", PLAIN);
	assert_int_equal(sh("test -x r.git/hooks/post-receive"), 0);
	assert_int_equal(sh("test \"$(git -C r.git config "
			    "receive.advertisePushOptions)\" = true"),
		0);
	assert_false(install("r.git", "/var/quire", PROGRAM));
	assert_int_equal(sh("ls r.git/hooks | grep -q before"), 256);

	/* a new home or program is a refresh */
	assert_true(install("r.git", "/srv/q", PROGRAM));
	assert_true(install("r.git", "/var/quire", PROGRAM));
	assert_int_equal(sh("chmod -x r.git/hooks/post-receive"), 0);
	assert_true(install("r.git", "/var/quire", PROGRAM));
	assert_int_equal(sh("test -x r.git/hooks/post-receive"), 0);

	assert_true(removed("r.git"));
	assert_false(removed("r.git"));
	assert_int_equal(sh("! test -e r.git/hooks/post-receive"), 0);
	assert_int_equal(
		sh("! git -C r.git config receive.advertisePushOptions"), 0);
}

static void what_was_configured_stays(void **state)
{
	(void)state;
	sh("git -C r.git config receive.advertisePushOptions false");
	assert_true(install("r.git", "/var/quire", PROGRAM));
	assert_true(removed("r.git"));
	assert_int_equal(sh("test \"$(git -C r.git config "
			    "receive.advertisePushOptions)\" = false"),
		0);
	sh("git -C r.git config --unset receive.advertisePushOptions");
}

static void an_old_hook_is_kept(void **state)
{
	(void)state;
	sh("echo old >r.git/hooks/post-receive && "
	   "chmod 640 r.git/hooks/post-receive");
	assert_true(install("r.git", "/var/quire", PROGRAM));
	assert_int_equal(sh("grep -q '^# chain post-receive.before-quire$' "
			    "r.git/hooks/post-receive"),
		0);
	check_text("r.git/hooks/post-receive.before-quire", "old\n");
	assert_false(install("r.git", "/var/quire", PROGRAM));
	assert_true(install("r.git", "/srv/q", PROGRAM));
	check_text("r.git/hooks/post-receive.before-quire", "old\n");
	assert_true(removed("r.git"));
	check_text("r.git/hooks/post-receive", "old\n");
	assert_int_equal(sh("test \"$(stat -c %%a r.git/hooks/post-receive)\" "
			    "= 640 && ! ls r.git/hooks | grep before"),
		0);
	/* another's hook is not ours to remove */
	assert_false(removed("r.git"));
	check_text("r.git/hooks/post-receive", "old\n");
	sh("rm r.git/hooks/post-receive");
}

static void a_linked_hook_is_kept_as_link(void **state)
{
	(void)state;
	sh("echo real >r.git/hooks/real && "
	   "ln -s real r.git/hooks/post-receive");
	assert_true(install("r.git", "/var/quire", PROGRAM));
	check_text("r.git/hooks/real", "real\n");
	assert_int_equal(sh("test -f r.git/hooks/post-receive -a "
			    "! -L r.git/hooks/post-receive"),
		0);
	assert_true(removed("r.git"));
	assert_int_equal(
		sh("test \"$(readlink r.git/hooks/post-receive)\" = real"), 0);
	sh("rm r.git/hooks/post-receive && "
	   "ln -s /nonexistent r.git/hooks/post-receive");
	assert_true(install("r.git", "/var/quire", PROGRAM));
	assert_true(removed("r.git"));
	assert_int_equal(sh("test -L r.git/hooks/post-receive"), 0);
	sh("rm r.git/hooks/*");
}

/* Killed between any two steps, the next installation finishes it. */
static void half_made_is_finished(void **state)
{
	(void)state;
	/* both names for the old hook */
	sh("echo old >r.git/hooks/post-receive && cd r.git/hooks && "
	   "ln post-receive post-receive.before-quire");
	assert_true(install("r.git", "/var/quire", PROGRAM));
	check_text("r.git/hooks/post-receive.before-quire", "old\n");
	assert_true(removed("r.git"));
	check_text("r.git/hooks/post-receive", "old\n");

	/* only the second name, where there are no hard links */
	sh("cd r.git/hooks && mv post-receive post-receive.before-quire");
	assert_true(install("r.git", "/var/quire", PROGRAM));
	assert_true(removed("r.git"));
	check_text("r.git/hooks/post-receive", "old\n");

	/* ours, damaged */
	assert_true(install("r.git", "/var/quire", PROGRAM));
	sh("sed -i '/^# [hc]/d' r.git/hooks/post-receive");
	assert_true(install("r.git", "/var/quire", PROGRAM));
	assert_true(removed("r.git"));
	check_text("r.git/hooks/post-receive", "old\n");
	sh("rm r.git/hooks/*; "
	   "git -C r.git config --unset receive.advertisePushOptions");
}

static void two_old_hooks_are_refused(void **state)
{
	struct err e;
	int changed;

	(void)state;
	sh("cd r.git/hooks && echo a >post-receive && "
	   "echo b >post-receive.before-quire");
	assert_int_equal(hookfile_install(at("r.git"), "/var/quire", PROGRAM,
				 &changed, &e),
		-1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_false(changed);
	check_text("r.git/hooks/post-receive", "a\n");
	check_text("r.git/hooks/post-receive.before-quire", "b\n");
	sh("rm r.git/hooks/* && mkdir r.git/hooks/post-receive");
	assert_int_equal(hookfile_install(at("r.git"), "/var/quire", PROGRAM,
				 &changed, &e),
		-1);
	assert_non_null(strstr(e.text, "folder"));
	sh("rmdir r.git/hooks/post-receive");
}

static void the_folder_is_where_git_says(void **state)
{
	struct err e;
	int changed;

	(void)state;
	sh("rm -r 'a b.git/hooks'");
	assert_false(removed("a b.git"));
	assert_true(install("a b.git", "/var/quire", PROGRAM));
	assert_int_equal(sh("test -x 'a b.git/hooks/post-receive'"), 0);
	assert_true(removed("a b.git"));

	sh("git -C 'a b.git' config core.hooksPath my/hooks");
	assert_true(install("a b.git", "/var/quire", PROGRAM));
	assert_int_equal(sh("test -x 'a b.git/my/hooks/post-receive'"), 0);
	assert_true(removed("a b.git"));

	/* shared: by an absolute path, a path upwards, a link */
	static const char *const shared[] = {
		"mkdir all; git -C 'a b.git' config core.hooksPath $PWD/all",
		"git -C 'a b.git' config core.hooksPath ../all",
		"git -C 'a b.git' config core.hooksPath my/../../new",
		"git -C 'a b.git' config --unset core.hooksPath && "
		"rm -rf 'a b.git/hooks' && ln -s ../all 'a b.git/hooks'",
		"rm 'a b.git/hooks'; "
		"git config --file gitconfig core.hooksPath $PWD/all",
	};
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++) {
		assert_int_equal(sh("%s", shared[i]), 0);
		assert_int_equal(hookfile_install(at("a b.git"), "/var/quire",
					 PROGRAM, &changed, &e),
			-1);
		assert_int_equal(e.status, EXIT_USAGE);
		assert_non_null(
			strstr(e.text, "'" PROGRAM "' --home '/var/quire'"));
		assert_false(removed("a b.git"));
	}
	assert_int_equal(sh("test -z \"$(ls all)\" && ! test -e new"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_paths_survive),
		cmocka_unit_test(long_programs_go_through_sh),
		cmocka_unit_test(line_breaks_are_refused),
		cmocka_unit_test(only_ours_is_ours),
		cmocka_unit_test(twice_is_once),
		cmocka_unit_test(what_was_configured_stays),
		cmocka_unit_test(an_old_hook_is_kept),
		cmocka_unit_test(a_linked_hook_is_kept_as_link),
		cmocka_unit_test(half_made_is_finished),
		cmocka_unit_test(two_old_hooks_are_refused),
		cmocka_unit_test(the_folder_is_where_git_says),
	};

	return cmocka_run_group_tests(tests, make_repo, remove_repo);
}
