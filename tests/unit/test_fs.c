#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

/* Each test works in a folder of its own, open as dir; in memory, if there is
 * such a place, for making ten thousand folders on a disk takes seconds. */
static int dir = -1;
static char dir_path[40];

static int enter_folder(void **state)
{
	(void)state;
	snprintf(dir_path, sizeof(dir_path), "/dev/shm/quire-test-fs.XXXXXX");
	if (!mkdtemp(dir_path)) {
		snprintf(dir_path, sizeof(dir_path),
			"/tmp/quire-test-fs.XXXXXX");
		if (!mkdtemp(dir_path))
			return -1;
	}
	dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int leave_folder(void **state)
{
	(void)state;
	close(dir);
	return fs_remove_tree(AT_FDCWD, dir_path);
}

static void make_file(int at, const char *name, const char *content)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, content, strlen(content)), 0);
	close(fd);
}

static void make_folder(int at, const char *name)
{
	assert_int_equal(mkdirat(at, name, 0755), 0);
}

static int is_there(const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void assert_errno(int result, int want)
{
	assert_int_equal(result, -1);
	assert_int_equal(errno, want);
}

static void a_file_is_read_to_its_limit(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	make_file(dir, "f", "0123456789");
	buf_adds(&b, "> ");
	assert_int_equal(fs_read_file(dir, "f", &b, 10), 0);
	assert_string_equal(b.ptr, "> 0123456789");
	assert_errno(fs_read_file(dir, "f", &b, 9), EFBIG);
	assert_string_equal(b.ptr, "> 0123456789");
	make_file(dir, "empty", "");
	assert_int_equal(fs_read_file(dir, "empty", &b, 0), 0);
	assert_string_equal(b.ptr, "> 0123456789");
	buf_release(&b);
}

static void only_regular_files_are_read(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	make_file(dir, "f", "secret");
	assert_int_equal(symlinkat("f", dir, "link"), 0);
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	make_folder(dir, "d");
	assert_errno(fs_read_file(dir, "link", &b, 99), ELOOP);
	assert_errno(fs_read_file(dir, "fifo", &b, 99), EINVAL);
	assert_errno(fs_read_file(dir, "d", &b, 99), EISDIR);
	assert_errno(fs_read_file(dir, "none", &b, 99), ENOENT);
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

static void a_pipe_is_read_to_its_end(void **state)
{
	struct buf b = BUF_INIT;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char block[1000];

		close(ends[0]);
		memset(block, 'x', sizeof(block));
		for (int i = 0; i < 300; i++) {
			if (fs_write_all(ends[1], block, sizeof(block)) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(fs_read_all(ends[0], &b, 300000), 0);
	assert_int_equal(b.len, 300000);
	close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_errno(fs_read_all(-1, &b, 10), EBADF);
	buf_release(&b);
	assert_errno(fs_write_all(-1, "x", 1), EBADF);
}

static void replacing_leaves_the_new_and_nothing_else(void **state)
{
	struct buf b = BUF_INIT;
	struct stat st;

	(void)state;
	make_folder(dir, "d");
	for (int i = 0; i < 3; i++) {
		buf_reset(&b);
		assert_int_equal(
			fs_replace_file(dir, "d/f", "abc", (size_t)i, 0640), 0);
		assert_int_equal(fs_read_file(dir, "d/f", &b, 99), 0);
		assert_int_equal(b.len, i);
	}
	assert_int_equal(fstatat(dir, "d/f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(unlinkat(dir, "d/f", 0), 0);
	assert_int_equal(unlinkat(dir, "d", AT_REMOVEDIR), 0); /* empty */
	buf_release(&b);
}

static void replacing_what_cannot_be_leaves_the_old(void **state)
{
	(void)state;
	make_folder(dir, "d");
	make_folder(dir, "d/f");
	assert_errno(fs_replace_file(dir, "d/f", "x", 1, 0600), EISDIR);
	assert_errno(fs_replace_file(dir, "none/f", "x", 1, 0600), ENOENT);
	assert_int_equal(unlinkat(dir, "d/f", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(dir, "d", AT_REMOVEDIR), 0);
}

static void a_link_in_the_way_is_replaced_not_followed(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	make_file(dir, "victim", "old");
	assert_int_equal(symlinkat("victim", dir, "f"), 0);
	assert_int_equal(fs_replace_file(dir, "f", "new", 3, 0600), 0);
	assert_int_equal(fs_read_file(dir, "victim", &b, 99), 0);
	assert_string_equal(b.ptr, "old");
	buf_release(&b);
}

static void folders_are_made_all_the_way(void **state)
{
	char path[sizeof(dir_path) + 10];

	(void)state;
	assert_int_equal(fs_mkdirs(dir, "a/b/c", 0755), 0);
	assert_int_equal(fs_mkdirs(dir, "a/b/c", 0755), 0);
	assert_int_equal(fs_mkdirs(dir, "a//b/d/", 0755), 0);
	assert_true(is_there("a/b/c"));
	assert_true(is_there("a/b/d"));
	snprintf(path, sizeof(path), "%s/x/y", dir_path);
	assert_int_equal(fs_mkdirs(AT_FDCWD, path, 0755), 0);
	assert_true(is_there("x/y"));

	make_file(dir, "f", "");
	assert_errno(fs_mkdirs(dir, "f", 0755), ENOTDIR);
	assert_errno(fs_mkdirs(dir, "f/a", 0755), ENOTDIR);
	assert_errno(fs_mkdirs(dir, "f/a/b", 0755), ENOTDIR);
	assert_int_equal(symlinkat("a", dir, "link"), 0);
	assert_errno(fs_mkdirs(dir, "link", 0755), ENOTDIR);
	assert_int_equal(fs_mkdirs(dir, "link/e", 0755), 0);
	assert_true(is_there("a/e"));
}

static void folders_are_opened_by_any_name_or_by_their_own(void **state)
{
	int entries = 0;
	DIR *d;

	(void)state;
	make_folder(dir, "a");
	make_file(dir, "a/f", "");
	assert_int_equal(symlinkat("a", dir, "link"), 0);
	d = fs_opendir(dir, "link", 0);
	assert_non_null(d);
	assert_int_equal(fcntl(dirfd(d), F_GETFD), FD_CLOEXEC);
	while (readdir(d))
		entries++;
	assert_int_equal(entries, 3); /* with . and .. */
	closedir(d);
	assert_null(fs_opendir(dir, "link", O_NOFOLLOW));
	assert_int_equal(errno, ENOTDIR);
	assert_null(fs_opendir(dir, "a/f", 0));
	assert_int_equal(errno, ENOTDIR);
	assert_null(fs_opendir(dir, "none", 0));
	assert_int_equal(errno, ENOENT);
}

static void files_and_folders_are_synced(void **state)
{
	(void)state;
	make_folder(dir, "a");
	make_file(dir, "a/f", "");
	assert_int_equal(fs_sync(dir, "a"), 0);
	assert_int_equal(fs_sync(dir, "a/f"), 0);
	assert_errno(fs_sync(dir, "none"), ENOENT);
}

static void flags_are_set_and_cleared(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fs_set_cloexec(ends[0], 1), 0);
	assert_int_equal(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(fs_set_cloexec(ends[0], 0), 0);
	assert_int_equal(fcntl(ends[0], F_GETFD), 0);
	assert_int_equal(fs_set_nonblock(ends[0], 1), 0);
	assert_true(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	assert_int_equal(fs_set_nonblock(ends[0], 0), 0);
	assert_false(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	close(ends[0]);
	close(ends[1]);
	assert_errno(fs_set_cloexec(ends[0], 1), EBADF);
}

static void siblings_are_beside_the_executable(void **state)
{
	struct buf b = BUF_INIT;
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	(void)state;
	assert_true(n > 0);
	exe[n] = '\0';
	assert_int_equal(fs_sibling(&b, strrchr(exe, '/') + 1, NULL), 0);
	assert_string_equal(b.ptr, exe);
	buf_release(&b);
}

static void a_tree_is_removed(void **state)
{
	(void)state;
	make_folder(dir, "t");
	make_folder(dir, "t/a");
	make_folder(dir, "t/a/b");
	make_folder(dir, "t/c");
	make_file(dir, "t/f", "x");
	make_file(dir, "t/a/f", "x");
	make_file(dir, "t/a/b/...", "x");
	assert_int_equal(mkfifoat(dir, "t/c/fifo", 0), 0);
	assert_int_equal(symlinkat("/none", dir, "t/dangling"), 0);
	assert_int_equal(fs_remove_tree(dir, "t"), 0);
	assert_false(is_there("t"));
	assert_int_equal(fs_remove_tree(dir, "t"), 0);
	assert_int_equal(fs_remove_tree(dir, "none/at/all"), 0);
}

static void single_entries_go_too(void **state)
{
	(void)state;
	make_file(dir, "f", "x");
	make_folder(dir, "d");
	make_file(dir, "d/f", "x");
	assert_int_equal(symlinkat("d", dir, "link"), 0);
	assert_int_equal(fs_remove_tree(dir, "f"), 0);
	assert_int_equal(fs_remove_tree(dir, "link"), 0);
	assert_false(is_there("f"));
	assert_false(is_there("link"));
	assert_true(is_there("d/f"));
}

static void a_path_names_its_last_component(void **state)
{
	char path[sizeof(dir_path) + 10];

	(void)state;
	make_folder(dir, "a");
	make_folder(dir, "a/b");
	make_folder(dir, "a/b/c");
	assert_int_equal(fs_remove_tree(dir, "a/b"), 0);
	assert_true(is_there("a"));
	assert_false(is_there("a/b"));
	snprintf(path, sizeof(path), "%s/a", dir_path);
	assert_int_equal(fs_remove_tree(AT_FDCWD, path), 0);
	assert_false(is_there("a"));

	assert_errno(fs_remove_tree(dir, ""), EINVAL);
	assert_errno(fs_remove_tree(dir, "."), EINVAL);
	assert_errno(fs_remove_tree(dir, ".."), EINVAL);
	assert_errno(fs_remove_tree(dir, "a/.."), EINVAL);
	assert_errno(fs_remove_tree(dir, "a/"), EINVAL);
}

static void links_are_not_crossed(void **state)
{
	(void)state;
	make_folder(dir, "outside");
	make_file(dir, "outside/f", "x");
	make_folder(dir, "t");
	assert_int_equal(symlinkat("../outside", dir, "t/link"), 0);
	assert_int_equal(fs_remove_tree(dir, "t"), 0);
	assert_true(is_there("outside/f"));
}

static void many_entries_of_both_kinds(void **state)
{
	char name[32];

	(void)state;
	make_folder(dir, "t");
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "t/%s%d", i % 3 ? "f" : "d", i);
		if (i % 3)
			make_file(dir, name, "");
		else
			make_folder(dir, name);
	}
	assert_int_equal(fs_remove_tree(dir, "t"), 0);
	assert_false(is_there("t"));
}

/*
 * A chain of folders, each with a file and a sister. Made from its end: the
 * chain so far moves into a new folder, for work in great depth is slow.
 */
static void make_deep(int depth)
{
	make_folder(dir, "t");
	for (int i = 0; i < depth; i++) {
		make_folder(dir, "above");
		make_file(dir, "above/f", "");
		make_folder(dir, i % 2 ? "above/a" : "above/z");
		assert_int_equal(renameat(dir, "t", dir, "above/deep"), 0);
		assert_int_equal(renameat(dir, "above", dir, "t"), 0);
	}
}

static void depth_costs_no_descriptors_and_no_stack(void **state)
{
	struct rlimit files, stack, old_files, old_stack;

	(void)state;
	make_deep(10000);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old_files), 0);
	assert_int_equal(getrlimit(RLIMIT_STACK, &old_stack), 0);
	files = old_files;
	files.rlim_cur = 48;
	stack = old_stack;
	stack.rlim_cur = 256 * 1024;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	assert_int_equal(setrlimit(RLIMIT_STACK, &stack), 0);
	int result = fs_remove_tree(dir, "t");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old_files), 0);
	assert_int_equal(setrlimit(RLIMIT_STACK, &old_stack), 0);
	assert_int_equal(result, 0);
	assert_false(is_there("t"));
}

/* In a child, as another user if we are root: root may do anything. */
static void as_nobody(int (*test)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 &&
			(fchown(dir, 65534, 65534) < 0 || setgid(65534) < 0 ||
				setuid(65534) < 0))
			_exit(99);
		_exit(test());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define CHILD_CHECK(what)                         \
	do {                                      \
		if (!(what))                      \
			return __LINE__ % 90 + 1; \
	} while (0)

static int remove_without_permissions(void)
{
	static const mode_t modes[] = { 0, 0111, 0222, 0333, 0444, 0555, 0666 };
	char name[32];

	CHILD_CHECK(mkdirat(dir, "t", 0755) == 0);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		snprintf(name, sizeof(name), "t/%zu/in/er", i);
		CHILD_CHECK(fs_mkdirs(dir, name, 0755) == 0);
		CHILD_CHECK(fchmodat(dir, name, modes[i], 0) == 0);
		snprintf(name, sizeof(name), "t/%zu/in/f", i);
		CHILD_CHECK(mkfifoat(dir, name, 0) == 0);
		snprintf(name, sizeof(name), "t/%zu/in", i);
		CHILD_CHECK(fchmodat(dir, name, modes[i], 0) == 0);
		snprintf(name, sizeof(name), "t/%zu", i);
		CHILD_CHECK(fchmodat(dir, name, modes[i], 0) == 0);
	}
	CHILD_CHECK(fchmodat(dir, "t", 0, 0) == 0);
	CHILD_CHECK(fs_remove_tree(dir, "t") == 0);
	CHILD_CHECK(!is_there("t"));
	return 0;
}

static void permissions_are_no_obstacle(void **state)
{
	(void)state;
	as_nobody(remove_without_permissions);
}

static int remove_deep_without_permissions(void)
{
	char path[600] = "t";

	CHILD_CHECK(mkdirat(dir, "t", 0755) == 0);
	for (int i = 0; i < 100; i++) {
		strncat(path, "/d", sizeof(path) - strlen(path) - 1);
		CHILD_CHECK(mkdirat(dir, path, 0755) == 0);
	}
	for (int i = 0; i < 101; i++) {
		/* readable, but neither its entries nor ".." can be reached */
		CHILD_CHECK(fchmodat(dir, path, 0444, 0) == 0);
		char *slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	}
	CHILD_CHECK(fs_remove_tree(dir, "t") == 0);
	CHILD_CHECK(!is_there("t"));
	return 0;
}

static void nor_are_they_where_descriptors_were_saved(void **state)
{
	(void)state;
	as_nobody(remove_deep_without_permissions);
}

static int remove_around_a_mount(void)
{
	char from[sizeof(dir_path) + 20], to[sizeof(dir_path) + 20];

	snprintf(from, sizeof(from), "%s/outside", dir_path);
	snprintf(to, sizeof(to), "%s/t/a/mnt", dir_path);
	CHILD_CHECK(unshare(CLONE_NEWNS) == 0);
	/* dir is still of the other namespace, where nothing gets mounted */
	dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHILD_CHECK(dir >= 0);
	CHILD_CHECK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	/* a bind mount has the device number of the tree around it */
	CHILD_CHECK(mount(from, to, NULL, MS_BIND, NULL) == 0);
	CHILD_CHECK(fs_remove_tree(dir, "t") == -1);
	CHILD_CHECK(errno == EXDEV);
	CHILD_CHECK(is_there("outside/f"));
	CHILD_CHECK(is_there("t/a/mnt"));
	CHILD_CHECK(!is_there("t/f")); /* it went on with the others */
	CHILD_CHECK(!is_there("t/z"));
	CHILD_CHECK(fs_remove_tree(dir, "t/a/mnt") == -1);
	CHILD_CHECK(errno == EXDEV);
	CHILD_CHECK(is_there("outside/f"));
	CHILD_CHECK(umount(to) == 0);
	CHILD_CHECK(fs_remove_tree(dir, "t") == 0);
	return 0;
}

static void mount_points_are_not_crossed(void **state)
{
	int status;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root may mount */
	make_folder(dir, "outside");
	make_file(dir, "outside/f", "x");
	assert_int_equal(fs_mkdirs(dir, "t/a/mnt", 0755), 0);
	assert_int_equal(fs_mkdirs(dir, "t/z", 0755), 0);
	make_file(dir, "t/f", "");
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(remove_around_a_mount());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(is_there("outside/f"));
}

static int opens_unlinked(const char *path)
{
	int fd = fs_open_unlinked(dir, path, O_RDONLY);

	if (fd < 0)
		return 0;
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	return 1;
}

static void links_are_followed_nowhere(void **state)
{
	(void)state;
	assert_int_equal(fs_mkdirs(dir, "a/b", 0755), 0);
	int fd = openat(dir, "a/b/file", O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(symlinkat("b", dir, "a/link"), 0);
	assert_int_equal(symlinkat("a/b/file", dir, "last"), 0);

	assert_true(opens_unlinked("a/b/file"));
	assert_true(opens_unlinked("a/b"));
	assert_true(opens_unlinked("a"));
	assert_false(opens_unlinked("a/link/file"));
	assert_false(opens_unlinked("a/link"));
	assert_false(opens_unlinked("last"));
	assert_false(opens_unlinked("a/c"));
	assert_false(opens_unlinked("../"));
	assert_false(opens_unlinked(dir_path));
}

#define FS_TEST(f) \
	cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FS_TEST(a_file_is_read_to_its_limit),
		FS_TEST(only_regular_files_are_read),
		FS_TEST(a_pipe_is_read_to_its_end),
		FS_TEST(replacing_leaves_the_new_and_nothing_else),
		FS_TEST(replacing_what_cannot_be_leaves_the_old),
		FS_TEST(a_link_in_the_way_is_replaced_not_followed),
		FS_TEST(folders_are_made_all_the_way),
		FS_TEST(folders_are_opened_by_any_name_or_by_their_own),
		FS_TEST(files_and_folders_are_synced),
		FS_TEST(flags_are_set_and_cleared),
		FS_TEST(siblings_are_beside_the_executable),
		FS_TEST(a_tree_is_removed),
		FS_TEST(single_entries_go_too),
		FS_TEST(a_path_names_its_last_component),
		FS_TEST(links_are_not_crossed),
		FS_TEST(many_entries_of_both_kinds),
		FS_TEST(depth_costs_no_descriptors_and_no_stack),
		FS_TEST(permissions_are_no_obstacle),
		FS_TEST(nor_are_they_where_descriptors_were_saved),
		FS_TEST(mount_points_are_not_crossed),
		FS_TEST(links_are_followed_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
