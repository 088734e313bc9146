/*
 * usage.h - how much a run has on the disk, measured while a job runs.
 *
 * It is what its workspace, home and tmp take, in blocks: holes are not
 * counted, and of a file with several names each counts as a part. No link is
 * followed and no other file system entered. What is deleted and still open is
 * not seen.
 *
 * The tree is walked in slices of some milliseconds, each followed by a pause
 * of 49 times its length: so it takes 2 % of the time, however large the tree,
 * and the process can see to other things. The first comes after two seconds,
 * which most jobs never see; a walk begins a second after the last one ended.
 */
#ifndef QUIRE_EXEC_USAGE_H
#define QUIRE_EXEC_USAGE_H

#include <dirent.h>
#include <stdint.h>

#include "base/buf.h"

struct usage {
	int64_t max_bytes; /* 0: nothing is measured */
	int workspace_fd, run_dir_fd; /* run_dir_fd -1: no home, no tmp */
	int64_t next_ms; /* monotonic: when to look; 0: never */

	struct strv folders; /* to be read: a letter for the top, the path */
	DIR *open; /* the one that is read, and its name */
	char *name;
	int64_t bytes; /* so far */
};

void usage_init(
	struct usage *u, int64_t max_bytes, int workspace_fd, int run_dir_fd);
void usage_release(struct usage *u);
/* Does a slice, if it is time for one. 1: it is more than max_bytes. */
int usage_look(struct usage *u);

#endif
