#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/run.h"

static int brief_from_row(sqlite3_stmt *s, struct run_brief *r, struct err *e)
{
	const char *state = (const char *)sqlite3_column_text(s, 1);

	r->number = sqlite3_column_int64(s, 0);
	if (!state || run_state_parse(state, &r->state) < 0)
		return err_set(e, EXIT_INTERNAL, "run %lld: bad state",
			(long long)r->number);
	r->queued_at_ms = db_col_ms(s, 2);
	r->started_at_ms = db_col_ms(s, 3);
	r->finished_at_ms = db_col_ms(s, 4);
	return 0;
}

int run_recent(struct db *db, const char *repo, struct run_recent *recent,
	struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT number, state, queued_at_ms, started_at_ms,"
		" finished_at_ms, ref_name FROM runs WHERE repo = ?1"
		" ORDER BY number DESC LIMIT ?2",
		e);
	int got;

	*recent = (struct run_recent){ 0 };
	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	db_bind_int(s, 2, RUN_RECENT_MAX);
	while ((got = db_step(db, s, e)) == 1) {
		got = brief_from_row(s, &recent->runs[recent->n], e);
		if (got < 0)
			break;
		if (!recent->n || recent->runs[recent->n].state == RUN_ACTIVE)
			recent->runs[recent->n].ref = db_col_dup(s, 5);
		recent->n++;
	}
	db_done(s);
	if (got < 0)
		run_recent_release(recent);
	return got;
}

void run_recent_release(struct run_recent *recent)
{
	for (size_t i = 0; i < recent->n; i++)
		free(recent->runs[i].ref);
	*recent = (struct run_recent){ 0 };
}

static void push_once(struct strv *list, const char *value)
{
	if (!value || !*value)
		return;
	for (size_t i = 0; i < list->n; i++) {
		if (!strcmp(list->v[i], value))
			return;
	}
	strv_push(list, value);
}

void run_choice_add(
	const struct run *r, struct strv *refs, struct strv *pushers)
{
	push_once(refs, r->ref);
	push_once(pushers, r->pusher);
}

int run_choices(struct db *db, const char *repo, struct strv *refs,
	struct strv *pushers, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT ref_name, pusher FROM runs WHERE repo = ?1"
		" ORDER BY number DESC LIMIT ?2",
		e);
	int got;

	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	db_bind_int(s, 2, RUN_CHOICES);
	while ((got = db_step(db, s, e)) == 1) {
		push_once(refs, (const char *)sqlite3_column_text(s, 0));
		push_once(pushers, (const char *)sqlite3_column_text(s, 1));
	}
	db_done(s);
	return got;
}
