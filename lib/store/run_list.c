/*
 * Lists. Every choice of filters has an index whose last columns are state and
 * number, so that a list of one state is a piece of it, and a list of all
 * states merges five pieces. Over all repositories the lists of each are
 * merged here, by id.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/run.h"
#include "store/run_row.h"

static int is_filtered(const struct run_filter *f)
{
	return f->ref || f->state || f->pusher;
}

/* Whether the list begins above a number and goes up from there. */
static int goes_up(const struct run_filter *f)
{
	return f->after > 0 && f->before <= 0 && f->repo;
}

/* The number to stay below, or above. */
static int64_t bound_of(const struct run_filter *f)
{
	if (goes_up(f))
		return f->after;
	return f->before > 0 ? f->before : INT64_MAX;
}

static void turn_round(struct run *list, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct run r = list[i];

		list[i] = list[n - 1 - i];
		list[n - 1 - i] = r;
	}
}

/* Parameters: 1 repository, 2 ref, 3 pusher, 4 bound_of(), 5 limit. */
static void add_piece(
	struct buf *sql, const struct run_filter *f, const char *state)
{
	buf_adds(sql, "SELECT number FROM runs WHERE repo = ?1");
	if (f->ref)
		buf_adds(sql, " AND ref_name = ?2");
	if (f->pusher)
		buf_adds(sql, " AND pusher = ?3");
	buf_addf(sql, " AND state = '%s' AND number %s ?4", state,
		goes_up(f) ? ">" : "<");
}

/* The numbers of one repository's filtered list, in the order of its way. */
static sqlite3_stmt *prepare_numbers(
	struct db *db, const struct run_filter *f, struct err *e)
{
	struct buf sql = BUF_INIT;
	enum run_state only;
	sqlite3_stmt *s = NULL;

	if (f->state && run_state_parse(f->state, &only) < 0) {
		err_set(e, EXIT_USAGE,
			"no state '%s': pending, active, complete, failed or superseded",
			f->state);
		return NULL;
	}
	if (f->state) {
		add_piece(&sql, f, run_state_name(only));
	} else {
		for (int i = RUN_PENDING; i <= RUN_SUPERSEDED; i++) {
			if (i != RUN_PENDING)
				buf_adds(&sql, " UNION ALL ");
			add_piece(&sql, f, run_state_name((enum run_state)i));
		}
	}
	buf_addf(&sql, " ORDER BY number %s LIMIT ?5",
		goes_up(f) ? "ASC" : "DESC");
	s = db_prep(db, sql.ptr, e);
	buf_release(&sql);
	if (s) {
		db_bind_text(s, 2, f->ref);
		db_bind_text(s, 3, f->pusher);
	}
	return s;
}

static int list_of_repo(struct db *db, const struct run_filter *f,
	struct run **list, size_t *n, struct err *e)
{
	sqlite3_stmt *s = prepare_numbers(db, f, e);
	int r = -1;

	if (!s)
		return -1;
	*list = mem_resize(NULL, (size_t)f->limit, sizeof(**list));
	db_bind_text(s, 1, f->repo);
	db_bind_int(s, 4, bound_of(f));
	db_bind_int(s, 5, f->limit);
	while ((r = db_step(db, s, e)) == 1) {
		r = run_by_number(db, f->repo, sqlite3_column_int64(s, 0),
			&(*list)[*n], e);
		if (r < 0)
			break;
		*n += (size_t)r;
	}
	sqlite3_finalize(s);
	return r;
}

/* The list that the pages ask for most, in one statement. */
static int list_unfiltered(struct db *db, const struct run_filter *f,
	struct run **list, size_t *n, struct err *e)
{
	static const char down[] = "SELECT" RUN_COLUMNS "FROM runs"
				   " WHERE runs.repo = ?1 AND runs.number < ?2"
				   " ORDER BY runs.number DESC LIMIT ?3";
	static const char up[] = "SELECT" RUN_COLUMNS "FROM runs"
				 " WHERE runs.repo = ?1 AND runs.number > ?2"
				 " ORDER BY runs.number LIMIT ?3";
	sqlite3_stmt *s = db_stmt(db, goes_up(f) ? up : down, e);

	if (s) {
		db_bind_text(s, 1, f->repo);
		db_bind_int(s, 2, bound_of(f));
		db_bind_int(s, 3, f->limit);
	}
	return run_read_all(db, s, list, n, e);
}

static int list_of_all(struct db *db, const struct run_filter *f,
	struct run **list, size_t *n, struct err *e)
{
	/* the upper bound makes it a search; no id has a byte above ~ */
	sqlite3_stmt *s = db_stmt(db,
		"SELECT" RUN_COLUMNS "FROM runs WHERE runs.id < ?1"
		" ORDER BY runs.id DESC LIMIT ?2",
		e);

	if (s) {
		db_bind_text(s, 1, "\x7f");
		db_bind_int(s, 2, f->limit);
	}
	return run_read_all(db, s, list, n, e);
}

