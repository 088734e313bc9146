/*
 * usage.h - how much a run has on the disk, measured while a job runs.
 *
 * It is what its workspace, home and tmp take, in blocks, and at least
 * USAGE_ENTRY for each file and folder, which are an inode and a name: holes
 * are not counted, and of a file with several names each counts as a part. No
 * link is followed and no other file system entered. What is deleted and still
 * open is not seen.
 *
 * How deep a folder is makes no difference. What cannot be read is an error,
 * for what is in it would not count; but a folder that is closed to its owner
 * may be so for some seconds, for there are tests that try what happens then.
 *
 * The tree is walked in slices of some milliseconds, each followed by a pause
 * of 49 times its length: so it takes 2 % of the time, however large the tree,
 * and the process can see to other things. The first comes after two seconds,
 * which most jobs never see; a walk begins a second after the last one ended.
 */
#ifndef QUIRE_EXEC_USAGE_H
#define QUIRE_EXEC_USAGE_H

#include <stdint.h>

#include "base/err.h"
#include "base/fs_walk.h"

#define USAGE_ENTRY 4096
#define USAGE_CLOSED_MS 30000 /* so long may a folder be closed */

struct usage {
	int64_t max_bytes; /* 0: nothing is measured */
	int workspace_fd, scratch_fd; /* scratch_fd -1: no home, no tmp */
	int64_t next_ms; /* monotonic: when to look; 0: never */

	size_t top; /* which of the three trees is walked */
	struct fs_walk walk;
	int64_t bytes; /* so far */
	int moved; /* walks in a row that were lost */
	int closed; /* the walk has met a closed folder */
	int64_t closed_ms; /* when the first of walks in a row did; 0: none */
};

void usage_init(
	struct usage *u, int64_t max_bytes, int workspace_fd, int scratch_fd);
void usage_release(struct usage *u);
/* Does a slice, if it is time for one. 1: it is more than max_bytes. -1: it
 * cannot be told. */
int usage_look(struct usage *u, struct err *e);

#endif
