/*
 * lay_out - what quire-run does to make a workspace, and nothing else, for
 * workspace.sh.
 *
 *	lay_out GIT_DIR SHA DIR           once, in DIR
 *	lay_out GIT_DIR SHA HOME COUNT    as COUNT runs in a row, each removed
 *
 * With COUNT it prints the milliseconds of each run: of laying out, and of
 * removing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/home.h"
#include "base/id.h"
#include "exec/lock.h"
#include "exec/workspace.h"

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int one_run(const struct home *h, const char *git_dir, const char *sha,
	unsigned *counter, struct err *e)
{
	struct buf rel = BUF_INIT, path = BUF_INIT;
	char id[ID_SIZE];
	double start, made;
	int lock;

	id_new(id, clock_now_ms(), counter);
	if (run_lock_take(h, "bench.git", id, 1, &lock, e) != 1)
		return -1;
	home_add_run_dir(&rel, "bench.git", id);
	home_add(&path, h, rel.ptr);
	buf_adds(&path, "/workspace");

	start = now_ms();
	int failed = workspace_lay_out(git_dir, sha, path.ptr, NULL, NULL, e);
	made = now_ms();
	if (!failed && fs_remove_tree(AT_FDCWD, path.ptr))
		failed = err_sys(e, "%s", path.ptr);
	printf("%.2f %.2f\n", made - start, now_ms() - made);
	run_lock_release(lock);
	buf_release(&rel);
	buf_release(&path);
	return failed;
}

int main(int argc, char **argv)
{
	unsigned counter = 0;
	struct home h;
	struct err e;
	int failed;

	if (argc < 4) {
		fputs("usage: lay_out GIT_DIR SHA DIR [COUNT]\n", stderr);
		return EXIT_USAGE;
	}
	failed = workspace_init(&e);
	if (!failed && argc == 4) {
		failed = workspace_lay_out(
			argv[1], argv[2], argv[3], NULL, NULL, &e);
	} else if (!failed && !(failed = home_open(&h, argv[3], &e))) {
		for (int i = atoi(argv[4]); i > 0 && !failed; i--)
			failed = one_run(&h, argv[1], argv[2], &counter, &e);
		home_close(&h);
	}
	if (failed) {
		fprintf(stderr, "lay_out: %s\n", e.text);
		return e.status;
	}
	workspace_shutdown();
	return EXIT_DONE;
}
