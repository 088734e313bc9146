/*
 * One log, with numbered lines. A long one is read in windows: its beginning
 * and its end, or with ?from= what starts at that offset of its file, or with
 * ?line= what is around that line.
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

struct log_page {
	struct page *p;
	struct log_query q;
	int times; /* ?time=1 */
	int is_part; /* not all of the log is on the page */
};

static int is_running(const struct log_query *q)
{
	return q->sh->finished_at_ms < 0 && !strcmp(q->job->state, "active");
}

static void add_url(struct log_page *lp)
{
	url_log(&lp->p->res->body, lp->p, &lp->q.run, lp->q.job->id,
		lp->q.sh->n);
}

/* The part of the log that a URL asks for; line and from: or 0 and -1. */
static void add_query(struct buf *b, int64_t line, int64_t from, int times)
{
	int some = line > 0 || from >= 0;

	if (line > 0) {
		html_raw(b, "?line=");
		html_int(b, line);
	} else if (from >= 0) {
		html_raw(b, "?from=");
		html_int(b, from);
	}
	if (times && some)
		html_raw(b, "&amp;time=1");
	else if (times)
		html_raw(b, "?time=1");
}

/* A link to this log from an offset on; -1: to its beginning and end. */
static void window_link(struct log_page *lp, int64_t from, const char *text)
{
	struct buf *b = &lp->p->res->body;

	html_raw(b, "<a href=\"");
	add_url(lp);
	add_query(b, 0, from, lp->times);
	html_raw(b, "\">");
	html_text(b, text);
	html_raw(b, "</a>\n");
}

/*
 * Shows what starts from a record on, with its numbers; *at is where it ended.
 * To the end of a log that is written to live.js appends; it is told what the
 * part begins with: the byte of the raw text, and the number of the line.
 */
static int add_part(struct log_page *lp, const struct logsum *start, int64_t to,
	int64_t *at)
{
	const struct logview how = { start->lines + 1, lp->times, lp->is_part };
	struct buf *b = &lp->p->res->body;
	int grows = is_running(&lp->q) && to >= lp->q.file.size;
	int ret;

	html_raw(b, "<pre class=\"log numbered");
	if (lp->times)
		html_raw(b, " timed");
	html_raw(b, "\"");
	if (grows) {
		html_raw(b, " data-line=\"");
		html_int(b, start->lines + 1);
		html_raw(b, "\" data-log=\"");
		add_url(lp);
		html_raw(b, ".txt\" data-at=\"");
		html_int(b, start->bytes);
		html_raw(b, "\"");
	}
	html_raw(b, ">");
	ret = logview_part(b, &lp->q.file, &how, start->at, to, at);
	html_raw(b, "</pre>\n");
	if (grows)
		html_raw(b, "<p class=\"gap\">The command is still running: "
			    "this may not be all.</p>\n");
	return ret;
}

static void add_gap(struct log_page *lp, int64_t from, int64_t to)
{
	struct buf *b = &lp->p->res->body;

	html_raw(b, "<p class=\"gap\">");
	html_size(b, to - from);
	html_raw(b, " of the log are left out here. ");
	window_link(lp, from, "Read on");
	html_raw(b, "</p>\n");
}

static int whole(struct log_page *lp)
{
	int64_t at;

	return add_part(lp, &(struct logsum){ 0 }, lp->q.file.size, &at);
}

static int both_ends(struct log_page *lp)
{
	int64_t size = lp->q.file.size, at;
	int64_t from = size - (WINDOW_BYTES - BEGINNING_BYTES);
	struct logsum end;

	if (add_part(lp, &(struct logsum){ 0 }, BEGINNING_BYTES, &at) < 0 ||
		logfile_count(&lp->q.file, from, &end) < 0)
		return -1;
	if (end.at > at)
		add_gap(lp, at, end.at);
	return add_part(lp, &end, size, &at);
}

