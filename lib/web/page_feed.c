/*
 * The newest runs that have ended, for feed readers: Atom, RFC 4287.
 *
 * Whoever reads it has it from somewhere else, so all addresses are absolute.
 * The text is escaped as in a page: that is well-formed XML 1.0, too.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "store/setting.h"
#include "web/html.h"
#include "web/page.h"
#include "web/route.h"

#define FEED_RUNS 20

struct feed {
	char *ref; /* full name, or NULL */
	char *state; /* or NULL */
	struct buf base; /* the address of the repository's list, escaped */
	struct run *runs; /* newest first */
	size_t n;
};

/* Appends the newest runs of one state. */
static int add_state(
	struct feed *f, struct page *p, enum run_state state, struct err *e)
{
	const struct run_filter filter = {
		.repo = p->rt->repo,
		.ref = f->ref,
		.state = run_state_name(state),
		.limit = FEED_RUNS,
	};
	struct run *list;
	size_t n;

	if (run_list(p->db, &filter, &list, &n, e) < 0)
		return -1;
	f->runs = mem_resize(f->runs, f->n + n + 1, sizeof(*f->runs));
	if (n)
		memcpy(f->runs + f->n, list, n * sizeof(*list));
	f->n += n;
	free(list);
	return 0;
}

static int newer_first(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return x->number < y->number ? 1 : x->number > y->number ? -1 : 0;
}

/* The newest of each state that is asked for, and of those the newest. */
static int load(struct feed *f, struct page *p, struct err *e)
{
	enum run_state only;
	int has_state = f->state && run_state_parse(f->state, &only) == 0;

	for (int s = RUN_PENDING; s <= RUN_SUPERSEDED; s++) {
		enum run_state state = (enum run_state)s;

		if (!run_state_is_terminal(state) ||
			(has_state && state != only))
			continue;
		if (add_state(f, p, state, e) < 0)
			return -1;
	}
	if (f->n)
		qsort(f->runs, f->n, sizeof(*f->runs), newer_first);
	while (f->n > FEED_RUNS)
		run_release(&f->runs[--f->n]);
	if (!has_state) {
		free(f->state);
		f->state = NULL;
	}
	return 0;
}

static void add_base(struct feed *f, struct page *p, const char *url)
{
	struct buf origin = BUF_INIT;
	char *name = mem_strndup(p->rt->repo, name_short_len(p->rt->repo));

	if (*url) {
		html_text(&f->base, url);
		buf_addc(&f->base, '/');
	} else {
		request_origin(&origin);
		html_text(&f->base, origin.ptr);
		url_index(&f->base, p);
	}
	html_url_path(&f->base, name);
	html_raw(&f->base, "/ci");
	buf_release(&origin);
	free(name);
}

static int feed_read(struct feed *f, struct page *p, struct err *e)
{
	char *url;

	*f = (struct feed){ .base = BUF_INIT };
	url = setting_get(p->db, p->rt->repo, "url", e);
	if (!url)
		return -1;
	add_base(f, p, url);
	free(url);
	f->state = request_param(p->req, "state");
	if (page_param_ref(p, &f->ref, e) < 0)
		return -1;
	return load(f, p, e);
}

static void feed_release(struct feed *f)
{
	run_list_release(f->runs, f->n);
	buf_release(&f->base);
	free(f->state);
	free(f->ref);
}

static void add_base_url(struct buf *b, const struct feed *f)
{
	buf_add(b, f->base.ptr, f->base.len);
}

static void add_self(struct buf *b, const struct feed *f)
{
	add_base_url(b, f);
	html_raw(b, "/feed.atom");
	if (f->ref) {
		html_raw(b, "?ref=");
		html_url_path(b, f->ref);
	}
	if (f->state) {
		if (f->ref)
			html_raw(b, "&amp;state=");
		else
			html_raw(b, "?state=");
		html_url_segment(b, f->state);
	}
}

static void add_time(struct buf *b, int64_t at_ms)
{
	clock_add_rfc3339(b, at_ms < 0 ? 0 : at_ms);
}

static int is_uuid(const char *id)
{
	for (int i = 0; i < 36; i++) {
		int dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? id[i] != '-' : !isxdigit((unsigned char)id[i]))
			return 0;
	}
	return !id[36];
}

static void add_run_url(
	struct buf *b, const struct feed *f, const struct run *r)
{
	add_base_url(b, f);
	html_raw(b, "/");
	html_int(b, r->number);
}

/* Runs of the older system may have an id that is no UUID. */
static void add_id(struct buf *b, const struct feed *f, const struct run *r)
{
	html_raw(b, "<id>");
	if (is_uuid(r->id)) {
		html_raw(b, "urn:uuid:");
		html_text(b, r->id);
	} else {
		add_run_url(b, f, r);
	}
	html_raw(b, "</id>\n");
}

