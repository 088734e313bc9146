/*
 * The edges. The table below is the whole of them; schema/triggers.sql holds
 * the same against every other way into the database.
 */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/run.h"
#include "store/run_row.h"

/* Nothing ends before what is in it has ended, even where the clock has
 * stepped back: commands, jobs, the run. */
static const char abort_sql[] =
	"UPDATE jobs SET state = 'aborted', finished_at_ms = max(?2,"
	" coalesce(jobs.started_at_ms, 0),"
	" coalesce(r.started_at_ms, r.queued_at_ms),"
	" coalesce((SELECT max(coalesce(finished_at_ms, started_at_ms))"
	" FROM sh_events WHERE sh_events.run_id = jobs.run_id"
	" AND sh_events.job_id = jobs.job_id), 0))"
	" FROM (SELECT id, started_at_ms, queued_at_ms FROM runs"
	" WHERE id = ?1 AND state IN (?3, ?4)) AS r"
	" WHERE jobs.run_id = ?1 AND jobs.state IN ('pending', 'active')";
static const char flip_sql[] =
	"UPDATE runs SET state = ?2,"
	" failure_kind = coalesce(failure_kind, ?3),"
	" reason = coalesce(reason, ?4),"
	" superseded_by = coalesce(superseded_by, ?5),"
	" sandbox = coalesce(sandbox, ?6),"
	" started_at_ms = CASE WHEN ?7 THEN"
	" coalesce(started_at_ms, max(?9, queued_at_ms))"
	" ELSE started_at_ms END,"
	" finished_at_ms = CASE WHEN ?8 THEN coalesce(finished_at_ms,"
	" max(?9, coalesce(started_at_ms, queued_at_ms),"
	" coalesce((SELECT max(finished_at_ms) FROM jobs"
	" WHERE run_id = ?1), 0))) END"
	" WHERE id = ?1 AND state IN (?10, ?11)";
static const char live_sql[] =
	"SELECT id, state = 'active' FROM runs"
	" WHERE repo = ?1 AND ref_name = ?2"
	" AND state IN ('pending', 'active') AND +push_seq < ?3";

/* Which states may become `to`. */
static const struct edge {
	enum run_state to, from[2];
} edges[] = {
	{ RUN_ACTIVE, { RUN_PENDING, RUN_PENDING } },
	{ RUN_COMPLETE, { RUN_ACTIVE, RUN_ACTIVE } },
	{ RUN_FAILED, { RUN_PENDING, RUN_ACTIVE } },
	{ RUN_SUPERSEDED, { RUN_PENDING, RUN_ACTIVE } },
};

static const struct edge *edge_to(enum run_state to)
{
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		if (edges[i].to == to)
			return &edges[i];
	}
	return NULL;
}

/* Under the condition that the run will take the edge: before it does, since
 * a run with live jobs cannot end. */
static int abort_jobs(struct db *db, const char *id, const struct edge *via,
	int64_t now_ms, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db, abort_sql, e);

	if (!s)
		return -1;
	db_bind_text(s, 1, id);
	db_bind_int(s, 2, now_ms);
	db_bind_text(s, 3, run_state_name(via->from[0]));
	db_bind_text(s, 4, run_state_name(via->from[1]));
	return db_run(db, s, e);
}

static int flip(struct db *db, const char *id, const struct edge *via,
	const struct run_edge *edge, int64_t now_ms, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db, flip_sql, e);

	if (!s)
		return -1;
	db_bind_text(s, 1, id);
	db_bind_text(s, 2, run_state_name(edge->to));
	db_bind_text(s, 3, edge->failure_kind);
	db_bind_text(s, 4, edge->reason);
	db_bind_text(s, 5, edge->superseded_by);
	db_bind_text(s, 6, edge->sandbox);
	db_bind_int(s, 7, edge->to == RUN_ACTIVE);
	db_bind_int(s, 8, run_state_is_terminal(edge->to));
	db_bind_int(s, 9, now_ms);
	db_bind_text(s, 10, run_state_name(via->from[0]));
	db_bind_text(s, 11, run_state_name(via->from[1]));
	return db_run(db, s, e);
}

int run_take_edge(struct db *db, const char *id, const struct run_edge *edge,
	int64_t now_ms, struct err *e)
{
	const struct edge *via = edge_to(edge->to);

	if (!via || (edge->to == RUN_FAILED) != (edge->failure_kind != NULL))
		return err_set(e, EXIT_INTERNAL, "run %s: no such edge", id);
	if (sqlite3_get_autocommit(db->conn))
		return err_set(e, EXIT_INTERNAL,
			"run %s: an edge is taken in a transaction", id);
	if (run_state_is_terminal(edge->to) &&
		abort_jobs(db, id, via, now_ms, e) < 0)
		return -1;
	if (flip(db, id, via, edge, now_ms, e) < 0)
		return -1;
	return db_changes(db) == 1;
}

int run_settle(struct db *db, const char *id, const struct run_edge *edge,
	struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;

	int r = run_take_edge(db, id, edge, clock_now_ms(), e);
	if (r == 1 && db_commit(db, e) < 0)
		r = -1;
	db_rollback(db);
	return r;
}

/* The ids first, the edges later: the rows move in the index that is read. */
struct live {
	struct strv ids, active;
};

static int live_of_ref(struct db *db, const char *repo, const char *ref,
	int64_t before_seq, int only_pending, struct live *live, struct err *e)
{
	/* the plus keeps the range out of the choice of index: the live rows
	 * of a ref are few, its older ones are not */
	sqlite3_stmt *s = db_stmt(db, live_sql, e);
	int r;

	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	db_bind_text(s, 2, ref);
	db_bind_int(s, 3, before_seq);
	while ((r = db_step(db, s, e)) == 1) {
		const char *id = (const char *)sqlite3_column_text(s, 0);

		strv_push(sqlite3_column_int(s, 1) ? &live->active : &live->ids,
			id);
	}
	db_done(s);
	if (only_pending)
		strv_release(&live->active);
	return r;
}

static int supersede_all(struct db *db, const struct strv *ids, const char *by,
	int64_t now_ms, struct err *e)
{
	const struct run_edge edge = {
		.to = RUN_SUPERSEDED,
		.superseded_by = by,
	};

	for (size_t i = 0; i < ids->n; i++) {
		if (run_take_edge(db, ids->v[i], &edge, now_ms, e) < 0)
			return -1;
	}
	return 0;
}

int run_supersede(struct db *db, const char *repo, const char *ref,
	int64_t before_seq, const char *by, int only_pending,
	void (*fn)(void *arg, const char *repo, const char *id), void *arg,
	struct err *e)
{
	struct live live = { STRV_INIT, STRV_INIT };
	int64_t now_ms = clock_now_ms();
	int r = live_of_ref(db, repo, ref, before_seq, only_pending, &live, e);

	if (r == 0)
		r = supersede_all(db, &live.ids, by, now_ms, e);
	if (r == 0)
		r = supersede_all(db, &live.active, by, now_ms, e);
	for (size_t i = 0; r == 0 && fn && i < live.active.n; i++)
		fn(arg, repo, live.active.v[i]);
	strv_release(&live.ids);
	strv_release(&live.active);
	return r;
}

int run_edge_prepare(struct db *db, struct err *e)
{
	return db_stmt(db, abort_sql, e) && db_stmt(db, flip_sql, e) &&
			       db_stmt(db, live_sql, e)
		       ? 0
		       : -1;
}
