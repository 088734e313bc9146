/*
 * The state of a ref, or of a job in its newest run, as a small picture for
 * pages elsewhere. What is not known is a picture, too, that says so: one that
 * is missing helps nobody who looks at the page that it is in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "store/ref.h"
#include "web/html.h"
#include "web/main_branch.h"
#include "web/page.h"
#include "web/route.h"

#define LABEL_MAX 40 /* characters */
#define PADDING 6

/*
 * What the badge tells: a word for whose state, and the state. A run's states
 * and a job's, and what is none: "no runs", "unknown".
 */
struct badge {
	const char *label;
	const char *state;
};

/* Widths of " " to "~" in tenths of a pixel, at 11 pixels, in a wide sans
 * serif. Where the reader's font has others, textLength makes it fit. */
static const unsigned char widths[] = { 35, 44, 51, 92, 70, 105, 86, 30, 43, 43,
	55, 92, 35, 40, 35, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 37, 37,
	92, 92, 92, 58, 110, 75, 75, 77, 85, 70, 63, 85, 83, 32, 32, 72, 61, 95,
	82, 87, 66, 87, 76, 70, 67, 81, 75, 109, 75, 67, 75, 43, 37, 43, 92, 55,
	55, 67, 70, 60, 70, 68, 39, 70, 70, 31, 31, 64, 31, 107, 70, 67, 70, 70,
	45, 57, 43, 70, 65, 90, 65, 65, 58, 70, 37, 70, 92 };
#define WIDTH_BEYOND_ASCII 110

/* Pixels that well-formed text takes. */
static int width_of(const char *s)
{
	size_t len = strlen(s);
	int tenths = 0;

	for (size_t i = 0; i < len; i += utf8_len(s + i, len - i)) {
		unsigned char c = (unsigned char)s[i];

		tenths += c >= ' ' && c <= '~' ? widths[c - ' ']
					       : WIDTH_BEYOND_ASCII;
	}
	return (tenths + 9) / 10;
}

/* The first characters of what is on one line, and a sign that there are more.
 */
static void add_short(struct buf *b, const struct buf *line)
{
	size_t at = 0;

	for (int n = 0; at < line->len && n < LABEL_MAX; n++)
		at += utf8_len(line->ptr + at, line->len - at);
	buf_add(b, line->ptr, at);
	if (at < line->len)
		buf_adds(b, "\xe2\x80\xa6");
}

/* Each has a contrast of 5.5 and more with the white that is written on it. */
static void add_colour(struct buf *b, const char *state)
{
	if (!strcmp(state, "complete"))
		html_raw(b, "#1a7431");
	else if (!strcmp(state, "failed"))
		html_raw(b, "#b3261e");
	else if (!strcmp(state, "active"))
		html_raw(b, "#8a5a00");
	else
		html_raw(b, "#5a6169");
}

static void add_words(struct buf *b, const char *words, int x, int width)
{
	html_raw(b, "<text x=\"");
	html_int(b, x);
	html_raw(b, "\" y=\"14\" textLength=\"");
	html_int(b, width);
	html_raw(b, "\" lengthAdjust=\"spacingAndGlyphs\">");
	html_text(b, words);
	html_raw(b, "</text>\n");
}

