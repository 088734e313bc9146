/*
 * workspace.h - a commit's tree as files, by libgit2.
 *
 * Exactly the tree: modes, symbolic links, submodules as empty directories,
 * export-ignore files included, eol attributes applied. Nothing is written
 * outside the folder whatever the tree holds: names "", ".", "..", ".git" (in
 * any case or spelling that HFS+ or NTFS folds to it) and with '/' are refused,
 * every file is made by openat with O_NOFOLLOW in a folder made here, and
 * symbolic links come last.
 */
#ifndef QUIRE_EXEC_WORKSPACE_H
#define QUIRE_EXEC_WORKSPACE_H

#include "base/buf.h"
#include "base/err.h"

/* libgit2's own start, once a process, before the first call here. Not done
 * by the hook: it costs milliseconds. */
int workspace_init(struct err *e);
void workspace_shutdown(void);

/*
 * Lays the tree of commit sha of git_dir out in the folder path, which is
 * made and must not exist. Threads that help are joined before it returns.
 * Before each file the calling thread asks is_over(arg), unless that is NULL:
 * so it is to be quick, and its yes ends the work with ECANCELED.
 * -1 with EXIT_BUSY for a fault of the host, else (missing object, bad tree) a
 * fault of this run alone; what was made is left for fs_remove_tree.
 */
int workspace_lay_out(const char *git_dir, const char *sha, const char *path,
	int (*is_over)(void *arg), void *arg, struct err *e);

/*
 * Paths that differ between two commits, each ended by NUL, appended to out:
 * QUIRE_CHANGED. from NULL compares with nothing: every path.
 */
int workspace_changed(const char *git_dir, const char *from, const char *to,
	struct buf *out, struct err *e);

#endif
