#include "exec/fds.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

void fds_cloexec_from(int fd)
{
	/* the flag is there since Linux 5.11 */
	if (close_range((unsigned)fd, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	for (long max = sysconf(_SC_OPEN_MAX); fd < max; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* The lowest of those to be kept that is not below fd, or -1. */
static int next_kept(const int *keep, size_t n, int fd)
{
	int next = -1;

	for (size_t i = 0; i < n; i++)
		if (keep[i] >= fd && (next < 0 || keep[i] < next))
			next = keep[i];
	return next;
}

static void close_from_to(int from, int to)
{
	if (from > to || close_range((unsigned)from, (unsigned)to, 0) == 0)
		return;
	long max = sysconf(_SC_OPEN_MAX);
	for (; from <= to && from < max; from++)
		close(from);
}

void fds_close_all_but(const int *keep, size_t n)
{
	int from = STDERR_FILENO + 1, kept;

	while ((kept = next_kept(keep, n, from)) >= 0) {
		close_from_to(from, kept - 1);
		from = kept + 1;
	}
	close_from_to(from, (int)(~0U >> 1));
}
