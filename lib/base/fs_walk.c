/*
 * A folder that the walk is in is a struct fs_walk_level on a stack in the
 * heap. Only the OPEN_LEVELS deepest are open. One further up is opened again
 * as ".." of the level below it when that is done with: it has to be the
 * folder that it was, and is read on from where it was left. For that the
 * position is kept, which is a cookie of the file system's and holds for any
 * descriptor of the folder (NFS could not work otherwise).
 */
#include "base/fs_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define OPEN_LEVELS 32

struct fs_walk_level {
	DIR *dir; /* NULL: closed to save descriptors */
	long at; /* while closed: where it is read on */
	ino_t ino;
	char *name; /* in the folder above; NULL: not kept */
	int done; /* no more can be read */
};

static struct fs_walk_level *deepest(const struct fs_walk *w)
{
	return &w->levels[w->n - 1];
}

static void close_dir(struct fs_walk_level *l)
{
	if (l->dir)
		closedir(l->dir);
	l->dir = NULL;
}

/* Takes over fd, of the folder called name. */
static int push(struct fs_walk *w, int fd, const char *name)
{
	struct stat st;
	DIR *dir = fstat(fd, &st) == 0 ? fdopendir(fd) : NULL;

	if (!dir) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	if (w->n == w->size) {
		w->size = w->size ? w->size * 2 : 64;
		w->levels = mem_resize(w->levels, w->size, sizeof(*w->levels));
	}
	w->levels[w->n++] = (struct fs_walk_level){ .dir = dir,
		.ino = st.st_ino,
		.name = name ? mem_strdup(name) : NULL };
	if (w->n > OPEN_LEVELS) {
		struct fs_walk_level *l = deepest(w) - OPEN_LEVELS;

		/* closed already where the walk was up and goes down again */
		if (l->dir)
			l->at = telldir(l->dir);
		close_dir(l);
	}
	return 0;
}

int fs_walk_open(struct fs_walk *w, int top, size_t named)
{
	struct stat st;

	*w = (struct fs_walk){ .named = named };
	if (fstat(top, &st) < 0)
		return -1;
	w->dev = st.st_dev;
	int fd = fs_open_folder(top, ".", w->dev);
	if (fd < 0 || push(w, fd, NULL) < 0) {
		fs_walk_close(w);
		return -1;
	}
	return 0;
}

void fs_walk_close(struct fs_walk *w)
{
	int why = errno;

	for (size_t i = 0; i < w->n; i++) {
		close_dir(&w->levels[i]);
		free(w->levels[i].name);
	}
	free(w->levels);
	free(w->left);
	*w = (struct fs_walk){ 0 };
	errno = why;
}

/* The folder above the deepest, which is open. */
static int reopen_parent(struct fs_walk *w)
{
	struct fs_walk_level *l = deepest(w), *parent = l - 1;
	struct stat st;

	if (w->n == 1 || parent->dir)
		return 0;
	int fd = fs_open_folder(dirfd(l->dir), "..", w->dev);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || st.st_ino != parent->ino) {
		close(fd);
		errno = ESTALE;
		return -1;
	}
	parent->dir = fdopendir(fd);
	if (!parent->dir) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	seekdir(parent->dir, parent->at);
	return 0;
}

static int leave(struct fs_walk *w)
{
	struct fs_walk_level *l = deepest(w);

	if (w->n == 1)
		return FS_WALK_END;
	if (reopen_parent(w) < 0)
		return -1;
	free(w->left);
	w->name = w->left = l->name;
	close_dir(l);
	w->n--;
	w->fd = dirfd(deepest(w)->dir);
	return FS_WALK_LEFT;
}

int fs_walk_next(struct fs_walk *w)
{
	struct fs_walk_level *l;

	if (!w->n)
		return FS_WALK_END;
	for (l = deepest(w); !l->done;) {
		errno = 0;
		const struct dirent *d = readdir(l->dir);

		if (!d) {
			l->done = 1;
			if (errno)
				return -1;
			break;
		}
		if (fs_is_dots(d->d_name))
			continue;
		w->name = d->d_name;
		w->fd = dirfd(l->dir);
		if (fstatat(w->fd, w->name, &w->st, AT_SYMLINK_NOFOLLOW) == 0)
			return FS_WALK_ENTRY;
		if (errno != ENOENT)
			return -1;
	}
	return leave(w);
}

int fs_walk_enter(struct fs_walk *w)
{
	if (w->n == FS_WALK_LEVELS) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = fs_open_folder(w->fd, w->name, w->dev);
	if (fd < 0) {
		if (errno == ENOTDIR || errno == ELOOP)
			errno = ENOENT;
		return -1;
	}
	return push(w, fd, w->n <= w->named ? w->name : NULL);
}
