#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/home.h"

static char dir_path[] = "/tmp/quire-test-home.XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	return mkdtemp(dir_path) && chdir(dir_path) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	(void)state;
	return chdir("/") < 0 ? -1 : fs_remove_tree(AT_FDCWD, dir_path);
}

static void assert_refused(
	const char *path, int status, const char *want, const char *more)
{
	struct home h;
	struct err e = { 0 };

	assert_int_equal(home_open(&h, path, &e), -1);
	assert_int_equal(e.status, status);
	if (!strstr(e.text, want) || !strstr(e.text, more))
		fail_msg("%s", e.text);
	home_close(&h); /* safe after a failure */
}

static void the_path_becomes_absolute(void **state)
{
	struct home h;
	struct stat st;
	char want[100];

	(void)state;
	assert_int_equal(mkdir("h", 0750), 0);
	snprintf(want, sizeof(want), "%s/h", dir_path);
	assert_int_equal(home_open(&h, "h", NULL), 0);
	assert_string_equal(h.path, want);
	assert_int_equal(stat("h", &st), 0);
	assert_int_equal(h.ino, st.st_ino);
	assert_int_equal(h.dev, st.st_dev);
	assert_int_equal(h.owner, st.st_uid);
	assert_int_equal(fcntl(h.fd, F_GETFD), FD_CLOEXEC);
	home_close(&h);
	assert_null(h.path);

	snprintf(want, sizeof(want), "%s/h//", dir_path);
	assert_int_equal(home_open(&h, want, NULL), 0);
	assert_int_equal(strlen(h.path), strlen(want) - 2);
	home_close(&h);
}

static void the_environment_names_it(void **state)
{
	struct home h;
	char path[100];

	(void)state;
	snprintf(path, sizeof(path), "%s/e", dir_path);
	assert_int_equal(mkdir(path, 0750), 0);
	assert_int_equal(setenv("QUIRE_HOME", path, 1), 0);
	assert_int_equal(home_open(&h, NULL, NULL), 0);
	assert_string_equal(h.path, path);
	home_close(&h);
	/* an argument beats it */
	assert_int_equal(home_open(&h, "/", NULL), 0);
	assert_string_equal(h.path, "/");
	home_close(&h);

	assert_int_equal(setenv("QUIRE_HOME", "e", 1), 0);
	assert_refused(NULL, EXIT_USAGE, "QUIRE_HOME is 'e'", "absolute");
	assert_int_equal(unsetenv("QUIRE_HOME"), 0);
}

static void what_is_wrong_is_said(void **state)
{
	char path[100];

	(void)state;
	snprintf(path, sizeof(path), "%s/none", dir_path);
	assert_refused(path, EXIT_INTERNAL, path,
		": no such home; make one with: quire init");
	assert_refused("none", EXIT_INTERNAL, "none", "quire init");
	close(open("file", O_WRONLY | O_CREAT, 0600));
	assert_refused("file", EXIT_INTERNAL, "file", "none");
	assert_refused("", EXIT_USAGE, "empty", "");
}

static void who_may_not_enter_is_told(void **state)
{
	int status;

	(void)state;
	assert_int_equal(mkdir("closed", 0), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct home h;
		struct err e = { 0 };

		if (geteuid() == 0 && (chmod(".", 0755) < 0 || setuid(65534)))
			_exit(1);
		if (home_open(&h, "closed", &e) != -1)
			_exit(2);
		_exit(e.status == EXIT_BUSY && strstr(e.text, "uid") ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void only_the_owner_dispatches(void **state)
{
	struct home h;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(home_open(&h, dir_path, NULL), 0);
	assert_true(home_is_owner(&h));
	assert_int_equal(home_need_owner(&h, &e), 0);
	h.owner = geteuid() ? 0 : 1;
	assert_false(home_is_owner(&h));
	assert_int_equal(home_need_owner(&h, &e), -1);
	assert_int_equal(e.status, EXIT_BUSY);
	assert_non_null(strstr(e.text, geteuid() ? "root" : "daemon"));
	h.owner = 3999999999U; /* nobody's */
	assert_int_equal(home_need_owner(&h, &e), -1);
	assert_non_null(strstr(e.text, "uid 3999999999"));
	home_close(&h);
}

static void paths_in_it(void **state)
{
	struct home h = { .path = (char *)"/var/quire", .fd = -1 };
	struct buf b = BUF_INIT;

	(void)state;
	home_add(&b, &h, "slots");
	assert_string_equal(b.ptr, "/var/quire/slots");
	buf_reset(&b);
	home_add_run_dir(&b, "work/foo.git", "019a");
	assert_string_equal(b.ptr, "runs/work/foo.git/019a");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_path_becomes_absolute),
		cmocka_unit_test(the_environment_names_it),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(who_may_not_enter_is_told),
		cmocka_unit_test(only_the_owner_dispatches),
		cmocka_unit_test(paths_in_it),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
