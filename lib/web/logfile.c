#include "web/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "web/run_folder.h"

/* Longer than any record that quire writes. */
#define READER_BYTES (64 << 10)

/* A regular file; a FIFO put in its place must not hold us. */
static int open_file(struct logfile *f, const struct home *h, const char *repo,
	const char *run_id, const char *const *names)
{
	struct stat st;

	f->fd = run_folder_file(h, repo, run_id, names);
	if (f->fd < 0)
		return -1;
	if (fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(f->fd);
		errno = ENOENT;
		return -1;
	}
	f->size = st.st_size;
	f->mtime_ms = (int64_t)st.st_mtim.tv_sec * 1000 +
		      st.st_mtim.tv_nsec / 1000000;
	return 0;
}

int logfile_open(struct logfile *f, const struct home *h, const char *repo,
	const char *run_id, const char *job_id, int n)
{
	struct buf name = BUF_INIT;

	buf_addf(&name, "sh-%d.log", n);

	const char *const names[] = { "jobs", job_id, name.ptr, NULL };
	int ret = open_file(f, h, repo, run_id, names);
	buf_release(&name);
	return ret;
}

int logfile_open_executor(struct logfile *f, const struct home *h,
	const char *repo, const char *run_id)
{
	static const char *const names[] = { "quire-ci.log", NULL };

	return open_file(f, h, repo, run_id, names);
}

void logfile_close(struct logfile *f)
{
	close(f->fd);
	f->fd = -1;
}

void logreader_start(
	struct logreader *r, const struct logfile *f, int64_t from, int64_t to)
{
	*r = (struct logreader){
		.fd = f->fd,
		.at = from,
		.end = to < f->size ? to : f->size,
	};
	int64_t bytes =
		r->end - from < READER_BYTES ? r->end - from : READER_BYTES;
	r->data = mem_alloc(bytes > 0 ? (size_t)bytes : 1);
}

void logreader_end(struct logreader *r)
{
	free(r->data);
	r->data = NULL;
}

/* Fills the reader up; 0 when no more comes, -1 with errno. */
static int refill(struct logreader *r)
{
	int64_t from = r->at + (int64_t)(r->have - r->pos);

	memmove(r->data, r->data + r->pos, r->have - r->pos);
	r->have -= r->pos;
	r->pos = 0;
	if (from >= r->end || r->have == READER_BYTES)
		return 0;

	size_t want = READER_BYTES - r->have;
	if ((int64_t)want > r->end - from)
		want = (size_t)(r->end - from);
	ssize_t n;
	do
		n = pread(r->fd, r->data + r->have, want, from);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		r->have += (size_t)n;
	return n < 0 ? -1 : n > 0;
}

/* The length of the next line and of what it takes in the file: 1, 0, -1. */
static int next_line(struct logreader *r, size_t *len, size_t *used)
{
	size_t scanned = 0;

	for (;;) {
		size_t have = r->have - r->pos;
		char *nl = memchr(
			r->data + r->pos + scanned, '\n', have - scanned);

		if (nl) {
			*len = (size_t)(nl - (r->data + r->pos));
			*used = *len + 1;
			return 1;
		}
		scanned = have;
		int got = refill(r);
		if (got < 0)
			return -1;
		if (!got) {
			*len = *used = r->have - r->pos;
			return *len > 0;
		}
	}
}

int logreader_next(struct logreader *r, struct crilog_record *rec)
{
	size_t len, used;
	int got = next_line(r, &len, &used);

	if (got <= 0)
		return got;

	const char *line = r->data + r->pos;
	if (crilog_parse(rec, line, len) < 0) {
		*rec = (struct crilog_record){
			.time = "",
			.stream = CRILOG_STDOUT,
			.partial =
				used == len && r->at + (int64_t)used < r->end,
			.text = line,
			.len = len,
		};
	}
	r->pos += used;
	r->at += (int64_t)used;
	return 1;
}

int logfile_record(const struct logfile *f, int64_t *at)
{
	struct logreader r;
	struct crilog_record torn;
	int got;

	if (!*at)
		return 0;
	/* it begins behind the newline of the one before */
	logreader_start(&r, f, *at - 1, f->size);
	got = logreader_next(&r, &torn);
	int saved = errno;
	*at = r.at;
	logreader_end(&r);
	errno = saved;
	return got < 0 ? -1 : 0;
}

static void add_up(struct logsum *sum, const struct logreader *r,
	const struct crilog_record *rec)
{
	sum->lines += !rec->partial;
	sum->bytes += (int64_t)rec->len + !rec->partial;
	sum->at = r->at;
}

int logfile_count_on(const struct logfile *f, int64_t to, struct logsum *sum)
{
	struct logreader r;
	struct crilog_record rec;
	int got = 1;

	logreader_start(&r, f, sum->at, f->size);
	while (sum->at < to && (got = logreader_next(&r, &rec)) > 0)
		add_up(sum, &r, &rec);
	int saved = errno;
	logreader_end(&r);
	errno = saved;
	return got < 0 ? -1 : 0;
}

int logfile_count(const struct logfile *f, int64_t to, struct logsum *sum)
{
	*sum = (struct logsum){ 0 };
	return logfile_count_on(f, to, sum);
}

int logfile_around(const struct logfile *f, int64_t line, int64_t before,
	struct logsum *sum)
{
	struct logsum here = { 0 }, mark = { 0 };
	struct logreader r;
	struct crilog_record rec;
	int got = 1;

	/* *sum and mark follow behind, a quarter to a half of it apart each */
	*sum = mark;
	logreader_start(&r, f, 0, f->size);
	while (here.lines < line - 1 && (got = logreader_next(&r, &rec)) > 0) {
		add_up(&here, &r, &rec);
		if (here.at - mark.at > before / 2) {
			*sum = mark;
			mark = here;
		}
	}
	int saved = errno;
	logreader_end(&r);
	errno = saved;
	if (got < 0)
		return -1;
	return line > 0 && here.lines == line - 1 && here.at < f->size;
}
