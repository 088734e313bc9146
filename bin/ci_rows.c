#include "ci_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/columns.h"
#include "base/mem.h"

#define NARROW 60 /* columns below which the outline is drawn closer */
#define TIME_COLUMNS 7 /* "1m 03s" */
#define GAP 2

void ci_rows_init(struct ci_rows *r, const struct ci_jobs *jobs,
	const struct ci_tail *tails)
{
	*r = (struct ci_rows){ .jobs = jobs, .tails = tails };
	ci_outline_init(&r->outline, jobs->pipeline);
	r->shown = mem_zero(r->outline.n);
	r->with_output = mem_zero(r->outline.n);
}

void ci_rows_release(struct ci_rows *r)
{
	ci_outline_release(&r->outline);
	free(r->shown);
	free(r->with_output);
	*r = (struct ci_rows){ 0 };
}

/* Gives rows to the jobs of a state, the first or the latest in it first. */
static void choose(
	struct ci_rows *r, enum ci_state state, int latest, size_t *left)
{
	const struct ci_job *jobs = r->jobs->v;

	while (*left) {
		size_t best = CI_NO_JOB;

		for (size_t i = 0; i < r->outline.n; i++)
			if (jobs[i].state == state && !r->shown[i] &&
				(best == CI_NO_JOB ||
					(latest && jobs[i].order >
							   jobs[best].order)))
				best = i;
		if (best == CI_NO_JOB)
			return;
		r->shown[best] = 1;
		(*left)--;
	}
}

static void choose_output(struct ci_rows *r, size_t *left)
{
	struct buf last = BUF_INIT;

	for (size_t i = 0; i < r->outline.n && *left; i++) {
		if (!r->shown[i] || r->jobs->v[i].state != CI_ACTIVE)
			continue;
		ci_tail_last(&r->tails[i], &last);
		if (!last.len)
			continue;
		r->with_output[i] = 1;
		(*left)--;
	}
	buf_release(&last);
}

static void forget_choice(struct ci_rows *r)
{
	memset(r->shown, 0, r->outline.n);
	memset(r->with_output, 0, r->outline.n);
}

/* What is drawn, and with what. */
struct drawing {
	const struct ci_rows *rows;
	struct ci_lines *lines;
	size_t name_columns;
	size_t max_depth;
	int narrow;
	int over; /* the run is */
};

enum bar { BRANCH, LAST_BRANCH, PASSING, NOTHING };

static const char *bar_text(const struct drawing *d, enum bar bar)
{
	static const char *const wide[] = { "├─ ", "└─ ", "│  ", "   " };
	static const char *const narrow[] = { "├ ", "└ ", "│ ", "  " };
	static const char *const ascii[] = { "|- ", "`- ", "|  ", "   " };
	static const char *const ascii_narrow[] = { "| ", "` ", "| ", "  " };

	if (d->lines->utf8)
		return d->narrow ? narrow[bar] : wide[bar];
	return d->narrow ? ascii_narrow[bar] : ascii[bar];
}

static size_t shown_depth(const struct drawing *d, const struct ci_row *row)
{
	return row->depth < d->max_depth ? row->depth : d->max_depth;
}

/* The lines of the outline in front of the row, or of one below it. */
static void add_bars(
	const struct drawing *d, const struct ci_row *row, int is_below)
{
	size_t depth = shown_depth(d, row);

	for (size_t i = 1; i <= depth; i++) {
		int more = row->more[i == depth ? row->depth : i];
		enum bar bar = i < depth || is_below
				       ? (more ? PASSING : NOTHING)
				       : (more ? BRANCH : LAST_BRANCH);

		ci_lines_add(d->lines, bar_text(d, bar), CI_FAINT);
	}
	if (is_below)
		ci_lines_add(d->lines,
			bar_text(d, row->is_parent && row->depth < d->max_depth
					    ? PASSING
					    : NOTHING),
			CI_FAINT);
}

void ci_rows_add_sign(struct ci_lines *lines, enum ci_state state, int over)
{
	static const struct {
		const char *utf8, *ascii, *colour;
	} signs[CI_N_STATES] = {
		[CI_PENDING] = { "· ", ". ", CI_FAINT },
		[CI_ACTIVE] = { "● ", "* ", CI_YELLOW },
		[CI_COMPLETE] = { "✓ ", "+ ", CI_GREEN },
		[CI_FAILED] = { "✗ ", "x ", CI_RED },
		[CI_ALLOWED] = { "! ", "! ", CI_YELLOW },
		[CI_SKIPPED] = { "– ", "- ", CI_FAINT },
	};

	if (over && state == CI_ACTIVE)
		state = CI_FAILED;
	ci_lines_add(lines,
		lines->utf8 ? signs[state].utf8 : signs[state].ascii,
		signs[state].colour);
}

static void add_time(struct ci_lines *lines, const struct ci_job *job)
{
	struct buf span = BUF_INIT;

	if (job->began_ms)
		clock_add_span(&span, ci_job_span(job));
	if (span.len < TIME_COLUMNS)
		ci_lines_to(lines, lines->used + TIME_COLUMNS - span.len);
	ci_lines_add(lines, span.ptr, NULL);
	buf_release(&span);
}

