#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "exec/lock.h"

#define RUN "01890000-0000-7000-8000-000000000001"

static char dir[64];
static struct home home;

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/quire-lock.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	home = (struct home){ .path = dir };
	home.fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return home.fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	close(home.fd);
	return fs_remove_tree(AT_FDCWD, dir);
}

static void slots_are_as_many_as_said(void **state)
{
	int64_t n;
	int a, b, c;
	struct err e;

	(void)state;
	assert_int_equal(slot_take(&home, 2, &n, &a, &e), 1);
	assert_int_equal(n, 1);
	assert_int_equal(slot_take(&home, 2, &n, &b, &e), 1);
	assert_int_equal(n, 2);
	assert_int_equal(slot_take(&home, 2, &n, &c, &e), 0);
	assert_int_equal(slot_take(&home, 3, &n, &c, &e), 1);
	assert_int_equal(n, 3);
	slot_release(a);
	assert_int_equal(slot_take(&home, 2, &n, &a, &e), 1);
	assert_int_equal(n, 1);
	assert_true(fcntl(a, F_GETFD) & FD_CLOEXEC);
	slot_release(a);
	slot_release(b);
	slot_release(c);
	assert_int_equal(slot_take(&home, 0, &n, &a, &e), 0);
}

static void a_slot_survives_its_copies(void **state)
{
	int64_t n;
	int a, copy;
	struct err e;

	(void)state;
	assert_int_equal(slot_take(&home, 1, &n, &a, &e), 1);
	copy = dup(a);
	slot_release(a);
	assert_int_equal(slot_take(&home, 1, &n, &a, &e), 1);
	slot_release(a);
	close(copy);
}

static void a_run_has_one_supervisor(void **state)
{
	int a, b;
	struct err e;

	(void)state;
	assert_int_equal(run_lock_take(&home, "foo.git", RUN, 0, &a, &e), 0);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(a, -1);
	assert_int_equal(run_lock_take(&home, "foo.git", RUN, 1, &a, &e), 1);
	assert_int_equal(run_lock_take(&home, "foo.git", RUN, 1, &b, &e), 0);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(b, -1);
	run_lock_release(a);
	assert_int_equal(run_lock_take(&home, "foo.git", RUN, 0, &b, &e), 1);
	run_lock_release(b);
	assert_int_equal(
		run_lock_take(&home, "work/deep/foo.git", RUN, 1, &b, &e), 1);
	run_lock_release(b);
}

static void a_file_in_the_way_is_the_runs_own_fault(void **state)
{
	char path[128], name[400];
	int fd;
	struct err e;

	(void)state;
	snprintf(path, sizeof(path), "%s/runs", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/runs/foo.git", dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(run_lock_take(&home, "foo.git", RUN, 1, &fd, &e), -1);
	assert_int_equal(e.status, EXIT_INTERNAL);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(run_lock_take(&home, name, RUN, 1, &fd, &e), -1);
	assert_int_equal(e.status, EXIT_INTERNAL);
}

static void runs_that_is_no_folder_is_the_hosts_fault(void **state)
{
	char path[128];
	int fd;
	struct err e;

	(void)state;
	snprintf(path, sizeof(path), "%s/runs", dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(run_lock_take(&home, "foo.git", RUN, 1, &fd, &e), -1);
	assert_int_equal(e.status, EXIT_BUSY);
}

static void a_link_is_not_followed(void **state)
{
	char path[160];
	int fd;
	struct err e;

	(void)state;
	assert_int_equal(run_lock_take(&home, "foo.git", RUN, 1, &fd, &e), 1);
	run_lock_release(fd);
	snprintf(path, sizeof(path), "%s/runs/foo.git/" RUN "/lock", dir);
	unlink(path);
	assert_int_equal(symlink("/tmp/quire-lock-elsewhere", path), 0);
	assert_int_equal(run_lock_take(&home, "foo.git", RUN, 1, &fd, &e), -1);
	assert_int_equal(access("/tmp/quire-lock-elsewhere", F_OK), -1);
}

static void waking_needs_a_reader(void **state)
{
	char path[160], byte;
	int fd;
	struct err e;

	(void)state;
	run_wake(&home, "foo.git", RUN); /* nothing there at all */
	assert_int_equal(run_lock_take(&home, "foo.git", RUN, 1, &fd, &e), 1);
	run_lock_release(fd);
	snprintf(path, sizeof(path), "%s/runs/foo.git/" RUN "/wake", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	run_wake(&home, "foo.git", RUN); /* nobody reads: no SIGPIPE */
	fd = open(path, O_RDWR | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, &byte, 1), -1);
	run_wake(&home, "foo.git", RUN);
	assert_int_equal(read(fd, &byte, 1), 1);
	close(fd);

	unlink(path);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	run_wake(&home, "foo.git", RUN);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(slots_are_as_many_as_said),
		TEST(a_slot_survives_its_copies),
		TEST(a_run_has_one_supervisor),
		TEST(a_file_in_the_way_is_the_runs_own_fault),
		TEST(runs_that_is_no_folder_is_the_hosts_fault),
		TEST(a_link_is_not_followed),
		TEST(waking_needs_a_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
