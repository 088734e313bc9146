/*
 * Every statement here is conditional on the state that it leaves, so that an
 * event that comes twice does nothing the second time; and every event can do
 * without the ones before it, so that a lost line costs only itself: a command
 * of a job that was never started starts it. Times are clamped besides, for
 * clocks that step back: a command begins when the one before it has ended, and
 * a job ends when its commands have.
 */
#include "store/ingest_apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

int ingest_touches_rows(enum event_type type)
{
	switch (type) {
	case EVENT_PIPELINE:
	case EVENT_JOB_STARTED:
	case EVENT_SH_STARTED:
	case EVENT_SH_FINISHED:
	case EVENT_JOB_FINISHED:
	case EVENT_JOB_SKIPPED:
		return 1;
	case EVENT_UNKNOWN:
	case EVENT_ARTIFACT:
	case EVENT_RUN_FINISHED:
	case EVENT_EXECUTOR_EXITED:
		break;
	}
	return 0;
}

static int64_t clamp(const struct batch *b, int64_t at_ms)
{
	if (at_ms < 0 || at_ms > b->to_ms)
		at_ms = b->to_ms;
	return at_ms < b->from_ms ? b->from_ms : at_ms;
}

/* A kept statement with the run as ?1 and the job as ?2. */
static sqlite3_stmt *stmt_of_job(
	struct batch *b, const char *sql, const char *job_id, struct err *e)
{
	sqlite3_stmt *s = db_stmt(b->db, sql, e);

	if (s) {
		db_bind_text(s, 1, b->in->run_id);
		db_bind_text(s, 2, job_id);
	}
	return s;
}

/* Runs it: 1 it changed a row, 0 it did not, -1. */
static int changed(struct batch *b, sqlite3_stmt *s, struct err *e)
{
	if (db_run(b->db, s, e) < 0)
		return -1;
	return db_changes(b->db) > 0;
}

static struct ingest_count *count_of(struct ingest *in, const char *job_id)
{
	for (size_t i = 0; i < in->n_counts; i++) {
		if (strcmp(in->counts[i].job_id, job_id) == 0)
			return &in->counts[i];
	}
	return NULL;
}

static void set_count(struct ingest *in, const char *job_id, int n)
{
	struct ingest_count *c = count_of(in, job_id);

	if (!c) {
		in->counts = mem_resize(
			in->counts, in->n_counts + 1, sizeof(*in->counts));
		c = &in->counts[in->n_counts++];
		c->job_id = mem_strdup(job_id);
	}
	c->n = n;
}

static int announce(struct batch *b, const struct event_job *job, int position,
	struct err *e)
{
	static const char insert_sql[] =
		"INSERT INTO jobs (run_id, job_id, state, position, needs,"
		" allow_failure) SELECT ?1, ?2, 'pending', ?3, ?4, ?5"
		" WHERE NOT EXISTS"
		" (SELECT 1 FROM jobs WHERE run_id = ?1 AND job_id = ?2)";
	static const char update_sql[] =
		"UPDATE jobs SET position = ?3, needs = ?4, allow_failure = ?5"
		" WHERE run_id = ?1 AND job_id = ?2"
		" AND (position, needs, allow_failure) IS NOT (?3, ?4, ?5)";
	struct buf needs = BUF_INIT;
	int r = 0;

	for (size_t i = 0; i < job->needs.n; i++)
		buf_addf(&needs, "%s%s", i ? " " : "", job->needs.v[i]);
	for (int again = 0; again < 2 && r == 0; again++) {
		sqlite3_stmt *s = stmt_of_job(
			b, again ? update_sql : insert_sql, job->id, e);
		if (!s) {
			r = -1;
			break;
		}
		db_bind_int(s, 3, position);
		db_bind_text(s, 4, needs.ptr);
		db_bind_int(s, 5, job->allow_failure != 0);
		r = changed(b, s, e);
	}
	buf_release(&needs);
	return r < 0 ? -1 : 0;
}

static int apply_pipeline(
	struct batch *b, const struct event *ev, struct err *e)
{
	for (size_t i = 0; i < ev->n_jobs; i++) {
		if (announce(b, &ev->jobs[i], (int)i + 1, e) < 0)
			return -1;
	}
	return 0;
}

/* A job that the pipeline did not announce goes behind the others. */
#define NEXT_POSITION                                      \
	"(SELECT coalesce(max(position), 0) + 1 FROM jobs" \
	" WHERE run_id = ?1)"

/* Makes a pending or unknown job active; any other stays what it is. */
static int start_job(
	struct batch *b, const char *job_id, int64_t at_ms, struct err *e)
{
	sqlite3_stmt *s = stmt_of_job(b,
		"UPDATE jobs SET state = 'active', started_at_ms = ?3"
		" WHERE run_id = ?1 AND job_id = ?2 AND state = 'pending'",
		job_id, e);
	int r;

