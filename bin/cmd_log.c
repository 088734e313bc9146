/*
 * quire log - what the commands of a run wrote.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/near.h"
#include "base/units.h"
#include "base/utf8.h"
#include "cmd.h"
#include "cmd_follow.h"
#include "cmd_logfile.h"
#include "cmd_logprint.h"
#include "cmd_term.h"
#include "store/job.h"
#include "store/run.h"

static const char usage[] =
	"usage: quire log RUN [JOB [N]] [-f] [--all] [--raw]\n"
	"\n"
	"Prints what the commands of a run wrote: of one job, or of its command\n"
	"number N. With only a RUN, the last command of each job that failed; if\n"
	"none has, everything. A RUN is foo#42, an id, or the start of an id\n"
	"that no other run has. Of a run that failed the reason follows on\n"
	"standard error.\n"
	"\n"
	"  -f, --follow  of a run that has not ended: what its commands write,\n"
	"                until it has; those that have ended before are left out\n"
	"                unless a JOB is named or with --all\n"
	"  --all         everything, also where a job failed\n"
	"  --raw         the log files as they are: with time and stream on each\n"
	"                line\n";

void wanted_release(struct wanted *w)
{
	if (w->loaded)
		run_release(&w->run);
	job_list_release(w->jobs, w->n_jobs);
	w->loaded = 0;
	w->jobs = NULL;
	w->n_jobs = 0;
}

int wanted_load(struct cmd_ctx *c, void *arg, struct err *e)
{
	struct wanted *w = arg;

	wanted_release(w);
	if (run_resolve(&c->db, w->typed, &w->run, e) < 0)
		return -1;
	w->loaded = 1;
	return job_list(&c->db, w->run.id, &w->jobs, &w->n_jobs, e);
}

/* One command's log that is to be printed. */
struct piece {
	const struct job_row *job;
	int n;
	const char *cmd;
};

/* What quire-ci itself said: of a run that failed by its end, that is the only
 * place that tells why. Not in the format of the others. */
