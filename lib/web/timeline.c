#include "web/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "web/html.h"
#include "web/scale.h"

/* The picture, in units of its own: a row of ten for each job. */
#define WIDTH 1000
#define ROW 10
#define LEAST 6 /* what a bar is wide at least */
/* More bars than that in a row are one: they could not be told apart. */
#define MAX_BARS 200
/* Of a command as much is told when it is pointed at. */
#define MAX_COMMAND 80

/*
 * The axis: its 0 is the run's start. What it waited before that is shown at
 * most as a fifth of it, and then is marked as cut: after an hour in the queue
 * there is still something to see of a run of a minute.
 */
struct axis {
	int64_t from_ms, start_ms, to_ms;
	int cut;
};

struct picture {
	struct page *p;
	const struct run *run;
	const struct job_row *jobs;
	size_t n;
	struct axis axis;
	/* the command that took longest, of how many; NULL: none has ended */
	const struct job_row *longest_job;
	const struct sh *longest;
	size_t n_sh;
};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* When a command ended, was cut off, or is now. */
static int64_t sh_end(
	const struct picture *t, const struct job_row *job, const struct sh *sh)
{
	if (sh->finished_at_ms >= 0)
		return sh->finished_at_ms;
	if (job->finished_at_ms >= 0)
		return job->finished_at_ms;
	return t->run->finished_at_ms >= 0 ? t->run->finished_at_ms
					   : t->p->now_ms;
}

static int64_t job_end(const struct picture *t, const struct job_row *job)
{
	if (job->finished_at_ms >= 0)
		return job->finished_at_ms;
	return t->run->finished_at_ms >= 0 ? t->run->finished_at_ms
					   : t->p->now_ms;
}

static int is_live(const struct picture *t, const struct job_row *job)
{
	return job->finished_at_ms < 0 && t->run->finished_at_ms < 0;
}

static void find_longest(struct picture *t)
{
	int64_t most = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct job_row *job = &t->jobs[i];

		for (size_t k = 0; k < job->n_sh; k++) {
			const struct sh *sh = &job->sh[k];
			int64_t span = sh_end(t, job, sh) - sh->started_at_ms;

			t->n_sh++;
			if (t->longest && span <= most)
				continue;
			most = span;
			t->longest_job = job;
			t->longest = sh;
		}
	}
}

/* 0 if no job has started. */
static int lay_out(struct picture *t)
{
	struct axis *x = &t->axis;
	int64_t waited;
	int some = 0;

	x->start_ms = t->run->started_at_ms;
	x->to_ms = later(t->run->finished_at_ms, 0);
	for (size_t i = 0; i < t->n; i++) {
		const struct job_row *job = &t->jobs[i];

		if (job->started_at_ms < 0)
			continue;
		if (x->start_ms < 0 || job->started_at_ms < x->start_ms)
			x->start_ms = job->started_at_ms;
		x->to_ms = later(x->to_ms, job_end(t, job));
		some = 1;
	}
	x->to_ms = later(x->to_ms, x->start_ms + 1);
	waited = later(x->start_ms - t->run->queued_at_ms, 0);
	x->cut = waited > (x->to_ms - x->start_ms) / 4;
	x->from_ms =
		x->start_ms - (x->cut ? (x->to_ms - x->start_ms) / 4 : waited);
	find_longest(t);
	return some;
}

static int at(const struct picture *t, int64_t at_ms)
{
	return scale_at(at_ms, t->axis.from_ms, t->axis.to_ms, WIDTH);
}

/* in words */

static int is_may_fail(const struct job_row *job)
{
	return job->allow_failure && !strcmp(job->state, "failed");
}

