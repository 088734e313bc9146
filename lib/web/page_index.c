/*
 * The repositories that this reader may see, the newest activity first.
 */
#include <string.h>

#include "base/name.h"
#include "store/repo.h"
#include "web/html.h"
#include "web/page.h"

/* What the list is made of. */
struct index {
	struct repo *repos;
	size_t n_repos;
	struct run *latest; /* newest activity first */
	size_t n_latest;
};

static int index_load(struct index *ix, struct db *db, struct err *e)
{
	*ix = (struct index){ 0 };
	if (repo_list(db, &ix->repos, &ix->n_repos, e) < 0)
		return -1;
	if (run_latest_by_repo(db, &ix->latest, &ix->n_latest, e) < 0) {
		repo_list_release(ix->repos, ix->n_repos);
		return -1;
	}
	return 0;
}

static void index_release(struct index *ix)
{
	repo_list_release(ix->repos, ix->n_repos);
	run_list_release(ix->latest, ix->n_latest);
}

static const struct repo *find_repo(const struct index *ix, const char *name)
{
	size_t lo = 0, hi = ix->n_repos;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int cmp = strcmp(name, ix->repos[mid].name);

		if (!cmp)
			return &ix->repos[mid];
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static int has_run(const struct index *ix, const char *name)
{
	for (size_t i = 0; i < ix->n_latest; i++) {
		if (!strcmp(ix->latest[i].repo, name))
			return 1;
	}
	return 0;
}

/* 1 this reader sees it, 0 not, -1. */
static int may_see(struct page *p, const char *repo, struct err *e)
{
	struct audience a;

	if (audience_of(&p->audience, repo, &a, e) < 0)
		return -1;
	return access_of(&a, p->req->user) != ACCESS_NONE;
}

static void repo_begin(struct page *p, const char *repo)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<li><h2><a href=\"");
	url_runs(b, p, repo);
	html_raw(b, "\">");
	show_repo(b, repo);
	html_raw(b, "</a></h2>\n");
}

/* The state is that of the tip of the ref on which something happened last:
 * a rerun of an older commit does not make a branch green. */
static int repo_row(struct page *p, const struct run *latest, struct err *e)
{
	struct buf *b = &p->res->body;
	struct run tip = { 0 };
	int got = run_of_tip(p->db, latest->repo, latest->ref, &tip, e);

	if (got < 0)
		return -1;
	const struct run *r = got ? &tip : latest;

	repo_begin(p, r->repo);
	show_state(b, run_state_name(r->state));
	html_raw(b, "\n<p class=\"subject\"><a href=\"");
	url_run(b, p, r);
	html_raw(b, "\">");
	show_subject(b, r);
	html_raw(b, "</a></p>\n<p class=\"meta\">");
	show_ref(b, r->ref);
	html_raw(b, " &middot; #");
	html_int(b, r->number);
	if (r->author) {
		html_raw(b, " &middot; ");
		show_author(b, r->author);
	}
	html_raw(b, "</p>\n<p class=\"when\">");
	html_time(b, latest->queued_at_ms, p->now_ms);
	html_raw(b, "</p></li>\n");
	if (got)
		run_release(&tip);
	return 0;
}

static int add_rows(struct page *p, const struct index *ix, struct err *e)
{
	struct buf *b = &p->res->body;
	size_t shown = 0;
	int see;

	html_raw(b, "<ol class=\"repos\">\n");
	for (size_t i = 0; i < ix->n_latest; i++) {
		const struct run *r = &ix->latest[i];

		see = find_repo(ix, r->repo) ? may_see(p, r->repo, e) : 0;
		if (see < 0 || (see && repo_row(p, r, e) < 0))
			return -1;
		shown += (size_t)see;
	}
	for (size_t i = 0; i < ix->n_repos; i++) {
		const char *name = ix->repos[i].name;

		see = has_run(ix, name) ? 0 : may_see(p, name, e);
		if (see < 0)
			return -1;
		if (!see)
			continue;
		repo_begin(p, name);
		html_raw(b, "<p class=\"meta\">no runs yet</p></li>\n");
		shown++;
	}
	html_raw(b, "</ol>\n");
	if (!shown)
		html_raw(b, "<p class=\"empty\">There is no repository to see "
			    "here.</p>\n");
	return 0;
}

int page_index(struct page *p, struct err *e)
{
	struct index ix;
	int ret;

	if (index_load(&ix, p->db, e) < 0)
		return -1;
	frame_begin(p, &(struct frame){ .title = "quire", .list = 1 });
	html_raw(&p->res->body, "<h1>Repositories</h1>\n");
	ret = add_rows(p, &ix, e);
	frame_end(p);
	index_release(&ix);
	return ret;
}
