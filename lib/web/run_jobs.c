#include "web/run_jobs.h"

#include <string.h>

#include "web/html.h"
#include "web/logfile.h"
#include "web/logview.h"

static int is_state(const struct job_row *job, const char *state)
{
	return !strcmp(job->state, state);
}

int job_is_red(const struct job_row *job)
{
	return is_state(job, "failed") && !job->allow_failure;
}

const char *job_reason(const struct job_row *job)
{
	static const char *const plain[] = { " failed with exit status ",
		" was killed by signal " };
	const char *rest = job->reason;

	if (!rest || !*rest)
		return NULL;
	if (strncmp(rest, "command ", 8) != 0)
		return job->reason;
	rest += 8;
	rest += strspn(rest, "0123456789");
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(plain[i]);

		if (!strncmp(rest, plain[i], len) &&
			!rest[len + strspn(rest + len, "0123456789")])
			return NULL;
	}
	return job->reason;
}

/* The command that ended the job: the first that is red, else the last. */
static const struct sh *failing_sh(const struct job_row *job)
{
	for (size_t i = 0; i < job->n_sh; i++) {
		if (job->sh[i].finished_at_ms >= 0 && job->sh[i].exit_code)
			return &job->sh[i];
	}
	return job->n_sh ? &job->sh[job->n_sh - 1] : NULL;
}

/* The command that the end of the run cut off, or NULL. */
static const struct sh *cut_off_sh(const struct job_row *job)
{
	const struct sh *last = job->n_sh ? &job->sh[job->n_sh - 1] : NULL;

	if (!is_state(job, "aborted") || !last || last->finished_at_ms >= 0)
		return NULL;
	return last;
}

int run_jobs_load(
	struct run_jobs *rj, struct db *db, const struct run *r, struct err *e)
{
	*rj = (struct run_jobs){ .run = r, .tail_left = TAIL_PAGE_BYTES };
	if (job_list(db, r->id, &rj->jobs, &rj->n, e) < 0)
		return -1;
	for (size_t i = 0; i < rj->n; i++) {
		const struct job_row *job = &rj->jobs[i];

		if (!rj->failed_job && job_is_red(job)) {
			rj->failed_job = job;
			rj->failed_sh = failing_sh(job);
		}
		if (!rj->cut_sh && (rj->cut_sh = cut_off_sh(job)))
			rj->cut_job = job;
	}
	return 0;
}

void run_jobs_release(struct run_jobs *rj)
{
	job_list_release(rj->jobs, rj->n);
	*rj = (struct run_jobs){ 0 };
}

void add_command_id(
	struct buf *b, const struct job_row *job, const struct sh *sh)
{
	html_raw(b, "cmd-");
	html_url_segment(b, job->id);
	html_raw(b, "-");
	html_int(b, sh->n);
}

/* One command: running, ended, or cut off by the end of its run. */
static const char *sh_state(const struct job_row *job, const struct sh *sh)
{
	if (sh->finished_at_ms >= 0)
		return sh->exit_code ? "failed" : "complete";
	return is_state(job, "active") ? "active" : "aborted";
}

static void sh_result(struct page *p, const struct job_row *job,
	const struct sh *sh, const char *state)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<span class=\"result\">");
	if (!strcmp(state, "failed"))
		show_exit(b, sh->exit_code);
	else if (!strcmp(state, "active"))
		html_raw(b, "running");
	else if (!strcmp(state, "aborted"))
		html_raw(b, "cut off");
	else
		html_raw(b, "<span class=\"hidden\">done</span>");
	html_raw(b, "</span>");
	if (sh->finished_at_ms >= 0 || is_state(job, "active")) {
		html_raw(b, " <span class=\"span\">");
		show_span(b, p, sh->started_at_ms, sh->finished_at_ms);
		html_raw(b, "</span>");
	}
}

