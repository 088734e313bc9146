/*
 * Why a run is red, in the first screen of its page: what failed or was cut
 * off, how, and its last lines; or what else ended the run, and what to do
 * about it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/shword.h"
#include "web/excerpt.h"
#include "web/html.h"
#include "web/logfile.h"
#include "web/run_parts.h"

/* The kinds after which the same may go well, and what is to be known of them
 * beyond the run's own reason. */
static const struct kind {
	const char *name;
	const char *advice;
} kinds[] = {
	{ KIND_TIMEOUT,
		"The limit is the setting timeout, or the pipeline's own." },
	{ KIND_ORPHANED,
		"What supervised it is gone, as after a crash or a reboot, or "
		"what it was to run on." },
	{ KIND_CANCELED, "Somebody stopped it." },
	{ KIND_WORKSPACE,
		"No job has begun: the commit's files could not be written "
		"out." },
	{ KIND_DISK_FULL,
		"Make room where quire's home is: quire doctor tells what is "
		"left." },
	{ KIND_PROCESS_CRASHED,
		"The program that runs the jobs ended without an outcome." },
};

static int is_kind(const struct run *r, const char *kind)
{
	return r->failure_kind && !strcmp(r->failure_kind, kind);
}

/* Whether r failed as its jobs did: then they tell it, reason and all. */
static int failed_by_job(const struct run *r, const struct run_jobs *rj)
{
	return rj->failed_job &&
	       (r->state != RUN_FAILED || is_kind(r, KIND_PIPELINE_FAILURE));
}

/* The command as the operator types it. */
static void rerun_command(struct buf *b, const struct run *r)
{
	char *name = mem_strndup(r->repo, name_short_len(r->repo));
	struct buf word = BUF_INIT;

	shword_add(&word, name);
	html_raw(b, "<code>quire rerun ");
	html_textn(b, word.ptr, word.len);
	html_raw(b, "#");
	html_int(b, r->number);
	html_raw(b, "</code>");
	buf_release(&word);
	free(name);
}

static void advice(struct buf *b, const struct run *r)
{
	const struct kind *k = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (is_kind(r, kinds[i].name))
			k = &kinds[i];
	}
	if (!k)
		return;
	html_raw(b, "<p class=\"advice\">");
	html_text(b, k->advice);
	html_raw(b, " ");
	rerun_command(b, r);
	html_raw(b, " tries again.</p>\n");
}

static void link_to_job(struct buf *b, const struct job_row *job)
{
	html_raw(b, "<a href=\"#job-");
	html_url_segment(b, job->id);
	html_raw(b, "\">");
	html_text(b, job->id);
	html_raw(b, "</a>");
}

/* "exit 127: a command was not found" */
static void exit_in_words(struct buf *b, int exit_code)
{
	show_exit(b, exit_code);
	if (exit_code == 126)
		html_raw(b, ": a command could not be executed");
	else if (exit_code == 127)
		html_raw(b, ": a command was not found");
	else if (exit_code > 128 && sigabbrev_np(exit_code - 128))
		html_raw(b, ": killed by a signal");
}

/* The command, and how it ended. */
static void command_line(struct page *p, const struct sh *sh)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<p class=\"command\"><code>");
	show_command(b, sh->cmd);
	html_raw(b, "</code> <span class=\"result\">");
	if (sh->finished_at_ms < 0) {
		html_raw(b, "cut off");
	} else {
		exit_in_words(b, sh->exit_code);
		html_raw(b, ", after ");
		show_span(b, p, sh->started_at_ms, sh->finished_at_ms);
	}
	html_raw(b, "</span></p>\n");
}

static void links(struct page *p, const struct run *r,
	const struct job_row *job, const struct sh *sh, const struct excerpt *x)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<p class=\"links\"><a href=\"#");
	add_command_id(b, job, sh);
	html_raw(b, "\">Among the jobs</a> <a href=\"");
	url_log(b, p, r, job->id, sh->n);
	if (x->last_line) {
		html_raw(b, "#L");
		html_int(b, x->last_line);
	}
	html_raw(b, "\">The whole log</a></p>\n");
}

/* The end of its output, for who may see it. */
static void last_lines(struct page *p, const struct run *r,
	const struct job_row *job, const struct sh *sh)
{
	struct buf *b = &p->res->body;
	struct excerpt x;
	struct logfile f;

	if (p->access != ACCESS_ALL)
		return;
	if (logfile_open(&f, p->home, r->repo, r->id, job->id, sh->n) < 0) {
		html_raw(b, "<p class=\"empty\">No log is kept.</p>\n");
		return;
	}
	if (!f.size) {
		html_raw(b, "<p class=\"empty\">It wrote nothing.</p>\n");
	} else {
		html_raw(b, "<pre class=\"log\">");
		if (logview_excerpt(b, &f, &x) < 0)
			html_raw(b, "(the log cannot be read)\n");
		html_raw(b, "</pre>\n");
		links(p, r, job, sh, &x);
	}
	logfile_close(&f);
}

