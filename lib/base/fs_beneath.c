#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
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

int fs_open_beneath(int top, const char *path)
{
	struct open_how how = { .flags = FOLDER,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_XDEV };
	long fd;

	do
		fd = syscall(SYS_openat2, top, path, &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)fd;
	return open_by_parts(top, path);
}
