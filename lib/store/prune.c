#include "store/prune.h"

#include "store/run.h"
#include "store/setting.h"

#define DAY_MS (24 * INT64_C(3600000))

/*
 * Runs are numbered in the order they were queued, and none ends before it is
 * queued: so behind the first one that was queued too late for the rule there
 * is none that may go. But the clock may have been ahead for some time; this
 * many are looked at before that is believed.
 */
#define TOO_NEW_MAX 100

/* As run_of_tip() looks: see RUN_LOOK_BACK. */
#define LOOK_BACK "1000"

/* What may go by the rule: ?1 is for the caller, ?2 a time, ?3 a number. */
#define BY_RULE                                                         \
	" runs.state IN ('complete', 'failed', 'superseded')"           \
	" AND (runs.number < ?3 OR runs.finished_at_ms < ?2)"           \
	" AND runs.number < (SELECT max(last.number) FROM runs AS last" \
	" WHERE last.repo = runs.repo) "

#define OF_ITS_REF                             \
	" FROM runs AS newest"                 \
	" WHERE newest.repo = runs.repo"       \
	" AND newest.ref_name = runs.ref_name" \
	" ORDER BY newest.push_seq DESC, newest.attempt DESC LIMIT "

/* The second question is asked only where the commit is the tip's. */
#define IS_NEEDED                                                             \
	" EXISTS (SELECT 1 FROM refs WHERE refs.repo = runs.repo"             \
	" AND refs.ref_name = runs.ref_name"                                  \
	" AND (runs.id = (SELECT newest.id" OF_ITS_REF "1)"                   \
	" OR CASE WHEN refs.sha = runs.sha THEN runs.id ="                    \
	" (SELECT id FROM (SELECT newest.id, newest.sha" OF_ITS_REF LOOK_BACK \
	") WHERE sha = refs.sha LIMIT 1) END)) "

#define MAY_GO BY_RULE "AND NOT" IS_NEEDED

static int keep_from(struct db *db, const char *repo, int64_t keep,
	int64_t *number, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT number FROM runs WHERE repo = ?1"
		" ORDER BY number DESC LIMIT 1 OFFSET ?2",
		e);
	int got;

	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	db_bind_int(s, 2, keep - 1);
	got = db_step(db, s, e);
	if (got == 1)
		*number = sqlite3_column_int64(s, 0);
	db_done(s);
	return got < 0 ? -1 : 0;
}

int prune_rule_of(struct db *db, const char *repo, int64_t now_ms,
	struct prune_rule *rule, struct err *e)
{
	int64_t days, runs;

	*rule = (struct prune_rule){ INT64_MIN, INT64_MIN };
	if (setting_get_int(db, repo, "keepDays", &days, e) < 0 ||
		setting_get_int(db, repo, "keepRuns", &runs, e) < 0)
		return -1;
	if (days)
		rule->ended_before_ms = now_ms - days * DAY_MS;
	return runs ? keep_from(db, repo, runs, &rule->below, e) : 0;
}

static void bind_rule(sqlite3_stmt *s, const struct prune_rule *rule)
{
	db_bind_int(s, 2, rule->ended_before_ms);
	db_bind_int(s, 3, rule->below);
}

int prune_list(struct db *db, const char *repo, const struct prune_rule *rule,
	int64_t *behind, size_t max, struct strv *ids, struct err *e)
{
	sqlite3_stmt *s;
	int too_new = 0, r = 0;

	if (rule->ended_before_ms == INT64_MIN && rule->below == INT64_MIN)
		return 0;
	s = db_stmt(db,
		"SELECT id, number, number >= ?3 AND queued_at_ms >= ?2,"
		" CASE WHEN" BY_RULE "THEN NOT" IS_NEEDED "END"
		" FROM runs WHERE repo = ?1 AND number > ?4 ORDER BY number",
		e);
	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	bind_rule(s, rule);
	db_bind_int(s, 4, *behind);
	while (max && too_new < TOO_NEW_MAX && (r = db_step(db, s, e)) == 1) {
		*behind = sqlite3_column_int64(s, 1);
		too_new += sqlite3_column_int(s, 2);
		if (sqlite3_column_int(s, 3)) {
			strv_push(ids, (const char *)sqlite3_column_text(s, 0));
			max--;
		}
	}
	db_done(s);
	return r < 0 ? -1 : 0;
}

int prune_may_go(struct db *db, const char *id, const struct prune_rule *rule,
	struct err *e)
{
	sqlite3_stmt *s =
		db_stmt(db, "SELECT 1 FROM runs WHERE id = ?1 AND" MAY_GO, e);
	int r;

	if (!s)
		return -1;
	db_bind_text(s, 1, id);
	bind_rule(s, rule);
	r = db_step(db, s, e);
	db_done(s);
	return r;
}

int prune_remove(struct db *db, const char *id, const struct prune_rule *rule,
	struct err *e)
{
	sqlite3_stmt *s =
		db_stmt(db, "DELETE FROM runs WHERE id = ?1 AND" MAY_GO, e);
	int r;

	if (!s || db_begin(db, e) < 0)
		return -1;
	db_bind_text(s, 1, id);
	bind_rule(s, rule);
	r = db_run(db, s, e);
	if (r == 0) {
		r = db_changes(db);
		if (db_commit(db, e) < 0)
			r = -1;
	}
	db_rollback(db);
	return r;
}
