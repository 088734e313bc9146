/*
 * The runs of a repository, newest first, a page at a time.
 */
#include <string.h>

#include "base/name.h"
#include "web/chart.h"
#include "web/html.h"
#include "web/page.h"
#include "web/route.h"
#include "web/run_query.h"

/* What the text fields of the form offer: what the newest runs had, which are
 * here already if nothing is filtered. */
static int load_choices(struct page *p, const struct run_query *q,
	struct strv *refs, struct strv *pushers, struct err *e)
{
	if (run_query_is_filtered(q) || q->before || q->after)
		return run_choices(p->db, p->rt->repo, refs, pushers, e);
	for (size_t i = 0; i < q->n; i++)
		run_choice_add(&q->list[i], refs, pushers);
	return 0;
}

static void text_field(struct buf *b, const char *label, const char *name,
	const char *value, const struct strv *choices)
{
	html_raw(b, "<label>");
	html_text(b, label);
	html_raw(b, " <input name=\"");
	html_text(b, name);
	html_raw(b, "\" value=\"");
	if (value)
		html_text(b, value);
	html_raw(b, "\" list=\"of-");
	html_text(b, name);
	html_raw(b, "\" autocomplete=\"off\" spellcheck=\"false\"></label>\n"
		    "<datalist id=\"of-");
	html_text(b, name);
	html_raw(b, "\">");
	for (size_t i = 0; i < choices->n; i++) {
		html_raw(b, "<option value=\"");
		html_text(b, name_of_ref(choices->v[i]));
		html_raw(b, "\">");
	}
	html_raw(b, "</datalist>\n");
}

static void state_field(struct buf *b, const struct run_query *q)
{
	html_raw(b, "<label>State <select name=\"state\">\n"
		    "<option value=\"\">any</option>\n");
	for (int s = 0; s < RUN_STATES; s++) {
		const char *name = run_state_name((enum run_state)s);

		html_raw(b, "<option");
		if (q->state && !strcmp(q->state, name))
			html_raw(b, " selected");
		html_raw(b, ">");
		html_text(b, name);
		html_raw(b, "</option>\n");
	}
	html_raw(b, "</select></label>\n");
}

static int filter_form(struct page *p, const struct run_query *q, struct err *e)
{
	struct buf *b = &p->res->body;
	struct strv refs = STRV_INIT, pushers = STRV_INIT;
	int ret = load_choices(p, q, &refs, &pushers, e);

	if (!ret) {
		html_raw(b, "<form class=\"filter\" method=\"get\" action=\"");
		url_runs(b, p, p->rt->repo);
		html_raw(b, "\">\n");
		text_field(b, "Ref", "ref", q->ref ? name_of_ref(q->ref) : NULL,
			&refs);
		state_field(b, q);
		text_field(b, "Pusher", "pusher", q->pusher, &pushers);
		html_raw(b, "<button>Show</button>\n</form>\n");
	}
	strv_release(&refs);
	strv_release(&pushers);
	return ret;
}

/* One filter in words, as a link to the list without it. */
static void filter_link(struct page *p, const struct run_query *without,
	const char *words, const char *value)
{
	struct buf *b = &p->res->body;
	struct run_query other = *without;

	other.before = other.after = 0;
	html_raw(b, " <a href=\"");
	url_runs(b, p, p->rt->repo);
	run_query_url(b, &other, "&amp;");
	html_raw(b, "\" title=\"Leave out this filter\">");
	html_text(b, words);
	html_raw(b, " <strong>");
	html_text(b, value);
	html_raw(b, "</strong><span class=\"hidden\">: leave out this "
		    "filter</span></a>");
}

/* What is filtered, and how to get rid of it. */
static void add_filters(struct page *p, const struct run_query *q)
{
	struct buf *b = &p->res->body;
	struct run_query without = *q;

	if (!run_query_is_filtered(q))
		return;
	html_raw(b, "<p class=\"filtered\">Only runs");
	if (q->ref) {
		without.ref = NULL;
		filter_link(p, &without, "of", name_of_ref(q->ref));
		without.ref = q->ref;
	}
	if (q->state) {
		without.state = NULL;
		filter_link(p, &without, "that are", q->state);
		without.state = q->state;
	}
	if (q->pusher) {
		without.pusher = NULL;
		filter_link(p, &without, "pushed by", q->pusher);
	}
	html_raw(b, " <a class=\"all\" href=\"");
	url_runs(b, p, p->rt->repo);
	html_raw(b, "\">all runs</a></p>\n");
}

