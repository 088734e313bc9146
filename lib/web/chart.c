#include "web/chart.h"

#include <stdlib.h>

#include "base/mem.h"
#include "web/html.h"
#include "web/scale.h"

/* The picture, in units of its own; it is as wide as the page. */
#define SLOT 10
#define BAR 8
#define LINE 100 /* bars stand on it, and below it are the feet */
#define HEIGHT 112
#define LEAST 2
#define SLOTS 24 /* that there are at least: no bar as wide as a wall */
#define ENOUGH 5 /* runs; of fewer the list alone says more */

struct chart {
	const struct run *runs;
	size_t n;
	int64_t *spans; /* 0: never began */
	int64_t median, longest;
	int64_t step; /* of the axis: round */
	int steps; /* that it has: two or three */
	struct buf url; /* of a run, but for its number */
};

static int64_t span_of(const struct run *r, int64_t now_ms)
{
	int64_t end = r->finished_at_ms < 0 ? now_ms : r->finished_at_ms;

	if (r->started_at_ms < 0)
		return 0;
	return end > r->started_at_ms ? end - r->started_at_ms : 1;
}

/* The axis ends at the second or third of its lines. 0 if there is nothing to
 * show. */
static int chart_load(struct chart *c, const struct page *p)
{
	int64_t top, *sorted = mem_resize(NULL, c->n + 1, sizeof(*sorted));

	c->spans = mem_resize(NULL, c->n + 1, sizeof(*c->spans));
	for (size_t i = 0; i < c->n; i++) {
		c->spans[i] = sorted[i] = span_of(&c->runs[i], p->now_ms);
		if (sorted[i] > c->longest)
			c->longest = sorted[i];
	}
	top = scale_top(sorted, c->n);
	c->step = scale_round_up(top / 3);
	c->steps = (int)((top + c->step - 1) / c->step);
	c->median = scale_median(sorted, c->n);
	free(sorted);
	return c->longest > 0;
}

static void add_bar(struct buf *b, int x, int height, int broken, int foot)
{
	html_raw(b, "M");
	html_int(b, x);
	html_raw(b, " 100v-");
	html_int(b, broken ? 86 : height);
	html_raw(b, "h8v");
	html_int(b, broken ? 86 : height);
	html_raw(b, "z");
	if (broken) {
		html_raw(b, "M");
		html_int(b, x);
		html_raw(b, " 8v-8h8v8z");
	}
	if (foot) {
		html_raw(b, "M");
		html_int(b, x);
		html_raw(b, " 104v8h8v-8z");
	}
}

static void add_run(struct buf *b, const struct chart *c, size_t i, int x)
{
	const struct run *r = &c->runs[i];
	const char *state = run_state_name(r->state);

	/* the same links are in the list below: none for the keyboard here */
	html_raw(b, "<a tabindex=\"-1\" href=\"");
	buf_add(b, c->url.ptr, c->url.len);
	html_int(b, r->number);
	html_raw(b, "\"><path class=\"");
	html_text(b, state);
	html_raw(b, "\" d=\"");
	add_bar(b, x,
		scale_length(c->spans[i], c->step * c->steps, LINE, LEAST),
		c->spans[i] > c->step * c->steps, r->state == RUN_FAILED);
	html_raw(b, "\"><title>#");
	html_int(b, r->number);
	html_raw(b, " ");
	html_text(b, state);
	if (c->spans[i]) {
		html_raw(b, ", ");
		show_duration(b, c->spans[i]);
	}
	html_raw(b, "</title></path></a>\n");
}

static void add_axis(struct buf *b, const struct chart *c)
{
	html_raw(b, "<p class=\"scale\" aria-hidden=\"true\">");
	for (int i = c->steps; i >= 0; i--) {
		html_raw(b, "<span>");
		scale_add_label(b, c->step * i);
		html_raw(b, "</span> ");
	}
	html_raw(b, "</p>\n");
}

static void add_picture(struct buf *b, const struct chart *c)
{
	int slots = c->n > SLOTS ? (int)c->n : SLOTS;

	_Static_assert(
		LINE == 100 && BAR == 8 && HEIGHT == 112, "the literals here");
	html_raw(b, "<svg viewBox=\"0 0 ");
	html_int(b, slots * SLOT);
	html_raw(b, " 112\" preserveAspectRatio=\"none\" "
		    "aria-hidden=\"true\"><path class=\"grid\" d=\"");
	for (int i = 0; i <= c->steps; i++) {
		html_raw(b, "M0 ");
		html_int(b, LINE - LINE * i / c->steps);
		html_raw(b, "h");
		html_int(b, slots * SLOT);
	}
	html_raw(b, "\"/>\n");
	for (size_t i = c->n; i-- > 0;)
		add_run(b, c, i, (slots - 1 - (int)i) * SLOT + 1);
	html_raw(b, "</svg>\n");
}

static void add_words(struct buf *b, const struct chart *c)
{
	int64_t failed = 0;

	for (size_t i = 0; i < c->n; i++)
		failed += c->runs[i].state == RUN_FAILED;
	html_raw(b, "<figcaption>Durations of these ");
	html_int(b, (int64_t)c->n);
	html_raw(b, " runs, the newest at the right: median ");
	show_duration(b, c->median);
	html_raw(b, ", longest ");
	show_duration(b, c->longest);
	html_raw(b, ".");
	if (failed) {
		buf_addc(b, ' ');
		html_int(b, failed);
		html_raw(b, " failed, marked below the line.");
	}
	html_raw(b, "</figcaption>\n");
}

void chart(struct page *p, const struct run *runs, size_t n)
{
	struct chart c = { .runs = runs, .n = n, .url = BUF_INIT };
	struct buf *b = &p->res->body;

	if (n >= ENOUGH && chart_load(&c, p)) {
		url_runs(&c.url, p, runs->repo);
		buf_addc(&c.url, '/');
		html_raw(b, "<figure class=\"chart\">\n");
		add_axis(b, &c);
		add_picture(b, &c);
		add_words(b, &c);
		html_raw(b, "</figure>\n");
	}
	buf_release(&c.url);
	free(c.spans);
}