static void pager(struct log_page *lp, const char *label, int64_t from)
{
	struct buf *b = &lp->p->res->body;

	html_raw(b, "<nav class=\"pager\" aria-label=\"");
	html_text(b, label);
	html_raw(b, "\">\n");
	window_link(lp, -1, "Both ends");
	if (from > 0)
		window_link(lp, from > WINDOW_BYTES ? from - WINDOW_BYTES : 0,
			"Previous");
	if (from + WINDOW_BYTES < lp->q.file.size)
		window_link(lp, from + WINDOW_BYTES, "Next");
	html_raw(b, "</nav>\n");
}

static int window(struct log_page *lp, const struct logsum *start)
{
	int64_t at;
	int ret;

	pager(lp, "Parts of the log", start->at);
	ret = add_part(lp, start, start->at + WINDOW_BYTES, &at);
	pager(lp, "Parts of the log, below it", start->at);
	return ret;
}

/* What the parameters ask for, or else both ends. */
static int some_window(struct log_page *lp)
{
	int64_t from = request_param_int(lp->p->req, "from");
	int64_t line = request_param_int(lp->p->req, "line");
	struct logsum start;
	int got = 0;

	if (line > 0)
		got = logfile_around(
			&lp->q.file, line, WINDOW_BYTES / 2, &start);
	else if (from >= 0 && from < lp->q.file.size)
		got = logfile_count(&lp->q.file, from, &start) < 0 ? -1 : 1;
	if (got < 0)
		return -1;
	return got ? window(lp, &start) : both_ends(lp);
}

/* The same part of the log, with times or without. */
static void times_link(struct log_page *lp)
{
	struct buf *b = &lp->p->res->body;
	int64_t from = request_param_int(lp->p->req, "from");
	int64_t line = request_param_int(lp->p->req, "line");

	html_raw(b, " &middot; <a href=\"");
	add_url(lp);
	add_query(b, line, from, !lp->times);
	if (line > 0) {
		html_raw(b, "#L");
		html_int(b, line);
	}
	html_raw(b, "\">");
	html_text(b, lp->times ? "no times" : "times");
	html_raw(b, "</a>");
}

/* How it went, in the words of a run's page. */
static void result(struct log_page *lp)
{
	struct buf *b = &lp->p->res->body;
	const struct sh *sh = lp->q.sh;

	if (sh->finished_at_ms >= 0)
		show_exit(b, sh->exit_code);
	else if (is_running(&lp->q))
		html_raw(b, "running");
	else
		html_raw(b, "cut off");
	html_raw(b, " &middot; ");
	if (sh->finished_at_ms >= 0 || is_running(&lp->q)) {
		show_span(b, lp->p, sh->started_at_ms, sh->finished_at_ms);
		html_raw(b, " &middot; ");
	}
}

static void head(struct log_page *lp)
{
	struct buf *b = &lp->p->res->body;

	html_raw(b, "<div class=\"title log\"><h1><code>");
	show_command(b, lp->q.sh->cmd);
	html_raw(b, "</code></h1></div>\n<p class=\"facts\">");
	result(lp);
	html_size(b, lp->q.file.size);
	html_raw(b, " &middot; <a href=\"");
	add_url(lp);
	html_raw(b, ".txt\">raw</a>");
	times_link(lp);
	html_raw(b, " &middot; <span class=\"e\">"
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
	struct log_page lp = { .p = p };
	struct log_query *q = &lp.q;
	int got = log_query_read(q, p, e);

	if (got <= 0)
		return got < 0 ? -1 : page_not_found(p);
	lp.times = request_param_int(p->req, "time") == 1;
	lp.is_part = q->file.size > WINDOW_BYTES;

	begin(p, q);
	head(&lp);
	if (!q->file.size && !is_running(q))
		html_raw(&p->res->body, "<p class=\"empty\">No output.</p>\n");
	else
		got = lp.is_part ? some_window(&lp) : whole(&lp);
	if (got < 0)
		err_sys(e, "the log of %s#%lld", q->run.repo,
			(long long)q->run.number);
	frame_end(p);
	log_query_release(q);
	return got < 0 ? -1 : 0;
}
