/*
 * fs_walk.h - walks a tree that somebody else fills, one entry at a time.
 *
 *	struct fs_walk w;
 *	int what;
 *	if (fs_walk_open(&w, folder, 0) < 0)
 *		...
 *	while ((what = fs_walk_next(&w)) > 0)
 *		if (what == FS_WALK_ENTRY && S_ISDIR(w.st.st_mode))
 *			fs_walk_enter(&w);
 *	fs_walk_close(&w);
 *
 * No link is followed and no other file system entered. However deep and wide
 * the tree, a walk holds a bounded number of descriptors, and some 50 bytes
 * for each level that it is down: no list of entries, no path. It may be left
 * and gone on with at any time, while others change the tree: what they add or
 * remove meanwhile is met or not, and what they move may be met twice.
 *
 * The entries of a folder come in no order.
 */
#ifndef QUIRE_BASE_FS_WALK_H
#define QUIRE_BASE_FS_WALK_H

#include <stddef.h>
#include <sys/stat.h>

/* No deeper is any folder entered: what a walk needs is bounded. */
#define FS_WALK_LEVELS 100000

enum {
	FS_WALK_END, /* of it all; and from then on */
	FS_WALK_ENTRY, /* name, in the folder fd; st is of itself */
	FS_WALK_LEFT, /* the folder name, in the folder fd, is done with */
};

struct fs_walk_level;
struct fs_walk {
	/* Of what fs_walk_next() has returned; valid until it is called again.
	 * After FS_WALK_LEFT st is not set, and name is NULL below as many
	 * levels as have names. */
	const char *name;
	int fd;
	struct stat st;
	size_t n; /* levels: 1 is the folder that the walk began with */

	struct fs_walk_level *levels;
	size_t size, named;
	char *left; /* the name of the folder that was left */
	dev_t dev;
};

/* Begins with what is in the open folder top, which stays the caller's. Of the
 * folders that are entered from the first levels, so many, the names are kept
 * for FS_WALK_LEFT. -1 with errno; it need not be closed then. */
int fs_walk_open(struct fs_walk *w, int top, size_t named);
void fs_walk_close(struct fs_walk *w); /* may be called again */
/*
 * What comes next. -1 with errno: something could not be read; the walk goes
 * on behind it if it is called again. ESTALE: a folder that the walk is in was
 * moved elsewhere, and it cannot go on.
 */
int fs_walk_next(struct fs_walk *w);
/* Enters the folder that is the entry. -1 with errno, and the walk goes on
 * behind it: EXDEV, it is of another file system; ENOENT, it is there no more,
 * or is no folder; ENAMETOOLONG, it is more than FS_WALK_LEVELS deep. */
int fs_walk_enter(struct fs_walk *w);

#endif