static void log_links(struct page *p, const struct run_jobs *rj,
	const struct job_row *job, const struct sh *sh, int64_t size, int cut)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<p class=\"links\">");
	if (cut)
		html_raw(b, "The end of ");
	html_raw(b, "<a href=\"");
	url_log(b, p, rj->run, job->id, sh->n);
	html_raw(b, "\">the whole log</a> <a href=\"");
	url_log(b, p, rj->run, job->id, sh->n);
	html_raw(b, ".txt\">raw</a> <span class=\"size\">");
	html_size(b, size);
	html_raw(b, "</span></p>\n");
}

/* Begins the <pre> of a log.
 *
 * That of a command that runs: live.js appends what comes, from the byte of
 * the raw text on that stands here. It is read from its beginning to find that.
 */
static void log_begin(struct page *p, const struct run_jobs *rj,
	const struct job_row *job, const struct sh *sh, const struct logfile *f,
	int64_t max, int running)
{
	struct buf *b = &p->res->body;
	struct logsum sum;

	html_raw(b, "<pre class=\"log\" id=\"log-");
	html_url_segment(b, job->id);
	html_raw(b, "-");
	html_int(b, sh->n);
	html_raw(b, "\"");
	if (running &&
		!logfile_count(f, f->size > max ? f->size - max : 0, &sum)) {
		html_raw(b, " data-log=\"");
		url_log(b, p, rj->run, job->id, sh->n);
		html_raw(b, ".txt\" data-at=\"");
		html_int(b, sum.bytes);
		html_raw(b, "\"");
	}
	html_raw(b, ">");
}

static void sh_tail(struct page *p, struct run_jobs *rj,
	const struct job_row *job, const struct sh *sh, int green)
{
	int running = sh->finished_at_ms < 0 && is_state(job, "active");
	struct buf *b = &p->res->body;
	int64_t max = green ? TAIL_GREEN_BYTES : TAIL_BYTES;
	struct logfile f;
	int cut = 0;

	if (logfile_open(&f, p->home, rj->run->repo, rj->run->id, job->id,
		    sh->n) < 0) {
		html_raw(b, "<p class=\"empty\">No log is kept.</p>\n");
		return;
	}
	if (max > rj->tail_left)
		max = rj->tail_left;
	if (!f.size && !running) {
		html_raw(b, "<p class=\"empty\">No output.</p>\n");
	} else if (max > 0) {
		log_begin(p, rj, job, sh, &f, max, running);
		if (logview_tail(b, &f, max, &cut) < 0)
			html_raw(b, "(the log cannot be read)\n");
		html_raw(b, "</pre>\n");
		rj->tail_left -= f.size < max ? f.size : max;
	} else {
		cut = 1;
	}
	if (f.size)
		log_links(p, rj, job, sh, f.size, cut);
	logfile_close(&f);
}

static void sh_head(struct page *p, const struct job_row *job,
	const struct sh *sh, const char *state)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<code>");
	show_command(b, sh->cmd);
	html_raw(b, "</code> ");
	sh_result(p, job, sh, state);
}

static void sh_attributes(struct buf *b, const struct job_row *job,
	const struct sh *sh, const char *state)
{
	html_raw(b, " class=\"cmd ");
	html_text(b, state);
	html_raw(b, "\" id=\"");
	add_command_id(b, job, sh);
	html_raw(b, "\"");
}

static void sh_section(struct page *p, struct run_jobs *rj,
	const struct job_row *job, const struct sh *sh)
{
	struct buf *b = &p->res->body;
	const char *state = sh_state(job, sh);
	int green = !strcmp(state, "complete");

	if (p->access != ACCESS_ALL) {
		html_raw(b, "<div");
		sh_attributes(b, job, sh, state);
		html_raw(b, ">");
		sh_head(p, job, sh, state);
		html_raw(b, "</div>\n");
		return;
	}
	html_raw(b, "<details");
	sh_attributes(b, job, sh, state);
	if (!green)
		html_raw(b, " open");
	html_raw(b, "><summary>");
	sh_head(p, job, sh, state);
	html_raw(b, "</summary>\n");
	if (strchr(sh->cmd, '\n')) {
		html_raw(b, "<pre class=\"script\">");
		html_text(b, sh->cmd);
		html_raw(b, "</pre>\n");
	}
	sh_tail(p, rj, job, sh, green);
	html_raw(b, "</details>\n");
}

