#include "exec/sendq.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FULL_BYTES (1 << 20)

void sendq_open(struct sendq *q, int fd, int reopen)
{
	char path[64];
	struct stat st;

	*q = (struct sendq){ .fd = fd, .pending = BUF_INIT };
	if (!reopen || fstat(fd, &st) < 0 ||
		!(S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again >= 0) {
		q->fd = again;
		q->own = 1;
	}
}

void sendq_close(struct sendq *q)
{
	if (q->own)
		close(q->fd);
	buf_release(&q->pending);
	*q = (struct sendq){ .fd = -1, .pending = BUF_INIT };
}

int sendq_flush(struct sendq *q)
{
	while (q->sent < q->pending.len) {
		ssize_t n = write(q->fd, q->pending.ptr + q->sent,
			q->pending.len - q->sent);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0) {
			q->error = errno;
			buf_reset(&q->pending);
			q->sent = 0;
			return -1;
		}
		q->sent += (size_t)n;
	}
	buf_reset(&q->pending);
	q->sent = 0;
	return 0;
}

int sendq_drain(struct sendq *q)
{
	struct pollfd fd = { q->fd, POLLOUT, 0 };

	while (!sendq_is_empty(q)) {
		if (sendq_flush(q) < 0)
			return -1;
		if (!sendq_is_empty(q) && poll(&fd, 1, -1) < 0 &&
			errno != EINTR)
			return -1;
	}
	return 0;
}

int sendq_is_empty(const struct sendq *q)
{
	return q->pending.len == 0;
}

int sendq_is_full(const struct sendq *q)
{
	return q->pending.len - q->sent > FULL_BYTES;
}
