#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/name.h"
#include "store/repo.h"
#include "store/run.h"
#include "store/run_row.h"

/* The number of the newest run of a repository, 0 if it has none; -1. */
static int64_t newest(struct db *db, const char *repo, struct err *e)
{
	sqlite3_stmt *s =
		db_stmt(db, "SELECT max(number) FROM runs WHERE repo = ?1", e);
	int64_t n = 0;
	int r;

	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	if ((r = db_step(db, s, e)) == 1)
		n = sqlite3_column_int64(s, 0);
	db_done(s);
	return r < 0 ? -1 : n;
}

/* No run, because it names a repository? Then says so: -1, or 0. */
static int say_repository(struct db *db, const char *typed, struct err *e)
{
	struct buf full = BUF_INIT;
	struct err ignored;
	struct repo repo;
	int64_t n = 0;

	name_add_full(&full, typed);
	int got = repo_by_name(db, full.ptr, &repo, &ignored);
	if (got == 1)
		n = newest(db, repo.name, &ignored);
	if (got == 1 && n > 0)
		err_set(e, EXIT_USAGE,
			"'%s' is a repository: which run of it? the newest is "
			"%.*s#%" PRId64,
			typed, (int)name_short_len(typed), typed, n);
	else if (got == 1)
		err_set(e, EXIT_USAGE,
			"'%s' is a repository, and has no run yet", typed);
	if (got == 1)
		repo_release(&repo);
	buf_release(&full);
	return got == 1 ? -1 : 0;
}

static int by_number(struct db *db, const struct run_name *name,
	const char *typed, struct run *r, struct err *e)
{
	int got = run_by_number(db, name->repo, name->number, r, e);
	struct repo repo;

	if (got)
		return got;
	/* says so if it is the repository that does not exist */
	if (repo_resolve(db, name->repo, &repo, e) < 0)
		return -1;
	int64_t n = newest(db, repo.name, e);
	repo_release(&repo);
	if (n < 0)
		return -1;
	if (!n)
		return err_set(
			e, EXIT_USAGE, "no run %s: it has none yet", typed);
	return err_set(e, EXIT_USAGE,
		"no run %s: its newest is number %" PRId64, typed, n);
}

/* The ids that begin with the prefix are those from it to what its last byte
 * plus one makes of it: a range of the key. */
static int by_prefix(
	struct db *db, const char *prefix, struct run *r, struct err *e)
{
	char end[sizeof(((struct run_name *)0)->id)];
	size_t len = strlen(prefix);
	sqlite3_stmt *s = db_stmt(db,
		"SELECT" RUN_COLUMNS "FROM runs"
		" WHERE runs.id >= ?1 AND runs.id < ?2 LIMIT 2",
		e);
	struct run *list;
	size_t n;

	if (!s)
		return -1;
	memcpy(end, prefix, len + 1);
	end[len - 1]++;
	db_bind_text(s, 1, prefix);
	db_bind_text(s, 2, end);
	if (run_read_all(db, s, &list, &n, e) < 0)
		return -1;
	if (n == 1) {
		*r = list[0];
		memset(&list[0], 0, sizeof(list[0]));
	} else if (n == 0) {
		if (say_repository(db, prefix, e) == 0)
			err_set(e, EXIT_USAGE, "no run %s", prefix);
	} else {
		err_set(e, EXIT_USAGE,
			"%s: several runs begin with that: give more of the id",
			prefix);
	}
	run_list_release(list, n);
	return n == 1 ? 1 : -1;
}

int run_resolve(struct db *db, const char *typed, struct run *r, struct err *e)
{
	struct run_name name;

	if (name_parse_run(typed, &name, e) < 0) {
		say_repository(db, typed, e);
		return -1;
	}
	if (name.number)
		return by_number(db, &name, typed, r, e);

	int got = run_by_id(db, name.id, r, e);
	if (got)
		return got;
	return by_prefix(db, name.id, r, e);
}
