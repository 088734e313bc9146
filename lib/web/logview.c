#include "web/logview.h"

#include <errno.h>

#include "web/ansi.h"
#include "web/html.h"

struct view {
	struct buf *out;
	int64_t line; /* number of the next line that ends; 0: not counted */
	struct buf begun[2]; /* a line not ended yet: stdout's, stderr's */
};

static void row_begin(struct view *v, enum crilog_stream stream, int ended)
{
	struct buf *b = v->out;

	if (!v->line) {
		if (stream == CRILOG_STDERR)
			html_raw(b, "<span class=\"e\">");
		return;
	}
	html_raw(b, "<span class=\"l");
	if (stream == CRILOG_STDERR)
		html_raw(b, " e");
	html_raw(b, "\"");
	if (ended) {
		html_raw(b, " id=\"L");
		html_int(b, v->line);
		html_raw(b, "\"><a href=\"#L");
		html_int(b, v->line);
		html_raw(b, "\">");
		html_int(b, v->line);
		html_raw(b, "</a> ");
	} else {
		html_raw(b, "><a></a> ");
	}
}

static void row(struct view *v, enum crilog_stream stream, const char *text,
	size_t len, int ended)
{
	row_begin(v, stream, ended);
	ansi_html(v->out, text, len);
	html_raw(v->out, "\n");
	if (v->line || stream == CRILOG_STDERR)
		html_raw(v->out, "</span>");
	if (v->line && ended)
		v->line++;
}

static void add_record(struct view *v, const struct crilog_record *rec)
{
	struct buf *begun = &v->begun[rec->stream == CRILOG_STDERR];

	if (!rec->partial && !begun->len) {
		row(v, rec->stream, rec->text, rec->len, 1);
		return;
	}
	buf_add(begun, rec->text, rec->len);
	if (rec->partial && begun->len < LOGVIEW_LINE)
		return;
	row(v, rec->stream, begun->ptr, begun->len, !rec->partial);
	buf_reset(begun);
}

/* Shows what was begun and did not end where we stop, and lets go. */
static void view_end(struct view *v)
{
	static const enum crilog_stream streams[] = { CRILOG_STDOUT,
		CRILOG_STDERR };

	for (int i = 0; i < 2; i++) {
		if (v->begun[i].len)
			row(v, streams[i], v->begun[i].ptr, v->begun[i].len, 0);
		buf_release(&v->begun[i]);
	}
}

int logview_part(struct buf *b, const struct logfile *f, int64_t from,
	int64_t to, int64_t line, int64_t *at, int64_t *next)
{
	struct view v = { b, line, { BUF_INIT, BUF_INIT } };
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
	*next = v.line;
	errno = saved;
	return got < 0 ? -1 : 0;
}

int logview_tail(
	struct buf *b, const struct logfile *f, int64_t max_bytes, int *cut)
{
	int64_t from = f->size > max_bytes ? f->size - max_bytes : 0;
	int64_t next;

	*cut = from > 0;
	if (from) {
		struct logreader r;
		struct crilog_record torn;

		/* a record begins behind the newline of the one before */
		logreader_start(&r, f, from - 1, f->size);
		if (logreader_next(&r, &torn) < 0) {
			logreader_end(&r);
			return -1;
		}
		from = r.at;
		logreader_end(&r);
	}
	return logview_part(b, f, from, f->size, 0, &from, &next);
}
