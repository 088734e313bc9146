/*
 * The head of a run's page: the subject and the state, and under it in a few
 * lines whose commit it is, how the run came to be, how long it took, and which
 * runs stand beside it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "store/repo.h"
#include "store/run_near.h"
#include "store/setting.h"
#include "web/html.h"
#include "web/route.h"
#include "web/run_parts.h"

/* Between two facts of a line. */
static void dot(struct buf *b)
{
	html_raw(b, " <span class=\"dot\">&middot;</span> ");
}

static void add_commit_url(
	struct buf *b, const char *url, const char *repo, const char *sha)
{
	char *name = mem_strndup(repo, name_short_len(repo));

	for (;;) {
		size_t len = strcspn(url, "%");

		html_textn(b, url, len);
		url += len;
		if (!*url)
			break;
		if (url[1] == 's')
			html_url_segment(b, sha);
		else if (url[1] == 'r')
			html_url_path(b, name);
		else
			html_raw(b, "%");
		url += url[1] == 's' || url[1] == 'r' ? 2 : 1;
	}
	free(name);
}

/* Linked to where the setting commitUrl says: %s is its id, %r the repository;
 * without one, url is NULL or empty. */
static void add_commit(
	struct buf *b, const char *url, const char *repo, const char *sha)
{
	int linked = url && *url;

	if (linked) {
		html_raw(b, "<a href=\"");
		add_commit_url(b, url, repo, sha);
		html_raw(b, "\">");
	}
	show_sha(b, sha);
	if (linked)
		html_raw(b, "</a>");
}

/* "main . 1a2b3c..4d5e6f . Ada Sample" */
static void what_line(struct page *p, const struct run *r)
{
	struct buf *b = &p->res->body;
	struct err ignored; /* a database that fails does so again below */
	char *url = setting_get(p->db, r->repo, "commitUrl", &ignored);

	html_raw(b, "<p class=\"what\"><a class=\"ref\" href=\"");
	url_runs(b, p, r->repo);
	html_raw(b, "?ref=");
	html_url_path(b, r->ref);
	html_raw(b, "\">");
	show_ref(b, r->ref);
	html_raw(b, "</a>");
	dot(b);
	html_raw(b, "<span class=\"commits\">");
	if (r->previous_sha &&
		strspn(r->previous_sha, "0") < strlen(r->previous_sha)) {
		html_raw(b, "<span class=\"before\"><span class=\"hidden\">"
			    "commits after </span>");
		add_commit(b, url, r->repo, r->previous_sha);
		html_raw(b, "<span aria-hidden=\"true\">..</span>"
			    "<span class=\"hidden\"> up to </span></span>");
	} else {
		html_raw(b, "<span class=\"hidden\">commit </span>");
	}
	add_commit(b, url, r->repo, r->sha);
	html_raw(b, "</span>");
	if (r->author) {
		dot(b);
		html_raw(b, "<span class=\"author\">");
		show_author(b, r->author);
		html_raw(b, "</span>");
	}
	html_raw(b, "</p>\n");
	free(url);
}

/* A link to another run of this repository; its id if it is gone, or is one of
 * another, which this reader may not see. */
static int run_link(struct page *p, const char *id, struct err *e)
{
	struct buf *b = &p->res->body;
	struct run other = { 0 };
	int got = run_by_id(p->db, id, &other, e);

	if (got < 0)
		return -1;
	if (!got || strcmp(other.repo, p->rt->repo) != 0) {
		html_text(b, id);
		run_release(&other);
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

static int is_trigger(const struct run *r, const char *trigger)
{
	return r->trigger && !strcmp(r->trigger, trigger);
}

/* "Pushed by ada", "A rerun of #14" */
static int trigger(struct page *p, const struct run *r, struct err *e)
{
	struct buf *b = &p->res->body;
	int by = r->pusher && *r->pusher;

	if (r->rerun_of) {
		html_raw(b, "A rerun of ");
		if (run_link(p, r->rerun_of, e) < 0)
			return -1;
	} else if (is_trigger(r, "rerun")) {
		html_raw(b, "A rerun");
	} else if (is_trigger(r, "start")) {
		html_raw(b, "Started by hand");
	} else if (is_trigger(r, "drift")) {
		html_raw(b, "Found by reconcile");
	} else {
		html_raw(b, "Pushed");
	}
	if (by) {
		if (is_trigger(r, "drift") || r->rerun_of)
			html_raw(b, ", pushed");
		html_raw(b, " by <span class=\"pusher\">");
		html_text(b, r->pusher);
		html_raw(b, "</span>");
	}
	html_raw(b, " ");
	html_time(b, r->queued_at_ms, p->now_ms);
	return 0;
}

static void add_span(
	struct page *p, const char *word, int64_t from_ms, int64_t to_ms)
{
	struct buf *b = &p->res->body;

	dot(b);
	html_raw(b, "<span class=\"span\">");
	html_text(b, word);
	html_raw(b, " ");
	show_span(b, p, from_ms, to_ms);
	html_raw(b, "</span>");
}

static int how_line(struct page *p, const struct run *r, struct err *e)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<p class=\"how\">");
	if (trigger(p, r, e) < 0)
		return -1;
	if (r->started_at_ms - r->queued_at_ms >= 1000)
		add_span(p, "waited", r->queued_at_ms, r->started_at_ms);
	if (r->started_at_ms >= 0)
		add_span(p, r->finished_at_ms < 0 ? "running for" : "ran",
			r->started_at_ms, r->finished_at_ms);
	else if (r->state == RUN_PENDING)
		add_span(p, "waiting for", r->queued_at_ms, -1);
	if (r->finished_at_ms >= 0) {
		dot(b);
		html_raw(b, "ended ");
		html_time(b, r->finished_at_ms, p->now_ms);
	}
	if (r->sandbox) {
		dot(b);
		if (!strcmp(r->sandbox, "none")) {
			html_raw(b, "no sandbox");
		} else {
			html_raw(b, "sandbox ");
			html_text(b, r->sandbox);
		}
	}
	html_raw(b, "</p>\n");
	return 0;
}

