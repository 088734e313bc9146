#include "web/run_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define FOLDER (O_PATH | O_DIRECTORY)

int run_folder_step(int dirfd, const char *name, int flags)
{
	int fd = -1;

	if (!*name || fs_is_dots(name) || strchr(name, '/'))
		errno = EINVAL;
	else
		fd = openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC);
	int saved = errno;
	close(dirfd);
	errno = saved;
	return fd;
}

/* A repository's name has any number of components. */
int run_folder_open(const struct home *h, const char *repo, const char *run_id)
{
	int fd = openat(h->fd, "runs", FOLDER | O_NOFOLLOW | O_CLOEXEC);

	while (fd >= 0) {
		size_t len = strcspn(repo, "/");
		char *name = mem_strndup(repo, len);

		fd = run_folder_step(fd, name, FOLDER);
		free(name);
		repo += len;
		if (!*repo)
			break;
		repo++;
	}
	return fd < 0 ? -1 : run_folder_step(fd, run_id, FOLDER);
}
