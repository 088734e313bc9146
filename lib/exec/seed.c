/*
 * A home is made as `quire init` and `quire repo new` make one; then the runs
 * of seed_data.c are written, rows and logs. Their times count back from now;
 * all else is the same each time.
 *
 * Reconcile would settle the active run, which nobody supervises, and dispatch
 * would start the pending one. Both ask seed_is_seeded() (store/seeded.h)
 * first, and leave a home alone that is marked as this one is.
 */
#include "exec/seed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crilog.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "exec/adopt.h"
#include "exec/layout.h"
#include "exec/reconcile.h"
#include "exec/seed_data.h"
#include "exec/seed_git.h"
#include "store/repo.h"
#include "store/seeded.h"
#include "store/setting.h"

#define MAX_RUNS 64

struct seed {
	struct home home;
	struct db db;
	int64_t now_ms;
	/* What was made so far, for the runs that refer to others. */
	struct run runs[MAX_RUNS];
	size_t n;
};

static void add_log_line(struct buf *out, int64_t at_ms,
	enum crilog_stream stream, const char *s, size_t len)
{
	struct crilog_writer w = { .stream = stream, .rest = BUF_INIT };
	struct timespec at = { at_ms / 1000, at_ms % 1000 * 1000000 };

	crilog_feed(&w, s, len, &at, out);
	crilog_feed(&w, "\n", 1, &at, out);
	crilog_end(&w, &at, out);
	buf_release(&w.rest);
}

/* Its lines, evenly over the time that it took. */
static void make_log(struct buf *out, const struct seed_sh *sh, int64_t at_ms)
{
	struct buf line = BUF_INIT;

	for (int i = 1; i <= sh->generated; i++) {
		int64_t at = at_ms + (int64_t)sh->span_ms * i / sh->generated;

		buf_reset(&line);
		buf_addf(&line, "ok %d - generated/%05d parses, %d tokens", i,
			i, i * 7919 % 1000);
		add_log_line(out, at, CRILOG_STDOUT, line.ptr, line.len);
		if (i % 997)
			continue;
		buf_reset(&line);
		buf_addf(&line, "# generated/%05d is slow: ", i);
		for (int k = 0; k < i / 40; k++)
			buf_adds(&line, "[[nested]]");
		add_log_line(out, at, CRILOG_STDERR, line.ptr, line.len);
	}
	buf_release(&line);

	for (const char *s = sh->output; s && *s;) {
		size_t len = strcspn(s, "\n");
		int is_err = *s == '!';

		add_log_line(out, at_ms + sh->span_ms,
			is_err ? CRILOG_STDERR : CRILOG_STDOUT, s + is_err,
			len - (size_t)is_err);
		s += len + (s[len] == '\n');
	}
}

/* Writes a file of a run's folder; rel is beneath that. */
static int put_file(struct seed *sd, const struct run *r, const char *folder,
	const char *name, const struct buf *content, struct err *e)
{
	struct buf path = BUF_INIT;
	int failed;

	home_add_run_dir(&path, r->repo, r->id);
	buf_adds(&path, folder);
	failed = fs_mkdirs(sd->home.fd, path.ptr, 02750) < 0;
	buf_adds(&path, name);
	if (!failed)
		failed = fs_replace_file(sd->home.fd, path.ptr, content->ptr,
				 content->len, 0640) < 0;
	if (failed)
		err_sys(e, "%s/%s", sd->home.path, path.ptr);
	buf_release(&path);
	return failed ? -1 : 0;
}

static int put_log(struct seed *sd, const struct run *r, const char *job_id,
	int n, const struct seed_sh *sh, int64_t at_ms, struct err *e)
{
	struct buf log = BUF_INIT, folder = BUF_INIT;
	char name[32];
	int ret;

	make_log(&log, sh, at_ms);
	buf_addf(&folder, "/jobs/%s", job_id);
	snprintf(name, sizeof(name), "/sh-%d.log", n);
	ret = put_file(sd, r, folder.ptr, name, &log, e);
	buf_release(&folder);
	buf_release(&log);
	return ret;
}