static void near_link(
	struct page *p, const struct run *r, const struct run_near *near)
{
	struct run other = { .repo = r->repo, .number = near->number };

	html_raw(&p->res->body, " href=\"");
	url_run(&p->res->body, p, &other);
	html_raw(&p->res->body, "\">");
}

static void attempt(
	struct page *p, const struct run *r, const struct run_near *near)
{
	struct buf *b = &p->res->body;
	int here = near->number == r->number;

	html_raw(b, "<li>");
	if (here) {
		html_raw(b, "<strong aria-current=\"true\"");
	} else {
		html_raw(b, "<a");
	}
	html_raw(b, " class=\"st ");
	html_text(b, run_state_name(near->state));
	html_raw(b, "\"");
	if (here)
		html_raw(b, ">");
	else
		near_link(p, r, near);
	html_raw(b, "#");
	html_int(b, near->number);
	html_raw(b, "<span class=\"hidden\"> ");
	html_text(b, run_state_name(near->state));
	html_raw(b, "</span>");
	if (here)
		html_raw(b, "</strong></li>\n");
	else
		html_raw(b, "</a></li>\n");
}

static void neighbour(struct page *p, const struct run *r, const char *rel,
	const struct run_near *near)
{
	struct buf *b = &p->res->body;
	int before = !strcmp(rel, "prev");

	if (!near->number)
		return;
	html_raw(b, "<a rel=\"");
	html_text(b, rel);
	html_raw(b, "\"");
	near_link(p, r, near);
	if (before)
		html_raw(b, "<span aria-hidden=\"true\">&larr; </span>"
			    "<span class=\"hidden\">before it </span>");
	else
		html_raw(b, "<span class=\"hidden\">after it </span>");
	html_raw(b, "#");
	html_int(b, near->number);
	if (!before)
		html_raw(b, "<span aria-hidden=\"true\"> &rarr;</span>");
	html_raw(b, "</a>\n");
}

/* Along the ref, and the other attempts at this push. */
static int beside(struct page *p, const struct run *r, struct err *e)
{
	struct buf *b = &p->res->body;
	struct run_nears near;

	if (run_near_read(p->db, r, &near, e) < 0)
		return -1;
	if (near.before.number || near.after.number) {
		html_raw(b, "<nav class=\"along\" "
			    "aria-label=\"Runs of this ref\">");
		neighbour(p, r, "prev", &near.before);
		neighbour(p, r, "next", &near.after);
		html_raw(b, "</nav>\n");
	}
	if (near.n > 1) {
		html_raw(b, "<nav class=\"attempts\" "
			    "aria-labelledby=\"attempts\">"
			    "<p id=\"attempts\">Attempts:</p>\n<ol>\n");
		for (size_t i = 0; i < near.n; i++)
			attempt(p, r, &near.attempts[i]);
		html_raw(b, "</ol></nav>\n");
	}
	return 0;
}

static int superseded(struct page *p, const struct run *r, struct err *e)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<p class=\"note\">The ref moved on");
	if (r->superseded_by) {
		html_raw(b, ": superseded by ");
		if (run_link(p, r->superseded_by, e) < 0)
			return -1;
	}
	html_raw(b, ".</p>\n");
	return 0;
}

/* Whether there is a repository whose runs this reader does not know of; -1. */
static int some_are_hidden(struct page *p, struct err *e)
{
	struct repo *repos;
	struct audience a;
	size_t n;
	int hidden = 0;

	if (repo_list(p->db, &repos, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && !hidden; i++) {
		hidden = audience_of(&p->audience, repos[i].name, &a, e);
		if (!hidden)
			hidden = access_of(&a, p->req->user) == ACCESS_NONE;
	}
	repo_list_release(repos, n);
	return hidden;
}

/* How many go before it, of all repositories: not for who may not count them.
 */
static int queue_place(struct page *p, const struct run *r, struct err *e)
{
	struct buf *b = &p->res->body;
	int hidden = some_are_hidden(p, e);
	int64_t ahead = 0;

	if (hidden < 0 || (!hidden && run_ahead(p->db, r->id, &ahead, e) < 0))
		return -1;
	html_raw(b, "<p class=\"note\">");
	if (hidden) {
		html_raw(b, "It waits for its turn.");
	} else if (!ahead) {
		html_raw(b, "It is the next to start.");
	} else {
		if (ahead >= RUN_AHEAD_MAX)
			html_raw(b, "At least ");
		html_int(b, ahead);
		if (ahead == 1)
			html_raw(b, " run is before it");
		else
			html_raw(b, " runs are before it");
		html_raw(b, ", running or waiting.");
	}
	html_raw(b, "</p>\n");
	return 0;
}

int run_head(struct page *p, const struct run *r, struct err *e)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<header class=\"run\">\n<div class=\"title\"><h1>");
	show_subject(b, r);
	html_raw(b, "</h1> ");
	show_state(b, run_state_name(r->state));
	html_raw(b, "</div>\n");
	what_line(p, r);
	if (how_line(p, r, e) < 0 || beside(p, r, e) < 0)
		return -1;
	html_raw(b, "</header>\n");
	if (r->state == RUN_SUPERSEDED)
		return superseded(p, r, e);
	return r->state == RUN_PENDING ? queue_place(p, r, e) : 0;
}
