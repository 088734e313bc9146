#include "cmd_course.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/columns.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cmd_logfile.h"
#include "cmd_term.h"
#include "exec/runurl.h"
#include "store/setting.h"

#define TAIL_LINES 15 /* of a failed command's log */
#define TAIL_COLUMNS 200 /* of each, what is longer is cut */
#define UNSTARTED_MS 5000 /* the next in the queue should not wait as long */
#define AHEAD_MS 10000 /* between two lines about the queue */

void course_init(struct course *c, int64_t now_ms, int told)
{
	*c = (struct course){ .since_ms = now_ms,
		.queued = told,
		.told_ahead = -1,
		.told_jobs = STRV_INIT };
}

static void forget(struct course *c)
{
	if (c->loaded)
		run_release(&c->run);
	job_list_release(c->jobs, c->n_jobs);
	free(c->url);
	c->loaded = 0;
	c->jobs = NULL;
	c->n_jobs = 0;
	c->url = NULL;
	c->ahead = c->successor = 0;
}

void course_release(struct course *c)
{
	forget(c);
	strv_release(&c->told_jobs);
}

/* What is of interest only once it has ended. */
static int look_at_end(struct course *c, struct db *db, struct err *e)
{
	struct run by = { 0 };
	int found = 0;

	c->url = setting_get(db, c->run.repo, "url", e);
	if (!c->url)
		return -1;
	if (c->run.superseded_by)
		found = run_by_id(db, c->run.superseded_by, &by, e);
	if (found > 0) {
		c->successor = by.number;
		run_release(&by);
	}
	return found < 0 ? -1 : 0;
}

int course_look(
	struct course *c, struct db *db, const char *typed, struct err *e)
{
	int found;

	forget(c);
	/* the start of an id may be that of another's soon */
	found = *c->id ? run_by_id(db, c->id, &c->run, e)
		       : run_resolve(db, typed, &c->run, e);
	if (!found)
		err_set(e, EXIT_USAGE, "%s: is not on record any more", typed);
	if (found <= 0)
		return -1;
	c->loaded = 1;
	memcpy(c->id, c->run.id, sizeof(c->id));
	if (c->run.state == RUN_PENDING)
		return run_ahead(db, c->run.id, &c->ahead, e);
	if (job_list(db, c->run.id, &c->jobs, &c->n_jobs, e) < 0)
		return -1;
	return run_state_is_terminal(c->run.state) ? look_at_end(c, db, e) : 0;
}

/* One telling. */
struct telling {
	struct course *c;
	const struct home *home;
	const struct course_style *style;
	struct buf *out;
};

static void add_plain(struct buf *b, const char *text)
{
	utf8_add_plain(b, text, strlen(text), 0);
}

/* The beginning of a line about the run as a whole. */
static void begin_head(const struct telling *t)
{
	term_add_run(t->out, &t->c->run);
	buf_addc(t->out, ' ');
}

/* The beginning of one below it. */
static void begin_row(const struct telling *t)
{
	if (t->style->several)
		begin_head(t);
	buf_adds(t->out, "  ");
}

/* ---- the queue ---- */

static void tell_queue(const struct telling *t, int64_t now_ms)
{
	struct course *c = t->c;
	int64_t silent_ms = now_ms - c->since_ms;
	int first = !c->queued;

	if (c->told_ahead < 0)
		c->told_ahead = c->ahead;
	c->queued = 1;
	if (!c->ahead && !c->unstarted && silent_ms >= UNSTARTED_MS) {
		c->unstarted = 1;
		begin_head(t);
		buf_adds(t->out,
			"is the next, and nobody has started it: it waits "
			"for quire-reconcile\n");
	} else if (first) {
		begin_head(t);
		buf_adds(t->out, "queued for ");
		add_plain(t->out, name_of_ref(c->run.ref));
		if (c->ahead)
			buf_addf(t->out, " (%lld ahead)", (long long)c->ahead);
		buf_addc(t->out, '\n');
	} else if (c->ahead && c->ahead < c->told_ahead &&
		   silent_ms >= AHEAD_MS) {
		begin_head(t);
		buf_addf(t->out, "waits (%lld ahead)\n", (long long)c->ahead);
	} else {
		return;
	}
	c->told_ahead = c->ahead;
	c->since_ms = now_ms;
}

