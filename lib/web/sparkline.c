#include "web/sparkline.h"

#include "web/html.h"
#include "web/page.h"
#include "web/scale.h"

/* The picture, in its own units, which are pixels at the usual size. */
#define SLOT 6
#define BAR 4
#define LINE 19 /* bars stand on it, and below it are the feet */
#define HEIGHT 24
#define LEAST 3

/* How long it ran, or has run; 0 if it never did. */
static int64_t span_of(const struct run_brief *r, int64_t now_ms)
{
	int64_t end = r->finished_at_ms < 0 ? now_ms : r->finished_at_ms;

	return r->started_at_ms < 0 || end < r->started_at_ms
		       ? 0
		       : end - r->started_at_ms;
}

static void add_bar(struct buf *b, int x, int height, int foot)
{
	buf_addc(b, 'M');
	buf_addi(b, x);
	buf_addc(b, ' ');
	buf_addi(b, LINE);
	html_raw(b, "v-");
	buf_addi(b, height);
	html_raw(b, "h4v");
	buf_addi(b, height);
	buf_addc(b, 'z');
	if (foot) {
		buf_addc(b, 'M');
		buf_addi(b, x);
		html_raw(b, " 21v3h4v-3z");
	}
}

/* All bars of a state are one path. */
static void add_state(struct buf *b, const struct run_recent *recent,
	enum run_state state, int64_t top, int64_t now_ms)
{
	html_raw(b, "<path class=\"");
	html_text(b, run_state_name(state));
	html_raw(b, "\" d=\"");
	for (size_t i = 0; i < recent->n; i++) {
		const struct run_brief *r = &recent->runs[i];

		if (r->state == state)
			add_bar(b, SLOT * (RUN_RECENT_MAX - 1 - (int)i),
				scale_root(span_of(r, now_ms), top, LINE - 1,
					LEAST),
				state == RUN_FAILED);
	}
	html_raw(b, "\"/>");
}

void sparkline(struct buf *b, const struct run_recent *recent, int64_t now_ms)
{
	int64_t counts[RUN_STATES] = { 0 };
	int64_t spans[RUN_RECENT_MAX], top;

	for (size_t i = 0; i < recent->n; i++) {
		spans[i] = span_of(&recent->runs[i], now_ms);
		counts[recent->runs[i].state]++;
	}
	top = scale_top(spans, recent->n);
	_Static_assert(SLOT * RUN_RECENT_MAX == 120 && HEIGHT == 24 && BAR == 4,
		"the literals here");
	html_raw(b, "<svg class=\"strip\" viewBox=\"0 0 120 24\" role=\"img\" "
		    "aria-label=\"Last ");
	html_int(b, (int64_t)recent->n);
	html_text(b, recent->n == 1 ? " run: " : " runs: ");
	show_counts(b, counts);
	html_raw(b, "\">");
	for (int s = 0; s < RUN_STATES; s++) {
		if (counts[s])
			add_state(b, recent, (enum run_state)s, top, now_ms);
	}
	html_raw(b, "</svg>\n");
}
