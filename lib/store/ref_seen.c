/* What was seen of a repository's refs: the baseline, and drift from it. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/git.h"
#include "base/mem.h"
#include "store/ref.h"

#define NO_OID "0000000000000000000000000000000000000000"

/* Inside the transaction. 1 ours, 0 the generation has changed. */
static int enter(struct db *db, const struct repo *repo, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"UPDATE repos SET refs_gen = refs_gen + 1, baseline = 1"
		" WHERE name = ?1 AND refs_gen = ?2",
		e);

	if (!s)
		return -1;
	db_bind_text(s, 1, repo->name);
	db_bind_int(s, 2, repo->refs_gen);
	if (db_run(db, s, e) < 0)
		return -1;
	return db_changes(db) == 1;
}

static int add_seen(struct db *db, const struct repo *repo,
	const struct git_ref *refs, const struct gitcat_answer *commits,
	size_t n, struct err *e)
{
	int64_t now_ms = clock_now_ms();
	sqlite3_stmt *s = db_stmt(db,
		"INSERT INTO refs (repo, ref_name, oid, sha, seen_at_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5)"
		" ON CONFLICT (repo, ref_name) DO NOTHING",
		e);

	if (!s)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *sha = commits[i].oid;

		db_bind_text(s, 1, repo->name);
		db_bind_text(s, 2, refs[i].name);
		db_bind_text(s, 3, refs[i].oid);
		db_bind_text(s, 4, *sha ? sha : NULL);
		db_bind_int(s, 5, now_ms);
		if (db_run(db, s, e) < 0)
			return -1;
	}
	return 0;
}

/* The commit that each ref leads to. The contents are dropped. */
static int peel(const char *git_dir, const struct git_ref *refs, size_t n,
	struct gitcat_answer *commits, struct err *e)
{
	struct strv questions = STRV_INIT;
	struct gitcat git = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		strv_pushf(&questions, "%s^{commit}", refs[i].oid);
	if (n) {
		rc = gitcat_start(&git, git_dir, e);
		if (!rc)
			rc = gitcat_ask(&git, (const char *const *)questions.v,
				n, commits, e);
		for (size_t i = 0; !rc && i < n; i++)
			buf_release(&commits[i].content);
		gitcat_stop(&git);
	}
	strv_release(&questions);
	return rc;
}

/* 1 done, 0 the generation changed, -1. */
static int try_baseline(struct db *db, const struct repo *repo, struct err *e)
{
	struct gitcat_answer *commits;
	struct git_ref *refs;
	size_t n;
	int rc;

	if (git_refs(repo->git_dir, &refs, &n, e) < 0)
		return -1;
	commits = mem_zero(n * sizeof(*commits));
	rc = peel(repo->git_dir, refs, n, commits, e);
	if (!rc)
		rc = db_begin(db, e);
	if (!rc)
		rc = enter(db, repo, e);
	if (rc == 1 && add_seen(db, repo, refs, commits, n, e) < 0)
		rc = -1;
	if (rc == 1 && db_commit(db, e) < 0)
		rc = -1;
	if (rc != 1)
		db_rollback(db);
	free(commits);
	git_refs_release(refs, n);
	return rc;
}

int ref_baseline(struct db *db, struct repo *repo, struct err *e)
{
	for (;;) {
		struct repo now;
		int rc = repo_by_name(db, repo->name, &now, e);

		if (!rc)
			err_set(e, EXIT_USAGE, "%s: is not registered any more",
				repo->name);
		if (rc != 1)
			return -1;
		repo->refs_gen = now.refs_gen;
		repo_release(&now);
		rc = try_baseline(db, repo, e);
		if (rc < 0)
			return -1;
		if (rc) {
			repo->baseline = 1;
			repo->refs_gen++;
			return 0;
		}
	}
}

static struct ref_move *add_move(struct ref_move **moves, size_t *n)
{
	if (!(*n & (*n - 1))) /* 0 or a power of two: the array is full */
		*moves = mem_resize(*moves, *n ? *n * 2 : 1, sizeof(**moves));
	return memset(&(*moves)[(*n)++], 0, sizeof(**moves));
}

static void push_move(struct ref_move **moves, size_t *n, const char *ref,
	const char *old_oid, const char *new_oid)
{
	struct ref_move *m = add_move(moves, n);

	m->ref = mem_strdup(ref);
	memcpy(m->old_oid, old_oid, strnlen(old_oid, OID_SIZE - 1));
	memcpy(m->new_oid, new_oid, strnlen(new_oid, OID_SIZE - 1));
}

/* Both lists are sorted by the bytes of the names. */
static int compare(struct db *db, const struct repo *repo,
	const struct git_ref *refs, size_t n_refs, struct ref_move **moves,
	size_t *n, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT ref_name, oid FROM refs WHERE repo = ?1"
		" ORDER BY ref_name",
		e);
	size_t i = 0;
	int rc;

	if (!s)
		return -1;
	db_bind_text(s, 1, repo->name);
	while ((rc = db_step(db, s, e)) == 1) {
		const char *name = (const char *)sqlite3_column_text(s, 0);
		const char *oid = (const char *)sqlite3_column_text(s, 1);

		for (; i < n_refs && strcmp(refs[i].name, name) < 0; i++)
			push_move(moves, n, refs[i].name, NO_OID, refs[i].oid);
		if (i == n_refs || strcmp(refs[i].name, name)) {
			push_move(moves, n, name, oid, NO_OID);
			continue;
		}
		if (strcmp(refs[i].oid, oid))
			push_move(moves, n, name, oid, refs[i].oid);
		i++;
	}
	db_done(s);
	for (; !rc && i < n_refs; i++)
		push_move(moves, n, refs[i].name, NO_OID, refs[i].oid);
	return rc;
}

int ref_drift(struct db *db, const struct repo *repo, struct ref_move **moves,
	size_t *n, struct err *e)
{
	struct git_ref *refs;
	size_t n_refs;
	int rc;

	*moves = NULL;
	*n = 0;
	if (git_refs(repo->git_dir, &refs, &n_refs, e) < 0)
		return -1;
	rc = compare(db, repo, refs, n_refs, moves, n, e);
	git_refs_release(refs, n_refs);
	if (rc < 0) {
		ref_moves_release(*moves, *n);
		*moves = NULL;
		*n = 0;
	}
	return rc;
}

int ref_forget(struct db *db, const char *repo, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db, "DELETE FROM refs WHERE repo = ?1", e);

	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	return db_run(db, s, e);
}
