#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

/* What the copy loop of the kernel cannot do, for these two files. */
static int copy_by_hand(int from, int to, size_t size, int64_t *left)
{
	char *bytes = mem_resize(NULL, size, 1);
	ssize_t n;

	do
		n = read(from, bytes, size);
	while (n < 0 && errno == EINTR);
	int failed = n < 0 || (n > 0 && fs_write_all(to, bytes, (size_t)n) < 0);
	int why = errno;
	free(bytes);
	errno = why;
	if (failed)
		return -1;
	*left -= n;
	return n > 0;
}

int fs_copy_some(int from, int to, size_t most, int64_t *left)
{
	size_t size = *left < (int64_t)most ? (size_t)*left : most;
	ssize_t n = copy_file_range(from, NULL, to, NULL, size, 0);

	if (n > 0) {
		*left -= n;
		return 1;
	}
	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0 && errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP &&
		errno != ENOSYS && errno != EPERM)
		return -1;
	/* 0 is the end, or a file system that makes its content as it is
	 * read */
	return copy_by_hand(from, to, size, left);
}
