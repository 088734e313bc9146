/*
 * fs.h - files and folders, for callers that do not trust the path.
 *
 * Functions that take a directory descriptor never follow a symbolic link in
 * the last component, unless it says so, and open with O_CLOEXEC. A dirfd may
 * be AT_FDCWD.
 */
#ifndef QUIRE_BASE_FS_H
#define QUIRE_BASE_FS_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Whether it is "." or "..", which are in every folder and no name of a file. */
static inline int fs_is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* All of it, over short writes and EINTR. Returns 0, or -1 with errno. */
int fs_write_all(int fd, const void *data, size_t len);
/* Copies the next bytes of a file into another, most at once, and takes them
 * off left. 1; 0 at the end of the first; -1 with errno. */
int fs_copy_some(int from, int to, size_t most, int64_t *left);
/* Appends to b until end of file; -1 with errno, EFBIG past max bytes. */
int fs_read_all(int fd, struct buf *b, size_t max);
/* Appends a regular file's content. -1 with errno; EFBIG past max bytes. */
int fs_read_file(int dirfd, const char *path, struct buf *b, size_t max);
/*
 * Replaces a file's content so that a reader or a crash sees the old or the
 * new, never a part: temporary file, fsync, rename. -1 with errno.
 */
int fs_replace_file(
	int dirfd, const char *path, const void *data, size_t len, mode_t mode);
/* fsync of a file or a folder; follows a link. -1 with errno. */
int fs_sync(int dirfd, const char *path);
/* Whether something has this name, a link included: 1, 0, or -1 with errno:
 * that cannot be told, and is no reason to do as if there were nothing. */
int fs_exists(int dirfd, const char *path);
/* A folder, for readdir(3) and closedir(3). flags is O_NOFOLLOW, or 0: a link
 * is followed. NULL with errno. */
DIR *fs_opendir(int dirfd, const char *path, int flags);
/* Opens the folder at a path below top, "." for itself: no link is followed in
 * any part of it, and no other file system entered. -1 with errno. */
int fs_open_beneath(int top, const char *path);
/* Opens what is at a path below top, which has no "..", as open(2) does with
 * these flags and O_CLOEXEC: no link is followed in any part of it, but another
 * file system may begin on the way. -1 with errno. */
int fs_open_unlinked(int top, const char *path, int flags);
/* Opens a folder in another, or "..", but not where dev, the file system of
 * both, ends: EXDEV. A link is not followed. -1 with errno. */
int fs_open_folder(int parent, const char *name, dev_t dev);
/* mkdir -p of a relative or absolute path; an existing folder is fine. */
int fs_mkdirs(int dirfd, const char *path, mode_t mode);
/*
 * Removes name and all below it; nothing there is success. Crosses no
 * symbolic link and no mount point. Gives itself the permissions it needs
 * (a build may leave folders 0555). Returns 0, or -1 with errno of the first
 * entry that would not go; it goes on with the others.
 */
int fs_remove_tree(int dirfd, const char *name);

/* The folder this executable is in (/proc/self/exe), without a final slash. */
int fs_self_dir(struct buf *b, struct err *e);
/* The path of a program of ours, beside this executable. */
int fs_sibling(struct buf *b, const char *program, struct err *e);

/* Sets or clears O_CLOEXEC / O_NONBLOCK; 0 or -1 with errno. */
int fs_set_cloexec(int fd, int on);
int fs_set_nonblock(int fd, int on);

#endif
