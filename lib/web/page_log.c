/*
 * One log, with numbered lines. A long one is read in windows: without ?from=
 * its beginning and its end, else what starts at that offset of its file.
 */
#include <errno.h>
#include <string.h>

#include "base/name.h"
#include "web/html.h"
#include "web/log_query.h"
#include "web/logview.h"
#include "web/page.h"
#include "web/route.h"
#include "web/run_jobs.h"

#define WINDOW_BYTES (256 << 10)
#define BEGINNING_BYTES (32 << 10) /* of a long log, before its end */

/* What of the file is shown: one part, or a beginning and an end. */
struct parts {
	int64_t from, to; /* to 0: there is no such part */
};

static int is_running(const struct log_query *q)
{
	return q->sh->finished_at_ms < 0 && !strcmp(q->job->state, "active");
}

static void window_link(struct page *p, const struct log_query *q, int64_t from,
	const char *text)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<a href=\"");
	url_log(b, p, &q->run, q->job->id, q->sh->n);
	if (from >= 0) {
		html_raw(b, "?from=");
		html_int(b, from);
	}
	html_raw(b, "\">");
	html_text(b, text);
	html_raw(b, "</a>\n");
}

/* Shows what starts from `from` on, with its numbers; *at is where it ended.
 * The end of a log that is written to is what live.js appends to, from the
 * byte of the raw text on that stands there. */
static int add_part(struct page *p, const struct log_query *q, int64_t from,
	int64_t to, int64_t *start, int64_t *at)
{
	struct buf *b = &p->res->body;
	struct logsum sum;
	int64_t next;
	int ret;

	if (logfile_count(&q->file, from, &sum) < 0)
		return -1;
	*start = sum.at;
	html_raw(b, "<pre class=\"log numbered\"");
	if (is_running(q) && to >= q->file.size) {
		html_raw(b, " data-log=\"");
		url_log(b, p, &q->run, q->job->id, q->sh->n);
		html_raw(b, ".txt\" data-at=\"");
		html_int(b, sum.bytes);
		html_raw(b, "\"");
	}
	html_raw(b, ">");
	ret = logview_part(b, &q->file, sum.at, to, sum.lines + 1, at, &next);
	html_raw(b, "</pre>\n");
	return ret;
}

static void add_gap(
	struct page *p, const struct log_query *q, int64_t from, int64_t to)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<p class=\"gap\">");
	html_size(b, to - from);
	html_raw(b, " of the log are left out here. ");
	window_link(p, q, from, "Read on");
	html_raw(b, "</p>\n");
}

static int whole_or_ends(struct page *p, const struct log_query *q)
{
	int64_t size = q->file.size, start, at, end_start;

	if (size <= WINDOW_BYTES)
		return add_part(p, q, 0, size, &start, &at);
	if (add_part(p, q, 0, BEGINNING_BYTES, &start, &at) < 0)
		return -1;

	/* the gap is told before the end is read: where that starts is known
	 * only then, and differs by a record */
	end_start = size - (WINDOW_BYTES - BEGINNING_BYTES);
	add_gap(p, q, at, end_start);
	return add_part(p, q, end_start, size, &start, &at);
}

static int window(struct page *p, const struct log_query *q, int64_t from)
{
	struct buf *b = &p->res->body;
	int64_t size = q->file.size, start, at;

	html_raw(b, "<nav class=\"pager\" aria-label=\"Parts of the log\">\n");
	window_link(p, q, -1, "Both ends");
	if (from > 0)
		window_link(p, q, from > WINDOW_BYTES ? from - WINDOW_BYTES : 0,
			"Previous");
	if (from + WINDOW_BYTES < size)
		window_link(p, q, from + WINDOW_BYTES, "Next");
	html_raw(b, "</nav>\n");
	return add_part(p, q, from, from + WINDOW_BYTES, &start, &at);
}

static void head(struct page *p, const struct log_query *q)
{
	struct buf *b = &p->res->body;
	const struct sh *sh = q->sh;

	html_raw(b, "<div class=\"title log\"><h1><code>");
	show_command(b, sh->cmd);
	html_raw(b, "</code></h1></div>\n<p class=\"facts\">");
	if (sh->finished_at_ms >= 0) {
		show_exit(b, sh->exit_code);
		html_raw(b, " &middot; ");
	} else if (is_running(q)) {
		html_raw(b, "running &middot; ");
	} else {
		html_raw(b, "cut off &middot; ");
	}
	if (sh->finished_at_ms >= 0 || is_running(q)) {
		show_span(b, p, sh->started_at_ms, sh->finished_at_ms);
		html_raw(b, " &middot; ");
	}
	html_size(b, q->file.size);
	html_raw(b, " &middot; <a href=\"");
	url_log(b, p, &q->run, q->job->id, sh->n);
	html_raw(b, ".txt\">raw</a> &middot; <span class=\"e\">"
		    "standard error is marked like this</span></p>\n");
}

static void begin(struct page *p, const struct log_query *q)
{
	struct buf title = BUF_INIT;

	buf_addf(&title, "%s %d: ", q->job->id, q->sh->n);
	buf_add(&title, q->run.repo, name_short_len(q->run.repo));
	buf_addf(&title, " #%lld", (long long)q->run.number);
	frame_begin(p, &(struct frame){
			       .title = title.ptr,
			       .repo = q->run.repo,
			       .run = &q->run,
			       .job = q->job->id,
			       .n = q->sh->n,
			       .live = is_running(q),
		       });
	buf_release(&title);
}

int page_log(struct page *p, struct err *e)
{
	struct log_query q;
	int64_t from = request_param_int(p->req, "from");
	int got = log_query_read(&q, p, e);

	if (got <= 0)
		return got < 0 ? -1 : page_not_found(p);
	if (from >= q.file.size)
		from = -1;

	begin(p, &q);
	head(p, &q);
	if (!q.file.size && !is_running(&q))
		html_raw(&p->res->body, "<p class=\"empty\">No output.</p>\n");
	else
		got = from < 0 ? whole_or_ends(p, &q) : window(p, &q, from);
	if (got < 0)
		err_sys(e, "the log of %s#%lld", q.run.repo,
			(long long)q.run.number);
	frame_end(p);
	log_query_release(&q);
	return got < 0 ? -1 : 0;
}