static void draw(struct buf *b, const struct badge *badge)
{
	struct buf line = BUF_INIT, label = BUF_INIT;

	utf8_add_plain(&line, badge->label, strlen(badge->label), 0);
	add_short(&label, &line);
	int left = width_of(label.ptr), right = width_of(badge->state);
	int middle = left + 2 * PADDING;

	html_raw(b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
	html_int(b, middle + right + 2 * PADDING);
	html_raw(b, "\" height=\"20\" role=\"img\" aria-label=\"");
	html_text(b, line.ptr);
	html_raw(b, ": ");
	html_text(b, badge->state);
	html_raw(b, "\">\n<title>");
	html_text(b, line.ptr);
	html_raw(b, ": ");
	html_text(b, badge->state);
	html_raw(b, "</title>\n<rect width=\"100%\" height=\"20\" rx=\"3\" "
		    "fill=\"");
	add_colour(b, badge->state);
	html_raw(b, "\"/>\n<path d=\"M3 0h");
	html_int(b, middle - 3);
	html_raw(b, "v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z\" "
		    "fill=\"#3d444d\"/>\n<g fill=\"#fff\" font-size=\"11\" "
		    "font-family=\"Verdana,'DejaVu Sans',Geneva,sans-serif\""
		    ">\n");
	add_words(b, label.ptr, PADDING, left);
	add_words(b, badge->state, middle + PADDING, right);
	html_raw(b, "</g>\n</svg>\n");
	buf_release(&line);
	buf_release(&label);
}

/* The ref that is asked for: 1, 0 there is none of that name, -1. */
static int find_ref(struct page *p, char **ref, struct err *e)
{
	struct repo repo = { 0 };
	int got;

	if (page_param_ref(p, ref, e) < 0)
		return -1;
	if (*ref)
		return 1;
	got = repo_by_name(p->db, p->rt->repo, &repo, e);
	if (got > 0)
		got = main_branch(p, &repo, NULL, ref, e);
	repo_release(&repo);
	return got;
}

/* Why there is no run of the tip: it has none, or there is no such ref, which
 * has then never had one. */
static int say_why(
	struct page *p, const char *ref, const char **state, struct err *e)
{
	static const char *const spaces[] = { "", "refs/heads/", "refs/tags/" };
	struct run r = { 0 };
	int got = run_newest_of_ref(p->db, p->rt->repo, ref, NULL, &r, e);

	if (got > 0)
		run_release(&r);
	for (size_t i = 0; i < 3 && !got; i++) {
		struct buf full = BUF_INIT;

		buf_adds(&full, spaces[i]);
		buf_adds(&full, ref);
		got = ref_is_known(p->db, p->rt->repo, full.ptr, e);
		buf_release(&full);
	}
	*state = got > 0 ? "no runs" : "unknown";
	return got < 0 ? -1 : 0;
}

/* Draws the state of the job that is asked for, else the run's. */
static int draw_run(
	struct page *p, const struct run *r, const char *job, struct err *e)
{
	struct badge badge = { "ci", run_state_name(r->state) };
	struct job_row *jobs = NULL;
	size_t n = 0;

	if (job) {
		if (job_list(p->db, r->id, &jobs, &n, e) < 0)
			return -1;
		badge = (struct badge){ job, "unknown" };
		for (size_t i = 0; i < n; i++) {
			if (!strcmp(jobs[i].id, job))
				badge.state = jobs[i].state;
		}
	}
	draw(&p->res->body, &badge);
	if (job)
		job_list_release(jobs, n);
	return 0;
}

static int answer(
	struct page *p, const char *ref, const char *job, struct err *e)
{
	struct badge none = { job ? job : "ci", "no runs" };
	struct run r = { 0 };
	int got = ref ? run_of_tip(p->db, p->rt->repo, ref, &r, e) : 0;

	if (got < 0)
		return -1;
	if (got) {
		got = draw_run(p, &r, job, e);
		run_release(&r);
		return got;
	}
	if (ref && say_why(p, ref, &none.state, e) < 0)
		return -1;
	draw(&p->res->body, &none);
	return 0;
}

int page_badge(struct page *p, struct err *e)
{
	char *job = request_param(p->req, "job"), *ref;
	int ret;

	p->res->type = "image/svg+xml";
	/* kept by whom it may concern, who ask each time whether it is new */
	p->res->cache = "no-cache";
	if (job && !*job) {
		free(job);
		job = NULL;
	}
	ret = find_ref(p, &ref, e);
	if (ret >= 0)
		ret = answer(p, ref, job, e);
	free(ref);
	free(job);
	return ret;
}