/* Ids, which are joined by blanks. */
static void add_needs(struct buf *b, const char *needs)
{
	while (*needs) {
		size_t len = strcspn(needs, " ");

		html_textn(b, needs, len);
		needs += len;
		if (*needs) {
			html_raw(b, ", ");
			needs++;
		}
	}
}

/* What it waits or waited for, and why it is as it is. */
static void job_notes(struct page *p, const struct job_row *job)
{
	struct buf *b = &p->res->body;
	const char *reason = job_reason(job);
	const char *sep = "";

	html_raw(b, "<span class=\"notes\">");
	if (job->needs && *job->needs &&
		(!reason || strncmp(reason, "needs ", 6) != 0)) {
		html_raw(b, "needs ");
		add_needs(b, job->needs);
		sep = " \xc2\xb7 ";
	}
	if (job->allow_failure) {
		html_text(b, sep);
		html_raw(b, "may fail");
		sep = " \xc2\xb7 ";
	}
	if (reason) {
		html_text(b, sep);
		html_raw(b, "<span class=\"reason\">");
		html_text(b, reason);
		html_raw(b, "</span>");
	} else if (is_state(job, "aborted")) {
		html_text(b, sep);
		html_raw(b, "<span class=\"reason\">");
		if (job->started_at_ms >= 0)
			html_raw(b, "cut off by the end of the run");
		else
			html_raw(b, "not begun when the run ended");
		html_raw(b, "</span>");
	}
	html_raw(b, "</span>");
}

/* The one line that a folded job is. */
static void job_line(struct page *p, const struct job_row *job)
{
	struct buf *b = &p->res->body;

	show_state(b, job->state);
	html_raw(b, " <h3>");
	html_text(b, job->id);
	html_raw(b, "</h3> ");
	job_notes(p, job);
	if (job->started_at_ms >= 0) {
		html_raw(b, " <span class=\"span\">");
		show_span(b, p, job->started_at_ms, job->finished_at_ms);
		html_raw(b, "</span>");
	}
}

static void job_attributes(struct buf *b, const struct job_row *job)
{
	html_raw(b, " class=\"job is-");
	html_text(b, job->state);
	if (job->allow_failure)
		html_raw(b, " may-fail");
	html_raw(b, "\" id=\"job-");
	html_text(b, job->id);
	html_raw(b, "\"");
}

static void job_section(
	struct page *p, struct run_jobs *rj, const struct job_row *job)
{
	struct buf *b = &p->res->body;

	if (!job->n_sh) {
		html_raw(b, "<div");
		job_attributes(b, job);
		html_raw(b, ">");
		job_line(p, job);
		html_raw(b, "</div>\n");
		return;
	}
	html_raw(b, "<details");
	job_attributes(b, job);
	if (job_is_red(job) || is_state(job, "active") || job == rj->cut_job)
		html_raw(b, " open");
	html_raw(b, "><summary>");
	job_line(p, job);
	html_raw(b, "</summary>\n");
	for (size_t i = 0; i < job->n_sh; i++)
		sh_section(p, rj, job, &job->sh[i]);
	html_raw(b, "</details>\n");
}

void run_jobs_sections(struct page *p, struct run_jobs *rj)
{
	struct buf *b = &p->res->body;

	html_raw(b, "<section class=\"jobs\" aria-labelledby=\"jobs\">\n"
		    "<h2 id=\"jobs\">Jobs</h2>\n");
	for (size_t i = 0; i < rj->n; i++)
		job_section(p, rj, &rj->jobs[i]);
	html_raw(b, "</section>\n");
}