/* What the state alone does not say, in two or three words. */
static void add_cause(struct buf *b, const struct run *r)
{
	const char *trigger = show_trigger(r);

	if (r->state == RUN_FAILED && r->failure_kind &&
		strcmp(r->failure_kind, KIND_PIPELINE_FAILURE) != 0) {
		html_raw(b, " &middot; <span class=\"cause\">");
		show_failure(b, r);
		html_raw(b, "</span>");
	}
	if (trigger) {
		html_raw(b, " &middot; ");
		html_text(b, trigger);
	}
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
	show_people(b, r);
	add_cause(b, r);
	html_raw(b, "</p>\n<p class=\"when\">");
	html_time(b, r->queued_at_ms, p->now_ms);
	html_raw(b, "</p>\n<p class=\"span\">");
	show_span(b, p, r->started_at_ms, r->finished_at_ms);
	html_raw(b, "</p></li>\n");
}

static void pager_link(struct page *p, const struct run_query *q,
	int64_t before, int64_t after, const char *text)
{
	struct buf *b = &p->res->body;
	struct run_query other = *q;

	other.before = before;
	other.after = after;
	html_raw(b, "<a href=\"");
	url_runs(b, p, p->rt->repo);
	run_query_url(b, &other, "&amp;");
	html_raw(b, "\">");
	html_text(b, text);
	html_raw(b, "</a>\n");
}

static void pager(struct page *p, const struct run_query *q)
{
	struct buf *b = &p->res->body;
	int64_t first = q->n ? q->list[0].number : q->before - 1;
	int64_t last = q->n ? q->list[q->n - 1].number : q->after + 1;

	if (!q->newer && !q->older)
		return;
	html_raw(b, "<nav class=\"pager\" aria-label=\"Pages\">\n");
	if (q->newer) {
		pager_link(p, q, 0, 0, "Newest");
		pager_link(p, q, 0, first, "Newer");
	}
	if (q->older)
		pager_link(p, q, last, 0, "Older");
	html_raw(b, "</nav>\n");
}

static void add_list(struct page *p, const struct run_query *q)
{
	struct buf *b = &p->res->body;

	if (q->n) {
		html_raw(b, "<ol class=\"runs\">\n");
		for (size_t i = 0; i < q->n; i++)
			run_row(p, &q->list[i]);
		html_raw(b, "</ol>\n");
	} else if (run_query_is_filtered(q) || q->before || q->after) {
		html_raw(b, "<p class=\"empty\">No such runs.</p>\n");
	} else {
		html_raw(b, "<p class=\"empty\">No runs yet: the next push of "
			    "a commit with a pipeline makes one.</p>\n");
	}
	pager(p, q);
}

/* The same for programs. */
static void add_links(struct page *p, const struct run_query *q)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<p class=\"machines\"><a href=\"");
	url_runs(b, p, p->rt->repo);
	html_raw(b, "/feed.atom\">Atom</a> <a href=\"");
	url_runs(b, p, p->rt->repo);
	html_raw(b, ".json");
	run_query_url(b, q, "&amp;");
	html_raw(b, "\">JSON</a> <a href=\"");
	url_runs(b, p, p->rt->repo);
	html_raw(b, "/badge.svg\">Badge</a></p>\n");
}

static void begin(struct page *p)
{
	struct buf title = BUF_INIT;

	buf_add(&title, p->rt->repo, name_short_len(p->rt->repo));
	buf_adds(&title, " - quire");
	frame_begin(p, &(struct frame){
			       .title = title.ptr,
			       .repo = p->rt->repo,
			       .list = 1,
			       .json = 1,
		       });
	buf_release(&title);
}

int page_runs(struct page *p, struct err *e)
{
	struct buf *b = &p->res->body;
	struct run_query q;
	int ret;

	if (run_query_read(&q, p, e) < 0)
		return -1;
	begin(p);
	html_raw(b, "<div class=\"title\"><h1>");
	show_repo(b, p->rt->repo);
	html_raw(b, "</h1></div>\n");
	ret = filter_form(p, &q, e);
	add_filters(p, &q);
	chart(p, q.list, q.n);
	add_list(p, &q);
	add_links(p, &q);
	frame_end(p);
	run_query_release(&q);
	return ret;
}
