#include "base/home.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static int cannot_open(const char *path, struct err *e)
{
	switch (errno) {
	case ENOENT:
		return err_set(e, EXIT_INTERNAL,
			"%s: no such home; make one with: quire init", path);
	case ENOTDIR:
		return err_set(e, EXIT_INTERNAL,
			"%s: a home is a folder, and this is none", path);
	case EACCES:
		return err_set(e, EXIT_BUSY,
			"%s: uid %ld may not enter this home; "
			"its owner can add you to its group",
			path, (long)geteuid());
	default:
		return err_sys(e, "%s: cannot open the home", path);
	}
}

int home_open(struct home *h, const char *path, struct err *e)
{
	struct stat st;

	h->path = NULL;
	h->fd = -1;
	if (!path) {
		path = getenv("QUIRE_HOME");
		if (!path || !*path)
			path = HOME_DEFAULT;
		/* whoever has it in his environment changes folders */
		if (*path != '/')
			return err_set(e, EXIT_USAGE,
				"QUIRE_HOME is '%s': it has to be an absolute "
				"path",
				path);
	}
	if (!*path)
		return err_set(e, EXIT_USAGE, "the path of the home is empty");

	if (*path == '/') {
		h->path = mem_strdup(path);
	} else {
		char real[PATH_MAX];

		if (!realpath(path, real))
			return cannot_open(path, e);
		h->path = mem_strdup(real);
	}
	for (size_t n = strlen(h->path); n > 1 && h->path[n - 1] == '/'; n--)
		h->path[n - 1] = '\0';

	h->fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->fd < 0) {
		cannot_open(h->path, e);
		goto fail;
	}
	if (fstat(h->fd, &st) < 0) {
		err_sys(e, "%s: cannot look at the home", h->path);
		goto fail;
	}
	h->owner = st.st_uid;
	h->dev = st.st_dev;
	h->ino = st.st_ino;
	return 0;
fail:
	home_close(h);
	return -1;
}

void home_close(struct home *h)
{
	if (h->fd >= 0)
		close(h->fd); /* nothing was written through it */
	free(h->path);
	h->fd = -1;
	h->path = NULL;
}

int home_is_owner(const struct home *h)
{
	return geteuid() == h->owner;
}

void home_add(struct buf *b, const struct home *h, const char *rel)
{
	buf_adds(b, h->path);
	if (b->ptr[b->len - 1] != '/')
		buf_addc(b, '/');
	buf_adds(b, rel);
}

void home_add_run_dir(struct buf *b, const char *repo, const char *run_id)
{
	buf_adds(b, "runs/");
	buf_adds(b, repo);
	buf_addc(b, '/');
	buf_adds(b, run_id);
}