/* By jumps along the index. */
int run_repos(struct db *db, struct strv *names, struct err *e)
{
	sqlite3_stmt *s =
		db_stmt(db, "SELECT min(repo) FROM runs WHERE repo > ?1", e);
	const char *last = "";

	if (!s)
		return -1;
	for (;;) {
		db_bind_text(s, 1, last);
		int r = db_step(db, s, e);
		const char *name =
			r == 1 ? (const char *)sqlite3_column_text(s, 0) : NULL;
		if (name)
			strv_push(names, name);
		db_done(s);
		if (!name)
			return r < 0 ? -1 : 0;
		last = names->v[names->n - 1];
	}
}

/* The next run of each repository's list, to choose the newest from. */
struct merge {
	struct db *db;
	sqlite3_stmt *next; /* prepare_numbers() with a limit of 1 */
	struct strv repos;
	struct run *heads; /* one a repository; id "" where it has ended */
};

/* Puts the first run of repository i below a number at its head. */
static int advance(struct merge *m, size_t i, int64_t below, struct err *e)
{
	struct run *head = &m->heads[i];
	int64_t number;
	int r;

	memset(head, 0, sizeof(*head));
	db_bind_text(m->next, 1, m->repos.v[i]);
	db_bind_int(m->next, 4, below);
	db_bind_int(m->next, 5, 1);
	r = db_step(m->db, m->next, e);
	number = r == 1 ? sqlite3_column_int64(m->next, 0) : 0;
	sqlite3_reset(m->next);
	if (r == 1)
		r = run_by_number(m->db, m->repos.v[i], number, head, e);
	return r < 0 ? -1 : 0;
}

static size_t newest_head(const struct merge *m)
{
	size_t best = 0;

	for (size_t i = 1; i < m->repos.n; i++) {
		if (strcmp(m->heads[i].id, m->heads[best].id) > 0)
			best = i;
	}
	return best;
}

static int merge_heads(struct merge *m, const struct run_filter *f,
	struct run *list, size_t *n, struct err *e)
{
	for (size_t i = 0; i < m->repos.n; i++) {
		if (advance(m, i, INT64_MAX, e) < 0)
			return -1;
	}
	while (m->repos.n && *n < (size_t)f->limit) {
		size_t i = newest_head(m);
		struct run head = m->heads[i];

		if (!head.id[0])
			break;
		list[(*n)++] = head;
		if (advance(m, i, head.number, e) < 0)
			return -1;
	}
	return 0;
}

static int list_merged(struct db *db, const struct run_filter *f,
	struct run **list, size_t *n, struct err *e)
{
	struct merge m = { .db = db, .repos = STRV_INIT };
	int r = -1;

	m.next = prepare_numbers(db, f, e);
	if (m.next && run_repos(db, &m.repos, e) == 0) {
		m.heads = mem_zero((m.repos.n + 1) * sizeof(*m.heads));
		*list = mem_resize(NULL, (size_t)f->limit, sizeof(**list));
		r = merge_heads(&m, f, *list, n, e);
		for (size_t i = 0; i < m.repos.n; i++)
			run_release(&m.heads[i]);
	}
	free(m.heads);
	strv_release(&m.repos);
	sqlite3_finalize(m.next);
	return r;
}

int run_list(struct db *db, const struct run_filter *f, struct run **list,
	size_t *n, struct err *e)
{
	int r;

	*list = NULL;
	*n = 0;
	if (f->limit <= 0)
		return 0;
	if (is_filtered(f))
		r = f->repo ? list_of_repo(db, f, list, n, e)
			    : list_merged(db, f, list, n, e);
	else
		r = f->repo ? list_unfiltered(db, f, list, n, e)
			    : list_of_all(db, f, list, n, e);
	if (r < 0) {
		run_list_release(*list, *n);
		*list = NULL;
		*n = 0;
	} else if (goes_up(f)) {
		turn_round(*list, *n);
	}
	return r;
}

static int64_t last_activity(const struct run *r)
{
	if (r->finished_at_ms >= 0)
		return r->finished_at_ms;
	return r->started_at_ms >= 0 ? r->started_at_ms : r->queued_at_ms;
}

static int by_activity(const void *a, const void *b)
{
	const struct run *x = a, *y = b;
	int64_t at_x = last_activity(x), at_y = last_activity(y);

	if (at_x != at_y)
		return at_x < at_y ? 1 : -1;
	return strcmp(x->repo, y->repo);
}

int run_latest_by_repo(
	struct db *db, struct run **list, size_t *n, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT" RUN_COLUMNS "FROM repos JOIN runs ON runs.rowid ="
		" (SELECT rowid FROM runs AS newest"
		" WHERE newest.repo = repos.name"
		" ORDER BY newest.number DESC LIMIT 1)",
		e);

	if (run_read_all(db, s, list, n, e) < 0)
		return -1;
	if (*n)
		qsort(*list, *n, sizeof(**list), by_activity);
	return 0;
}
