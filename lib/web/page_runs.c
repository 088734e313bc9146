/*
 * The runs of a repository, newest first, a page at a time.
 */
#include <string.h>

#include "base/name.h"
#include "web/html.h"
#include "web/page.h"
#include "web/route.h"
#include "web/run_query.h"

static void filter_form(struct page *p, const struct run_query *q)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<form class=\"filter\" method=\"get\" action=\"");
	url_runs(b, p, p->rt->repo);
	html_raw(b, "\">\n<label>Ref <input name=\"ref\" value=\"");
	if (q->ref)
		html_text(b, name_of_ref(q->ref));
	html_raw(b, "\" autocomplete=\"off\" spellcheck=\"false\"></label>\n"
		    "<label>State <select name=\"state\">\n"
		    "<option value=\"\">any</option>\n");
	for (int s = RUN_PENDING; s <= RUN_SUPERSEDED; s++) {
		const char *name = run_state_name((enum run_state)s);

		html_raw(b, "<option");
		if (q->state && !strcmp(q->state, name))
			html_raw(b, " selected");
		html_raw(b, ">");
		html_text(b, name);
		html_raw(b, "</option>\n");
	}
	html_raw(b, "</select></label>\n<button>Show</button>\n");
	if (q->ref || q->state) {
		html_raw(b, "<a href=\"");
		url_runs(b, p, p->rt->repo);
		html_raw(b, "\">all runs</a>\n");
	}
	html_raw(b, "</form>\n");
}

/* What the state alone does not say, in two or three words. */
static void add_cause(struct buf *b, const struct run *r)
{
	if (r->state == RUN_FAILED && r->failure_kind &&
		strcmp(r->failure_kind, KIND_PIPELINE_FAILURE) != 0) {
		html_raw(b, " &middot; <span class=\"cause\">");
		show_failure(b, r);
		html_raw(b, "</span>");
	}
	if (!r->trigger || !strcmp(r->trigger, "push"))
		return;
	html_raw(b, " &middot; ");
	html_text(b, r->trigger);
}

static void run_row(struct page *p, const struct run *r)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<li>");
	show_state(b, run_state_name(r->state));
	html_raw(b, "\n<p class=\"subject\"><a href=\"");
	url_run(b, p, r);
	html_raw(b, "\">");
	show_subject(b, r);
	html_raw(b, "</a></p>\n<p class=\"meta\">#");
	html_int(b, r->number);
	html_raw(b, " &middot; <a href=\"");
	url_runs(b, p, r->repo);
	html_raw(b, "?ref=");
	html_url_path(b, r->ref);
	html_raw(b, "\">");
	show_ref(b, r->ref);
	html_raw(b, "</a> &middot; ");
	show_sha(b, r->sha);
	if (r->author) {
		html_raw(b, " &middot; ");
		show_author(b, r->author);
	}
	add_cause(b, r);
	html_raw(b, "</p>\n<p class=\"when\">");
	html_time(b, r->queued_at_ms, p->now_ms);
	html_raw(b, "</p>\n<p class=\"span\">");
	show_span(b, p, r->started_at_ms, r->finished_at_ms);
	html_raw(b, "</p></li>\n");
}

static void pager_link(struct page *p, const struct run_query *q,
	int64_t before, const char *text)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<a href=\"");
	url_runs(b, p, p->rt->repo);
	run_query_url(b, q, before, "&amp;");
	html_raw(b, "\">");
	html_text(b, text);
	html_raw(b, "</a>\n");
}

static void pager(struct page *p, const struct run_query *q)
{
	struct buf *b = &p->res->body;

	if (!q->before && !q->more)
		return;
	html_raw(b, "<nav class=\"pager\" aria-label=\"Pages\">\n");
	if (q->before)
		pager_link(p, q, 0, "Newest");
	if (q->more)
		pager_link(p, q, q->list[q->n - 1].number, "Older");
	html_raw(b, "</nav>\n");
}

int page_runs(struct page *p, struct err *e)
{
	struct buf *b = &p->res->body;
	struct buf title = BUF_INIT;
	struct run_query q;

	if (run_query_read(&q, p, e) < 0)
		return -1;
	buf_add(&title, p->rt->repo, name_short_len(p->rt->repo));
	buf_adds(&title, " - quire");
	frame_begin(p, &(struct frame){
			       .title = title.ptr,
			       .repo = p->rt->repo,
			       .json = 1,
			       .list = 1,
		       });
	buf_release(&title);

	html_raw(b, "<div class=\"title\"><h1>");
	show_repo(b, p->rt->repo);
	html_raw(b, "</h1></div>\n");
	filter_form(p, &q);
	html_raw(b, "<ol class=\"runs\">\n");
	for (size_t i = 0; i < q.n; i++)
		run_row(p, &q.list[i]);
	html_raw(b, "</ol>\n");
	if (!q.n && (q.ref || q.state || q.before))
		html_raw(b, "<p class=\"empty\">No such runs.</p>\n");
	else if (!q.n)
		html_raw(b, "<p class=\"empty\">No runs yet: the next push of "
			    "a commit with a pipeline makes one.</p>\n");
	pager(p, &q);
	frame_end(p);
	run_query_release(&q);
	return 0;
}
