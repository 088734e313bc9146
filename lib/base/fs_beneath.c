#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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

static long open_resolved(int fd, const char *path, uint64_t resolve)
{
	struct open_how how = { .flags = FOLDER, .resolve = resolve };
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
	long fd = open_resolved(parent, name, RESOLVE_NO_XDEV);
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
	long fd = open_resolved(top, path,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)fd;
	return open_by_parts(top, path);
}
