/*
 * As with `quire wait`, each look at the database is a connection of its own
 * that has ended before anything is printed. The rows are read before the
 * files: what a command wrote is in its log before the row says that it has
 * ended, so that a log which is read to its end then is all of it.
 */
#include "cmd_follow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cmd_logfile.h"
#include "cmd_logprint.h"
#include "cmd_term.h"

#define LOOK_MS 300
#define PATIENCE_MS 60000 /* with a database that cannot be read */

/* A command whose log is printed, or was. */
struct source {
	char *job;
	int n, fd, done;
	struct logprint print;
};

struct follower {
	struct wanted *w;
	const struct home *home;
	struct source *v; /* by job and n, in the order in which they came */
	size_t n;
	ssize_t last; /* whose output was printed last; -1: nobody's */
	int begun; /* a look was taken */
};

static size_t find_source(const struct follower *f, const char *job, int n)
{
	size_t i = 0;

	while (i < f->n && (f->v[i].n != n || strcmp(f->v[i].job, job) != 0))
		i++;
	return i;
}

/* The place of a command among the sources, made if it is new. */
static size_t add_source(
	struct follower *f, const struct job_row *job, const struct sh *sh)
{
	size_t i = find_source(f, job->id, sh->n);

	if (i < f->n)
		return i;
	f->v = mem_resize(f->v, f->n + 1, sizeof(*f->v));
	f->v[i] = (struct source){ .job = mem_strdup(job->id),
		.n = sh->n,
		.fd = -1,
		/* what was over before we came */
		.done = !f->begun && sh->finished_at_ms >= 0 && !f->w->job &&
			!f->w->all };
	logprint_init(&f->v[i].print, f->w->raw);
	f->n++;
	return i;
}

static int open_source(
	const struct follower *f, struct source *s, struct err *e)
{
	if (s->fd < 0)
		s->fd = log_open(f->home, &f->w->run, s->job, s->n);
	/* not there yet, or never */
	if (s->fd < 0 && errno != ENOENT)
		return err_sys(e, "%s %d", s->job, s->n);
	return 0;
}

/* Whether there is something behind what was read. */
static int has_more(const struct source *s)
{
	struct stat st;
	off_t at = lseek(s->fd, 0, SEEK_CUR);

	return !fstat(s->fd, &st) && at < st.st_size;
}

static int print_source(
	struct follower *f, size_t i, const struct sh *sh, struct err *e)
{
	struct source *s = &f->v[i];

	if (open_source(f, s, e) < 0)
		return -1;
	if (s->fd < 0 || !has_more(s))
		return 0;
	if (f->last != (ssize_t)i && !f->w->n)
		logprint_head(s->job, s->n, sh->cmd, f->last < 0);
	f->last = (ssize_t)i;
	return logprint_more(&s->print, s->fd, e);
}

static int end_source(struct source *s, struct err *e)
{
	int rc = logprint_end(&s->print, e);

	s->done = 1;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	return rc;
}

static int is_wanted(const struct wanted *w, const struct job_row *job)
{
	return !w->job || !strcmp(w->job, job->id);
}

static int print_job(
	struct follower *f, const struct job_row *job, struct err *e)
{
	for (size_t k = 0; k < job->n_sh; k++) {
		const struct sh *sh = &job->sh[k];
		size_t i;

		if (f->w->n && f->w->n != sh->n)
			continue;
		i = add_source(f, job, sh);
		if (f->v[i].done)
			continue;
		if (print_source(f, i, sh, e) < 0)
			return -1;
		/* cut off by its job's end it has no time of its own */
		if ((sh->finished_at_ms >= 0 || job->finished_at_ms >= 0) &&
			end_source(&f->v[i], e) < 0)
			return -1;
	}
	return 0;
}

/* 1 all that is wanted has ended, 0, -1. */
static int look(struct follower *f, struct err *e)
{
	struct wanted *w = f->w;
	int over = run_state_is_terminal(w->run.state);
	const struct job_row *one = NULL;

	/* the jobs are not known before they are read from the pipeline */
	if (w->job && (w->n_jobs || over)) {
		one = wanted_job(w, e);
		if (!one)
			return -1;
		over |= one->finished_at_ms >= 0;
	}
	for (size_t i = 0; i < w->n_jobs; i++)
		if (is_wanted(w, &w->jobs[i]) &&
			print_job(f, &w->jobs[i], e) < 0)
			return -1;
	f->begun = 1;
	if (fflush(stdout))
		return err_sys(e, "standard output");
	return over;
}

/* Looks at the rows again; a database that is busy, again and again. */
static int look_again(struct wanted *w, struct err *e)
{
	int64_t since_ms = clock_mono_ms();

	do {
		if (term_pause(LOOK_MS, e) < 0)
			return -1;
		if (cmd_read(wanted_load, w, e) == 0)
			return 0;
	} while (e->status == EXIT_BUSY &&
		 clock_mono_ms() - since_ms < PATIENCE_MS);
	return -1;
}

int follow(struct wanted *w, const struct home *h, struct err *e)
{
	struct follower f = { .w = w, .home = h, .last = -1 };
	int rc;

	do
		rc = look(&f, e);
	while (!rc && !(rc = look_again(w, e)));
	for (size_t i = 0; i < f.n; i++) {
		if (f.v[i].fd >= 0)
			close(f.v[i].fd);
		logprint_release(&f.v[i].print);
		free(f.v[i].job);
	}
	free(f.v);
	return rc < 0 ? -1 : 0;
}
