#include "store/run_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const state_names[] = {
	[RUN_PENDING] = "pending",
	[RUN_ACTIVE] = "active",
	[RUN_COMPLETE] = "complete",
	[RUN_FAILED] = "failed",
	[RUN_SUPERSEDED] = "superseded",
};

const char *run_state_name(enum run_state s)
{
	return state_names[s];
}

int run_state_parse(const char *name, enum run_state *s)
{
	for (int i = RUN_PENDING; i <= RUN_SUPERSEDED; i++) {
		if (strcmp(state_names[i], name) == 0) {
			*s = (enum run_state)i;
			return 0;
		}
	}
	return -1;
}

int run_state_is_terminal(enum run_state s)
{
	return s == RUN_COMPLETE || s == RUN_FAILED || s == RUN_SUPERSEDED;
}

void run_release(struct run *r)
{
	free(r->repo);
	free(r->ref);
	free(r->sha);
	free(r->failure_kind);
	free(r->reason);
	free(r->trigger);
	free(r->git_dir);
	free(r->traceparent);
	free(r->previous_sha);
	free(r->pusher);
	free(r->subject);
	free(r->author);
	free(r->superseded_by);
	free(r->rerun_of);
	free(r->sandbox);
	memset(r, 0, sizeof(*r));
}

void run_list_release(struct run *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run_release(&list[i]);
	free(list);
}

int run_from_row(sqlite3_stmt *s, struct run *r, struct err *e)
{
	const char *state = (const char *)sqlite3_column_text(s, 5);

	memset(r, 0, sizeof(*r));
	db_col_copy(s, 0, r->id, sizeof(r->id));
	if (!state || run_state_parse(state, &r->state) < 0)
		return err_set(e, EXIT_INTERNAL, "run %s: bad state", r->id);
	r->number = sqlite3_column_int64(s, 1);
	r->repo = db_col_dup(s, 2);
	r->ref = db_col_dup(s, 3);
	r->sha = db_col_dup(s, 4);
	r->failure_kind = db_col_dup(s, 6);
	r->reason = db_col_dup(s, 7);
	r->trigger = db_col_dup(s, 8);
	r->push_seq = sqlite3_column_int64(s, 9);
	r->attempt = sqlite3_column_int64(s, 10);
	r->pushed_at_ms = db_col_ms(s, 11);
	r->queued_at_ms = db_col_ms(s, 12);
	r->started_at_ms = db_col_ms(s, 13);
	r->finished_at_ms = db_col_ms(s, 14);
	r->git_dir = db_col_dup(s, 15);
	r->traceparent = db_col_dup(s, 16);
	r->previous_sha = db_col_dup(s, 17);
	r->pusher = db_col_dup(s, 18);
	r->subject = db_col_dup(s, 19);
	r->author = db_col_dup(s, 20);
	r->superseded_by = db_col_dup(s, 21);
	r->rerun_of = db_col_dup(s, 22);
	r->sandbox = db_col_dup(s, 23);
	return 0;
}

int run_read_one(struct db *db, sqlite3_stmt *s, struct run *r, struct err *e)
{
	if (!s)
		return -1;
	int got = db_step(db, s, e);
	if (got == 1 && run_from_row(s, r, e) < 0)
		got = -1;
	db_done(s);
	return got;
}

int run_read_all(struct db *db, sqlite3_stmt *s, struct run **list, size_t *n,
	struct err *e)
{
	size_t size = 0;
	int got = -1;

	*list = NULL;
	*n = 0;
	if (!s)
		return -1;
	while ((got = db_step(db, s, e)) == 1) {
		if (*n == size) {
			size = size ? size * 2 : 16;
			*list = mem_resize(*list, size, sizeof(**list));
		}
		if (run_from_row(s, &(*list)[*n], e) < 0) {
			got = -1;
			break;
		}
		(*n)++;
	}
	db_done(s);
	if (got < 0) {
		run_list_release(*list, *n);
		*list = NULL;
		*n = 0;
	}
	return got;
}
