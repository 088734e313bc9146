#include "store/run_news.h"

#include <string.h>

#include "store/run_row.h"

/* Runs of one push have numbers that are close together. */
#define PUSH_SPAN 500

const char *run_news_name(enum run_news news)
{
	static const char *const names[] = { "", "failed", "recovered" };

	return names[news];
}

static int is_canceled(const struct run *r)
{
	return r->failure_kind && strcmp(r->failure_kind, KIND_CANCELED) == 0;
}

static int has_outcome(const struct run *r)
{
	return r->state == RUN_COMPLETE ||
	       (r->state == RUN_FAILED && !is_canceled(r));
}

int run_previous_outcome(
	struct db *db, const struct run *r, struct run *previous, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT" RUN_COLUMNS "FROM runs"
		" WHERE runs.repo = ?1 AND runs.ref_name = ?2"
		" AND (runs.push_seq, runs.attempt) < (?3, ?4)"
		" ORDER BY runs.push_seq DESC, runs.attempt DESC LIMIT ?5",
		e);
	int got;

	if (!s)
		return -1;
	db_bind_text(s, 1, r->repo);
	db_bind_text(s, 2, r->ref);
	db_bind_int(s, 3, r->push_seq);
	db_bind_int(s, 4, r->attempt);
	db_bind_int(s, 5, RUN_LOOK_BACK);
	while ((got = db_step(db, s, e)) == 1) {
		if (run_from_row(s, previous, e) < 0) {
			got = -1;
			break;
		}
		if (has_outcome(previous))
			break;
		run_release(previous);
	}
	db_done(s);
	return got;
}

/* Taken by itself, whatever others have said. */
static int news_of(
	struct db *db, const struct run *r, enum run_news *news, struct err *e)
{
	struct run previous;
	int got;

	*news = RUN_NEWS_NONE;
	if (!has_outcome(r))
		return 0;
	if (r->state == RUN_FAILED) {
		*news = RUN_NEWS_FAILED;
		return 0;
	}
	got = run_previous_outcome(db, r, &previous, e);
	if (got != 1)
		return got;
	if (previous.state == RUN_FAILED)
		*news = RUN_NEWS_RECOVERED;
	run_release(&previous);
	return 0;
}

/* The runs of the same push and commit that came to the same state earlier. */
static int list_earlier(struct db *db, const struct run *r, struct run **list,
	size_t *n, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT" RUN_COLUMNS "FROM runs WHERE runs.rowid IN"
		" (SELECT rowid FROM runs WHERE repo = ?1"
		" AND number BETWEEN ?2 AND ?3"
		" UNION SELECT rowid FROM runs WHERE repo = ?1"
		" AND ref_name = ?4 AND push_seq = ?5)"
		" AND runs.pushed_at_ms = ?6 AND runs.sha = ?7"
		" AND runs.state = ?8"
		" AND (runs.finished_at_ms, runs.id) < (?9, ?10)",
		e);

	if (s) {
		db_bind_text(s, 1, r->repo);
		db_bind_int(s, 2, r->number - PUSH_SPAN);
		db_bind_int(s, 3, r->number + PUSH_SPAN);
		db_bind_text(s, 4, r->ref);
		db_bind_int(s, 5, r->push_seq);
		db_bind_int(s, 6, r->pushed_at_ms);
		db_bind_text(s, 7, r->sha);
		db_bind_text(s, 8, run_state_name(r->state));
		db_bind_int(s, 9, r->finished_at_ms);
		db_bind_text(s, 10, r->id);
	}
	return run_read_all(db, s, list, n, e);
}

int run_news(
	struct db *db, const struct run *r, enum run_news *news, struct err *e)
{
	struct run *list;
	size_t n;
	int failed = news_of(db, r, news, e);

	if (failed || *news == RUN_NEWS_NONE)
		return failed;
	if (list_earlier(db, r, &list, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && !failed; i++) {
		enum run_news its;

		failed = news_of(db, &list[i], &its, e);
		if (!failed && its == *news)
			*news = RUN_NEWS_NONE;
		if (*news == RUN_NEWS_NONE)
			break;
	}
	run_list_release(list, n);
	return failed;
}