/* ---- jobs ---- */

enum sign { SIGN_GREEN, SIGN_RED, SIGN_ALLOWED, SIGN_NOT };

static void add_sign(const struct telling *t, enum sign sign)
{
	static const struct {
		const char *utf8, *ascii, *state;
	} signs[] = {
		[SIGN_GREEN] = { "✓", "+", "complete" },
		[SIGN_RED] = { "✗", "x", "failed" },
		[SIGN_ALLOWED] = { "!", "!", "active" },
		[SIGN_NOT] = { "–", "-", "skipped" },
	};

	term_paint(t->out,
		t->style->utf8 ? signs[sign].utf8 : signs[sign].ascii,
		term_state_colour(signs[sign].state), t->style->colours);
	buf_addc(t->out, ' ');
}

static const struct sh *last_command(const struct job_row *job)
{
	return job->n_sh ? &job->sh[job->n_sh - 1] : NULL;
}

/* Why it failed. What the command's status says alone is said shorter, since
 * the command follows. */
static void add_why(const struct telling *t, const struct job_row *job)
{
	const struct sh *last = last_command(job);
	struct buf status = BUF_INIT;

	if (last)
		buf_addf(&status, "command %d failed with exit status %d",
			last->n, last->exit_code);
	if (job->reason && strcmp(job->reason, status.ptr) != 0) {
		buf_adds(t->out, ": ");
		add_plain(t->out, job->reason);
	} else if (last && last->exit_code > 0) {
		buf_addf(t->out, ": exit %d", last->exit_code);
	}
	buf_release(&status);
}

static void add_line(const struct telling *t, const char *text)
{
	struct buf line = BUF_INIT;

	buf_adds(&line, text);
	columns_cut(&line, TAIL_COLUMNS);
	begin_row(t);
	buf_adds(t->out, "  ");
	buf_adds(t->out, line.ptr);
	buf_addc(t->out, '\n');
	buf_release(&line);
}

/* Every line of a command that has several. */
static void add_command(const struct telling *t, const char *cmd)
{
	const char *mark = "$";

	while (*cmd) {
		size_t len = strcspn(cmd, "\n");
		struct buf line = BUF_INIT;

		buf_addf(&line, "%s ", mark);
		utf8_add_plain(&line, cmd, len, 0);
		add_line(t, line.ptr);
		buf_release(&line);
		cmd += len + (cmd[len] == '\n');
		mark = ">";
	}
}

/* The last lines of a log, as it was opened: it is closed, or errno says why
 * there is none. One that was never written is nothing to speak of. */
static void add_tail(const struct telling *t, int fd)
{
	struct strv lines = STRV_INIT;
	int cut = fd < 0 ? -1 : log_tail(fd, TAIL_LINES, &lines);

	if (cut < 0 && errno != ENOENT) {
		struct buf line = BUF_INIT;

		buf_addf(&line, "(its log: %s)", strerror(errno));
		add_line(t, line.ptr);
		buf_release(&line);
	}
	if (cut > 0)
		add_line(t, t->style->utf8 ? "…" : "...");
	for (size_t i = 0; i < lines.n; i++)
		add_line(t, lines.v[i]);
	strv_release(&lines);
	if (fd >= 0)
		close(fd);
}

static void tell_failed(const struct telling *t, const struct job_row *job)
{
	const struct sh *last = last_command(job);

	add_why(t, job);
	if (job->allow_failure)
		buf_adds(t->out, ", which is allowed");
	buf_addc(t->out, '\n');
	if (!last || job->allow_failure)
		return;
	add_command(t, last->cmd);
	add_tail(t, log_open(t->home, &t->c->run, job->id, last->n));
}

