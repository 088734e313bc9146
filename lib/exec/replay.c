#include "exec/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "exec/runlog.h"

#define READ_BYTES 65536

/*
 * The file can't be read: -1 if it may be later, 0 if it tells nothing. What
 * stands in its place, or may not be opened by its own owner, was put there by
 * somebody, and stays; any other error is no evidence.
 */
static int unreadable(
	const struct home *h, const struct rundir *d, struct err *e)
{
	err_sys(e, "%s/events.jsonl", d->path);
	switch (errno) {
	case ENOENT:
		return 0;
	case EACCES:
	case EISDIR:
	case ELOOP:
	case ENXIO:
	case EPERM:
		runlog_add(h, "%s", e->text);
		return 0;
	}
	return -1;
}

/* The whole lines that are there. */
static int take(struct ingest *in, struct db *db, const struct home *h,
	const struct rundir *d, struct buf *data, struct err *e)
{
	size_t used = 0;

	if (ingest_lines(db, in, data->ptr, data->len, &used, e)) {
		if (e->status == EXIT_BUSY)
			return -1;
		runlog_add(h, "%s/events.jsonl: %s", d->path, e->text);
		used = ingest_give_up(in);
	}
	buf_consume(data, used);
	return 0;
}

int replay_events(struct ingest *in, struct db *db, const struct home *h,
	const struct rundir *d, struct err *e)
{
	struct buf data = BUF_INIT;
	int failed = 0;
	ssize_t n;
	int fd;

	do
		fd = openat(d->fd, "events.jsonl",
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return unreadable(h, d, e);
	do {
		buf_grow(&data, READ_BYTES);
		n = read(fd, data.ptr + data.len, READ_BYTES);
		if (n <= 0)
			continue;
		buf_setlen(&data, data.len + (size_t)n);
		failed = take(in, db, h, d, &data, e);
	} while (!failed && (n > 0 || (n < 0 && errno == EINTR)));
	if (n < 0)
		failed = unreadable(h, d, e);
	close(fd);
	buf_release(&data);
	return failed;
}
