#include "store/run_near.h"

#include <stdlib.h>

static int add_row(sqlite3_stmt *s, const struct run *r, struct run_nears *near,
	struct err *e)
{
	const char *state = (const char *)sqlite3_column_text(s, 1);
	int64_t push_seq = sqlite3_column_int64(s, 2);
	struct run_near one = { .number = sqlite3_column_int64(s, 0) };

	if (!state || run_state_parse(state, &one.state) < 0)
		return err_set(e, EXIT_INTERNAL, "run %lld of %s: bad state",
			(long long)one.number, r->repo);
	if (push_seq < r->push_seq)
		near->before = one;
	else if (push_seq > r->push_seq)
		near->after = one;
	else
		near->attempts[near->n++] = one;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct run_near *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

#define NEAR_COLUMNS                                     \
	" SELECT * FROM (SELECT number, state, push_seq" \
	" FROM runs WHERE repo = ?1"                     \
	" AND ref_name = ?2 AND push_seq "

int run_near_read(struct db *db, const struct run *r, struct run_nears *near,
	struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		NEAR_COLUMNS
		"< ?3 ORDER BY push_seq DESC, attempt DESC LIMIT 1)"
		" UNION ALL" NEAR_COLUMNS "= ?3 ORDER BY attempt DESC LIMIT ?4)"
		" UNION ALL" NEAR_COLUMNS
		"> ?3 ORDER BY push_seq, attempt LIMIT 1)",
		e);
	int got;

	*near = (struct run_nears){ 0 };
	if (!s)
		return -1;
	db_bind_text(s, 1, r->repo);
	db_bind_text(s, 2, r->ref);
	db_bind_int(s, 3, r->push_seq);
	db_bind_int(s, 4, RUN_ATTEMPTS_MAX);
	while ((got = db_step(db, s, e)) == 1) {
		if (add_row(s, r, near, e) < 0) {
			got = -1;
			break;
		}
	}
	db_done(s);
	qsort(near->attempts, near->n, sizeof(*near->attempts), by_number);
	return got;
}