/* One that has ended. */
static void tell_job(const struct telling *t, const struct job_row *job)
{
	int failed = !strcmp(job->state, "failed");
	int skipped = !strcmp(job->state, "skipped");

	begin_row(t);
	if (failed)
		add_sign(t, job->allow_failure ? SIGN_ALLOWED : SIGN_RED);
	else
		add_sign(t,
			strcmp(job->state, "complete") ? SIGN_NOT : SIGN_GREEN);
	add_plain(t->out, job->id);
	if (job->started_at_ms >= 0) {
		buf_addc(t->out, ' ');
		term_add_took(t->out, job->started_at_ms, job->finished_at_ms,
			job->started_at_ms);
	}
	if (failed) {
		tell_failed(t, job);
		return;
	}
	if (strcmp(job->state, "complete") != 0)
		buf_addf(t->out, " %s", job->state);
	if (skipped && job->reason) {
		buf_adds(t->out, ": ");
		add_plain(t->out, job->reason);
	}
	buf_addc(t->out, '\n');
}

/* Aborted before it began is what the run's end says of all. */
static int has_news(const struct course *c, const struct job_row *job)
{
	if (job->finished_at_ms < 0 ||
		(job->started_at_ms < 0 && !strcmp(job->state, "aborted")))
		return 0;
	for (size_t i = 0; i < c->told_jobs.n; i++)
		if (!strcmp(c->told_jobs.v[i], job->id))
			return 0;
	return 1;
}

/* In the order in which they ended. */
static void tell_jobs(const struct telling *t)
{
	struct course *c = t->c;

	for (;;) {
		const struct job_row *next = NULL;

		for (size_t i = 0; i < c->n_jobs; i++)
			if (has_news(c, &c->jobs[i]) &&
				(!next || c->jobs[i].finished_at_ms <
						  next->finished_at_ms))
				next = &c->jobs[i];
		if (!next)
			return;
		strv_push(&c->told_jobs, next->id);
		tell_job(t, next);
	}
}

/* ---- the end ---- */

/* What the jobs that were told of do not say. */
static void add_reason(const struct telling *t)
{
	const struct run *r = &t->c->run;
	int is_jobs = r->failure_kind &&
		      !strcmp(r->failure_kind, KIND_PIPELINE_FAILURE) &&
		      t->c->told_jobs.n;

	if (r->state == RUN_SUPERSEDED && t->c->successor) {
		buf_adds(t->out, " by ");
		utf8_add_plain(t->out, r->repo, name_short_len(r->repo), 0);
		buf_addf(t->out, "#%lld", (long long)t->c->successor);
	} else if (r->state == RUN_SUPERSEDED) {
		buf_adds(t->out, ": ");
		add_plain(t->out, name_of_ref(r->ref));
		buf_adds(t->out, " has moved on");
	} else if (r->state == RUN_FAILED && r->reason && !is_jobs) {
		buf_adds(t->out, ": ");
		add_plain(t->out, r->reason);
	}
}

static void tell_end(const struct telling *t)
{
	struct course *c = t->c;
	const struct run *r = &c->run;
	struct buf state = BUF_INIT;

	c->ended = 1;
	begin_head(t);
	term_add_state(&state, r);
	term_paint(t->out, state.ptr,
		term_state_colour(run_state_name(r->state)), t->style->colours);
	if (r->started_at_ms >= 0) {
		buf_adds(t->out,
			r->state == RUN_COMPLETE || r->state == RUN_FAILED
				? " in "
				: " after ");
		term_add_took(t->out, r->started_at_ms, r->finished_at_ms,
			r->started_at_ms);
	}
	add_reason(t);
	if (*c->url) {
		buf_adds(t->out, "  ");
		runurl_add(t->out, c->url, r->repo, r->number);
	}
	buf_addc(t->out, '\n');
	if (r->failure_kind && !strcmp(r->failure_kind, KIND_PROCESS_CRASHED))
		add_tail(t, log_open_executor(t->home, r));
	buf_release(&state);
}

void course_tell(struct course *c, const struct home *h,
	const struct course_style *style, int64_t now_ms, struct buf *out)
{
	const struct telling t = { c, h, style, out };

	if (c->ended)
		return;
	if (c->run.state == RUN_PENDING) {
		tell_queue(&t, now_ms);
		return;
	}
	if (!c->started && c->run.started_at_ms >= 0) {
		c->started = 1;
		begin_head(&t);
		buf_adds(out, "started\n");
	}
	tell_jobs(&t);
	if (run_state_is_terminal(c->run.state))
		tell_end(&t);
}
