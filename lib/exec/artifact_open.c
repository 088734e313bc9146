/*
 * A path below a folder that is opened, and made, one folder at a time: no link
 * is followed, whoever wrote the path.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "exec/artifact.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int artifact_make_folder(
	int dirfd, const char *path, mode_t mode, const char **name)
{
	int at = openat(dirfd, ".", FOLDER);
	const char *slash;

	for (; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		char *part = mem_strndup(path, (size_t)(slash - path));
		int below = -1;

		if (mkdirat(at, part, mode) == 0 || errno == EEXIST)
			below = openat(at, part, FOLDER);
		int why = errno;
		free(part);
		close(at);
		at = below;
		errno = why;
	}
	*name = path;
	return at;
}

/* The part of a path before the next slash, opened below at, which is closed.
 */
static int enter(int at, const char *part, size_t len, int flags)
{
	char *name = mem_strndup(part, len);
	int below = -1;

	if (!len || fs_is_dots(name))
		errno = ENOENT;
	else
		below = openat(at, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags);
	int why = errno == ELOOP || errno == ENOTDIR ? ENOENT : errno;
	free(name);
	close(at);
	errno = why;
	return below;
}

int artifact_open(int run_dir_fd, const char *path)
{
	int at = openat(run_dir_fd, ARTIFACT_FOLDER, FOLDER);
	const char *slash;
	struct stat st;

	for (; at >= 0 && (slash = strchr(path, '/')); path = slash + 1)
		at = enter(at, path, (size_t)(slash - path), O_DIRECTORY);
	if (at >= 0)
		at = enter(at, path, strlen(path), 0);
	if (at >= 0 && (fstat(at, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(at);
		errno = ENOENT;
		return -1;
	}
	return at;
}
