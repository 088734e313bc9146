#include "ci_live.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define FRAME_MS 100 /* between two drawings, at least */
/* and at most: the times run, by tenths in the first ten seconds */
#define TICK_MS 250
#define SLOW_TICK_MS 1000
#define SLOW_FROM_MS 10000
#define ABOVE_MAX (64 << 10) /* that wait for the next one */

void ci_live_init(struct ci_live *l, const struct ci_jobs *jobs, int fd,
	struct buf *out, int verbose)
{
	size_t n = jobs->pipeline->n_jobs;

	*l = (struct ci_live){ .jobs = jobs,
		.above = BUF_INIT,
		.verbose = verbose,
		.began_ms = clock_mono_ms(),
		.changed = 1 };
	l->tails = mem_zero(n * sizeof(*l->tails));
	for (size_t i = 0; i < n; i++)
		ci_tail_init(&l->tails[i]);
	ci_rows_init(&l->rows, jobs, l->tails);
	ci_screen_init(&l->screen, fd, out);
	ci_progress_init(&l->progress, jobs, &l->above, ci_screen_colours(fd));
}

void ci_live_release(struct ci_live *l)
{
	for (size_t i = 0; i < l->jobs->pipeline->n_jobs; i++)
		ci_tail_release(&l->tails[i]);
	free(l->tails);
	ci_rows_release(&l->rows);
	ci_screen_release(&l->screen);
	ci_progress_release(&l->progress);
	buf_release(&l->above);
	*l = (struct ci_live){ .above = BUF_INIT };
}

/* A line of output on its way past. */
struct passing {
	struct ci_live *live;
	const char *job_id;
};

static void pass_line(void *arg, const char *line)
{
	const struct passing *p = arg;

	if (!p->live->verbose)
		return;
	ci_progress_output(&p->live->progress, p->job_id, line, strlen(line));
	ci_progress_output(&p->live->progress, p->job_id, "\n", 1);
}

void ci_live_event(struct ci_live *l, const struct event *ev)
{
	const struct ci_job *job = ci_jobs_find(l->jobs, ev->job_id);
	struct passing to = { l, ev->job_id };

	l->changed = 1;
	if (job && (ev->type == EVENT_SH_FINISHED ||
			   ev->type == EVENT_JOB_FINISHED))
		ci_tail_end(&l->tails[job - l->jobs->v], pass_line, &to);
	if (l->verbose)
		ci_progress_event(&l->progress, ev);
}

void ci_live_output(struct ci_live *l, const char *job_id,
	enum crilog_stream stream, const char *data, size_t len)
{
	const struct ci_job *job = ci_jobs_find(l->jobs, job_id);
	struct passing to = { l, job_id };

	if (!job)
		return;
	l->changed = 1;
	ci_tail_add(
		&l->tails[job - l->jobs->v], stream, data, len, pass_line, &to);
}

static void add_count(struct ci_lines *lines, size_t n, const char *word,
	const char *colour, int *first)
{
	struct buf text = BUF_INIT;

	if (!n)
		return;
	buf_addf(&text, "%zu %s", n, word);
	ci_lines_add(lines, *first ? "" : ", ", NULL);
	ci_lines_add(lines, text.ptr, colour);
	*first = 0;
	buf_release(&text);
}

/* "12s  3 running, 4 waiting, 1 failed" */
static void add_status(struct ci_live *l, struct ci_lines *lines, size_t hidden)
{
	static const struct {
		enum ci_state state;
		const char *word;
	} words[] = {
		{ CI_ACTIVE, "running" },
		{ CI_PENDING, "waiting" },
		{ CI_FAILED, "failed" },
		{ CI_ALLOWED, "failed (allowed)" },
		{ CI_COMPLETE, "complete" },
		{ CI_SKIPPED, "skipped" },
	};
	struct buf text = BUF_INIT;
	int first = 1;

	clock_add_span(&text, clock_mono_ms() - l->began_ms);
	ci_lines_add(lines, text.ptr, CI_BOLD);
	ci_lines_add(lines, "  ", NULL);
	buf_release(&text);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		add_count(lines, ci_jobs_count(l->jobs, words[i].state),
			words[i].word,
			words[i].state == CI_FAILED ? CI_RED : NULL, &first);
	if (hidden)
		add_count(lines, hidden, "not shown", CI_FAINT, &first);
	ci_lines_end(lines);
}

static void draw(struct ci_live *l)
{
	struct ci_lines lines;

	ci_screen_measure(&l->screen);
	ci_lines_init(&lines, &l->screen);
	/* the status line, and the line that the cursor is in */
	size_t rows = l->screen.rows > 3 ? l->screen.rows - 2 : 1;
	size_t hidden = ci_rows_add(&l->rows, &lines, rows);
	add_status(l, &lines, hidden);
	ci_screen_draw(&l->screen, &l->above, &lines);
	ci_lines_release(&lines);
	buf_reset(&l->above);
	l->drawn_ms = clock_mono_ms();
	l->changed = 0;
}

