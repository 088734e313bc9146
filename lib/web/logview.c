#include "web/logview.h"

#include <errno.h>
#include <string.h>

#include "web/ansi.h"
#include "web/html.h"

/* One of stdout and stderr. */
struct stream {
	struct ansi ansi;
	struct buf begun; /* a line not ended yet */
};

struct view {
	struct buf *out;
	struct logview how; /* line: number of the next one that ends */
	struct stream streams[2];
};

static void add_number(struct view *v)
{
	struct buf *b = v->out;
	int64_t line = v->how.line;

	html_raw(b, "<a href=\"");
	if (v->how.is_part) {
		html_raw(b, "?line=");
		html_int(b, line);
		if (v->how.times)
			html_raw(b, "&amp;time=1");
	}
	html_raw(b, "#L");
	html_int(b, line);
	html_raw(b, "\">");
	html_int(b, line);
	html_raw(b, " </a>");
}

/* The time of day in milliseconds, in UTC as the log has it. */
static void add_time(struct buf *b, const struct crilog_record *rec)
{
	static const char shape[] = "2026-11-24T05:46:58.123";
	const char *time = rec ? rec->time : "";
	size_t len = rec ? rec->time_len : 0;

	if (!len) {
		html_raw(b, "<time></time> ");
		return;
	}
	html_raw(b, "<time title=\"");
	html_textn(b, time, len);
	html_raw(b, "\">");
	if (len >= sizeof(shape) && time[19] == '.')
		html_textn(b, time + 11, sizeof(shape) - 1 - 11);
	else
		html_textn(b, time + 11, 8);
	html_raw(b, "</time> ");
}

/* rec: that which ended the line; NULL for one that did not end. */
static void row_begin(
	struct view *v, int is_stderr, const struct crilog_record *rec)
{
	struct buf *b = v->out;

	if (!v->how.line) {
		if (is_stderr)
			html_raw(b, "<span class=\"e\">");
		return;
	}
	html_raw(b, "<span class=\"l");
	if (is_stderr)
		html_raw(b, " e");
	html_raw(b, "\"");
	if (rec) {
		html_raw(b, " id=\"L");
		html_int(b, v->how.line);
		html_raw(b, "\">");
		add_number(v);
	} else {
		html_raw(b, "><a> </a>");
	}
	if (v->how.times)
		add_time(b, rec);
}

static void row(struct view *v, int is_stderr, const struct crilog_record *rec,
	const char *text, size_t len)
{
	row_begin(v, is_stderr, rec);
	ansi_html(&v->streams[is_stderr].ansi, v->out, text, len);
	html_raw(v->out, "\n");
	if (v->how.line || is_stderr)
		html_raw(v->out, "</span>");
	if (v->how.line && rec)
		v->how.line++;
}

/* What is held of a line has become too much. */
static void relieve(struct view *v, int is_stderr)
{
	struct stream *s = &v->streams[is_stderr];
	size_t over = ansi_overwritten(s->begun.ptr, s->begun.len);

	ansi_skip(&s->ansi, s->begun.ptr, over);
	buf_consume(&s->begun, over);
	if (s->begun.len < LOGVIEW_LINE)
		return;

	size_t whole = ansi_whole(s->begun.ptr, s->begun.len);
	row(v, is_stderr, NULL, s->begun.ptr, whole);
	buf_consume(&s->begun, whole);
}

static void add_record(struct view *v, const struct crilog_record *rec)
{
	int is_stderr = rec->stream == CRILOG_STDERR;
	struct buf *begun = &v->streams[is_stderr].begun;

	if (!rec->partial && !begun->len) {
		row(v, is_stderr, rec, rec->text, rec->len);
		return;
	}
	buf_add(begun, rec->text, rec->len);
	if (!rec->partial) {
		row(v, is_stderr, rec, begun->ptr, begun->len);
		buf_reset(begun);
	} else if (begun->len >= LOGVIEW_LINE) {
		relieve(v, is_stderr);
	}
}

/* Shows what was begun and did not end where we stop, and lets go. */
static void view_end(struct view *v)
{
	for (int i = 0; i < 2; i++) {
		struct stream *s = &v->streams[i];

		if (s->begun.len)
			row(v, i, NULL, s->begun.ptr, s->begun.len);
		buf_release(&s->begun);
		ansi_release(&s->ansi);
	}
}

int logview_part(struct buf *b, const struct logfile *f,
	const struct logview *how, int64_t from, int64_t to, int64_t *at)
{
	struct view v = { .out = b,
		.how = *how,
		.streams = {
			{ ANSI_INIT, BUF_INIT }, { ANSI_INIT, BUF_INIT } } };
	struct crilog_record rec;
	struct logreader r;
	int got = 1;

	logreader_start(&r, f, from, f->size);
	while (r.at < to && (got = logreader_next(&r, &rec)) > 0)
		add_record(&v, &rec);
	int saved = errno;
	*at = r.at;
	logreader_end(&r);
	view_end(&v);
	errno = saved;
	return got < 0 ? -1 : 0;
}

int logview_tail(
	struct buf *b, const struct logfile *f, int64_t max_bytes, int *cut)
{
	static const struct logview plain = { 0 };
	int64_t from = f->size > max_bytes ? f->size - max_bytes : 0;

	*cut = from > 0;
	if (logfile_record(f, &from) < 0)
		return -1;
	return logview_part(b, f, &plain, from, f->size, &from);
}