/* When the job ended; -1 while it has not. */
static int64_t job_end(
	const struct run *r, const struct seed_job *job, int64_t commands_end)
{
	if (!strcmp(job->state, "pending") || !strcmp(job->state, "active"))
		return -1;
	if (!strcmp(job->state, "aborted") || !strcmp(job->state, "skipped"))
		return r->finished_at_ms;
	return commands_end;
}

static int put_job(struct seed *sd, const struct run *r,
	const struct seed_job *job, struct job_row *row, struct err *e)
{
	int64_t at = r->started_at_ms + job->starts_ms;

	*row = (struct job_row){
		.id = mem_strdup(job->id),
		.state = mem_strdup(job->state),
		.exit_code = -1,
		.started_at_ms = job->sh[0].cmd ? at : -1,
		.reason = job->reason ? mem_strdup(job->reason) : NULL,
		.needs = mem_strdup(job->needs),
		.allow_failure = job->allow_failure,
		.sh = mem_zero(SEED_MAX_SH * sizeof(*row->sh)),
	};
	for (const struct seed_sh *sh = job->sh; sh->cmd; sh++) {
		int ended = sh->exit_code >= 0;

		if (put_log(sd, r, job->id, (int)row->n_sh + 1, sh, at, e) < 0)
			return -1;
		row->sh[row->n_sh] = (struct sh){
			.n = (int)row->n_sh + 1,
			.cmd = mem_strdup(sh->cmd),
			.started_at_ms = at,
			.finished_at_ms = ended ? at + sh->span_ms : -1,
			.exit_code = sh->exit_code,
		};
		row->n_sh++;
		at += sh->span_ms;
		if (ended)
			row->exit_code = sh->exit_code;
	}
	row->finished_at_ms = job_end(r, job, at);
	return 0;
}

static int put_jobs(struct seed *sd, const struct run *r,
	const struct seed_job *jobs, struct err *e)
{
	struct job_row *rows = mem_zero(SEED_MAX_JOBS * sizeof(*rows));
	size_t n = 0;
	int ret = 0;

	while (!ret && n < SEED_MAX_JOBS && jobs && jobs[n].id) {
		ret = put_job(sd, r, &jobs[n], &rows[n], e);
		n++;
	}
	if (!ret)
		ret = seed_put_jobs(&sd->db, r->id, rows, n, e);
	job_list_release(rows, n);
	return ret;
}

static int put_artifact(struct seed *sd, const struct run *r,
	const struct seed_artifact *a, struct buf *events, struct err *e)
{
	struct buf folder = BUF_INIT, file = BUF_INIT, content = BUF_INIT;
	const char *name = strrchr(a->path, '/');
	int ret;

	buf_adds(&folder, "/artifacts");
	if (name) {
		buf_addc(&folder, '/');
		buf_add(&folder, a->path, (size_t)(name - a->path));
	}
	buf_adds(&content, a->content);
	buf_addc(&file, '/');
	buf_adds(&file, name ? name + 1 : a->path);
	ret = put_file(sd, r, folder.ptr, file.ptr, &content, e);
	event_write(events, &(struct event){
				    .type = EVENT_ARTIFACT,
				    .at_ms = r->finished_at_ms,
				    .job_id = (char *)a->job,
				    .path = (char *)a->path,
				    .size = (int64_t)content.len,
			    });
	buf_release(&folder);
	buf_release(&file);
	buf_release(&content);
	return ret;
}

/* The files, and the events that tell of them. */
static int put_artifacts(struct seed *sd, const struct run *r, struct err *e)
{
	struct buf events = BUF_INIT;
	int ret = 0;

	for (size_t i = 0; i < seed_artifacts_count && !ret; i++) {
		const struct seed_artifact *a = &seed_artifacts[i];

		if (a->number == r->number && !strcmp(a->repo, r->repo))
			ret = put_artifact(sd, r, a, &events, e);
	}
	if (!ret && events.len)
		ret = put_file(sd, r, "", "/events.jsonl", &events, e);
	buf_release(&events);
	return ret;
}

