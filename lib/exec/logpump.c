#include "exec/logpump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define PIPE_BYTES (256 << 10)
#define READ_BYTES (256 << 10)
#define SLICE_NS 10000000 /* short reads are counted by 10 ms */
#define SHORT_READS 16 /* so many in a slice are too many */
#define PAUSE_US 80 /* fills the big pipe at 3 GB/s */
#define PAUSE_SMALL_US 20 /* and the usual one of 64 KB */

static int open_pipe(struct logpump *p, int which, int *child, struct err *e)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "can't make a pipe");
	p->in[which] = ends[0];
	*child = ends[1];
	if (fs_set_nonblock(ends[0], 1) < 0)
		return err_sys(e, "can't make a pipe");
	/* refused past the user's share of pipe memory: slower, not wrong */
	fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
	p->pipe_size = fcntl(ends[0], F_GETPIPE_SZ);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int logpump_open(
	struct logpump *p, int log, int64_t max, int child[2], struct err *e)
{
	*p = (struct logpump){ .in = { -1, -1 },
		.log = log,
		.max = max,
		.null = -1,
		.out = BUF_INIT };
	p->writer[0] = (struct crilog_writer){ CRILOG_STDOUT, BUF_INIT };
	p->writer[1] = (struct crilog_writer){ CRILOG_STDERR, BUF_INIT };
	child[0] = child[1] = -1;
	if (open_pipe(p, 0, &child[0], e) < 0 ||
		open_pipe(p, 1, &child[1], e) < 0) {
		close_fd(&p->in[0]);
		close_fd(&p->in[1]);
		close_fd(&p->log);
		close_fd(&child[0]);
		close_fd(&child[1]);
		return -1;
	}
	return 0;
}

/* Bytes of the command's output that the records hold. */
static uint64_t text_of(const char *records, size_t len)
{
	const char *end = records + len;
	uint64_t bytes = 0;

	while (records < end) {
		const char *stop =
			memchr(records, '\n', (size_t)(end - records));
		struct crilog_record r;

		if (!stop)
			break;
		if (crilog_parse(&r, records, (size_t)(stop - records)) == 0)
			bytes += r.len + !r.partial;
		records = stop + 1;
	}
	return bytes;
}

/* From here on nothing gets into the log; what waited for its line's end does
 * not either. */
static void drop_from_here(struct logpump *p)
{
	for (int i = 0; i < 2; i++) {
		p->dropped +=
			p->writer[i].rest.len + redact_held(&p->redact[i]);
		buf_release(&p->writer[i].rest);
		redact_release(&p->redact[i]);
	}
}

/* Writes the records that fit under the limit. */
static void write_records(struct logpump *p)
{
	struct buf *out = &p->out;

	if (p->max && p->written + (int64_t)out->len > p->max) {
		size_t room = (size_t)(p->max - p->written);
		const char *cut = memrchr(out->ptr, '\n', room);
		size_t keep = cut ? (size_t)(cut - out->ptr) + 1 : 0;

		p->full = 1;
		p->dropped += text_of(out->ptr + keep, out->len - keep);
		buf_setlen(out, keep);
		drop_from_here(p);
	}
	if (out->len && fs_write_all(p->log, out->ptr, out->len) < 0) {
		p->error = errno;
		p->dropped += text_of(out->ptr, out->len);
		drop_from_here(p);
	} else {
		p->written += (int64_t)out->len;
	}
	buf_reset(out);
}

