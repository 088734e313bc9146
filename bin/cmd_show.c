/*
 * quire show - one run: what it was for, what became of it, its jobs and
 * their commands.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "cmd.h"
#include "cmd_term.h"
#include "store/job.h"
#include "store/run.h"
#include "store/run_json.h"

static const char usage[] =
	"usage: quire show RUN [--json]\n"
	"\n"
	"Shows a run, its jobs and their commands. A RUN is foo#42, an id, or\n"
	"the start of an id that no other run has.\n"
	"\n"
	"  --json  as a JSON object\n"
	"\n"
	"Exits 1 if the run failed; 0 if it is in any other state.\n";

struct shown {
	const char *typed;
	int loaded;
	struct run run;
	struct job_row *jobs;
	size_t n_jobs;
};

static void forget(struct shown *s)
{
	if (s->loaded)
		run_release(&s->run);
	job_list_release(s->jobs, s->n_jobs);
	s->loaded = 0;
	s->jobs = NULL;
	s->n_jobs = 0;
}

static int load(struct cmd_ctx *c, void *arg, struct err *e)
{
	struct shown *s = arg;

	forget(s);
	if (run_resolve(&c->db, s->typed, &s->run, e) < 0)
		return -1;
	s->loaded = 1;
	return job_list(&c->db, s->run.id, &s->jobs, &s->n_jobs, e);
}

static void add_plain(struct buf *b, const char *text)
{
	utf8_add_plain(b, text, strlen(text), 0);
}

/* "  commit     1a2b3c" */
static void add_label(struct buf *b, const char *label)
{
	buf_addf(b, "  %-10s ", label);
}

static void add_text(struct buf *b, const char *label, const char *text)
{
	if (!text)
		return;
	add_label(b, label);
	add_plain(b, text);
	buf_addc(b, '\n');
}

static void add_time(struct buf *b, const char *label, int64_t at_ms)
{
	if (at_ms < 0)
		return;
	add_label(b, label);
	clock_add_rfc3339(b, at_ms);
	buf_addc(b, '\n');
}

static void add_head(
	struct buf *b, const struct run *r, int64_t now_ms, int colours)
{
	const char *ref = name_of_ref(r->ref);
	struct buf state = BUF_INIT;

	term_add_run(b, r);
	buf_adds(b, "  ");
	term_add_state(&state, r);
	term_paint(b, state.ptr, term_state_colour(run_state_name(r->state)),
		colours);
	buf_adds(b, "  ");
	utf8_add_plain(b, ref, strlen(ref), 0);
	if (r->started_at_ms >= 0) {
		buf_adds(b, "  ");
		term_add_took(b, r->started_at_ms, r->finished_at_ms, now_ms);
	}
	buf_addc(b, '\n');
	buf_release(&state);
}

static void add_run(
	struct buf *b, const struct run *r, int64_t now_ms, int colours)
{
	add_head(b, r, now_ms, colours);
	add_text(b, "reason", r->reason);
	add_text(b, "id", r->id);
	add_text(b, "commit", r->sha);
	add_text(b, "subject", r->subject);
	add_text(b, "author", r->author);
	add_text(b, "pusher", r->pusher);
	add_text(b, "trigger", r->trigger);
	if (r->attempt > 1) {
		add_label(b, "attempt");
		buf_addf(b, "%lld\n", (long long)r->attempt);
	}
	add_text(b, "rerun of", r->rerun_of);
	add_text(b, "superseded", r->superseded_by);
	add_text(b, "sandbox", r->sandbox);
	add_time(b, "queued", r->queued_at_ms);
	add_time(b, "started", r->started_at_ms);
	add_time(b, "finished", r->finished_at_ms);
}

static void add_sh(struct buf *b, const struct sh *sh, int live, int64_t now_ms)
{
	buf_addf(b, "  %4d  ", sh->n);
	add_plain(b, sh->cmd);
	if (sh->finished_at_ms >= 0) {
		buf_adds(b, "  ");
		term_add_took(b, sh->started_at_ms, sh->finished_at_ms, now_ms);
	}
	if (sh->exit_code > 0)
		buf_addf(b, "  exit %d", sh->exit_code);
	else if (sh->finished_at_ms < 0)
		buf_adds(b, live ? "  running" : "  cut off");
	buf_addc(b, '\n');
}

static void add_job(
	struct buf *b, const struct job_row *job, int64_t now_ms, int colours)
{
	buf_adds(b, "\n");
	add_plain(b, job->id);
	buf_adds(b, "  ");
	term_paint(b, job->state, term_state_colour(job->state), colours);
	if (job->started_at_ms >= 0) {
		buf_adds(b, "  ");
		term_add_took(
			b, job->started_at_ms, job->finished_at_ms, now_ms);
	}
	if (job->allow_failure && !strcmp(job->state, "failed"))
		buf_adds(b, "  (allowed)");
	if (job->reason) {
		buf_adds(b, "  ");
		add_plain(b, job->reason);
	}
	buf_addc(b, '\n');
	for (size_t i = 0; i < job->n_sh; i++)
		add_sh(b, &job->sh[i], !strcmp(job->state, "active"), now_ms);
}

static void print_text(const struct shown *s)
{
	int64_t now_ms = clock_now_ms();
	int colours = term_colours();
	struct buf out = BUF_INIT;

	add_run(&out, &s->run, now_ms, colours);
	for (size_t i = 0; i < s->n_jobs; i++)
		add_job(&out, &s->jobs[i], now_ms, colours);
	fwrite(out.ptr, 1, out.len, stdout);
	buf_release(&out);
}

static int show(const char *name, const char *typed, int json)
{
	struct shown s = { .typed = typed };
	struct err e;
	int status;

	if (cmd_read(load, &s, &e) < 0) {
		status = program_fail(name, &e);
	} else {
		if (json)
			cmd_print_json(run_to_json(&s.run,
				s.jobs ? s.jobs : &(struct job_row){ 0 },
				s.n_jobs));
		else
			print_text(&s);
		status = s.run.state == RUN_FAILED ? EXIT_RED : EXIT_DONE;
	}
	forget(&s);
	return status;
}

int cmd_show(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int json = 0, c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = 1;
			break;
		case 'h':
			return cmd_help(usage);
		default:
			return cmd_bad_option(argv[0]);
		}
	}
	if (argc - optind != 1)
		return program_usage(argv[0], "which run? as foo#42, or an id");
	return show(argv[0], argv[optind], json);
}