static void add_repo(struct buf *b, const struct run *r)
{
	const char *slash = strrchr(r->repo, '/');
	const char *name = slash ? slash + 1 : r->repo;

	html_textn(b, name, name_short_len(name));
}

/* "parser #14 failed: Recover from errors (main)" */
static void add_title(struct buf *b, const struct run *r)
{
	html_raw(b, "<title>");
	add_repo(b, r);
	html_raw(b, " #");
	html_int(b, r->number);
	html_raw(b, " ");
	html_text(b, run_state_name(r->state));
	html_raw(b, ": ");
	show_subject(b, r);
	html_raw(b, " (");
	show_ref(b, r->ref);
	html_raw(b, ")</title>\n");
}

/* "test: make check: exit 2", for each job that failed. */
static void add_job(struct buf *b, const struct job_row *job)
{
	if (strcmp(job->state, "failed") != 0)
		return;
	html_text(b, job->id);
	for (size_t i = 0; i < job->n_sh; i++) {
		if (job->sh[i].exit_code <= 0)
			continue;
		html_raw(b, ": ");
		html_text(b, job->sh[i].cmd);
		html_raw(b, ": ");
		show_exit(b, job->sh[i].exit_code);
	}
	if (job->reason) {
		html_raw(b, ": ");
		html_text(b, job->reason);
	}
	if (job->allow_failure)
		html_raw(b, " (may fail)");
	html_raw(b, "\n");
}

static int add_failure(
	struct page *p, struct buf *b, const struct run *r, struct err *e)
{
	struct job_row *jobs;
	size_t n;

	show_failure(b, r);
	if (r->reason) {
		html_raw(b, ": ");
		html_text(b, r->reason);
	}
	html_raw(b, "\n");
	if (job_list(p->db, r->id, &jobs, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		add_job(b, &jobs[i]);
	job_list_release(jobs, n);
	return 0;
}

static int add_content(
	struct page *p, struct buf *b, const struct run *r, struct err *e)
{
	int ret = 0;

	html_raw(b, "<content type=\"text\">");
	if (r->state == RUN_FAILED)
		ret = add_failure(p, b, r, e);
	html_raw(b, "commit ");
	html_text(b, r->sha);
	if (r->started_at_ms >= 0) {
		html_raw(b, ", ");
		clock_add_span(b, r->finished_at_ms - r->started_at_ms);
	}
	html_raw(b, "</content>\n");
	return ret;
}

static int add_entry(
	struct page *p, struct feed *f, const struct run *r, struct err *e)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<entry>\n");
	add_title(b, r);
	add_id(b, f, r);
	html_raw(b, "<updated>");
	add_time(b, r->finished_at_ms);
	html_raw(b, "</updated>\n<published>");
	add_time(b, r->queued_at_ms);
	html_raw(b, "</published>\n<link rel=\"alternate\" "
		    "type=\"text/html\" href=\"");
	add_run_url(b, f, r);
	html_raw(b, "\"/>\n");
	if (r->author && *r->author) {
		html_raw(b, "<author><name>");
		show_author(b, r->author);
		html_raw(b, "</name></author>\n");
	}
	html_raw(b, "<category term=\"");
	html_text(b, run_state_name(r->state));
	html_raw(b, "\"/>\n");
	if (add_content(p, b, r, e) < 0)
		return -1;
	html_raw(b, "</entry>\n");
	return 0;
}

static void add_head(struct page *p, const struct feed *f)
{
	struct buf *b = &p->res->body;
	int64_t updated_ms = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (f->runs[i].finished_at_ms > updated_ms)
			updated_ms = f->runs[i].finished_at_ms;
	}
	html_raw(b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		    "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<title>");
	show_repo(b, p->rt->repo);
	if (f->ref) {
		html_raw(b, " (");
		show_ref(b, f->ref);
		html_raw(b, ")");
	}
	if (f->state) {
		html_raw(b, ": ");
		html_text(b, f->state);
	}
	html_raw(b, "</title>\n<id>");
	add_self(b, f);
	html_raw(b, "</id>\n<updated>");
	add_time(b, updated_ms);
	html_raw(b, "</updated>\n<author><name>quire</name></author>\n"
		    "<link rel=\"self\" type=\"application/atom+xml\" "
		    "href=\"");
	add_self(b, f);
	html_raw(b, "\"/>\n<link rel=\"alternate\" type=\"text/html\" "
		    "href=\"");
	add_base_url(b, f);
	html_raw(b, "\"/>\n");
}

int page_feed(struct page *p, struct err *e)
{
	struct feed f;
	int ret = feed_read(&f, p, e);

	if (!ret) {
		p->res->type = "application/atom+xml; charset=utf-8";
		add_head(p, &f);
		for (size_t i = 0; i < f.n && !ret; i++)
			ret = add_entry(p, &f, &f.runs[i], e);
		html_raw(&p->res->body, "</feed>\n");
	}
	feed_release(&f);
	return ret;
}
