/* Walks of trees that are deep, wide, closed, and moved meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fs_walk.h"
#include "root.h"

static int top = -1;

static int setup(void **state)
{
	if (root_make(state) < 0)
		return -1;
	top = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return top < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	close(top);
	return root_remove(state);
}

static int make_folder(int at, const char *name)
{
	assert_int_equal(mkdirat(at, name, 0755), 0);
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void make_files(int at, int n)
{
	char name[16];

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		int fd = openat(at, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		assert_true(fd >= 0);
		close(fd);
	}
}

/* So many folders, each in the one before, with side folders and files. */
static void make_tree(int levels, int sides, int files)
{
	char long_name[251], name[16];
	int at = dup(top);

	memset(long_name, 'x', 250);
	long_name[250] = '\0';
	for (int i = 0; i < levels; i++) {
		make_files(at, files);
		for (int k = 0; k < sides; k++) {
			snprintf(name, sizeof(name), "side%d", k);
			int side = make_folder(at, name);
			make_files(side, 1);
			close(side);
		}
		int below = make_folder(at, long_name);
		close(at);
		at = below;
	}
	close(at);
}

struct counts {
	int files, folders, left;
	size_t deepest, bytes;
};

static size_t in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static struct counts walk_all(void)
{
	struct counts c = { 0 };
	size_t before = in_use();
	struct fs_walk w;
	int what;

	assert_int_equal(fs_walk_open(&w, top, 0), 0);
	while ((what = fs_walk_next(&w)) > 0) {
		if (what == FS_WALK_LEFT) {
			c.left++;
		} else if (S_ISDIR(w.st.st_mode)) {
			c.folders++;
			assert_int_equal(fs_walk_enter(&w), 0);
		} else {
			c.files++;
		}
		if (w.n > c.deepest)
			c.deepest = w.n;
		if (in_use() - before > c.bytes)
			c.bytes = in_use() - before;
	}
	assert_int_equal(what, FS_WALK_END);
	assert_int_equal(fs_walk_next(&w), FS_WALK_END);
	fs_walk_close(&w);
	return c;
}

static void each_entry_is_met_once_however_deep(void **state)
{
	struct rlimit was, few;

	(void)state;
	make_tree(150, 3, 20);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few = was;
	few.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	struct counts c = walk_all();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(c.files, 150 * 23);
	assert_int_equal(c.folders, 150 * 4);
	assert_int_equal(c.left, 150 * 4);
	assert_int_equal(c.deepest, 151);
}

/* What readdir(3) reads ahead, for so many open folders; and no list. */
static void it_needs_little_memory(void **state)
{
	(void)state;
	make_tree(1, 2000, 10000);
	struct counts wide = walk_all();
	assert_int_equal(wide.folders, 2001);
	assert_true(wide.bytes < 3 * 40000);
}

static void names_are_kept_where_they_are_wanted(void **state)
{
	struct buf said = BUF_INIT;
	struct fs_walk w;
	int what;

	(void)state;
	put("/a/b/c/file", "");
	assert_int_equal(fs_walk_open(&w, top, 2), 0);
	while ((what = fs_walk_next(&w)) > 0)
		if (what == FS_WALK_LEFT)
			buf_addf(&said, "-%s", w.name ? w.name : "?");
		else if (S_ISDIR(w.st.st_mode))
			assert_int_equal(fs_walk_enter(&w), 0);
	fs_walk_close(&w);
	assert_string_equal(said.ptr, "-?-b-a");
	buf_release(&said);
}

static void a_link_is_not_entered(void **state)
{
	struct fs_walk w;

	(void)state;
	assert_int_equal(symlinkat("/", top, "link"), 0);
	assert_int_equal(fs_walk_open(&w, top, 0), 0);
	assert_int_equal(fs_walk_next(&w), FS_WALK_ENTRY);
	assert_true(S_ISLNK(w.st.st_mode));
	assert_int_equal(fs_walk_enter(&w), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fs_walk_next(&w), FS_WALK_END);
	fs_walk_close(&w);
}

/* /proc is of another. */
static void no_other_file_system_is_entered(void **state)
{
	struct fs_walk w;
	int what, met = 0;

	(void)state;
	int slash = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(slash >= 0);
	assert_int_equal(fs_walk_open(&w, slash, 0), 0);
	while ((what = fs_walk_next(&w)) > 0) {
		if (strcmp(w.name, "proc") != 0)
			continue;
		met = 1;
		assert_int_equal(fs_walk_enter(&w), -1);
		assert_int_equal(errno, EXDEV);
	}
	assert_int_equal(what, FS_WALK_END);
	assert_int_equal(met, 1);
	fs_walk_close(&w);
	close(slash);
}

/* A folder in which it is goes elsewhere: what is there now is not walked. */
static void it_does_not_follow_what_is_moved(void **state)
{
	struct fs_walk w;
	int what, above = 0;

	(void)state;
	put("/else/where/file", "");
	make_tree(60, 0, 0);
	assert_int_equal(unlinkat(top, "else/where/file", 0), 0);
	assert_int_equal(fs_walk_open(&w, top, 0), 0);
	while (w.n < 61 && (what = fs_walk_next(&w)) > 0)
		if (what == FS_WALK_ENTRY && S_ISDIR(w.st.st_mode) &&
			w.name[0] == 'x')
			assert_int_equal(fs_walk_enter(&w), 0);
	assert_int_equal(w.n, 61);
	/* the one at level 10 */
	char name[251];
	int at = dup(top);
	memset(name, 'x', 250);
	name[250] = '\0';
	for (int i = 0; i < 9; i++) {
		int below = openat(at, name, O_RDONLY | O_DIRECTORY);
		assert_true(below >= 0);
		close(at);
		at = below;
	}
	assert_int_equal(renameat(at, name, top, "else/where/x"), 0);
	close(at);
	while ((what = fs_walk_next(&w)) > 0)
		above += w.n < 10;
	assert_int_equal(what, -1);
	assert_int_equal(errno, ESTALE);
	assert_int_equal(above, 0);
	fs_walk_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_entry_is_met_once_however_deep, setup, teardown),
		cmocka_unit_test_setup_teardown(
			it_needs_little_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(
			names_are_kept_where_they_are_wanted, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_link_is_not_entered, setup, teardown),
		cmocka_unit_test_setup_teardown(
			no_other_file_system_is_entered, setup, teardown),
		cmocka_unit_test_setup_teardown(
			it_does_not_follow_what_is_moved, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
