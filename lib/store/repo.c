#include "store/repo.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/near.h"
#include "store/run.h"

#define REPO_COLUMNS " name, git_dir, refs_gen, baseline, missing_since_ms "

void repo_release(struct repo *r)
{
	free(r->name);
	free(r->git_dir);
	memset(r, 0, sizeof(*r));
}

void repo_list_release(struct repo *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		repo_release(&list[i]);
	free(list);
}

static void from_row(sqlite3_stmt *s, struct repo *r)
{
	r->name = db_col_dup(s, 0);
	r->git_dir = db_col_dup(s, 1);
	r->refs_gen = sqlite3_column_int64(s, 2);
	r->baseline = sqlite3_column_int(s, 3);
	r->missing_since_ms = db_col_ms(s, 4);
}

static int read_by(struct db *db, const char *sql, const char *value,
	struct repo *r, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db, sql, e);
	int got;

	memset(r, 0, sizeof(*r));
	if (!s)
		return -1;
	db_bind_text(s, 1, value);
	got = db_step(db, s, e);
	if (got == 1)
		from_row(s, r);
	db_done(s);
	return got;
}

int repo_by_git_dir(
	struct db *db, const char *git_dir, struct repo *r, struct err *e)
{
	static const char by_git_dir[] =
		"SELECT" REPO_COLUMNS "FROM repos WHERE git_dir = ?1";

	return read_by(db, by_git_dir, git_dir, r, e);
}

int repo_by_name(struct db *db, const char *name, struct repo *r, struct err *e)
{
	static const char by_name[] =
		"SELECT" REPO_COLUMNS "FROM repos WHERE name = ?1";

	return read_by(db, by_name, name, r, e);
}

int repo_list(struct db *db, struct repo **list, size_t *n, struct err *e)
{
	sqlite3_stmt *s = db_prep(
		db, "SELECT" REPO_COLUMNS "FROM repos ORDER BY name", e);
	size_t size = 0;
	int r = -1;

	*list = NULL;
	*n = 0;
	while (s && (r = db_step(db, s, e)) == 1) {
		if (*n == size) {
			size = size ? size * 2 : 16;
			*list = mem_resize(*list, size, sizeof(**list));
		}
		from_row(s, &(*list)[(*n)++]);
	}
	sqlite3_finalize(s);
	if (r < 0) {
		repo_list_release(*list, *n);
		*list = NULL;
		*n = 0;
	}
	return r;
}

/* "unknown repository", with the nearest name there is. Always -1. */
static int say_unknown(struct db *db, const char *typed, struct err *e)
{
	struct repo *list;
	size_t n;

	if (repo_list(db, &list, &n, e) < 0)
		return -1;

	struct strv names = STRV_INIT;
	for (size_t i = 0; i < n; i++)
		strv_pushf(&names, "%.*s", (int)name_short_len(list[i].name),
			list[i].name);
	repo_list_release(list, n);

	struct buf plain = BUF_INIT;
	buf_add(&plain, typed, name_short_len(typed));
	const char *near =
		near_word(plain.ptr, (const char *const *)names.v, names.n);
	if (near)
		err_set(e, EXIT_USAGE,
			"no repository '%s' (did you mean '%s'?)", plain.ptr,
			near);
	else if (names.n)
		err_set(e, EXIT_USAGE,
			"no repository '%s' (quire repo list: those there are)",
			plain.ptr);
	else
		err_set(e, EXIT_USAGE,
			"no repository '%s', and no other yet: quire repo new "
			"makes one, quire repo adopt takes one in",
			plain.ptr);
	buf_release(&plain);
	strv_release(&names);
	return -1;
}

int repo_resolve(
	struct db *db, const char *typed, struct repo *r, struct err *e)
{
	struct buf full = BUF_INIT;

	name_add_full(&full, typed);
	int got = repo_by_name(db, full.ptr, r, e);
	buf_release(&full);
	if (got == 0)
		return say_unknown(db, typed, e);
	return got;
}

/* Whether one of the two is taken; -1 with the line that says which. */
static int check_free(
	struct db *db, const char *name, const char *git_dir, struct err *e)
{
	struct repo there;
	int r = repo_by_name(db, name, &there, e);

	if (r == 1)
		err_set(e, EXIT_USAGE, "%s: the name is in use, for %s", name,
			there.git_dir);
	if (r == 0 && (r = repo_by_git_dir(db, git_dir, &there, e)) == 1)
		err_set(e, EXIT_USAGE, "%s: is registered already, as %s",
			git_dir, there.name);
	repo_release(&there);
	return r ? -1 : 0;
}

int repo_add(
	struct db *db, const char *name, const char *git_dir, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"INSERT INTO repos (name, git_dir, last_number, added_at_ms)"
		" VALUES (?1, ?2, (SELECT coalesce(max(number), 0) FROM runs"
		" WHERE repo = ?1), ?3)",
		e);

	if (!s || check_free(db, name, git_dir, e) < 0)
		return -1;
	db_bind_text(s, 1, name);
	db_bind_text(s, 2, git_dir);
	db_bind_int(s, 3, clock_now_ms());
	if (db_run(db, s, e) == 0)
		return 0;
	/* added by another between the two? Then this says so. */
	struct err why = *e;
	if (check_free(db, name, git_dir, e) == 0)
		*e = why;
	return -1;
}

