/*
 * One run: what it was for, how it went, and why; its jobs and commands with
 * the ends of their logs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "store/setting.h"
#include "web/html.h"
#include "web/logfile.h"
#include "web/logview.h"
#include "web/page.h"
#include "web/run_jobs.h"

static void fact_begin(struct buf *b, const char *name)
{
	html_raw(b, "<div><dt>");
	html_text(b, name);
	html_raw(b, "</dt><dd>");
}

static void fact_end(struct buf *b)
{
	html_raw(b, "</dd></div>\n");
}

static void fact_text(struct buf *b, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	fact_begin(b, name);
	html_text(b, text);
	fact_end(b);
}

static void add_commit_url(struct buf *b, const char *url, const struct run *r)
{
	char *name = mem_strndup(r->repo, name_short_len(r->repo));

	for (;;) {
		size_t len = strcspn(url, "%");

		html_textn(b, url, len);
		url += len;
		if (!*url)
			break;
		if (url[1] == 's')
			html_url_segment(b, r->sha);
		else if (url[1] == 'r')
			html_url_path(b, name);
		else
			html_raw(b, "%");
		url += url[1] == 's' || url[1] == 'r' ? 2 : 1;
	}
	free(name);
}

/*
 * The commit, linked to where the setting commitUrl says: %s is its id, %r the
 * repository. A value that is no address makes no link, and no page fail.
 */
static void commit_fact(struct page *p, const struct run *r)
{
	struct buf *b = &p->res->body;
	struct err ignored; /* a database that fails does so again below */
	char *url = setting_get(p->db, r->repo, "commitUrl", &ignored);
	int linked = url && *url;

	fact_begin(b, "Commit");
	if (linked) {
		html_raw(b, "<a href=\"");
		add_commit_url(b, url, r);
		html_raw(b, "\">");
	}
	show_sha(b, r->sha);
	if (linked)
		html_raw(b, "</a>");
	fact_end(b);
	free(url);
}

static void what_facts(struct page *p, const struct run *r)
{
	struct buf *b = &p->res->body;

	fact_begin(b, "Ref");
	html_raw(b, "<a href=\"");
	url_runs(b, p, r->repo);
	html_raw(b, "?ref=");
	html_url_path(b, r->ref);
	html_raw(b, "\">");
	show_ref(b, r->ref);
	html_raw(b, "</a>");
	fact_end(b);
	commit_fact(p, r);
	if (r->author) {
		fact_begin(b, "Author");
		show_author(b, r->author);
		fact_end(b);
	}
	fact_text(b, "Pushed by", r->pusher);
}

static void how_facts(struct page *p, const struct run *r)
{
	static const char *const triggers[][2] = {
		{ "push", "a push" },
		{ "drift", "found by reconcile" },
		{ "rerun", "a rerun" },
		{ "start", "started by hand" },
	};
	struct buf *b = &p->res->body;

	for (size_t i = 0; r->trigger && i < 4; i++) {
		if (!strcmp(r->trigger, triggers[i][0]))
			fact_text(b, "Began as", triggers[i][1]);
	}
	fact_begin(b, "Queued");
	html_time(b, r->queued_at_ms, p->now_ms);
	fact_end(b);
	if (r->started_at_ms - r->queued_at_ms >= 1000) {
		fact_begin(b, "Waited");
		show_span(b, p, r->queued_at_ms, r->started_at_ms);
		fact_end(b);
	}
	if (r->started_at_ms >= 0) {
		fact_begin(b, r->finished_at_ms < 0 ? "Running" : "Ran");
		show_span(b, p, r->started_at_ms, r->finished_at_ms);
		fact_end(b);
	} else if (r->state == RUN_PENDING) {
		fact_begin(b, "Waiting");
		show_span(b, p, r->queued_at_ms, -1);
		fact_end(b);
	}
	if (r->finished_at_ms >= 0) {
		fact_begin(b, "Ended");
		html_time(b, r->finished_at_ms, p->now_ms);
		fact_end(b);
	}
	fact_text(b, "Sandbox", r->sandbox);
}

/* A link to another run of this repository; its id if it is gone. */
static int run_link(struct page *p, const char *id, struct err *e)
{
	struct buf *b = &p->res->body;
	struct run other = { 0 };
	int got = run_by_id(p->db, id, &other, e);

	if (got < 0)
		return -1;
	if (!got) {
		html_text(b, id);
		return 0;
	}
	html_raw(b, "<a href=\"");
	url_run(b, p, &other);
	html_raw(b, "\">#");
	html_int(b, other.number);
	html_raw(b, "</a>");
	run_release(&other);
	return 0;
}

/* How it is tied to other runs, each on a line. */
static int relations(struct page *p, const struct run *r, struct err *e)
{
	struct buf *b = &p->res->body;

	if (r->state == RUN_SUPERSEDED) {
		html_raw(b, "<p class=\"note\">The ref moved on");
		if (r->superseded_by) {
			html_raw(b, ": superseded by ");
			if (run_link(p, r->superseded_by, e) < 0)
				return -1;
		}
		html_raw(b, ".</p>\n");
	}
	if (r->rerun_of) {
		html_raw(b, "<p class=\"note\">Attempt ");
		html_int(b, r->attempt);
		html_raw(b, ": repeats ");
		if (run_link(p, r->rerun_of, e) < 0)
			return -1;
		html_raw(b, ".</p>\n");
	}
	return 0;
}

