/* Keeping artifacts while somebody else moves what is walked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "exec/artifact.h"
#include "root.h"

#define ROUNDS 3000

struct scene {
	int workspace, run_dir;
	int end;
	int kept;
};

static int open_folder(const char *name)
{
	struct buf path = BUF_INIT;

	buf_addf(&path, "%s/%s", root, name);
	int fd = open(path.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	buf_release(&path);
	return fd;
}

static void open_scene(struct scene *s)
{
	put("/w/d/f", "inside");
	put("/w/file", "inside");
	put("/out/f", "outside");
	put("/r/lock", "");
	*s = (struct scene){ open_folder("w"), open_folder("r"), 0, 0 };
	assert_int_equal(symlinkat("../out", s->workspace, "link"), 0);
	assert_int_equal(symlinkat("../out/f", s->workspace, "linked"), 0);
}

static void close_scene(struct scene *s)
{
	close(s->workspace);
	close(s->run_dir);
}

/* A job that runs beside the one whose artifacts are kept. */
static void *exchange(void *arg)
{
	struct scene *s = arg;

	while (!__atomic_load_n(&s->end, __ATOMIC_RELAXED)) {
		renameat2(s->workspace, "d", s->workspace, "link",
			RENAME_EXCHANGE);
		renameat2(s->workspace, "file", s->workspace, "linked",
			RENAME_EXCHANGE);
	}
	return NULL;
}

static void count(void *arg, const char *path, int64_t size)
{
	struct scene *s = arg;

	(void)path;
	assert_int_equal(size, 6);
	s->kept++;
}

/* What is kept is read; "outside" is not among it. */
static void assert_inside(const struct scene *s, const char *path)
{
	char text[16] = "";
	int fd = artifact_open(s->run_dir, path);

	if (fd < 0)
		return;
	assert_int_equal(read(fd, text, sizeof(text) - 1), 6);
	assert_string_equal(text, "inside");
	close(fd);
}

static void nothing_leads_out(void **state)
{
	struct strv globs = STRV_INIT;
	struct buf unmatched = BUF_INIT;
	struct scene s;
	pthread_t other;
	struct err e;

	(void)state;
	open_scene(&s);
	strv_push(&globs, "*/f");
	strv_push(&globs, "file*");
	strv_push(&globs, "link*");
	struct artifact_keep k = { .globs = &globs,
		.workspace_fd = s.workspace,
		.run_dir_fd = s.run_dir,
		.kept = count,
		.arg = &s };
	assert_int_equal(pthread_create(&other, NULL, exchange, &s), 0);
	for (int i = 0; i < ROUNDS; i++) {
		if (artifact_keep(&k, &unmatched, &e) < 0)
			fail_msg("%s", e.text);
		assert_inside(&s, "d/f");
		assert_inside(&s, "link/f");
		assert_inside(&s, "file");
		assert_inside(&s, "linked");
	}
	__atomic_store_n(&s.end, 1, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	assert_true(s.kept > 0);
	strv_release(&globs);
	buf_release(&unmatched);
	close_scene(&s);
}

static int stop_at_once(void *arg)
{
	(void)arg;
	return 1;
}

static void a_stop_keeps_nothing(void **state)
{
	struct strv globs = STRV_INIT;
	struct buf unmatched = BUF_INIT;
	struct scene s;
	struct err e;

	(void)state;
	open_scene(&s);
	strv_push(&globs, "**");
	struct artifact_keep k = { .globs = &globs,
		.workspace_fd = s.workspace,
		.run_dir_fd = s.run_dir,
		.stopped = stop_at_once,
		.kept = count,
		.arg = &s };
	assert_int_equal(artifact_keep(&k, &unmatched, &e), 0);
	assert_int_equal(s.kept, 0);
	assert_int_equal(unmatched.len, 0);
	strv_release(&globs);
	close_scene(&s);
}

static void only_files_below_are_opened(void **state)
{
	static const char *const paths[] = { "", ".", "..", "../lock", "d/../f",
		"/etc/passwd", "d//f", "d/", "d", "link", "link/f" };
	struct scene s;

	(void)state;
	open_scene(&s);
	put("/r/artifacts/d/f", "inside");
	assert_int_equal(
		symlinkat("../../out", s.run_dir, "artifacts/link"), 0);
	int fd = artifact_open(s.run_dir, "d/f");
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (artifact_open(s.run_dir, paths[i]) >= 0)
			fail_msg("'%s'", paths[i]);
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			nothing_leads_out, root_make, root_remove),
		cmocka_unit_test_setup_teardown(
			a_stop_keeps_nothing, root_make, root_remove),
		cmocka_unit_test_setup_teardown(
			only_files_below_are_opened, root_make, root_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
