#include <string.h>

#include "base/clock.h"
#include "store/run.h"
#include "store/run_row.h"

static const char number_sql[] =
	"UPDATE repos SET last_number = last_number + 1"
	" WHERE name = ?1 RETURNING last_number";
static const char push_seq_sql[] = "UPDATE counters SET value = value + 1"
				   " WHERE name = 'push_seq' RETURNING value";
static const char insert_sql[] =
	"INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,"
	" queued_at_ms, finished_at_ms, git_dir, traceparent, number,"
	" push_seq, attempt, \"trigger\", previous_sha, pusher,"
	" subject, author, superseded_by, rerun_of)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
	" ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";

/* Where a new row stands in its repository and in the order of pushes. */
struct place {
	int64_t number, push_seq, attempt;
};

/* The first column of a bound statement that must have a row. */
static int take_int(struct db *db, sqlite3_stmt *s, int64_t *value,
	const char *missing, struct err *e)
{
	int r = db_step(db, s, e);

	if (r == 1)
		*value = sqlite3_column_int64(s, 0);
	db_done(s);
	if (r == 0)
		return err_set(e, EXIT_INTERNAL, "%s", missing);
	return r < 0 ? -1 : 0;
}

static int next_number(
	struct db *db, const char *repo, int64_t *number, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db, number_sql, e);

	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	return take_int(db, s, number, "the repository is not registered", e);
}

static int next_push_seq(struct db *db, int64_t *seq, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db, push_seq_sql, e);

	if (!s)
		return -1;
	return take_int(db, s, seq, "the counter push_seq is gone", e);
}

static int inherit_push_seq(
	struct db *db, const char *rerun_of, struct place *at, struct err *e)
{
	sqlite3_stmt *s =
		db_stmt(db, "SELECT push_seq FROM runs WHERE id = ?1", e);

	if (!s)
		return -1;
	db_bind_text(s, 1, rerun_of);
	return take_int(db, s, &at->push_seq, "the run to repeat is gone", e);
}

static int next_attempt(
	struct db *db, const struct run_new *n, struct place *at, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT coalesce(max(attempt), 0) + 1 FROM runs"
		" WHERE repo = ?1 AND ref_name = ?2 AND push_seq = ?3",
		e);

	if (!s)
		return -1;
	db_bind_text(s, 1, n->repo);
	db_bind_text(s, 2, n->ref);
	db_bind_int(s, 3, at->push_seq);
	return take_int(db, s, &at->attempt, "cannot count", e);
}

static int find_place(
	struct db *db, const struct run_new *n, struct place *at, struct err *e)
{
	if (next_number(db, n->repo, &at->number, e) < 0)
		return err_prefix(e, "%s", n->repo);
	if (!n->rerun_of)
		return next_push_seq(db, &at->push_seq, e);
	if (inherit_push_seq(db, n->rerun_of, at, e) < 0)
		return -1;
	return next_attempt(db, n, at, e);
}

int run_insert(struct db *db, const struct run_new *n, char id[ID_SIZE],
	int64_t *number, struct err *e)
{
	struct place at = { .attempt = 1 };
	char traceparent[TRACE_SIZE];
	int64_t now_ms = clock_now_ms();
	sqlite3_stmt *s = db_stmt(db, insert_sql, e);

	if (!s || find_place(db, n, &at, e) < 0)
		return -1;
	id_new(id, now_ms, &db->id_counter);
	id_traceparent(traceparent);

	db_bind_text(s, 1, id);
	db_bind_text(s, 2, n->repo);
	db_bind_text(s, 3, n->ref);
	db_bind_text(s, 4, n->sha);
	db_bind_int(s, 5, n->pushed_at_ms);
	db_bind_text(s, 6, n->superseded ? "superseded" : "pending");
	db_bind_int(s, 7, now_ms);
	db_bind_ms(s, 8, n->superseded ? now_ms : -1);
	db_bind_text(s, 9, n->git_dir);
	db_bind_text(s, 10, traceparent);
	db_bind_int(s, 11, at.number);
	db_bind_int(s, 12, at.push_seq);
	db_bind_int(s, 13, at.attempt);
	db_bind_text(s, 14, n->trigger);
	db_bind_text(s, 15, n->previous_sha);
	db_bind_text(s, 16, n->pusher);
	db_bind_text(s, 17, n->subject);
	db_bind_text(s, 18, n->author);
	db_bind_text(s, 19, n->superseded_by);
	db_bind_text(s, 20, n->rerun_of);
	*number = at.number;
	return db_run(db, s, e);
}

int run_insert_prepare(struct db *db, struct err *e)
{
	return db_stmt(db, number_sql, e) && db_stmt(db, push_seq_sql, e) &&
			       db_stmt(db, insert_sql, e)
		       ? 0
		       : -1;
}