static void also_failed(struct buf *b, const struct run_jobs *rj)
{
	int n = 0;

	for (size_t i = 0; i < rj->n; i++) {
		const struct job_row *job = &rj->jobs[i];

		if (job == rj->failed_job || !job_is_red(job))
			continue;
		if (n++)
			html_raw(b, ", ");
		else
			html_raw(b, "<p class=\"also\">Also failed: ");
		link_to_job(b, job);
	}
	if (n)
		html_raw(b, ".</p>\n");
}

static void first_failure(
	struct page *p, const struct run *r, const struct run_jobs *rj)
{
	struct buf *b = &p->res->body;
	const struct job_row *job = rj->failed_job;

	if (rj->failed_sh)
		command_line(p, rj->failed_sh);
	/* what no exit status tells: a limit, an artifact, a secret */
	if (job_reason(job)) {
		html_raw(b, "<p class=\"told\">");
		html_text(b, job_reason(job));
		html_raw(b, "</p>\n");
	}
	if (rj->failed_sh)
		last_lines(p, r, job, rj->failed_sh);
	also_failed(b, rj);
}

/* What was going on when the run was ended from outside. */
static void cut_off(
	struct page *p, const struct run *r, const struct run_jobs *rj)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<p class=\"then\">The job ");
	link_to_job(b, rj->cut_job);
	html_raw(b, " was at</p>\n");
	command_line(p, rj->cut_sh);
	last_lines(p, r, rj->cut_job, rj->cut_sh);
}

/* The executor's last words: all there is when it did not live to report. */
static void executor_log(struct page *p, const struct run *r)
{
	struct buf *b = &p->res->body;
	struct excerpt x;
	struct logfile f;

	if (p->access != ACCESS_ALL ||
		logfile_open_executor(&f, p->home, r->repo, r->id) < 0)
		return;
	if (f.size) {
		html_raw(b, "<p class=\"then\">Its last words:</p>\n"
			    "<pre class=\"log\">");
		if (logview_excerpt(b, &f, &x) < 0)
			html_raw(b, "(its log cannot be read)\n");
		html_raw(b, "</pre>\n");
	}
	logfile_close(&f);
}

static void headline(
	struct buf *b, const struct run *r, const struct run_jobs *rj)
{
	if (failed_by_job(r, rj)) {
		link_to_job(b, rj->failed_job);
		html_raw(b, " failed");
	} else if (!rj->n && is_kind(r, KIND_PIPELINE_FAILURE)) {
		html_raw(b, "The pipeline is not right");
	} else {
		show_failure(b, r);
	}
}

/* A run that failed otherwise than by its jobs, which may have failed too. */
static void other_failure(
	struct page *p, const struct run *r, const struct run_jobs *rj)
{
	struct buf *b = &p->res->body;

	int is_bad = !rj->n && is_kind(r, KIND_PIPELINE_FAILURE);

	if (r->reason && *r->reason) {
		/* what a pipeline's author reads may point at a column */
		if (is_bad)
			html_raw(b, "<pre class=\"reason\">");
		else
			html_raw(b, "<p class=\"told\">");
		html_text(b, r->reason);
		if (is_bad)
			html_raw(b, "</pre>\n");
		else
			html_raw(b, "</p>\n");
	}
	if (is_bad)
		html_raw(b, "<p class=\"advice\">No job has begun. "
			    "<code>quire-ci check</code> tells before a push "
			    "whether a pipeline is right.</p>\n");
	advice(b, r);
	if (is_kind(r, KIND_PROCESS_CRASHED))
		executor_log(p, r);
	if (rj->cut_sh)
		cut_off(p, r, rj);
	if (rj->failed_job) {
		html_raw(b, "<p class=\"then\">Before that, ");
		link_to_job(b, rj->failed_job);
		html_raw(b, " had failed:</p>\n");
		first_failure(p, r, rj);
	}
}

void run_why(struct page *p, const struct run *r, const struct run_jobs *rj)
{
	struct buf *b = &p->res->body;
	int going_on = r->state == RUN_ACTIVE && rj->failed_job;

	if (r->state != RUN_FAILED && !going_on)
		return;
	html_raw(b, "<section class=\"why\" id=\"failure\" "
		    "aria-labelledby=\"why\">\n<h2 id=\"why\">");
	headline(b, r, rj);
	html_raw(b, "</h2>\n");
	if (failed_by_job(r, rj))
		first_failure(p, r, rj);
	else
		other_failure(p, r, rj);
	html_raw(b, "</section>\n");
}
