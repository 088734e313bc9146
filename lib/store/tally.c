#include "store/tally.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"

/* "15", all that have 5 digits and begin with 1 when they are made one less,
 * goes up to 20000. "" has no bound. 0, or -1: it is no class. */
static int parse_class(const char *class, int64_t *within_ms)
{
	int64_t digits;

	*within_ms = -1;
	if (!*class)
		return 0;
	if (*class < '0' || *class > '9' ||
		units_int(class + 1, 1, 17, &digits, NULL) < 0)
		return -1;
	for (*within_ms = *class - '0' + 1; digits > 1; digits--)
		*within_ms *= 10;
	return 0;
}

static int read_row(sqlite3_stmt *s, struct tally *t, struct err *e)
{
	const char *state = (const char *)sqlite3_column_text(s, 1);
	const char *class = (const char *)sqlite3_column_text(s, 2);

	if (!state || run_state_parse(state, &t->state) < 0)
		return err_set(e, EXIT_INTERNAL, "tallies: no state '%s'",
			state ? state : "");
	if (!class || parse_class(class, &t->within_ms) < 0)
		return err_set(e, EXIT_INTERNAL, "tallies: no class '%s'",
			class ? class : "");
	t->repo = db_col_dup(s, 0);
	t->runs = sqlite3_column_int64(s, 3);
	t->duration_ms = sqlite3_column_int64(s, 4);
	return 0;
}

int tally_list(struct db *db, struct tally **list, size_t *n, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT repo, state, class, runs, duration_ms FROM tallies"
		" ORDER BY repo, state, class",
		e);
	size_t size = 0;
	int r;

	*list = NULL;
	*n = 0;
	if (!s)
		return -1;
	while ((r = db_step(db, s, e)) == 1) {
		if (*n == size) {
			size = size ? 2 * size : 64;
			*list = mem_resize(*list, size, sizeof(**list));
		}
		r = read_row(s, &(*list)[*n], e);
		if (r < 0)
			break;
		++*n;
	}
	db_done(s);
	if (r < 0) {
		tally_list_release(*list, *n);
		*list = NULL;
		*n = 0;
	}
	return r;
}

void tally_list_release(struct tally *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].repo);
	free(list);
}

int tally_live(struct db *db, enum run_state state,
	void (*fn)(void *arg, const char *repo, int64_t queued_at_ms),
	void *arg, struct err *e)
{
	/* the state in the text lets the partial index be used */
	sqlite3_stmt *s = db_stmt(db,
		state == RUN_PENDING
			? "SELECT repo, queued_at_ms FROM runs"
			  " INDEXED BY runs_queue WHERE state = 'pending'"
			: "SELECT repo, queued_at_ms FROM runs"
			  " INDEXED BY runs_active WHERE state = 'active'",
		e);
	int r;

	if (!s)
		return -1;
	while ((r = db_step(db, s, e)) == 1)
		fn(arg, (const char *)sqlite3_column_text(s, 0),
			sqlite3_column_int64(s, 1));
	db_done(s);
	return r;
}
