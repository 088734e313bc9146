/*
 * One run: what it was for, how it went, and why; its jobs and commands with
 * the ends of their logs.
 */
#include "base/name.h"
#include "web/html.h"
#include "web/page.h"
#include "web/run_jobs.h"
#include "web/run_parts.h"
#include "web/timeline.h"

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
	if (run_head(p, r, e) < 0)
		return -1;
	run_why(p, r, rj);
	timeline(p, r, rj->jobs, rj->n);
	access_note(p);
	run_artifacts(p, r);
	if (rj->n)
		run_jobs_sections(p, rj);
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
			       .json = 1,
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
