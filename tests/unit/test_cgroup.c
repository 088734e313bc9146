/* Which control group is ours, and what its counters say of a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "exec/cgroup.h"
#include "exec/cgroup_own.h"
#include "root.h"

#define NOBODY 65534

static void group_is(const char *text, const char *want)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%s", text);
	const char *group = cgroup_own_group(copy);
	if (want)
		assert_string_equal(group, want);
	else
		assert_null(group);
}

static void test_group(void **state)
{
	(void)state;
	group_is("0::/\n", "/");
	group_is("0::/user.slice/x\n", "/user.slice/x");
	group_is("12:pids:/a\n0::/b\n", "/b");
	/* part of another line is no line */
	group_is("1:name=x:/0::/evil\n", NULL);
	group_is("10::/evil\n0::/good\n", "/good");
	group_is("12:pids:/a\n", NULL);
	group_is("", NULL);
}

static int is_delegated(void)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	int yes = cgroup_is_delegated(root, fd);
	close(fd);
	return yes;
}

static void put_group(void)
{
	put("/cgroup.procs", "1\n");
	put("/cgroup.subtree_control", "");
	put("/cgroup.type", "domain\n");
}

static void test_attribute(void **state)
{
	struct buf type = BUF_INIT;

	(void)state;
	put_group();
	if (setxattr(root, "user.delegate", "1", 1, 0) < 0 &&
		setxattr(root, "trusted.delegate", "1", 1, 0) < 0)
		skip();
	assert_true(is_delegated());
	/* the top of all has no such file, and is nobody's */
	buf_addf(&type, "%s/cgroup.type", root);
	assert_int_equal(unlink(type.ptr), 0);
	assert_false(is_delegated());
	buf_release(&type);
}

static void test_root_may_write_to_all(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	put_group();
	assert_false(is_delegated());
}

static void test_a_users_own(void **state)
{
	static const char *const files[] = { "", "/cgroup.procs",
		"/cgroup.subtree_control", "/cgroup.type" };
	struct stat st;

	(void)state;
	if (geteuid() != 0 || lstat("/run/systemd/system", &st) == 0)
		skip();
	put_group();
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct buf path = BUF_INIT;

		buf_addf(&path, "%s%s", root, files[i]);
		assert_int_equal(chown(path.ptr, NOBODY, NOBODY), 0);
		buf_release(&path);
	}
	assert_int_equal(seteuid(NOBODY), 0);
	int yes = is_delegated();
	assert_int_equal(seteuid(0), 0);
	assert_true(yes);
	/* to be written to by all is not to be given to somebody */
	assert_int_equal(chown(root, 0, 0), 0);
	assert_int_equal(chmod(root, 0777), 0);
	assert_int_equal(seteuid(NOBODY), 0);
	yes = is_delegated();
	assert_int_equal(seteuid(0), 0);
	assert_false(yes);
}

static void test_counts_are_of_a_command(void **state)
{
	struct cgroup c = { .procs_fd = -1, .name = BUF_INIT };

	(void)state;
	c.base_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(c.base_fd >= 0);
	buf_adds(&c.name, "job");
	put("/job/memory.events", "low 0\noom 9\noom_kill 1\n");
	put("/job/pids.events", "max 4\n");
	assert_int_equal(cgroup_oom_kills(&c), 1);
	assert_int_equal(cgroup_refused_forks(&c), 4);
	cgroup_mark(&c);
	assert_int_equal(cgroup_oom_kills(&c), 0);
	assert_int_equal(cgroup_refused_forks(&c), 0);
	put("/job/memory.events", "low 0\noom 9\noom_kill 3\n");
	put("/job/pids.events", "max 5\n");
	assert_int_equal(cgroup_oom_kills(&c), 2);
	assert_int_equal(cgroup_refused_forks(&c), 1);
	close(c.base_fd);
	buf_release(&c.name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group),
		cmocka_unit_test_setup_teardown(
			test_attribute, root_make, root_remove),
		cmocka_unit_test_setup_teardown(
			test_root_may_write_to_all, root_make, root_remove),
		cmocka_unit_test_setup_teardown(
			test_a_users_own, root_make, root_remove),
		cmocka_unit_test_setup_teardown(
			test_counts_are_of_a_command, root_make, root_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