/* Runs one statement with the name as its only parameter. */
static int run_with_name(
	struct db *db, const char *sql, const char *name, struct err *e)
{
	sqlite3_stmt *s = db_prep(db, sql, e);
	int r;

	if (!s)
		return -1;
	db_bind_text(s, 1, name);
	r = db_step(db, s, e);
	sqlite3_finalize(s);
	return r;
}

static int cancel_pending(struct db *db, const char *name, struct err *e)
{
	static const struct run_edge cancel = {
		.to = RUN_FAILED,
		.failure_kind = KIND_CANCELED,
		.reason = "the repository was removed from quire",
	};
	struct strv ids = STRV_INIT;
	int64_t now_ms = clock_now_ms();
	sqlite3_stmt *s = db_prep(db,
		"SELECT id FROM runs WHERE repo = ?1 AND state = 'pending'", e);
	int r = -1;

	if (s) {
		db_bind_text(s, 1, name);
		while ((r = db_step(db, s, e)) == 1)
			strv_push(
				&ids, (const char *)sqlite3_column_text(s, 0));
	}
	sqlite3_finalize(s);
	for (size_t i = 0; r >= 0 && i < ids.n; i++)
		r = run_take_edge(db, ids.v[i], &cancel, now_ms, e);
	strv_release(&ids);
	return r < 0 ? -1 : 0;
}

static int remove_inside(
	struct db *db, const char *name, int purge, struct err *e)
{
	int active = run_with_name(db,
		"SELECT 1 FROM runs WHERE repo = ?1 AND state = 'active' LIMIT 1",
		name, e);

	if (active == 1)
		return err_set(e, EXIT_BUSY,
			"%s: a run of it is active: cancel it or wait", name);
	if (active < 0 || cancel_pending(db, name, e) < 0)
		return -1;
	if (purge &&
		(run_with_name(
			 db, "DELETE FROM runs WHERE repo = ?1", name, e) < 0 ||
			run_with_name(db, "DELETE FROM tallies WHERE repo = ?1",
				name, e) < 0))
		return -1;
	if (run_with_name(db, "DELETE FROM settings WHERE repo = ?1", name, e) <
			0 ||
		run_with_name(
			db, "DELETE FROM repos WHERE name = ?1", name, e) < 0)
		return -1;
	if (db_changes(db) != 1)
		return err_set(e, EXIT_USAGE, "no repository '%s'", name);
	return 0;
}

int repo_remove(struct db *db, const char *name, int purge, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;

	int r = remove_inside(db, name, purge, e);
	if (r == 0)
		r = db_commit(db, e);
	db_rollback(db);
	return r;
}

int repo_set_missing(
	struct db *db, const char *name, int64_t since_ms, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"UPDATE repos SET missing_since_ms = ?2 WHERE name = ?1", e);

	if (!s)
		return -1;
	db_bind_text(s, 1, name);
	db_bind_ms(s, 2, since_ms);
	return db_run(db, s, e);
}

static int move_row(struct db *db, const char *sql, const char *name,
	const char *git_dir, struct err *e)
{
	sqlite3_stmt *s = db_prep(db, sql, e);
	int r = -1;

	if (s) {
		db_bind_text(s, 1, name);
		db_bind_text(s, 2, git_dir);
		r = db_step(db, s, e);
	}
	sqlite3_finalize(s);
	return r;
}

static int move_inside(
	struct db *db, const char *name, const char *git_dir, struct err *e)
{
	struct repo there;
	int r = repo_by_git_dir(db, git_dir, &there, e);

	if (r == 1 && strcmp(there.name, name)) {
		r = err_set(e, EXIT_USAGE, "%s: is registered already, as %s",
			git_dir, there.name);
	}
	repo_release(&there);
	if (r < 0)
		return -1;
	r = run_with_name(db,
		"SELECT 1 FROM runs WHERE repo = ?1 AND state = 'active' LIMIT 1",
		name, e);
	if (r == 1)
		return err_set(e, EXIT_BUSY,
			"%s: a run of it is active: cancel it or wait", name);
	if (r < 0 ||
		move_row(db,
			"UPDATE runs SET git_dir = ?2"
			" WHERE repo = ?1 AND state = 'pending'",
			name, git_dir, e) < 0 ||
		move_row(db,
			"UPDATE repos SET git_dir = ?2, missing_since_ms = NULL"
			" WHERE name = ?1",
			name, git_dir, e) < 0)
		return -1;
	if (db_changes(db) != 1)
		return err_set(e, EXIT_USAGE, "no repository '%s'", name);
	return 0;
}

int repo_move(
	struct db *db, const char *name, const char *git_dir, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	if (move_inside(db, name, git_dir, e) < 0 || db_commit(db, e) < 0) {
		db_rollback(db);
		return -1;
	}
	return 0;
}
