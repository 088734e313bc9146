/*
 * One log as the text that the command wrote: what stands in the CRI records,
 * without their columns, both streams as they came. Range is over these bytes.
 *
 * Their number is counted first, in one pass over the file as large as it was
 * when it was opened, so that the length is right even while a command still
 * writes. Then they are sent in chunks. Neither needs memory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "web/log_query.h"
#include "web/page.h"

#define CHUNK_BYTES (64 << 10)

struct raw {
	struct logfile file;
	int64_t from, to; /* bytes of text */
};

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
	int64_t at = 0;
	int ret = 0;

	logreader_start(&r, &raw->file, 0, raw->file.size);
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

static void answer(struct page *p, struct log_query *q, int64_t length)
{
	struct response *res = p->res;
	struct raw *raw = mem_zero(sizeof(*raw));
	char etag[64];
	int got;

	snprintf(etag, sizeof(etag), "\"%llx-%llx\"",
		(unsigned long long)q->file.size,
		(unsigned long long)q->file.mtime_ms);
	raw->to = length;
	got = request_range(p->req, etag, length, &raw->from, &raw->to);
	raw->file = q->file;
	q->file.fd = -1;

	res->type = "text/plain; charset=utf-8";
	res->length = raw->to - raw->from;
	res->send = raw_send;
	res->release = raw_release;
	res->arg = raw;
	buf_addf(&res->headers, "Accept-Ranges: bytes\r\nETag: %s\r\n", etag);
	if (got > 0) {
		res->status = 206;
		buf_addf(&res->headers,
			"Content-Range: bytes %lld-%lld/%lld\r\n",
			(long long)raw->from, (long long)raw->to - 1,
			(long long)length);
	} else if (got < 0) {
		res->status = 416;
		res->length = raw->from = raw->to = 0;
		buf_addf(&res->headers, "Content-Range: bytes */%lld\r\n",
			(long long)length);
	} else if (request_has_etag(p->req, etag)) {
		res->status = 304;
		res->length = raw->from = raw->to = 0;
	}
}

int page_raw(struct page *p, struct err *e)
{
	struct log_query q;
	int got = log_query_read(&q, p, e);
	struct logsum sum = { 0 };

	if (got <= 0)
		return got < 0 ? -1 : page_not_found(p);
	got = logfile_count(&q.file, q.file.size, &sum);
	if (got < 0)
		err_sys(e, "the log of %s#%lld", q.run.repo,
			(long long)q.run.number);
	else
		answer(p, &q, sum.bytes);
	log_query_release(&q);
	return got < 0 ? -1 : 0;
}
