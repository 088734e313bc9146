/*
 * The frame around every page, and the URLs in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "web/html.h"
#include "web/page.h"

void url_index(struct buf *b, const struct page *p)
{
	html_url_path(b, p->req->script);
	buf_addc(b, '/');
}

static void url_below(struct buf *b, const struct page *p, const char *repo)
{
	char *name = mem_strndup(repo, name_short_len(repo));

	url_index(b, p);
	html_url_path(b, name);
	buf_addc(b, '/');
	free(name);
}

void url_runs(struct buf *b, const struct page *p, const char *repo)
{
	url_below(b, p, repo);
	html_raw(b, "ci");
}

void url_run(struct buf *b, const struct page *p, const struct run *r)
{
	url_runs(b, p, r->repo);
	buf_addc(b, '/');
	html_int(b, r->number);
}

void url_log(struct buf *b, const struct page *p, const struct run *r,
	const char *job, int n)
{
	url_run(b, p, r);
	buf_addc(b, '/');
	html_url_segment(b, job);
	buf_addc(b, '/');
	html_int(b, n);
}

/* A dot in the tab, in the colour of the state. */
static void add_icon(struct buf *b, const char *state)
{
	html_raw(b, "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg "
		    "xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'"
		    "%3E%3Ccircle cx='8' cy='8' r='6' fill='%23");
	if (state && !strcmp(state, "complete"))
		html_raw(b, "2a8a43");
	else if (state && !strcmp(state, "failed"))
		html_raw(b, "d0342c");
	else if (state && !strcmp(state, "active"))
		html_raw(b, "c58a00");
	else if (state)
		html_raw(b, "868e96");
	else
		html_raw(b, "3b6fb6");
	html_raw(b, "'/%3E%3C/svg%3E\">\n");
}

static void add_head(struct buf *b, const struct page *p, const struct frame *f)
{
	char style[ASSET_TAG_SIZE], script[ASSET_TAG_SIZE];

	asset_tag(ASSET_STYLE, style);
	asset_tag(ASSET_SCRIPT, script);
	html_raw(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		    "<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, "
		    "initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n");
	if (f->live)
		html_raw(b, "<noscript><meta http-equiv=\"refresh\" "
			    "content=\"4\"></noscript>\n");
	html_raw(b, "<title>");
	html_text(b, f->title);
	html_raw(b, "</title>\n<link rel=\"stylesheet\" href=\"");
	url_index(b, p);
	html_raw(b, "style.css?v=");
	html_text(b, style);
	html_raw(b, "\">\n<script type=\"module\" src=\"");
	url_index(b, p);
	html_raw(b, "live.js?v=");
	html_text(b, script);
	html_raw(b, "\"></script>\n");
	if (f->json) {
		html_raw(b, "<link rel=\"alternate\" "
			    "type=\"application/json\" href=\"");
		if (f->run)
			url_run(b, p, f->run);
		else
			url_runs(b, p, f->repo);
		html_raw(b, ".json\">\n");
	}
	if (f->json && !f->run) {
		html_raw(b, "<link rel=\"alternate\" "
			    "type=\"application/atom+xml\" href=\"");
		url_runs(b, p, f->repo);
		html_raw(b, "/feed.atom\">\n");
	}
	add_icon(b, f->icon);
	html_raw(b, "</head>\n");
}

/* The last step of the trail is where the reader is: no link. */
static void trail_step(struct buf *b, int last)
{
	if (last)
		html_raw(b, "<li aria-current=\"page\">");
	else
		html_raw(b, "<li><a href=\"");
}

static void trail_repo(
	struct buf *b, const struct page *p, const struct frame *f)
{
	trail_step(b, !f->run);
	if (f->run) {
		url_runs(b, p, f->repo);
		html_raw(b, "\">");
	}
	show_repo(b, f->repo);
	if (f->run)
		html_raw(b, "</a>");
}

static void trail_run(
	struct buf *b, const struct page *p, const struct frame *f)
{
	trail_step(b, !f->job);
	if (f->job) {
		url_run(b, p, f->run);
		html_raw(b, "\">");
	}
	html_raw(b, "#");
	html_int(b, f->run->number);
	if (f->job)
		html_raw(b, "</a>");
}

static void add_trail(
	struct buf *b, const struct page *p, const struct frame *f)
{
	html_raw(b, "<body>\n<header class=\"top\">\n<nav aria-label=\"You are "
		    "here\"><ol>\n<li><a class=\"brand\" href=\"");
	url_index(b, p);
	html_raw(b, "\">quire</a>\n");
	if (f->repo)
		trail_repo(b, p, f);
	if (f->repo && f->run)
		trail_run(b, p, f);
	if (f->repo && f->run && f->job) {
		trail_step(b, 1);
		html_text(b, f->job);
		html_raw(b, " &middot; command ");
		html_int(b, f->n);
	}
	html_raw(b, "</ol></nav>\n");
	if (p->req->user) {
		html_raw(b, "<p class=\"user\">");
		html_text(b, p->req->user);
		html_raw(b, "</p>\n");
	}
	html_raw(b, "</header>\n");
}

void frame_begin(struct page *p, const struct frame *f)
{
	struct buf *b = &p->res->body;

	p->res->scripted = 1;
	add_head(b, p, f);
	add_trail(b, p, f);
	html_raw(b, "<main");
	if (f->live) {
		html_raw(b, " data-live=\"");
		url_run(b, p, f->run);
		html_raw(b, ".json\"");
	} else if (f->list) {
		html_raw(b, " data-list");
	}
	html_raw(b, ">\n");
}

void frame_end(struct page *p)
{
	html_raw(&p->res->body, "</main>\n</body>\n</html>\n");
}