/* An earlier run of the repository by its number. */
static struct run *earlier(struct seed *sd, const char *repo, int number)
{
	for (size_t i = 0; i < sd->n; i++) {
		if (sd->runs[i].number == number &&
			!strcmp(sd->runs[i].repo, repo))
			return &sd->runs[i];
	}
	return NULL;
}

/* A UUIDv7 that only the time makes different; number is the run's. */
static void make_id(char id[ID_SIZE], int64_t at_ms, size_t index)
{
	snprintf(id, ID_SIZE, "%08llx-%04llx-7000-8000-%012zx",
		(unsigned long long)at_ms >> 16 & 0xffffffff,
		(unsigned long long)at_ms & 0xffff, index + 1);
}

static char *dup_or_null(const char *s)
{
	return s && *s ? mem_strdup(s) : NULL;
}

static void fill_times(
	struct run *r, const struct seed_run *spec, int64_t now_ms)
{
	int terminal = run_state_is_terminal(spec->state);
	int64_t from;

	r->queued_at_ms = r->pushed_at_ms = now_ms - spec->age_s * 1000LL;
	r->started_at_ms =
		spec->wait_ms < 0 ? -1 : r->queued_at_ms + spec->wait_ms;
	from = spec->wait_ms < 0 ? r->queued_at_ms : r->started_at_ms;
	r->finished_at_ms = terminal ? from + spec->span_ms : -1;
}

static int64_t next_number(struct seed *sd, const char *repo)
{
	int64_t number = 1;

	for (size_t i = 0; i < sd->n; i++)
		number += !strcmp(sd->runs[i].repo, repo);
	return number;
}

static int make_run(struct seed *sd, const struct seed_run *spec,
	const struct repo *repo, struct err *e)
{
	struct run *r = &sd->runs[sd->n];
	struct run *again = earlier(sd, spec->repo, spec->rerun_of);
	char sha[OID_SIZE], previous[OID_SIZE] = "", trace[TRACE_SIZE];

	if (again)
		snprintf(sha, sizeof(sha), "%s", again->sha);
	else if (seed_commit(repo->git_dir, spec->ref, spec->subject, sha,
			 previous, e) < 0)
		return -1;
	id_traceparent(trace);
	*r = (struct run){
		.number = next_number(sd, spec->repo),
		.repo = mem_strdup(spec->repo),
		.ref = mem_strdup(spec->ref),
		.sha = mem_strdup(sha),
		.state = spec->state,
		.failure_kind = dup_or_null(spec->kind),
		.reason = dup_or_null(spec->reason),
		.trigger = mem_strdup(spec->trigger),
		.push_seq = again ? again->push_seq : (int64_t)sd->n + 1,
		.attempt = again ? again->attempt + 1 : 1,
		.git_dir = mem_strdup(repo->git_dir),
		.traceparent = mem_strdup(trace),
		.previous_sha = dup_or_null(previous),
		.pusher = dup_or_null(spec->pusher),
		.subject = mem_strdup(spec->subject),
		.author = mem_strdup(spec->author),
		.rerun_of = again ? mem_strdup(again->id) : NULL,
		.sandbox = spec->wait_ms < 0 ? NULL : mem_strdup("bwrap"),
	};
	fill_times(r, spec, sd->now_ms);
	make_id(r->id, r->queued_at_ms, sd->n);
	sd->n++;
	return 0;
}

/* Only now: the run that took its place was made after it. */
static void fill_superseded_by(struct seed *sd, size_t i)
{
	int number = seed_runs[i].superseded_by;
	struct run *by;

	if (number && (by = earlier(sd, seed_runs[i].repo, number)))
		sd->runs[i].superseded_by = mem_strdup(by->id);
}

