/*
 * The packets of jobinit.h.
 */
#include "exec/jobinit.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"

#define N_FDS 3

union fds_room {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(N_FDS * sizeof(int))];
};

static int send_packet(
	int socket, const struct jobinit_packet *p, const int *fds)
{
	struct iovec data = { (void *)(uintptr_t)p, sizeof(*p) };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1 };
	union fds_room room = { 0 };
	ssize_t sent;

	if (fds) {
		m.msg_control = room.bytes;
		m.msg_controllen = sizeof(room.bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(N_FDS * sizeof(int));
		memcpy(CMSG_DATA(c), fds, N_FDS * sizeof(int));
	}
	do
		sent = sendmsg(socket, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

int jobinit_send(int socket, const struct jobinit_packet *p)
{
	return send_packet(socket, p, NULL);
}

static uint32_t add_strings(struct buf *b, char *const *v)
{
	uint32_t n = 0;

	for (; v[n]; n++)
		buf_add(b, v[n], strlen(v[n]) + 1);
	return n;
}

int jobinit_send_start(
	int socket, const struct command *c, char *const *env, const int out[2])
{
	struct jobinit_packet p = { .type = JOBINIT_START,
		.shell = (uint32_t)c->shell };
	struct buf text = BUF_INIT;
	int fds[N_FDS] = { memfd_create("command", MFD_CLOEXEC), out[0],
		out[1] };
	int failed = -1;

	if (fds[0] < 0)
		return -1;
	p.n_argv = add_strings(&text, c->argv.v);
	p.n_env = add_strings(&text, env);
	if (fs_write_all(fds[0], text.ptr, text.len) == 0 &&
		lseek(fds[0], 0, SEEK_SET) == 0)
		failed = send_packet(socket, &p, fds);
	int why = errno;
	buf_release(&text);
	close(fds[0]);
	errno = why;
	return failed;
}

/* Room is made for no more descriptors than a START has. */
static void take_fds(struct msghdr *m, int fds[N_FDS])
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	size_t len;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	len = c->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(c),
		len < N_FDS * sizeof(int) ? len : N_FDS * sizeof(int));
}

int jobinit_receive(
	int socket, struct jobinit_packet *p, int fds[3], int timeout_ms)
{
	struct iovec data = { p, sizeof(*p) };
	union fds_room room = { 0 };
	struct msghdr m = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = room.bytes,
		.msg_controllen = sizeof(room.bytes) };
	struct pollfd there = { socket, POLLIN, 0 };

	fds[0] = fds[1] = fds[2] = -1;
	int ready = timeout_ms ? poll(&there, 1, timeout_ms) : 1;
	if (ready == 0)
		errno = EAGAIN;
	if (ready <= 0)
		return -1;
	ssize_t got = recvmsg(socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got <= 0)
		return got < 0 && errno != ECONNRESET ? -1 : 0;
	take_fds(&m, fds);
	if (got == sizeof(*p))
		return 1;
	errno = EPROTO;
	return -1;
}
