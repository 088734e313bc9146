#include "web/run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/fs.h"

/* One more part of a path; 0 if it is none. */
static int add_part(struct buf *path, const char *name, size_t len)
{
	size_t from = path->len + 1;

	buf_addc(path, '/');
	buf_add(path, name, len);
	return len && !memchr(name, '/', len) && !fs_is_dots(path->ptr + from);
}

static int add_folder(struct buf *path, const char *repo, const char *run_id)
{
	int good = 1;

	buf_adds(path, "runs");
	/* a repository's name has any number of parts */
	for (size_t len; good; repo += len + 1) {
		len = strcspn(repo, "/");
		good = add_part(path, repo, len);
		if (!repo[len])
			break;
	}
	return good && add_part(path, run_id, strlen(run_id));
}

static int open_path(
	const struct home *h, struct buf *path, int good, int flags)
{
	int fd = -1;

	if (good)
		fd = fs_open_unlinked(h->fd, path->ptr, flags);
	else
		errno = EINVAL;
	int why = errno;
	buf_release(path);
	errno = why;
	return fd;
}

int run_folder_open(const struct home *h, const char *repo, const char *run_id)
{
	struct buf path = BUF_INIT;
	int good = add_folder(&path, repo, run_id);

	return open_path(h, &path, good, O_PATH | O_DIRECTORY);
}

int run_folder_file(const struct home *h, const char *repo, const char *run_id,
	const char *const *names)
{
	struct buf path = BUF_INIT;
	int good = add_folder(&path, repo, run_id);

	for (; good && *names; names++)
		good = add_part(&path, *names, strlen(*names));
	return open_path(h, &path, good, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}