static void first_failure(struct page *p, const struct run_jobs *rj)
{
	struct buf *b = &p->res->body;
	const struct job_row *job = rj->failed_job;

	html_raw(b, "<p>First failure: <a href=\"#");
	if (rj->failed_sh) {
		html_raw(b, "failure");
	} else {
		html_raw(b, "job-");
		html_url_segment(b, job->id);
	}
	html_raw(b, "\"><strong>");
	html_text(b, job->id);
	html_raw(b, "</strong>");
	if (rj->failed_sh) {
		html_raw(b, " <code>");
		show_command(b, rj->failed_sh->cmd);
		html_raw(b, "</code>");
	}
	html_raw(b, "</a>");
	if (rj->failed_sh && rj->failed_sh->finished_at_ms >= 0 &&
		rj->failed_sh->exit_code) {
		html_raw(b, ", ");
		show_exit(b, rj->failed_sh->exit_code);
	}
	html_raw(b, "</p>\n");
}

/* The executor's last words: all there is when it did not live to report. */
static void executor_log(struct page *p, const struct run *r)
{
	struct buf *b = &p->res->body;
	struct logfile f;
	int cut;

	if (p->access != ACCESS_ALL ||
		logfile_open_executor(&f, p->home, r->repo, r->id) < 0)
		return;
	if (f.size) {
		html_raw(b, "<pre class=\"log\">");
		if (logview_tail(b, &f, TAIL_GREEN_BYTES, &cut) < 0)
			html_raw(b, "(its log cannot be read)\n");
		html_raw(b, "</pre>\n");
	}
	logfile_close(&f);
}

static int is_kind(const struct run *r, const char *kind)
{
	return r->failure_kind && !strcmp(r->failure_kind, kind);
}

/* Whether r failed as its jobs did: then they tell it, reason and all. */
static int failed_by_job(const struct run *r, const struct run_jobs *rj)
{
	return rj->failed_job && r->failure_kind &&
	       !strcmp(r->failure_kind, KIND_PIPELINE_FAILURE);
}

static void why(struct page *p, const struct run *r, const struct run_jobs *rj)
{
	struct buf *b = &p->res->body;

	if (r->state != RUN_FAILED)
		return;
	html_raw(b, "<section class=\"why\" aria-label=\"Why it failed\">\n"
		    "<p class=\"kind\">");
	if (!rj->n && is_kind(r, KIND_PIPELINE_FAILURE))
		html_raw(b, "The pipeline is not right");
	else
		show_failure(b, r);
	html_raw(b, "</p>\n");
	if (r->reason && *r->reason && !failed_by_job(r, rj)) {
		html_raw(b, "<pre class=\"reason\">");
		html_text(b, r->reason);
		html_raw(b, "</pre>\n");
	}
	if (rj->failed_job)
		first_failure(p, rj);
	if (is_kind(r, KIND_PROCESS_CRASHED))
		executor_log(p, r);
	html_raw(b, "</section>\n");
}

static void access_note(struct page *p)
{
	struct buf *b = &p->res->body;

	if (p->access == ACCESS_ALL)
		return;
	if (p->req->user)
		html_raw(
			b, "<p class=\"note\">Its output is for others.</p>\n");
	else
		html_raw(b, "<p class=\"note\">Log in to see output.</p>\n");
}

static int add_run(
	struct page *p, const struct run *r, struct run_jobs *rj, struct err *e)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<div class=\"title\"><h1>");
	show_subject(b, r);
	html_raw(b, "</h1> ");
	show_state(b, run_state_name(r->state));
	html_raw(b, "</div>\n<dl class=\"facts\">\n");
	what_facts(p, r);
	how_facts(p, r);
	html_raw(b, "</dl>\n");
	if (relations(p, r, e) < 0)
		return -1;
	why(p, r, rj);
	access_note(p);
	if (!rj->n && r->state == RUN_PENDING)
		html_raw(b, "<p class=\"empty\">It waits for its turn.</p>\n");
	if (rj->n) {
		html_raw(b, "<div class=\"columns\">\n");
		run_jobs_nav(p, rj);
		html_raw(b, "<div class=\"work\">\n");
		run_jobs_sections(p, rj);
		html_raw(b, "</div>\n</div>\n");
	}
	return 0;
}

static void begin(struct page *p, const struct run *r)
{
	struct buf title = BUF_INIT;

	buf_addf(&title, "%s: ", run_state_name(r->state));
	buf_add(&title, r->repo, name_short_len(r->repo));
	buf_addf(&title, " #%lld", (long long)r->number);
	frame_begin(p, &(struct frame){
			       .title = title.ptr,
			       .repo = r->repo,
			       .run = r,
			       .live = !run_state_is_terminal(r->state),
			       .icon = run_state_name(r->state),
		       });
	buf_release(&title);
}

int page_run(struct page *p, struct err *e)
{
	struct run r = { 0 };
	struct run_jobs rj;
	int got = page_find_run(p, &r, e);

	if (got <= 0)
		return got < 0 ? -1 : page_not_found(p);
	got = run_jobs_load(&rj, p->db, &r, e);
	if (!got) {
		begin(p, &r);
		got = add_run(p, &r, &rj, e);
		frame_end(p);
		run_jobs_release(&rj);
	}
	run_release(&r);
	return got;
}