static void add_name(struct picture *t, const struct job_row *job)
{
	struct buf *b = &t->p->res->body;

	html_raw(b, "<li class=\"");
	html_text(b, job->state);
	if (is_may_fail(job))
		html_raw(b, " may-fail");
	html_raw(b, "\"><a href=\"#job-");
	html_url_segment(b, job->id);
	html_raw(b, "\">");
	html_text(b, job->id);
	html_raw(b, "</a> ");
	if (job->started_at_ms < 0) {
		html_raw(b, "<span>");
		html_text(b, job->state);
		html_raw(b, "</span></li>\n");
		return;
	}
	html_raw(b, "<em>");
	html_text(b, job->state);
	html_raw(b, "</em> <span>");
	show_span(b, t->p, job->started_at_ms,
		is_live(t, job) ? -1 : job_end(t, job));
	html_raw(b, "</span></li>\n");
}

/* A command as far as it is told here: its first line, cut. */
static void add_command(struct buf *b, const char *cmd)
{
	size_t len = strcspn(cmd, "\n");
	int more = cmd[len] || len > MAX_COMMAND;

	if (len > MAX_COMMAND) {
		len = MAX_COMMAND;
		/* not within a character */
		while (len && ((unsigned char)cmd[len] & 0xc0) == 0x80)
			len--;
	}
	html_textn(b, cmd, len);
	if (more)
		html_raw(b, "\xE2\x80\xA6");
}

/* Where the time went: of several commands, the one that took longest. */
static void add_longest(struct picture *t)
{
	struct buf *b = &t->p->res->body;
	int64_t total = t->axis.to_ms - t->axis.start_ms, span;

	if (!t->longest || t->n_sh < 2)
		return;
	span = sh_end(t, t->longest_job, t->longest) -
	       t->longest->started_at_ms;
	html_raw(b, "<p class=\"meta\">longest <code>");
	add_command(b, t->longest->cmd);
	html_raw(b, "</code> in ");
	html_text(b, t->longest_job->id);
	html_raw(b, ", ");
	show_duration(b, span);
	html_raw(b, " of ");
	show_duration(b, total);
	html_raw(b, " (");
	html_int(b, scale_length(span, total, 100, 0));
	html_raw(b, " %)</p>\n");
}

/* in lines and areas */

static void add_ticks(struct picture *t)
{
	struct buf *b = &t->p->res->body;
	const struct axis *x = &t->axis;
	int64_t step = scale_step(x->to_ms - x->start_ms);

	html_raw(b, "<path class=\"grid\" d=\"");
	for (int64_t ms = 0; ms <= x->to_ms - x->start_ms; ms += step) {
		buf_addc(b, 'M');
		html_int(b, at(t, x->start_ms + ms));
		html_raw(b, " 0v");
		html_int(b, (int64_t)t->n * ROW);
	}
	html_raw(b, "\"/>\n");
}

static void add_waiting(struct picture *t)
{
	struct buf *b = &t->p->res->body;
	int width = at(t, t->axis.start_ms);

	if (!width)
		return;
	html_raw(b, "<path class=\"wait\" d=\"M0 0h");
	html_int(b, width);
	html_raw(b, "v");
	html_int(b, (int64_t)t->n * ROW);
	html_raw(b, "h-");
	html_int(b, width);
	html_raw(b, "z\"/>\n");
}

static const struct job_row *find_job(
	const struct picture *t, const char *id, size_t len)
{
	for (size_t i = 0; i < t->n; i++) {
		if (!strncmp(t->jobs[i].id, id, len) && !t->jobs[i].id[len])
			return &t->jobs[i];
	}
	return NULL;
}

/* From the end of the one to where the other starts, and to its row. */
static void add_need(
	struct picture *t, const struct job_row *from, const struct job_row *to)
{
	struct buf *b = &t->p->res->body;

	buf_addc(b, 'M');
	html_int(b, at(t, job_end(t, from)));
	buf_addc(b, ' ');
	html_int(b, (from - t->jobs) * ROW + ROW / 2);
	buf_addc(b, 'H');
	html_int(b, at(t, to->started_at_ms));
	buf_addc(b, 'V');
	html_int(b, (to - t->jobs) * ROW + ROW / 2);
}

