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

#include "base/crilog.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/near.h"
#include "base/units.h"
#include "base/utf8.h"
#include "cmd.h"
#include "cmd_logfile.h"
#include "cmd_term.h"
#include "store/job.h"
#include "store/run.h"

static const char usage[] =
	"usage: quire log RUN [JOB [N]] [--all] [--raw]\n"
	"\n"
	"Prints what the commands of a run wrote: of one job, or of its command\n"
	"number N. With only a RUN, the last command of each job that failed; if\n"
	"none has, everything. A RUN is foo#42, an id, or the start of an id\n"
	"that no other run has. Of a run that failed the reason follows on\n"
	"standard error.\n"
	"\n"
	"  --all  everything, also where a job failed\n"
	"  --raw  the log files as they are: with time and stream on each line\n";

struct wanted {
	const char *typed, *job; /* job NULL: not named */
	int n; /* 0: not named */
	int all, raw;
	/* what load() found */
	int loaded;
	struct run run;
	struct job_row *jobs;
	size_t n_jobs;
};

static void forget(struct wanted *w)
{
	if (w->loaded)
		run_release(&w->run);
	job_list_release(w->jobs, w->n_jobs);
	w->loaded = 0;
	w->jobs = NULL;
	w->n_jobs = 0;
}

static int load(struct cmd_ctx *c, void *arg, struct err *e)
{
	struct wanted *w = arg;

	forget(w);
	if (run_resolve(&c->db, w->typed, &w->run, e) < 0)
		return -1;
	w->loaded = 1;
	return job_list(&c->db, w->run.id, &w->jobs, &w->n_jobs, e);
}

/* How what is read is printed. */
struct printer {
	int raw, terminal, colours;
	struct buf line; /* pieces of a line that is not complete */
	struct buf out;
};

static int flush_out(struct printer *pr, size_t above)
{
	if (pr->out.len <= above)
		return 0;
	if (fwrite(pr->out.ptr, 1, pr->out.len, stdout) != pr->out.len)
		return -1;
	buf_reset(&pr->out);
	return 0;
}

static void end_line(struct printer *pr)
{
	if (pr->terminal)
		log_add_safe(&pr->out, pr->line.ptr, pr->line.len, pr->colours);
	else
		buf_add(&pr->out, pr->line.ptr, pr->line.len);
	if (pr->terminal && pr->colours &&
		memchr(pr->line.ptr, '\033', pr->line.len))
		buf_adds(&pr->out, TERM_PLAIN);
	buf_addc(&pr->out, '\n');
	buf_reset(&pr->line);
}

/* One line of the file, without its newline. */
static void print_record(struct printer *pr, const char *line, size_t len)
{
	struct crilog_record r;

	if (pr->raw) {
		if (pr->terminal)
			log_add_safe(&pr->out, line, len, pr->colours);
		else
			buf_add(&pr->out, line, len);
		buf_addc(&pr->out, '\n');
		return;
	}
	if (crilog_parse(&r, line, len) < 0) {
		r.text = line; /* a torn line: better than nothing */
		r.len = len;
		r.partial = 0;
	}
	buf_add(&pr->line, r.text, r.len);
	/* a line without end must not fill the memory */
	if (!r.partial || pr->line.len > (1 << 20))
		end_line(pr);
}

#define READ_BYTES (256 << 10)

static int copy_log(struct printer *pr, int fd, struct err *e)
{
	struct buf in = BUF_INIT;
	ssize_t got;
	int rc = 0;

	for (;;) {
		buf_grow(&in, READ_BYTES);
		got = read(fd, in.ptr + in.len, READ_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		buf_setlen(&in, in.len + (size_t)got);

		char *at = in.ptr, *end = in.ptr + in.len, *nl;
		while ((nl = memchr(at, '\n', (size_t)(end - at)))) {
			print_record(pr, at, (size_t)(nl - at));
			at = nl + 1;
		}
		buf_consume(&in, (size_t)(at - in.ptr));
		if (flush_out(pr, READ_BYTES) < 0)
			break;
	}
	if (got < 0)
		rc = err_sys(e, "cannot read the log");
	if (in.len)
		print_record(pr, in.ptr, in.len);
	if (pr->line.len)
		end_line(pr);
	if (flush_out(pr, 0) < 0)
		rc = err_sys(e, "standard output");
	buf_release(&in);
	return rc;
}

/* One command's log that is to be printed. */
struct piece {
	const struct job_row *job;
	int n;
	const char *cmd;
};

static void print_head(const struct piece *p, int first)
{
	struct buf head = BUF_INIT;

	buf_adds(&head, first ? "==> " : "\n==> ");
	utf8_add_plain(&head, p->job->id, strlen(p->job->id), 0);
	buf_addf(&head, " %d: ", p->n);
	utf8_add_plain(&head, p->cmd, strlen(p->cmd), 0);
	buf_adds(&head, " <==\n");
	fwrite(head.ptr, 1, head.len, stdout);
	buf_release(&head);
}

/* What quire-ci itself said: of a run that failed by its end, that is the only
 * place that tells why. Not in the format of the others. */
static int print_executor(struct printer *pr, const struct home *h,
	const struct run *r, int first, struct err *e)
{
	int fd = log_open_executor(h, r);
	struct stat st;
	int rc = 0;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size) {
		printf("%s==> quire-ci <==\n", first ? "" : "\n");
		rc = copy_log(pr, fd, e);
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
	struct printer pr = {
		.raw = w->raw,
		.terminal = isatty(STDOUT_FILENO),
		.colours = term_colours(),
		.line = BUF_INIT,
		.out = BUF_INIT,
	};
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		int fd = log_open(h, &w->run, pieces[i].job->id, pieces[i].n);

		if (n > 1)
			print_head(&pieces[i], i == 0);
		if (fd >= 0) {
			rc = copy_log(&pr, fd, e);
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
	buf_release(&pr.line);
	buf_release(&pr.out);
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

static const struct job_row *find_job(const struct wanted *w, struct err *e)
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
		err_set(e, EXIT_USAGE, "%s: no job '%s'", w->typed, w->job);
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
		one = find_job(w, e);
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

	if (cmd_read(load, w, &e) == 0 && home_open(&home, NULL, &e) == 0) {
		failed = print_wanted(w, &home, &e) < 0;
		if (!failed)
			tell_reason(w);
		home_close(&home);
	}
	forget(w);
	return failed ? program_fail(name, &e) : EXIT_DONE;
}

int cmd_log(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "raw", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct wanted w = { 0 };
	struct err e;
	int64_t n;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			w.all = 1;
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
		return program_usage("quire log", "RUN [JOB [N]]");
	w.typed = argv[0];
	w.job = argc > 1 ? argv[1] : NULL;
	if (argc > 2) {
		if (units_int(argv[2], 1, 1000000, &n, &e) < 0)
			return program_fail("quire log", &e);
		w.n = (int)n;
	}
	return show(&w, "quire log");
}
