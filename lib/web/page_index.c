/*
 * The repositories that this reader may see, the newest activity first: how
 * the main branch of each is, and how its last runs went.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/repo.h"
#include "web/html.h"
#include "web/main_branch.h"
#include "web/page.h"
#include "web/sparkline.h"

struct entry {
	const struct repo *repo;
	struct run_recent recent;
	struct run main; /* the state of the main branch; id "": no runs */
	int64_t active_at_ms; /* when something happened last; -1: never */
};

struct index {
	struct repo *repos;
	size_t n_repos;
	struct entry *entries; /* what this reader may see */
	size_t n;
};

/* 1 this reader sees it, 0 not, -1. */
static int may_see(struct page *p, const char *repo, struct err *e)
{
	struct audience a;

	if (audience_of(&p->audience, repo, &a, e) < 0)
		return -1;
	return access_of(&a, p->req->user) != ACCESS_NONE;
}

/* The state of the main branch is that of its tip's newest run; else of the
 * newest that it has. */
static int find_main(struct page *p, struct entry *en, struct err *e)
{
	const char *repo = en->repo->name;
	char *ref;
	int got = main_branch(p, en->repo, en->recent.runs[0].ref, &ref, e);

	if (got <= 0)
		return got;
	got = run_of_tip(p->db, repo, ref, &en->main, e);
	if (!got)
		got = run_newest_of_ref(p->db, repo, ref, NULL, &en->main, e);
	free(ref);
	return got < 0 ? -1 : 0;
}

static int64_t last_activity(const struct run_recent *recent)
{
	const struct run_brief *r = &recent->runs[0];

	if (!recent->n)
		return -1;
	if (r->finished_at_ms >= 0)
		return r->finished_at_ms;
	return r->started_at_ms >= 0 ? r->started_at_ms : r->queued_at_ms;
}

static int by_activity(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->active_at_ms != y->active_at_ms)
		return x->active_at_ms < y->active_at_ms ? 1 : -1;
	return strcmp(x->repo->name, y->repo->name);
}

static int index_load(struct index *ix, struct page *p, struct err *e)
{
	*ix = (struct index){ 0 };
	if (repo_list(p->db, &ix->repos, &ix->n_repos, e) < 0)
		return -1;
	ix->entries = mem_zero((ix->n_repos + 1) * sizeof(*ix->entries));
	for (size_t i = 0; i < ix->n_repos; i++) {
		struct entry *en = &ix->entries[ix->n];
		int see = may_see(p, ix->repos[i].name, e);

		if (see < 0)
			return -1;
		if (!see)
			continue;
		en->repo = &ix->repos[i];
		ix->n++;
		if (run_recent(p->db, en->repo->name, &en->recent, e) < 0)
			return -1;
		en->active_at_ms = last_activity(&en->recent);
		if (en->recent.n && find_main(p, en, e) < 0)
			return -1;
	}
	qsort(ix->entries, ix->n, sizeof(*ix->entries), by_activity);
	return 0;
}

static void index_release(struct index *ix)
{
	for (size_t i = 0; i < ix->n; i++) {
		run_recent_release(&ix->entries[i].recent);
		run_release(&ix->entries[i].main);
	}
	free(ix->entries);
	repo_list_release(ix->repos, ix->n_repos);
}

/* "4 repositories: 2 complete, 1 failed": their main branches. */
static void add_summary(struct buf *b, const struct index *ix)
{
	int64_t counts[RUN_STATES] = { 0 };
	size_t with_runs = 0;

	for (size_t i = 0; i < ix->n; i++) {
		if (!ix->entries[i].main.id[0])
			continue;
		counts[ix->entries[i].main.state]++;
		with_runs++;
	}
	html_raw(b, "<p class=\"meta\">");
	html_int(b, (int64_t)ix->n);
	html_text(b, ix->n == 1 ? " repository" : " repositories");
	if (with_runs) {
		html_raw(b, ", main branches: ");
		show_counts(b, counts);
	}
	html_raw(b, "</p>\n");
}

/* What else goes on: a run of another ref that is active, or else the newest
 * of all, if it is of another ref; or NULL. */
static const struct run_brief *find_other(const struct entry *en)
{
	const struct run_brief *runs = en->recent.runs;

	for (size_t i = 0; i < en->recent.n; i++) {
		if (runs[i].state == RUN_ACTIVE &&
			strcmp(runs[i].ref, en->main.ref) != 0)
			return &runs[i];
	}
	return strcmp(runs[0].ref, en->main.ref) != 0 ? &runs[0] : NULL;
}

static void add_other(struct page *p, const struct entry *en)
{
	struct buf *b = &p->res->body;
	const struct run_brief *r = find_other(en);

	if (!r)
		return;
	html_raw(b, "<p class=\"other\">");
	show_state(b, run_state_name(r->state));
	html_raw(b, " <a href=\"");
	url_runs(b, p, en->repo->name);
	buf_addc(b, '/');
	html_int(b, r->number);
	html_raw(b, "\">");
	show_ref(b, r->ref);
	html_raw(b, " #");
	html_int(b, r->number);
	html_raw(b, "</a></p>\n");
}

static void add_runs(struct page *p, const struct entry *en)
{
	struct buf *b = &p->res->body;
	const struct run *r = &en->main;

	show_state(b, run_state_name(r->state));
	html_raw(b, "\n<p class=\"subject\"><a href=\"");
	url_run(b, p, r);
	html_raw(b, "\">");
	show_subject(b, r);
	html_raw(b, "</a></p>\n<p class=\"meta\">");
	show_ref(b, r->ref);
	html_raw(b, " #");
	html_int(b, r->number);
	show_people(b, r);
	html_raw(b, "</p>\n");
	add_other(p, en);
	sparkline(b, &en->recent, p->now_ms);
	html_raw(b, "<p class=\"when\">");
	html_time(b, en->active_at_ms, p->now_ms);
	html_raw(b, "</p>");
}

static void add_entry(struct page *p, const struct entry *en)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<li><h2><a href=\"");
	url_runs(b, p, en->repo->name);
	html_raw(b, "\">");
	show_repo(b, en->repo->name);
	html_raw(b, "</a></h2>\n");
	if (en->main.id[0])
		add_runs(p, en);
	else
		html_raw(b, "<p class=\"meta\">no runs yet</p>");
	html_raw(b, "</li>\n");
}

/* The same words whether there is nothing, or nothing for this reader. */
static void add_nothing(struct page *p)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<p class=\"empty\">There is no repository to see here. "
		    "<code>quire repo new NAME</code> makes one, "
		    "<code>quire repo adopt DIR</code> takes in one that is "
		    "there already.");
	if (!p->req->user)
		html_raw(b, " Those that are private are shown to who has "
			    "logged in.");
	html_raw(b, "</p>\n");
}

int page_index(struct page *p, struct err *e)
{
	struct buf *b = &p->res->body;
	struct index ix;

	if (index_load(&ix, p, e) < 0) {
		index_release(&ix);
		return -1;
	}
	frame_begin(p, &(struct frame){ .title = "quire", .list = 1 });
	html_raw(b, "<h1>Repositories</h1>\n");
	if (ix.n) {
		add_summary(b, &ix);
		html_raw(b, "<ol class=\"repos\">\n");
		for (size_t i = 0; i < ix.n; i++)
			add_entry(p, &ix.entries[i]);
		html_raw(b, "</ol>\n");
	} else {
		add_nothing(p);
	}
	frame_end(p);
	index_release(&ix);
	return 0;
}