/* Reads and forgets; as a read it says 0 at the end. */
static ssize_t discard(struct logpump *p, int which)
{
	if (p->null < 0)
		p->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (p->null >= 0) {
		ssize_t n = splice(p->in[which], NULL, p->null, NULL,
			PIPE_BYTES, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		if (n >= 0 || errno == EAGAIN || errno == EINTR)
			return n;
	}
	return read(p->in[which], p->chunk, READ_BYTES);
}

static void count_short(
	struct logpump *p, size_t got, const struct timespec *at)
{
	int64_t slice = (at->tv_sec * 1000000000LL + at->tv_nsec) / SLICE_NS;

	if (slice != p->slice)
		p->short_reads = 0;
	p->slice = slice;
	if (got < READ_BYTES / 2)
		p->short_reads++;
}

/* What is left of the output of a stream. */
static void put(struct logpump *p, int which, const char *data, size_t len)
{
	if (p->log < 0)
		p->give(p->arg, p->writer[which].stream, data, len);
	else
		crilog_feed(&p->writer[which], data, len, &p->now, &p->out);
}

static void put_out(void *arg, const char *data, size_t len)
{
	put(arg, 0, data, len);
}

static void put_err(void *arg, const char *data, size_t len)
{
	put(arg, 1, data, len);
}

static void take(struct logpump *p, int which, const char *data, size_t len)
{
	struct redact_stream *redact = &p->redact[which];

	if (p->redactor && !redact->r)
		redact_open(redact, p->redactor, which ? put_err : put_out, p);
	if (p->redactor)
		redact_feed(redact, data, len);
	else
		put(p, which, data, len);
	if (p->out.len)
		write_records(p);
}

void logpump_say(struct logpump *p, const char *line, size_t len)
{
	clock_gettime(CLOCK_REALTIME, &p->now);
	put(p, 1, line, len);
	if (p->out.len)
		write_records(p);
}

size_t logpump_pull(struct logpump *p, int which)
{
	int drop = p->full || p->error;

	if (!p->chunk)
		p->chunk = mem_alloc(READ_BYTES);
	ssize_t got = drop ? discard(p, which)
			   : read(p->in[which], p->chunk, READ_BYTES);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0) {
		close_fd(&p->in[which]);
		return 0;
	}
	clock_gettime(CLOCK_REALTIME, &p->now);
	count_short(p, (size_t)got, &p->now);
	if (drop)
		p->dropped += (uint64_t)got;
	else
		take(p, which, p->chunk, (size_t)got);
	return (size_t)got;
}

void logpump_drain(struct logpump *p)
{
	for (int i = 0; i < 2; i++) {
		int there = 0;

		if (p->in[i] < 0 || ioctl(p->in[i], FIONREAD, &there) < 0)
			continue;
		/* one more than there is: that one sees the end */
		for (size_t left = (size_t)there + 1; p->in[i] >= 0;) {
			size_t got = logpump_pull(p, i);

			if (!got || got >= left)
				break;
			left -= got;
		}
	}
}

int logpump_is_done(const struct logpump *p)
{
	return p->in[0] < 0 && p->in[1] < 0;
}

int logpump_pause_us(const struct logpump *p)
{
	if (p->short_reads <= SHORT_READS)
		return 0;
	return p->pipe_size >= PIPE_BYTES ? PAUSE_US : PAUSE_SMALL_US;
}

static void say_dropped(struct logpump *p)
{
	struct crilog_writer w = { CRILOG_STDERR, BUF_INIT };
	struct buf line = BUF_INIT;

	buf_addf(&line,
		"quire: the log is at its limit of %lld bytes; %llu bytes of "
		"output were dropped\n",
		(long long)p->max, (unsigned long long)p->dropped);
	crilog_feed(&w, line.ptr, line.len, &p->now, &p->out);
	if (fs_write_all(p->log, p->out.ptr, p->out.len) < 0)
		p->error = errno;
	buf_release(&line);
}

void logpump_close(struct logpump *p)
{
	clock_gettime(CLOCK_REALTIME, &p->now);
	close_fd(&p->in[0]);
	close_fd(&p->in[1]);
	for (int i = 0; i < 2; i++) {
		if (p->redact[i].r)
			redact_end(&p->redact[i]);
		int had_room = !p->full && !p->error;
		int open_line = p->writer[i].rest.len > 0;

		crilog_end(&p->writer[i], &p->now, &p->out);
		if (!p->out.len)
			continue;
		write_records(p);
		/* the record counts a newline that the command never wrote */
		if (open_line && had_room && (p->full || p->error))
			p->dropped--;
	}
	if (p->full && !p->error)
		say_dropped(p);
	/* NFS and quotas may only tell now */
	if (p->log >= 0 && close(p->log) < 0 && !p->error)
		p->error = errno;
	p->log = -1;
	close_fd(&p->null);
	free(p->chunk);
	p->chunk = NULL;
	buf_release(&p->out);
}
