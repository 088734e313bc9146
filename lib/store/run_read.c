#include <string.h>

#include "store/run.h"
#include "store/run_row.h"

int run_by_id(struct db *db, const char *id, struct run *r, struct err *e)
{
	sqlite3_stmt *s = db_stmt(
		db, "SELECT" RUN_COLUMNS "FROM runs WHERE runs.id = ?1", e);

	if (s)
		db_bind_text(s, 1, id);
	return run_read_one(db, s, r, e);
}

int run_by_number(struct db *db, const char *repo, int64_t number,
	struct run *r, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT" RUN_COLUMNS "FROM runs"
		" WHERE runs.repo = ?1 AND runs.number = ?2",
		e);

	if (s) {
		db_bind_text(s, 1, repo);
		db_bind_int(s, 2, number);
	}
	return run_read_one(db, s, r, e);
}

int run_state_of(
	struct db *db, const char *id, enum run_state *state, struct err *e)
{
	sqlite3_stmt *s =
		db_stmt(db, "SELECT state FROM runs WHERE id = ?1", e);
	int r;

	if (!s)
		return -1;
	db_bind_text(s, 1, id);
	r = db_step(db, s, e);
	if (r == 1 && run_state_parse((const char *)sqlite3_column_text(s, 0),
			      state) < 0)
		r = err_set(e, EXIT_INTERNAL, "run %s: bad state", id);
	db_done(s);
	return r;
}

/*
 * From the newest run of the ref back, until one is of the commit. What is
 * newer than the newest run of a commit that the ref is at is little: runs
 * started by hand, and hooks that came late. So the look back ends somewhere.
 */
static int newest_of_commit(struct db *db, const char *repo, const char *ref,
	const char *sha, int look_back, struct run *r, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT" RUN_COLUMNS "FROM runs"
		" WHERE runs.repo = ?1 AND runs.ref_name = ?2"
		" ORDER BY runs.push_seq DESC, runs.attempt DESC",
		e);
	int got = 0;

	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	db_bind_text(s, 2, ref);
	while (look_back-- > 0 && (got = db_step(db, s, e)) == 1) {
		const char *its = (const char *)sqlite3_column_text(s, 4);

		if (!sha || (its && strcmp(its, sha) == 0))
			break;
		got = 0;
	}
	if (got == 1 && run_from_row(s, r, e) < 0)
		got = -1;
	db_done(s);
	return got;
}

int run_newest_of_ref(struct db *db, const char *repo, const char *ref,
	const char *sha, struct run *r, struct err *e)
{
	return newest_of_commit(db, repo, ref, sha, RUN_LOOK_BACK, r, e);
}

int run_has_ref(struct db *db, const char *repo, const char *ref, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT 1 FROM runs WHERE repo = ?1 AND ref_name = ?2 LIMIT 1",
		e);
	int got;

	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	db_bind_text(s, 2, ref);
	got = db_step(db, s, e);
	db_done(s);
	return got;
}

int run_of_tip(struct db *db, const char *repo, const char *ref, struct run *r,
	struct err *e)
{
	char sha[128] = "";
	sqlite3_stmt *s = db_stmt(db,
		"SELECT sha FROM refs WHERE repo = ?1 AND ref_name = ?2", e);
	int got;

	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	db_bind_text(s, 2, ref);
	got = db_step(db, s, e);
	if (got == 1)
		db_col_copy(s, 0, sha, sizeof(sha));
	db_done(s);
	if (got < 1 || !*sha)
		return got < 0 ? -1 : 0;
	return newest_of_commit(db, repo, ref, sha, RUN_LOOK_BACK, r, e);
}

int run_last_complete(struct db *db, const char *repo, const char *ref,
	int64_t before_seq, struct run *r, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT" RUN_COLUMNS "FROM runs"
		" WHERE runs.repo = ?1 AND runs.ref_name = ?2"
		" AND runs.state = 'complete' AND runs.push_seq < ?3"
		" ORDER BY runs.push_seq DESC, runs.attempt DESC LIMIT 1",
		e);

	if (s) {
		db_bind_text(s, 1, repo);
		db_bind_text(s, 2, ref);
		db_bind_int(s, 3, before_seq);
	}
	return run_read_one(db, s, r, e);
}

int run_next_pending(struct db *db, int skip, struct run *r, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT" RUN_COLUMNS "FROM runs WHERE runs.state = 'pending'"
		" ORDER BY runs.push_seq, runs.attempt LIMIT 1 OFFSET ?1",
		e);

	if (s)
		db_bind_int(s, 1, skip);
	return run_read_one(db, s, r, e);
}

/* A number from a bound statement without parameters left. */
static int read_count(struct db *db, sqlite3_stmt *s, int64_t *n, struct err *e)
{
	int r = db_step(db, s, e);

	if (r == 1)
		*n = sqlite3_column_int64(s, 0);
	db_done(s);
	return r < 0 ? -1 : 0;
}

int run_count(struct db *db, enum run_state state, int64_t *n, struct err *e)
{
	/* the live states have indexes that hold nothing else */
	static const char *const count_sql[] = {
		"SELECT count(*) FROM runs INDEXED BY runs_queue"
		" WHERE state = 'pending'",
		"SELECT count(*) FROM runs INDEXED BY runs_active"
		" WHERE state = 'active'",
		"SELECT count(*) FROM runs WHERE state = 'complete'",
		"SELECT count(*) FROM runs WHERE state = 'failed'",
		"SELECT count(*) FROM runs WHERE state = 'superseded'",
	};
	sqlite3_stmt *s = db_stmt(db, count_sql[state], e);

	return s ? read_count(db, s, n, e) : -1;
}

int run_ahead(struct db *db, const char *id, int64_t *n, struct err *e)
{
	int64_t active = 0;
	sqlite3_stmt *s = db_stmt(db,
		"SELECT count(*) FROM (SELECT 1 FROM runs"
		" WHERE state = 'pending' AND (push_seq, attempt) <"
		" (SELECT push_seq, attempt FROM runs WHERE id = ?1)"
		" LIMIT ?2)",
		e);

	if (!s || run_count(db, RUN_ACTIVE, &active, e) < 0)
		return -1;
	db_bind_text(s, 1, id);
	db_bind_int(s, 2, RUN_AHEAD_MAX);
	if (read_count(db, s, n, e) < 0)
		return -1;
	*n += active;
	if (*n > RUN_AHEAD_MAX)
		*n = RUN_AHEAD_MAX;
	return 0;
}

int run_list_active(struct db *db, struct run **list, size_t *n, struct err *e)
{
	return run_read_all(db,
		db_stmt(db,
			"SELECT" RUN_COLUMNS "FROM runs"
			" WHERE runs.state = 'active' ORDER BY runs.push_seq",
			e),
		list, n, e);
}