/* The terminal is for whoever is in front. */
static int is_behind(const struct ci_live *l)
{
	pid_t front = tcgetpgrp(l->screen.fd);

	return front > 0 && front != getpgrp();
}

static int tick_ms(const struct ci_live *l)
{
	return clock_mono_ms() - l->began_ms < SLOW_FROM_MS ? TICK_MS
							    : SLOW_TICK_MS;
}

int ci_live_turn(struct ci_live *l)
{
	int wait_ms = l->changed ? FRAME_MS : tick_ms(l);
	struct buf *out = l->screen.out;

	if (is_behind(l)) {
		buf_add(out, l->above.ptr, l->above.len);
		buf_reset(&l->above);
		l->drawn_ms = 0;
		l->changed = 1;
		return TICK_MS;
	}
	/* it does not take what there is: newer pictures instead of more */
	if (out->len && l->above.len < ABOVE_MAX)
		return TICK_MS;
	int64_t ago = clock_mono_ms() - l->drawn_ms;
	if (ago >= wait_ms || l->above.len >= ABOVE_MAX) {
		draw(l);
		return tick_ms(l);
	}
	return wait_ms - (int)ago;
}

void ci_live_hide(struct ci_live *l)
{
	ci_screen_clear(&l->screen);
	ci_live_redraw(l);
}

void ci_live_redraw(struct ci_live *l)
{
	l->drawn_ms = 0;
	l->changed = 1;
}

/* The last lines of a job that failed. They are not cut: people copy them. */
static void add_failure(struct ci_live *l, struct ci_lines *lines, size_t i)
{
	const struct ci_job *job = &l->jobs->v[i];
	const char *line;

	lines->max = (size_t)-1;
	ci_lines_end(lines);
	ci_rows_add_sign(lines, job->state, 1);
	ci_lines_add(lines, l->jobs->pipeline->jobs[i].id, CI_BOLD);
	ci_lines_add(lines, ": ", NULL);
	ci_lines_add(lines, job->reason ? job->reason : "failed", NULL);
	ci_lines_end(lines);
	if (job->cmd) {
		ci_lines_add(lines, "  $ ", NULL);
		ci_lines_add(lines, job->cmd, CI_BOLD);
		ci_lines_end(lines);
	}
	for (size_t k = 0; (line = ci_tail_nth(&l->tails[i], k)); k++) {
		ci_lines_add(lines, "  ", NULL);
		ci_lines_add(lines, line, NULL);
		ci_lines_end(lines);
	}
}

/* "failed in 12s: 1 failed, 3 skipped, 8 complete" */
static void add_verdict(struct ci_live *l, struct ci_lines *lines)
{
	static const enum ci_state order[] = { CI_FAILED, CI_ACTIVE, CI_ALLOWED,
		CI_SKIPPED, CI_PENDING, CI_COMPLETE };
	int cut_off = ci_jobs_count(l->jobs, CI_ACTIVE) ||
		      ci_jobs_count(l->jobs, CI_PENDING);
	int red = ci_jobs_count(l->jobs, CI_FAILED) != 0;
	struct buf text = BUF_INIT;
	int first = 1;

	lines->max = (size_t)-1; /* not cut either */
	ci_lines_end(lines);
	ci_lines_add(lines,
		red	  ? "failed"
		: cut_off ? "aborted"
			  : "complete",
		red || cut_off ? CI_RED : CI_GREEN);
	buf_adds(&text, " in ");
	clock_add_span(&text, clock_mono_ms() - l->began_ms);
	buf_adds(&text, ": ");
	ci_lines_add(lines, text.ptr, NULL);
	buf_release(&text);
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		add_count(lines, ci_jobs_count(l->jobs, order[i]),
			ci_state_word(order[i]), NULL, &first);
	ci_lines_end(lines);
}

void ci_live_end(struct ci_live *l)
{
	struct ci_lines lines;

	ci_screen_measure(&l->screen);
	ci_lines_init(&lines, &l->screen);
	ci_rows_add_all(&l->rows, &lines);
	for (size_t i = 0; i < l->jobs->pipeline->n_jobs; i++)
		if (l->jobs->v[i].state == CI_FAILED)
			add_failure(l, &lines, i);
	add_verdict(l, &lines);
	ci_screen_draw(&l->screen, &l->above, &lines);
	ci_lines_release(&lines);
	buf_reset(&l->above);
	l->screen.n_drawn = 0; /* it stays */
}
