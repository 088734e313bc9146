/*
 * Removing a tree that somebody else filled.
 *
 * No recursion: a folder is a struct level on a stack in the heap. When one is
 * opened, all of it is read at once; what is no folder goes on the spot, the
 * names of folders are kept. Then these are opened one by one, and each is
 * removed from its parent when it is empty. So a file costs one unlinkat, a
 * folder openat, two getdents64, close and unlinkat.
 *
 * Only the OPEN_LEVELS deepest levels have a descriptor, however deep the
 * tree. One further up is opened again as ".." of the level below it, and has
 * to be the folder that it was.
 */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define OPEN_LEVELS 32
#define READINGS 4 /* of one folder, at most */
#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct level {
	char *name; /* in the folder above */
	int fd; /* -1: closed to save descriptors */
	dev_t dev; /* while closed: what it was */
	ino_t ino;
	struct strv folders; /* in it, not removed yet */
	int readings;
};

struct removal {
	struct level *levels;
	size_t n, size;
	int top_fd; /* the folder that holds levels[0] */
	dev_t dev;
	int failure; /* errno of the first entry that would not go */
	_Alignas(struct dirent64) char entries[32768];
};

static void note(struct removal *r, int error)
{
	if (!r->failure)
		r->failure = error;
}

/* Opens a folder, if need be after giving ourselves the permission. */
static int open_folder(const struct removal *r, int parent, const char *name)
{
	int fd = fs_open_folder(parent, name, r->dev);

	if (fd >= 0 || errno != EACCES)
		return fd;
	if (fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW) < 0) {
		/* perhaps it is the parent that may not be searched */
		if (fchmod(parent, 0700) < 0)
			return -1;
		fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW);
	}
	return fs_open_folder(parent, name, r->dev);
}

/* Removes an entry, if need be after making the folder writable. */
static int remove_entry(int fd, const char *name, int flags)
{
	if (unlinkat(fd, name, flags) == 0 || errno == ENOENT)
		return 0;
	if (errno != EACCES || fchmod(fd, 0700) < 0)
		return -1;
	return unlinkat(fd, name, flags) == 0 || errno == ENOENT ? 0 : -1;
}

static void take_entry(
	struct removal *r, struct level *l, const struct dirent64 *d)
{
	if (fs_is_dots(d->d_name))
		return;
	if (d->d_type == DT_DIR) {
		strv_push(&l->folders, d->d_name);
		return;
	}
	if (remove_entry(l->fd, d->d_name, 0) == 0)
		return;
	if (errno == EISDIR) /* the file system gave no type */
		strv_push(&l->folders, d->d_name);
	else
		note(r, errno);
}