static int print_executor(struct logprint *pr, const struct home *h,
	const struct run *r, int first, struct err *e)
{
	int fd = log_open_executor(h, r);
	struct stat st;
	int rc = 0;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size) {
		printf("%s==> quire-ci <==\n", first ? "" : "\n");
		rc = logprint_all(pr, fd, e);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

static int has_crashed(const struct wanted *w)
{
	return !w->job && w->run.failure_kind &&
	       !strcmp(w->run.failure_kind, KIND_PROCESS_CRASHED);
}

static int print_pieces(const struct wanted *w, const struct home *h,
	const struct piece *pieces, size_t n, struct err *e)
{
	struct logprint pr;
	int rc = 0;

	logprint_init(&pr, w->raw);
	for (size_t i = 0; i < n && rc == 0; i++) {
		int fd = log_open(h, &w->run, pieces[i].job->id, pieces[i].n);

		if (n > 1)
			logprint_head(pieces[i].job->id, pieces[i].n,
				pieces[i].cmd, i == 0);
		if (fd >= 0) {
			rc = logprint_all(&pr, fd, e);
			close(fd);
		} else if (errno != ENOENT) {
			rc = err_sys(
				e, "%s %d", pieces[i].job->id, pieces[i].n);
		} else if (n == 1) {
			rc = err_set(e, EXIT_USAGE,
				"%s: job %s, command %d has no log", w->typed,
				pieces[i].job->id, pieces[i].n);
		}
	}
	if (rc == 0 && has_crashed(w))
		rc = print_executor(&pr, h, &w->run, !n, e);
	logprint_release(&pr);
	return rc;
}

/* Why the run failed: not every reason leaves something in a log. */
static void tell_reason(const struct wanted *w)
{
	struct buf line = BUF_INIT;

	if (w->job || w->run.state != RUN_FAILED)
		return;
	fflush(stdout);
	term_add_run(&line, &w->run);
	buf_addc(&line, ' ');
	term_add_state(&line, &w->run);
	if (w->run.reason) {
		buf_adds(&line, ": ");
		utf8_add_plain(&line, w->run.reason, strlen(w->run.reason), 0);
	}
	fprintf(stderr, "%s\n", line.ptr);
	buf_release(&line);
}

const struct job_row *wanted_job(const struct wanted *w, struct err *e)
{
	const char **words = mem_resize(NULL, w->n_jobs + 1, sizeof(*words));
	const struct job_row *found = NULL;
	const char *near;

	for (size_t i = 0; i < w->n_jobs; i++) {
		words[i] = w->jobs[i].id;
		if (!strcmp(words[i], w->job))
			found = &w->jobs[i];
	}
	near = found ? NULL : near_word(w->job, words, w->n_jobs);
	if (!found && near)
		err_set(e, EXIT_USAGE, "%s: no job '%s' (did you mean '%s'?)",
			w->typed, w->job, near);
	else if (!found)
		err_set(e, EXIT_USAGE,
			"%s: no job '%s' (quire show %s: those there are)",
			w->typed, w->job, w->typed);
	free(words);
	return found;
}

static int is_red(const struct job_row *job)
{
	return !strcmp(job->state, "failed") && job->n_sh;
}

/* Which commands of the job are wanted. */
static void choose(const struct wanted *w, const struct job_row *job, int red,
	struct piece *pieces, size_t *n)
{
	for (size_t i = 0; i < job->n_sh; i++) {
		if (w->n && job->sh[i].n != w->n)
			continue;
		if (red && (!is_red(job) || i + 1 < job->n_sh))
			continue;
		pieces[(*n)++] = (struct piece){
			job,
			job->sh[i].n,
			job->sh[i].cmd,
		};
	}
}

static int print_wanted(
	const struct wanted *w, const struct home *h, struct err *e)
{
	const struct job_row *one = NULL;
	struct piece *pieces;
	size_t total = 0, n = 0;
	int red = 0, rc;

	if (w->job) {
		one = wanted_job(w, e);
		if (!one)
			return -1;
	}
	for (size_t i = 0; i < w->n_jobs; i++) {
		total += w->jobs[i].n_sh;
		red |= is_red(&w->jobs[i]) && !w->job && !w->all;
	}
	pieces = mem_resize(NULL, total + 1, sizeof(*pieces));
	for (size_t i = 0; i < w->n_jobs; i++)
		if (!one || one == &w->jobs[i])
			choose(w, &w->jobs[i], red, pieces, &n);
	if (!n && w->n)
		rc = err_set(e, EXIT_USAGE, "%s: job %s has no command %d",
			w->typed, w->job, w->n);
	else
		rc = print_pieces(w, h, pieces, n, e);
	free(pieces);
	return rc;
}

static int show(struct wanted *w, const char *name)
{
	struct home home = { 0 };
	struct err e;
	int failed = 1;

	if (cmd_read(wanted_load, w, &e) == 0 &&
		home_open(&home, NULL, &e) == 0) {
		if (w->follow && !run_state_is_terminal(w->run.state))
			failed = follow(w, &home, &e) < 0 ||
				 (has_crashed(w) && print_pieces(w, &home, NULL,
							    0, &e) < 0);
		else
			failed = print_wanted(w, &home, &e) < 0;
		if (!failed)
			tell_reason(w);
		home_close(&home);
	}
	wanted_release(w);
	return failed ? program_fail(name, &e) : EXIT_DONE;
}

int cmd_log(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "follow", no_argument, NULL, 'f' },
		{ "raw", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct wanted w = { 0 };
	struct err e;
	int64_t n;
	int c;

	while ((c = getopt_long(argc, argv, "fh", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			w.all = 1;
			break;
		case 'f':
			w.follow = 1;
			break;
		case 'r':
			w.raw = 1;
			break;
		case 'h':
			return cmd_help(usage);
		default:
			return cmd_bad_option(argv[0]);
		}
	}
	argc -= optind;
	argv += optind;
	if (argc < 1 || argc > 3)
		return program_usage("quire log",
			argc ? "one run, one job of it and one number at most"
			     : "which run? as foo#42, or an id");
	w.typed = argv[0];
	w.job = argc > 1 ? argv[1] : NULL;
	if (argc > 2) {
		if (units_int(argv[2], 1, 1000000, &n, &e) < 0)
			return program_fail("quire log", &e);
		w.n = (int)n;
	}
	return show(&w, "quire log");
}