/* One path of all of them, behind the bars. */
static void add_needs(struct picture *t)
{
	struct buf *b = &t->p->res->body;
	size_t begin = b->len, none;

	html_raw(b, "<path class=\"needs\" d=\"");
	none = b->len;
	for (size_t i = 0; i < t->n; i++) {
		const struct job_row *job = &t->jobs[i];
		const char *need = job->needs ? job->needs : "";

		while (job->started_at_ms >= 0 && *need) {
			size_t len = strcspn(need, " ");
			const struct job_row *from = find_job(t, need, len);

			if (from && from->started_at_ms >= 0)
				add_need(t, from, job);
			need += len;
			need += strspn(need, " ");
		}
	}
	if (b->len == none)
		buf_setlen(b, begin);
	else
		html_raw(b, "\"/>\n");
}

/* The state of a command, in the words of jobs. */
static const char *sh_state(
	const struct picture *t, const struct job_row *job, const struct sh *sh)
{
	if (sh->finished_at_ms >= 0)
		return sh->exit_code ? "failed" : "complete";
	return is_live(t, job) ? "active" : "aborted";
}

/* A bar, its title left open; of what failed it is higher than the others. */
static void add_bar(struct buf *b, const struct scale_bar *bar, size_t row,
	const char *state, const char *usual)
{
	int tall = !strcmp(state, "failed");

	html_raw(b, "<path");
	if (strcmp(state, usual) != 0) {
		html_raw(b, " class=\"");
		html_text(b, state);
		html_raw(b, "\"");
	}
	html_raw(b, " d=\"M");
	html_int(b, bar->x);
	buf_addc(b, ' ');
	html_int(b, (int64_t)row * ROW + (tall ? 2 : 3));
	buf_addc(b, 'h');
	html_int(b, bar->width);
	buf_addc(b, 'v');
	html_int(b, tall ? 6 : 4);
	buf_addc(b, 'H');
	html_int(b, bar->x);
	html_raw(b, "z\"><title>");
}

static void add_sh_title(
	struct picture *t, const struct job_row *job, const struct sh *sh)
{
	struct buf *b = &t->p->res->body;
	const char *state = sh_state(t, job, sh);

	add_command(b, sh->cmd);
	html_raw(b, ", ");
	show_duration(b, sh_end(t, job, sh) - sh->started_at_ms);
	if (sh->finished_at_ms >= 0 && sh->exit_code) {
		html_raw(b, ", ");
		show_exit(b, sh->exit_code);
	} else if (sh->finished_at_ms < 0) {
		html_raw(b, ", ");
		html_text(b, state);
	}
	html_raw(b, "</title></path>\n");
}

/* A job without commands yet, or with too many of them, is one bar. */
static void add_whole_job(struct picture *t, const struct job_row *job)
{
	struct buf *b = &t->p->res->body;
	struct scale_bar bar = {
		.from_ms = job->started_at_ms,
		.to_ms = job_end(t, job),
	};

	scale_bars(&bar, 1, t->axis.from_ms, t->axis.to_ms, WIDTH, LEAST);
	add_bar(b, &bar, (size_t)(job - t->jobs), job->state, job->state);
	html_text(b, job->id);
	html_raw(b, ", ");
	show_duration(b, bar.to_ms - bar.from_ms);
	html_raw(b, "</title></path>\n");
}

static void add_commands(struct picture *t, const struct job_row *job)
{
	struct scale_bar *bars = mem_resize(NULL, job->n_sh, sizeof(*bars));

	for (size_t i = 0; i < job->n_sh; i++)
		bars[i] = (struct scale_bar){
			.from_ms = job->sh[i].started_at_ms,
			.to_ms = sh_end(t, job, &job->sh[i]),
		};
	scale_bars(
		bars, job->n_sh, t->axis.from_ms, t->axis.to_ms, WIDTH, LEAST);
	for (size_t i = 0; i < job->n_sh; i++) {
		add_bar(&t->p->res->body, &bars[i], (size_t)(job - t->jobs),
			sh_state(t, job, &job->sh[i]), job->state);
		add_sh_title(t, job, &job->sh[i]);
	}
	free(bars);
}

static void add_job(struct picture *t, const struct job_row *job)
{
	if (job->n_sh && job->n_sh <= MAX_BARS)
		add_commands(t, job);
	else
		add_whole_job(t, job);
}

