/*
 * lay_out - lays one commit out, for workspace.sh and the tests.
 *
 *	lay_out GIT_DIR SHA DIR [COUNT]
 *
 * With COUNT it removes and lays out again, and prints the milliseconds of
 * each round: of laying out, and of removing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "base/fs.h"
#include "exec/workspace.h"

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	struct err e;
	int count = argc > 4 ? atoi(argv[4]) : 0;

	if (argc < 4) {
		fprintf(stderr, "usage: lay_out GIT_DIR SHA DIR [COUNT]\n");
		return 2;
	}
	if (workspace_init(&e))
		goto failed;
	for (int i = 0; i < (count ? count : 1); i++) {
		double start = now_ms();

		if (workspace_lay_out(argv[1], argv[2], argv[3], &e))
			goto failed;
		if (!count)
			break;

		double made = now_ms();
		if (fs_remove_tree(AT_FDCWD, argv[3])) {
			perror(argv[3]);
			return 1;
		}
		printf("%.2f %.2f\n", made - start, now_ms() - made);
	}
	workspace_shutdown();
	return 0;
failed:
	fprintf(stderr, "lay_out: %s\n", e.text);
	return e.status;
}
