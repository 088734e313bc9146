/*
 * page.h - the pages, and what every one of them is made with.
 *
 * A page is a function in a file of its own, page_NAME.c, that reads what it
 * needs, appends to the response, and returns 0; or -1 with e filled for what
 * should not happen (a damaged database), which becomes an error page. It
 * writes nothing: the answer leaves when the database has been let go, and is
 * thrown away and made anew if the database changed under the reader.
 */
#ifndef QUIRE_WEB_PAGE_H
#define QUIRE_WEB_PAGE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"
#include "store/audience.h"
#include "store/db.h"
#include "store/job.h"
#include "store/run.h"
#include "web/access.h"
#include "web/http.h"

struct route;

struct page {
	const struct request *req;
	struct response *res;
	const struct route *rt;
	int64_t now_ms;
	/* Not there for a page that needs no database. */
	const struct home *home;
	struct db *db;
	struct audience_list audience;
	enum access access; /* to rt->repo; never ACCESS_NONE in a page */
};

typedef int page_fn(struct page *p, struct err *e);

page_fn page_index; /* / */
page_fn page_style; /* /style.css */
page_fn page_script; /* /live.js */
page_fn page_metrics; /* /metrics */
page_fn page_runs; /* /<repo>/ci */
page_fn page_runs_json;
page_fn page_badge; /* /<repo>/ci/badge.svg?ref=main&job=test */
page_fn page_feed; /* /<repo>/ci/feed.atom?ref=main&state=failed */
page_fn page_latest; /* /<repo>/ci/latest?ref=main: redirects to its run */
page_fn page_to_runs; /* /<repo>: redirects to its list */
page_fn page_run; /* /<repo>/ci/<run> */
page_fn page_run_json;
page_fn page_log; /* /<repo>/ci/<run>/<job>/<n> */
page_fn page_raw; /* the same .txt */
page_fn page_artifact; /* /<repo>/ci/<run>/artifacts/<path>; or their list */

/* The error page: a title, a line that explains, and perhaps what to do. */
void page_error(struct page *p, int status, const char *line);
int page_not_found(struct page *p); /* 404; returns 0 */
int page_redirect(struct page *p, int status, const struct buf *to);

/* The run that rt names: 1 found, 0 there is none, -1. */
int page_find_run(struct page *p, struct run *r, struct err *e);

/* The parameter `ref` as a full name, for the caller to free: as it is, or as
 * a branch, or as a tag, whichever has runs. NULL if it is not given. */
int page_param_ref(struct page *p, char **ref, struct err *e);

/*
 * The frame around every page. Between frame_begin and frame_end the content
 * of <main> is appended to res->body.
 */
struct frame {
	const char *title; /* of the window; any bytes */
	const char *repo; /* for the trail at the top, or NULL */
	const struct run *run; /* ends the trail, or NULL */
	const char *job; /* and behind it a job's command, or NULL */
	int n;
	/* What is shown goes on, and so is shown anew: by live.js, or else, if
	 * it is a run, by the browser that loads the page again. */
	int live; /* run is not done */
	int list; /* runs may come to it at any time */
	const char *icon; /* state whose mark the tab shows, or NULL */
	int json; /* the run, or else the list, is there as JSON, too; the list
		   * as a feed as well */
};
void frame_begin(struct page *p, const struct frame *f);
void frame_end(struct page *p);

/* URLs, for an attribute: encoded, beginning with the script's own path. */
void url_index(struct buf *b, const struct page *p);
void url_runs(struct buf *b, const struct page *p, const char *repo);
void url_run(struct buf *b, const struct page *p, const struct run *r);
void url_log(struct buf *b, const struct page *p, const struct run *r,
	const char *job, int n);

/* Pieces that several pages show. */
void show_state(struct buf *b, const char *state); /* mark and word */
void show_repo(struct buf *b, const char *repo); /* without .git */
void show_ref(struct buf *b, const char *ref); /* "main", "tag v1" */
void show_sha(struct buf *b, const char *sha); /* ten digits of it */
/* The first line of a command, for a summary. */
void show_command(struct buf *b, const char *cmd);
/* "exit 2", "exit 137 (SIGKILL)" */
void show_exit(struct buf *b, int exit_code);
void show_subject(struct buf *b, const struct run *r);
void show_author(struct buf *b, const char *author); /* without its address */
/* " by Ada, pushed by ben": each with what joins it to what is before. */
void show_people(struct buf *b, const struct run *r);
/* How it began if not by a push: "a rerun"; or NULL. */
const char *show_trigger(const struct run *r);
/* "17 complete, 2 failed, 1 pending", of numbers by state. */
void show_counts(struct buf *b, const int64_t counts[RUN_STATES]);
/* Why a run failed, in words, no markup of its own; nothing if it has not. */
void show_failure(struct buf *b, const struct run *r);
void show_duration(struct buf *b, int64_t span_ms); /* "40 ms", "1m 03s" */
/* From start to end, or to now while it goes on, and then it ticks (an element
 * of HTML: not for the inside of an attribute or an SVG); nothing without a
 * start. */
void show_span(struct buf *b, const struct page *p, int64_t started_at_ms,
	int64_t finished_at_ms);

/* A tag of what a page loads, of its content, for its URL. */
enum asset { ASSET_STYLE, ASSET_SCRIPT };
#define ASSET_TAG_SIZE 24
void asset_tag(enum asset a, char out[ASSET_TAG_SIZE]);

#endif