static int is_alike(const struct job_row *a, const struct job_row *b)
{
	return !strcmp(a->state, b->state) && is_may_fail(a) == is_may_fail(b);
}

/* Jobs of the same state that follow each other share a group, which has the
 * state of all bars that have no other. */
static void add_jobs(struct picture *t)
{
	struct buf *b = &t->p->res->body;
	const struct job_row *before = NULL;

	for (size_t i = 0; i < t->n; i++) {
		const struct job_row *job = &t->jobs[i];

		if (job->started_at_ms < 0)
			continue;
		if (!before || !is_alike(before, job)) {
			if (before)
				html_raw(b, "</g>\n");
			html_raw(b, "<g class=\"");
			html_text(b, job->state);
			if (is_may_fail(job))
				html_raw(b, " may-fail");
			html_raw(b, "\">\n");
		}
		add_job(t, job);
		before = job;
	}
	html_raw(b, "</g>\n");
}

/* The names of the ticks, in a picture that is not stretched: places in it are
 * parts of its width, and letters stay what they are. */
static void add_axis(struct picture *t)
{
	struct buf *b = &t->p->res->body;
	const struct axis *x = &t->axis;
	int64_t step = scale_step(x->to_ms - x->start_ms);

	html_raw(b, "<svg class=\"axis\" aria-hidden=\"true\">");
	for (int64_t ms = 0; ms <= x->to_ms - x->start_ms; ms += step) {
		int place = at(t, x->start_ms + ms);

		html_raw(b, "<text y=\"14\" x=\"");
		html_int(b, place / 10);
		buf_addc(b, '.');
		html_int(b, place % 10);
		html_raw(b, "%\"");
		/* none sticks out at either side */
		if (place < 60)
			html_raw(b, " class=\"first\"");
		else if (place > 940)
			html_raw(b, " class=\"last\"");
		html_raw(b, ">");
		scale_add_label(b, ms);
		html_raw(b, "</text>");
	}
	html_raw(b, "</svg>\n");
}

static void add_picture(struct picture *t)
{
	struct buf *b = &t->p->res->body;

	html_raw(b, "<div class=\"plot\"><svg viewBox=\"0 0 1000 ");
	html_int(b, (int64_t)t->n * ROW);
	html_raw(b, "\" preserveAspectRatio=\"none\" role=\"img\" "
		    "aria-label=\"When each job ran, over ");
	show_duration(b, t->axis.to_ms - t->axis.start_ms);
	html_raw(b, "\">\n");
	add_waiting(t);
	add_ticks(t);
	add_needs(t);
	add_jobs(t);
	html_raw(b, "</svg></div>\n");
}

static void add_waited(struct picture *t)
{
	struct buf *b = &t->p->res->body;

	html_raw(b, "<p class=\"waited\">");
	if (at(t, t->axis.start_ms) >= LEAST) {
		html_raw(b, "waited ");
		show_duration(b, t->axis.start_ms - t->run->queued_at_ms);
		if (t->axis.cut)
			html_raw(b, ", shown shorter");
	}
	html_raw(b, "</p>\n");
}

void timeline(struct page *p, const struct run *r, const struct job_row *jobs,
	size_t n)
{
	struct picture t = { .p = p, .run = r, .jobs = jobs, .n = n };
	struct buf *b = &p->res->body;

	_Static_assert(WIDTH == 1000 && ROW == 10, "the literals here");
	if (!lay_out(&t))
		return;
	html_raw(b, "<section class=\"timeline\" aria-labelledby=\"time\">\n"
		    "<h2 id=\"time\">Timeline</h2>\n");
	add_longest(&t);
	html_raw(b, "<div class=\"rows\">\n<ol>\n");
	for (size_t i = 0; i < n; i++)
		add_name(&t, &jobs[i]);
	html_raw(b, "</ol>\n");
	add_picture(&t);
	add_waited(&t);
	add_axis(&t);
	html_raw(b, "</div>\n</section>\n");
}
