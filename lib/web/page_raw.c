/*
 * One log as the text that the command wrote: what stands in the CRI records,
 * without their columns, both streams as they came. Range is over these bytes.
 *
 * Their number is counted first, in one pass over the file as large as it was
 * when it was opened, so that the length is right even while a command still
 * writes. Then they are sent in chunks, from one of the places on that were
 * noted while counting. Neither needs memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "web/log_query.h"
#include "web/page.h"

#define CHUNK_BYTES (64 << 10)
#define MARKS 64
#define MARK_BYTES (1 << 20) /* no nearer to each other, in the file */

struct raw {
	struct logfile file;
	int64_t from, to; /* bytes of text */
	struct logsum marks[MARKS]; /* records and the text before them */
	int n_marks;
};

/* The length of the text; -1 with errno. */
static int64_t count(struct raw *raw)
{
	int64_t size = raw->file.size;
	int64_t step = size / MARKS > MARK_BYTES ? size / MARKS : MARK_BYTES;
	struct logsum sum = { 0 }, last;

	/* one that was cut off since does not get there */
	do {
		last = sum;
		if (raw->n_marks < MARKS)
			raw->marks[raw->n_marks++] = sum;
		if (logfile_count_on(&raw->file, sum.at + step, &sum) < 0)
			return -1;
	} while (sum.at > last.at && sum.at < size);
	return sum.bytes;
}

/* Adds what of these len bytes, which start at *at, is in the range. */
static void add_wanted(const struct raw *raw, struct buf *out, int64_t *at,
	const char *s, size_t len)
{
	int64_t lo = raw->from > *at ? raw->from - *at : 0;
	int64_t hi = raw->to - *at;

	if (hi > (int64_t)len)
		hi = (int64_t)len;
	if (lo < hi)
		buf_add(out, s + lo, (size_t)(hi - lo));
	*at += (int64_t)len;
}

static int raw_send(void *arg, int fd)
{
	const struct raw *raw = arg;
	struct buf out = BUF_INIT;
	struct logreader r;
	struct crilog_record rec;
	const struct logsum *mark = raw->marks;
	int ret = 0;

	while (mark + 1 < raw->marks + raw->n_marks &&
		mark[1].bytes <= raw->from)
		mark++;

	int64_t at = mark->bytes;
	logreader_start(&r, &raw->file, mark->at, raw->file.size);
	while (!ret && at < raw->to && (ret = logreader_next(&r, &rec)) > 0) {
		ret = 0;
		add_wanted(raw, &out, &at, rec.text, rec.len);
		if (!rec.partial)
			add_wanted(raw, &out, &at, "\n", 1);
		if (out.len >= CHUNK_BYTES) {
			ret = fs_write_all(fd, out.ptr, out.len);
			buf_reset(&out);
		}
	}
	if (!ret)
		ret = fs_write_all(fd, out.ptr, out.len);
	logreader_end(&r);
	buf_release(&out);
	return ret;
}

static void raw_release(void *arg)
{
	struct raw *raw = arg;

	logfile_close(&raw->file);
	free(raw);
}

#define ETAG_SIZE 64

static void set_etag(const struct raw *raw, char etag[ETAG_SIZE])
{
	snprintf(etag, ETAG_SIZE, "\"%llx-%llx\"",
		(unsigned long long)raw->file.size,
		(unsigned long long)raw->file.mtime_ms);
}

static void answer(
	struct page *p, struct raw *raw, const char *etag, int64_t length)
{
	struct response *res = p->res;
	int got;

	raw->to = length;
	got = request_range(p->req, etag, length, &raw->from, &raw->to);

	res->type = "text/plain; charset=utf-8";
	res->send = raw_send;
	res->release = raw_release;
	res->arg = raw;
	buf_addf(&res->headers, "Accept-Ranges: bytes\r\n");
	if (got > 0) {
		res->status = 206;
		buf_addf(&res->headers,
			"Content-Range: bytes %lld-%lld/%lld\r\n",
			(long long)raw->from, (long long)raw->to - 1,
			(long long)length);
	} else if (got < 0) {
		res->status = 416;
		raw->from = raw->to = 0;
		buf_addf(&res->headers, "Content-Range: bytes */%lld\r\n",
			(long long)length);
	}
	res->length = raw->to - raw->from;
}

/* The tag is looked at first: it needs no counting, and comes before a range
 * (RFC 9110, 13.2.2). */
static int send_or_not(struct page *p, struct raw *raw)
{
	char etag[ETAG_SIZE];
	int64_t length;

	set_etag(raw, etag);
	buf_addf(&p->res->headers, "ETag: %s\r\n", etag);
	if (request_has_etag(p->req, etag)) {
		p->res->status = 304;
		raw_release(raw);
		return 0;
	}
	length = count(raw);
	if (length < 0) {
		int saved = errno;

		raw_release(raw);
		errno = saved;
		return -1;
	}
	answer(p, raw, etag, length);
	return 0;
}

int page_raw(struct page *p, struct err *e)
{
	struct log_query q;
	int got = log_query_read(&q, p, e);

	if (got <= 0)
		return got < 0 ? -1 : page_not_found(p);

	struct raw *raw = mem_zero(sizeof(*raw));
	raw->file = q.file;
	q.file.fd = -1;
	got = send_or_not(p, raw);
	if (got < 0)
		err_sys(e, "the log of %s#%lld", q.run.repo,
			(long long)q.run.number);
	log_query_release(&q);
	return got;
}