	if (!s)
		return -1;
	db_bind_int(s, 3, at_ms);
	r = changed(b, s, e);
	if (r)
		return r < 0 ? -1 : 0;

	s = stmt_of_job(b,
		"INSERT INTO jobs (run_id, job_id, state, started_at_ms,"
		" position) SELECT ?1, ?2, 'active', ?3, " NEXT_POSITION
		" WHERE NOT EXISTS"
		" (SELECT 1 FROM jobs WHERE run_id = ?1 AND job_id = ?2)",
		job_id, e);
	if (!s)
		return -1;
	db_bind_int(s, 3, at_ms);
	return db_run(b->db, s, e);
}

static int apply_job_started(
	struct batch *b, const struct event *ev, struct err *e)
{
	set_count(b->in, ev->job_id, 0);
	return start_job(b, ev->job_id, clamp(b, ev->at_ms), e);
}

/*
 * The number of a command that came without one, in a stream that was entered
 * behind its job's start: that of the row it made the first time, or the next.
 */
static int find_number(struct batch *b, const struct event *ev, int64_t at_ms,
	int *n, struct err *e)
{
	sqlite3_stmt *s = stmt_of_job(b,
		"SELECT coalesce(min(CASE WHEN started_at_ms = ?3 AND cmd = ?4"
		" THEN n END), max(n) + 1, 1) FROM sh_events"
		" WHERE run_id = ?1 AND job_id = ?2",
		ev->job_id, e);
	int r;

	if (!s)
		return -1;
	db_bind_int(s, 3, at_ms);
	db_bind_text(s, 4, ev->cmd);
	r = db_step(b->db, s, e);
	if (r == 1)
		*n = sqlite3_column_int(s, 0);
	db_done(s);
	return r < 0 ? -1 : 0;
}

static int insert_command(struct batch *b, const struct event *ev, int n,
	int64_t at_ms, struct err *e)
{
	sqlite3_stmt *s = stmt_of_job(b,
		"INSERT INTO sh_events (run_id, job_id, n, started_at_ms, cmd)"
		" SELECT ?1, ?2, ?3, max(?4, coalesce(started_at_ms, 0),"
		" coalesce((SELECT max(coalesce(finished_at_ms, started_at_ms))"
		" FROM sh_events WHERE run_id = ?1 AND job_id = ?2 AND n < ?3),"
		" 0)), ?5"
		" FROM jobs WHERE run_id = ?1 AND job_id = ?2"
		" AND state <> 'pending' AND NOT EXISTS (SELECT 1"
		" FROM sh_events"
		" WHERE run_id = ?1 AND job_id = ?2 AND n = ?3)",
		ev->job_id, e);

	if (!s)
		return -1;
	db_bind_int(s, 3, n);
	db_bind_int(s, 4, at_ms);
	db_bind_text(s, 5, ev->cmd ? ev->cmd : "");
	return changed(b, s, e);
}

/* Starts the command, and its job where that was not started. */
static int start_command(struct batch *b, const struct event *ev, int n,
	int64_t at_ms, struct err *e)
{
	int r = insert_command(b, ev, n, at_ms, e);

	if (r)
		return r < 0 ? -1 : 0;
	if (start_job(b, ev->job_id, at_ms, e) < 0)
		return -1;
	return insert_command(b, ev, n, at_ms, e) < 0 ? -1 : 0;
}

static int apply_sh_started(
	struct batch *b, const struct event *ev, struct err *e)
{
	struct ingest_count *c = count_of(b->in, ev->job_id);
	int64_t at_ms = clamp(b, ev->at_ms);
	int n = ev->n;

	if (n <= 0 && c)
		n = c->n + 1;
	else if (n <= 0 && find_number(b, ev, at_ms, &n, e) < 0)
		return -1;
	set_count(b->in, ev->job_id, n);
	return start_command(b, ev, n, at_ms, e);
}

static int finish_command(struct batch *b, const struct event *ev, int n,
	int64_t at_ms, struct err *e)
{
	sqlite3_stmt *s = stmt_of_job(b,
		"UPDATE sh_events SET finished_at_ms = max(?4, started_at_ms),"
		" exit_code = ?5 WHERE run_id = ?1 AND job_id = ?2 AND n = ?3"
		" AND finished_at_ms IS NULL",
		ev->job_id, e);

	if (!s)
		return -1;
	db_bind_int(s, 3, n);
	db_bind_int(s, 4, at_ms);
	db_bind_int(s, 5, ev->exit_code);
	return changed(b, s, e);
}