/* The needs that hold a job up, where the outline does not show them all. */
static void add_waits(const struct drawing *d, size_t job)
{
	const struct pipeline *p = d->rows->jobs->pipeline;
	const struct job *j = &p->jobs[job];
	struct buf text = BUF_INIT;

	for (size_t i = 0; j->n_needs > 1 && i < j->n_needs; i++) {
		enum ci_state state = d->rows->jobs->v[j->needs[i]].state;

		if (state == CI_PENDING || state == CI_ACTIVE)
			buf_addf(&text, "%s%s", text.len ? ", " : "waits for ",
				p->jobs[j->needs[i]].id);
	}
	ci_lines_add(d->lines, text.ptr, CI_FAINT);
	buf_release(&text);
}

static void add_command(const struct drawing *d, size_t job)
{
	const struct ci_job *j = &d->rows->jobs->v[job];
	size_t n_run = d->rows->jobs->pipeline->jobs[job].n_run;
	struct buf text = BUF_INIT;

	if (!j->cmd)
		return;
	if (n_run > 1)
		buf_addf(&text, "%d/%zu ", j->n, n_run);
	buf_addf(&text, "$ %s", j->cmd);
	ci_lines_add(d->lines, text.ptr, CI_BOLD);
	buf_release(&text);
}

static void add_detail(const struct drawing *d, size_t job)
{
	const struct ci_job *j = &d->rows->jobs->v[job];

	switch (j->state) {
	case CI_ACTIVE:
		if (d->over)
			ci_lines_add(d->lines, "aborted", CI_RED);
		else
			add_command(d, job);
		break;
	case CI_PENDING:
		if (d->over)
			ci_lines_add(d->lines, "not run", CI_FAINT);
		else
			add_waits(d, job);
		break;
	case CI_ALLOWED:
		ci_lines_add(d->lines, "allowed: ", CI_YELLOW);
		ci_lines_add(
			d->lines, j->reason ? j->reason : "failed", CI_YELLOW);
		break;
	default:
		if (j->reason)
			ci_lines_add(d->lines, j->reason,
				j->state == CI_FAILED ? CI_RED : CI_FAINT);
		break;
	}
}

static void add_output(const struct drawing *d, const struct ci_row *row)
{
	struct buf last = BUF_INIT;

	ci_tail_last(&d->rows->tails[row->job], &last);
	add_bars(d, row, 1);
	ci_lines_add(d->lines, last.ptr, CI_FAINT);
	ci_lines_end(d->lines);
	buf_release(&last);
}

static void add_name(const struct drawing *d, const char *id)
{
	struct buf name = BUF_INIT;

	buf_adds(&name, id);
	if (d->lines->used < d->name_columns &&
		name.len > d->name_columns - d->lines->used) {
		buf_setlen(&name, d->name_columns - d->lines->used - 1);
		buf_adds(&name, d->lines->utf8 ? "…" : "~");
	}
	ci_lines_add(d->lines, name.ptr, NULL);
	ci_lines_to(d->lines, d->name_columns);
	buf_release(&name);
}

static void draw_row(void *arg, const struct ci_row *row)
{
	const struct drawing *d = arg;
	const struct ci_job *job = &d->rows->jobs->v[row->job];

	add_bars(d, row, 0);
	ci_rows_add_sign(d->lines, job->state, d->over);
	add_name(d, d->rows->jobs->pipeline->jobs[row->job].id);
	add_time(d->lines, job);
	ci_lines_to(d->lines, d->lines->used + GAP);
	add_detail(d, row->job);
	ci_lines_end(d->lines);
	if (d->rows->with_output[row->job])
		add_output(d, row);
}

static void measure_row(void *arg, const struct ci_row *row)
{
	struct drawing *d = arg;
	size_t columns =
		shown_depth(d, row) * columns_of(bar_text(d, NOTHING)) + 2 +
		strlen(d->rows->jobs->pipeline->jobs[row->job].id);

	if (columns > d->name_columns)
		d->name_columns = columns;
}

static void draw(const struct ci_rows *r, struct ci_lines *lines, int over)
{
	size_t most = lines->max / 2;
	struct drawing d = { .rows = r,
		.lines = lines,
		.narrow = lines->max < NARROW,
		.over = over };

	d.max_depth = lines->max / 3 / columns_of(bar_text(&d, NOTHING));
	ci_outline_walk(&r->outline, r->shown, measure_row, &d);
	if (d.name_columns > most)
		d.name_columns = most;
	ci_outline_walk(&r->outline, r->shown, draw_row, &d);
}

size_t ci_rows_add(struct ci_rows *r, struct ci_lines *lines, size_t max)
{
	size_t left = max;

	forget_choice(r);
	choose(r, CI_ACTIVE, 0, &left);
	choose_output(r, &left);
	choose(r, CI_FAILED, 1, &left);
	choose(r, CI_PENDING, 0, &left);
	choose(r, CI_ALLOWED, 1, &left);
	choose(r, CI_COMPLETE, 1, &left);
	choose(r, CI_SKIPPED, 1, &left);
	draw(r, lines, 0);
	size_t hidden = r->outline.n;
	for (size_t i = 0; i < r->outline.n; i++)
		hidden -= (size_t)r->shown[i];
	return hidden;
}

void ci_rows_add_all(struct ci_rows *r, struct ci_lines *lines)
{
	forget_choice(r);
	memset(r->shown, 1, r->outline.n);
	draw(r, lines, 1);
}