static int put_run(struct seed *sd, size_t i, struct err *e)
{
	const struct seed_run *spec = &seed_runs[i];
	const struct run *r = &sd->runs[i];
	struct buf log = BUF_INIT;
	int ret;

	fill_superseded_by(sd, i);
	if (seed_put_run(&sd->db, r, e) < 0 ||
		put_jobs(sd, r, spec->jobs, e) < 0 ||
		put_artifacts(sd, r, e) < 0)
		return -1;
	if (spec->seen && seed_put_ref(&sd->db, r, e) < 0)
		return -1;
	if (!spec->executor_log)
		return 0;
	buf_adds(&log, spec->executor_log);
	ret = put_file(sd, r, "", "/quire-ci.log", &log, e);
	buf_release(&log);
	return ret;
}

static int make_runs(struct seed *sd, struct err *e)
{
	for (size_t i = 0; i < seed_runs_count && i < MAX_RUNS; i++) {
		struct repo repo = { 0 };
		int got = repo_by_name(&sd->db, seed_runs[i].repo, &repo, e);

		if (!got)
			err_set(e, EXIT_INTERNAL, "%s: not there",
				seed_runs[i].repo);
		if (got <= 0)
			return -1;
		got = make_run(sd, &seed_runs[i], &repo, e);
		repo_release(&repo);
		if (got < 0)
			return -1;
	}
	return 0;
}

static int put_runs(struct seed *sd, struct err *e)
{
	if (db_begin(&sd->db, e) < 0)
		return -1;
	for (size_t i = 0; i < sd->n; i++) {
		if (put_run(sd, i, e) < 0)
			goto undo;
	}
	if (seed_mark(&sd->db, e) < 0 || db_commit(&sd->db, e) < 0)
		goto undo;
	return 0;
undo:
	db_rollback(&sd->db);
	return -1;
}

static int make_repos(struct seed *sd, struct err *e)
{
	for (size_t i = 0; i < seed_repos_count; i++) {
		const struct seed_repo *repo = &seed_repos[i];
		struct buf name = BUF_INIT;
		int ret = adopt_new(&sd->db, &sd->home, repo->name, &name, e);

		buf_release(&name);
		if (!ret && repo->setting)
			ret = setting_set(
				&sd->db, repo->name, repo->setting, "on", e);
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int fill(struct seed *sd, struct err *e)
{
	int taken_over, ret;

	if (reconcile_migrate(&sd->home, &taken_over, e) < 0)
		return -1;
	if (db_open(&sd->db, &sd->home, DB_WRITE_CURRENT, e) < 0)
		return -1;
	ret = make_repos(sd, e);
	if (!ret)
		ret = make_runs(sd, e);
	if (!ret)
		ret = put_runs(sd, e);
	db_checkpoint(&sd->db);
	db_close(&sd->db);
	return ret < 0 ? -1 : layout_wal(&sd->home, e);
}

/* A folder that is there must hold nothing: this is no place for a home that
 * somebody works with. */
static int need_empty(const char *dir, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int n = 0;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, "%s", dir);
	while ((entry = readdir(d)))
		n += !fs_is_dots(entry->d_name);
	closedir(d);
	if (n)
		return err_set(e, EXIT_USAGE,
			"%s: not empty: seed makes a new home", dir);
	return 0;
}

int seed_home(const char *dir, long long now_ms, struct err *e)
{
	struct seed *sd;
	struct buf done = BUF_INIT;
	int ret;

	if (need_empty(dir, e) < 0)
		return -1;
	sd = mem_zero(sizeof(*sd));
	sd->now_ms = now_ms;
	ret = layout_make(&sd->home, dir, NULL, &done, e);
	if (!ret) {
		ret = fill(sd, e);
		home_close(&sd->home);
	}
	for (size_t i = 0; i < sd->n; i++)
		run_release(&sd->runs[i]);
	free(sd);
	buf_release(&done);
	return ret;
}