/* Removes what is no folder, and lists what is one. */
static void read_level(struct removal *r, struct level *l)
{
	ssize_t n;

	l->readings++;
	while ((n = getdents64(l->fd, r->entries, sizeof(r->entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d =
				(const void *)(r->entries + at);

			at += d->d_reclen;
			take_entry(r, l, d);
		}
	}
	if (n < 0)
		note(r, errno);
}

static void close_level(struct removal *r, struct level *l)
{
	struct stat st;

	if (l->fd < 0)
		return;
	if (fstat(l->fd, &st) < 0)
		note(r, errno); /* then it is not recognised later */
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	close(l->fd);
	l->fd = -1;
}

/* Takes over name and fd. */
static void push_level(struct removal *r, char *name, int fd)
{
	if (r->n == r->size) {
		r->size = r->size ? r->size * 2 : 64;
		r->levels = mem_resize(r->levels, r->size, sizeof(*r->levels));
	}
	r->levels[r->n++] = (struct level){ .name = name, .fd = fd };
	if (r->n > OPEN_LEVELS)
		close_level(r, &r->levels[r->n - 1 - OPEN_LEVELS]);
	read_level(r, &r->levels[r->n - 1]);
}

/* Makes sure that the folder above l, which is open, is open too. */
static int reopen_parent(struct removal *r, struct level *l)
{
	struct level *parent = l - 1;
	struct stat st;

	if (l == r->levels || parent->fd >= 0)
		return 0;
	int fd = fs_open_folder(l->fd, "..", r->dev);
	if (fd < 0 && errno == EACCES && fchmod(l->fd, 0700) == 0)
		fd = fs_open_folder(l->fd, "..", r->dev);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || st.st_dev != parent->dev ||
		st.st_ino != parent->ino) {
		close(fd);
		errno = ESTALE; /* somebody moves folders about */
		return -1;
	}
	parent->fd = fd;
	return 0;
}

/* The deepest level is done with: removes it from the one above. Returns -1
 * if the way up is lost. */
static int pop_level(struct removal *r)
{
	struct level *l = &r->levels[r->n - 1];

	if (reopen_parent(r, l) < 0)
		return -1;
	int parent = r->n > 1 ? l[-1].fd : r->top_fd;
	if (remove_entry(parent, l->name, AT_REMOVEDIR) < 0) {
		/* Not all file systems list every entry of a folder that
		 * others are removed from meanwhile. */
		if (errno == ENOTEMPTY && !r->failure &&
			l->readings < READINGS &&
			lseek(l->fd, 0, SEEK_SET) == 0) {
			read_level(r, l);
			return 0;
		}
		note(r, errno);
	}
	close(l->fd);
	strv_release(&l->folders);
	free(l->name);
	r->n--;
	return 0;
}

/* The next folder of the deepest level, or NULL. */
static char *take_folder(struct level *l)
{
	if (!l->folders.n)
		return NULL;
	char *name = l->folders.v[--l->folders.n];
	l->folders.v[l->folders.n] = NULL;
	return name;
}

static void remove_levels(struct removal *r)
{
	while (r->n) {
		struct level *l = &r->levels[r->n - 1];
		char *name = take_folder(l);

		if (!name) {
			if (pop_level(r) < 0)
				return;
			continue;
		}
		int fd = open_folder(r, l->fd, name);
		if (fd >= 0) {
			push_level(r, name, fd);
			continue;
		}
		if (errno != ENOENT)
			note(r, errno);
		free(name);
	}
}

static void release(struct removal *r)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->levels[i].fd >= 0)
			close(r->levels[i].fd);
		strv_release(&r->levels[i].folders);
		free(r->levels[i].name);
	}
	free(r->levels);
}

/* The entry name in the folder r->top_fd. */
static void remove_top(struct removal *r, const char *name)
{
	int fd = open_folder(r, r->top_fd, name);

	if (fd >= 0) {
		push_level(r, mem_strdup(name), fd);
		remove_levels(r);
		if (r->n)
			note(r, errno);
	} else if (errno == ENOTDIR || errno == ELOOP) {
		if (remove_entry(r->top_fd, name, 0) < 0)
			note(r, errno);
	} else if (errno != ENOENT) {
		note(r, errno);
	}
}

int fs_remove_tree(int dirfd, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *last = slash ? slash + 1 : name;
	struct stat st;

	if (!*last || fs_is_dots(last)) {
		errno = EINVAL;
		return -1;
	}
	struct removal *r = mem_zero(sizeof(*r));
	/* Of the folder that it is in, a mount point may be on the way, but
	 * what is removed must not be one. */
	struct buf above = BUF_INIT;
	if (slash)
		buf_add(&above, name, (size_t)(slash - name) + 1);
	else
		buf_addc(&above, '.');
	r->top_fd =
		openat(dirfd, above.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_release(&above);
	if (r->top_fd < 0) {
		if (errno != ENOENT)
			note(r, errno);
	} else if (fstat(r->top_fd, &st) < 0) {
		note(r, errno);
	} else {
		r->dev = st.st_dev;
		remove_top(r, last);
	}
	if (r->top_fd >= 0)
		close(r->top_fd);

	int failure = r->failure;
	release(r);
	free(r);
	errno = failure;
	return failure ? -1 : 0;
}
