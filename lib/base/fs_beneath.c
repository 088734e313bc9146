#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Where there is no openat2: a mount point is not seen then. */
static int open_by_parts(int top, const char *path)
{
	int at = openat(top, ".", FOLDER);
	char part[256];

	while (at >= 0 && *path) {
		size_t len = strcspn(path, "/");
		int below = -1;

		errno = EINVAL;
		if (len < sizeof(part)) {
			memcpy(part, path, len);
			part[len] = '\0';
			if (strcmp(part, "..") != 0)
				below = openat(at, len ? part : ".", FOLDER);
		}
		int why = errno;
		close(at);
		at = below;
		errno = why;
		path += len + (path[len] == '/');
	}
	return at;
}

static long open_resolved(int fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (unsigned)flags, .resolve = resolve };
	long got;

	do
		got = syscall(SYS_openat2, fd, path, &how, sizeof(how));
	while (got < 0 && (errno == EAGAIN || errno == EINTR));
	return got;
}

/* openat2 stops at mount points, bind mounts of the same file system too;
 * the device number, compared where the kernel or a filter has none, misses
 * those. */
int fs_open_folder(int parent, const char *name, dev_t dev)
{
	long fd = open_resolved(parent, name, FOLDER, RESOLVE_NO_XDEV);
	struct stat st;

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)fd;
	int got = openat(parent, name, FOLDER);
	if (got < 0)
		return -1;
	if (fstat(got, &st) == 0 && st.st_dev == dev)
		return got;
	close(got);
	errno = EXDEV;
	return -1;
}

int fs_open_beneath(int top, const char *path)
{
	long fd = open_resolved(top, path, FOLDER,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)fd;
	return open_by_parts(top, path);
}

/* Where there is no openat2. */
static int open_unlinked_by_parts(int top, const char *path, int flags)
{
	const char *last = strrchr(path, '/');
	int at = top;

	if (last) {
		char *parents = mem_strndup(path, (size_t)(last - path));

		at = open_by_parts(top, parents);
		free(parents);
		path = last + 1;
	}
	if (at < 0)
		return -1;
	int fd = openat(at, path, flags);
	int why = errno;
	if (at != top)
		close(at);
	errno = why;
	return fd;
}

int fs_open_unlinked(int top, const char *path, int flags)
{
	flags |= O_NOFOLLOW | O_CLOEXEC;
	if (!(flags & O_PATH))
		flags |= O_LARGEFILE; /* open(2) adds it, openat2 does not */

	long fd = open_resolved(
		top, path, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)fd;
	return open_unlinked_by_parts(top, path, flags);
}