static int set_exit_code(struct batch *b, const char *job_id, struct err *e)
{
	sqlite3_stmt *s = stmt_of_job(b,
		"UPDATE jobs SET exit_code = (SELECT exit_code FROM sh_events"
		" WHERE run_id = ?1 AND job_id = ?2 AND exit_code IS NOT NULL"
		" ORDER BY n DESC LIMIT 1)"
		" WHERE run_id = ?1 AND job_id = ?2",
		job_id, e);

	return s ? db_run(b->db, s, e) : -1;
}

static int apply_sh_finished(
	struct batch *b, const struct event *ev, struct err *e)
{
	struct ingest_count *c = count_of(b->in, ev->job_id);
	int64_t at_ms = clamp(b, ev->at_ms);
	int n = ev->n > 0 ? ev->n : c && c->n > 0 ? c->n : 1;
	int r = finish_command(b, ev, n, at_ms, e);

	/* its start was lost: then it is not known what it was */
	if (r == 0) {
		if (start_command(b, ev, n, at_ms, e) < 0)
			return -1;
		r = finish_command(b, ev, n, at_ms, e);
	}
	return r == 1 ? set_exit_code(b, ev->job_id, e) : r;
}

static int finish_job(
	struct batch *b, const struct event *ev, int64_t at_ms, struct err *e)
{
	sqlite3_stmt *s = stmt_of_job(b,
		"UPDATE jobs SET state = ?3,"
		" finished_at_ms = max(?4, started_at_ms,"
		" coalesce((SELECT max(coalesce(finished_at_ms, started_at_ms))"
		" FROM sh_events WHERE run_id = ?1 AND job_id = ?2), 0)),"
		" reason = ?5"
		" WHERE run_id = ?1 AND job_id = ?2 AND state = 'active'",
		ev->job_id, e);

	if (!s)
		return -1;
	db_bind_text(s, 3, ev->outcome);
	db_bind_int(s, 4, at_ms);
	db_bind_text(s, 5, ev->reason);
	return changed(b, s, e);
}

static int apply_job_finished(
	struct batch *b, const struct event *ev, struct err *e)
{
	int64_t at_ms = clamp(b, ev->at_ms);
	int r;

	if (!ev->outcome || (strcmp(ev->outcome, "complete") != 0 &&
				    strcmp(ev->outcome, "failed") != 0))
		return 0;
	r = finish_job(b, ev, at_ms, e);
	if (r)
		return r < 0 ? -1 : 0;
	if (start_job(b, ev->job_id, at_ms, e) < 0)
		return -1;
	return finish_job(b, ev, at_ms, e) < 0 ? -1 : 0;
}

static int apply_job_skipped(
	struct batch *b, const struct event *ev, struct err *e)
{
	static const char update_sql[] =
		"UPDATE jobs SET state = 'skipped', finished_at_ms = ?3,"
		" reason = ?4 WHERE run_id = ?1 AND job_id = ?2"
		" AND state = 'pending'";
	static const char insert_sql[] =
		"INSERT INTO jobs (run_id, job_id, state, finished_at_ms,"
		" reason, position)"
		" SELECT ?1, ?2, 'skipped', ?3, ?4, " NEXT_POSITION
		" WHERE NOT EXISTS"
		" (SELECT 1 FROM jobs WHERE run_id = ?1 AND job_id = ?2)";
	int r = 0;

	for (int again = 0; again < 2 && r == 0; again++) {
		sqlite3_stmt *s = stmt_of_job(
			b, again ? insert_sql : update_sql, ev->job_id, e);
		if (!s)
			return -1;
		db_bind_int(s, 3, clamp(b, ev->at_ms));
		db_bind_text(s, 4, ev->reason);
		r = changed(b, s, e);
	}
	return r < 0 ? -1 : 0;
}

int ingest_apply(struct batch *b, const struct event *ev, struct err *e)
{
	switch (ev->type) {
	case EVENT_PIPELINE:
		return apply_pipeline(b, ev, e);
	case EVENT_JOB_STARTED:
		return apply_job_started(b, ev, e);
	case EVENT_SH_STARTED:
		return apply_sh_started(b, ev, e);
	case EVENT_SH_FINISHED:
		return apply_sh_finished(b, ev, e);
	case EVENT_JOB_FINISHED:
		return apply_job_finished(b, ev, e);
	case EVENT_JOB_SKIPPED:
		return apply_job_skipped(b, ev, e);
	case EVENT_UNKNOWN:
	case EVENT_ARTIFACT:
	case EVENT_RUN_FINISHED:
	case EVENT_EXECUTOR_EXITED:
		break;
	}
	return 0;
}
