#include "exec/jobproc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

#define READ_BYTES (64 << 10)

int jobproc_start(
	struct jobproc *r, size_t job, const struct jobrun *spec, struct err *e)
{
	struct jobrun its = *spec;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "can't make a pipe");
	if (fs_set_nonblock(ends[1], 1) < 0) {
		err_sys(e, "can't make a pipe");
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	its.pipe_fd = ends[1];
	pid_t pid = fork();
	if (pid < 0)
		err_sys(e, "can't start a process");
	if (pid == 0)
		jobrun(&its);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -1;
	}
	*r = (struct jobproc){ job, pid, ends[0], BUF_INIT, 0 };
	return 0;
}

int jobproc_read(struct jobproc *r)
{
	buf_grow(&r->in, READ_BYTES);
	ssize_t n = read(r->pipe, r->in.ptr + r->in.len, READ_BYTES);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	buf_setlen(&r->in, r->in.len + (size_t)n);
	return n > 0;
}

void jobproc_take(struct jobproc *r,
	void (*take)(void *arg, struct jobproc *r, uint8_t kind,
		const char *data, size_t len),
	void *arg)
{
	struct jobrun_frame head;
	size_t at = 0;

	while (r->in.len - at >= sizeof(head)) {
		memcpy(&head, r->in.ptr + at, sizeof(head));
		if (r->in.len - at - sizeof(head) < head.len)
			break;
		at += sizeof(head);
		take(arg, r, head.kind, r->in.ptr + at, head.len);
		at += head.len;
	}
	buf_consume(&r->in, at);
}

void jobproc_reap(struct jobproc *r, struct buf *how)
{
	int status = 0;

	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		buf_addf(how, "was killed by signal %d", WTERMSIG(status));
	else
		buf_addf(how, "ended with exit status %d", WEXITSTATUS(status));
}

void jobproc_release(struct jobproc *r)
{
	close(r->pipe);
	buf_release(&r->in);
}
