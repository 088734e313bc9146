/* The recorder; its protocol stands in ref.h. */
#include "store/ref.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/glob.h"
#include "base/mem.h"
#include "base/reftip.h"
#include "store/ref_object.h"
#include "store/run.h"
#include "store/setting.h"

#define TRIES_OUTSIDE 2 /* then the refs are read inside the transaction */
#define DRIFT_LOOK_BACK "100" /* runs of a ref, for one to adopt */

static const char seen_sql[] =
	"SELECT oid, sha, run_id FROM refs WHERE repo = ?1 AND ref_name = ?2";
static const char see_sql[] =
	"INSERT INTO refs (repo, ref_name, oid, sha, run_id, seen_at_ms)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	" ON CONFLICT (repo, ref_name) DO UPDATE SET oid = excluded.oid,"
	" sha = excluded.sha, run_id = excluded.run_id,"
	" seen_at_ms = excluded.seen_at_ms";
static const char enter_sql[] = "UPDATE repos SET refs_gen = refs_gen + 1"
				" WHERE name = ?1 AND refs_gen = ?2";
static const char gen_sql[] = "SELECT refs_gen FROM repos WHERE name = ?1";
static const char seq_sql[] = "SELECT push_seq FROM runs WHERE id = ?1";

struct recorder {
	const struct recording *r;
	struct db *db;
	const char *repo;
	int is_push, skip;
	struct ref_object *objects;
	struct reftip *tips;
	const char **names; /* of the refs, for reftip_read */
	size_t n;
	int64_t gen, now_ms;
	char *watched, *keep_running; /* settings: globs */
	struct strv stopped; /* active runs that were superseded */
};

/* What refs held of a ref before this move. */
struct seen {
	int there;
	char oid[OID_SIZE], sha[OID_SIZE];
	char run_id[sizeof(((struct run *)0)->id)]; /* "": no run */
};

static int read_seen(
	struct recorder *rec, const char *ref, struct seen *seen, struct err *e)
{
	sqlite3_stmt *s = db_stmt(rec->db, seen_sql, e);

	memset(seen, 0, sizeof(*seen));
	if (!s)
		return -1;
	db_bind_text(s, 1, rec->repo);
	db_bind_text(s, 2, ref);
	seen->there = db_step(rec->db, s, e);
	if (seen->there == 1) {
		db_col_copy(s, 0, seen->oid, sizeof(seen->oid));
		db_col_copy(s, 1, seen->sha, sizeof(seen->sha));
		db_col_copy(s, 2, seen->run_id, sizeof(seen->run_id));
	}
	db_done(s);
	return seen->there < 0 ? -1 : 0;
}

static int see(struct recorder *rec, const struct reftip *tip, const char *sha,
	const char *run_id, struct err *e)
{
	sqlite3_stmt *s = db_stmt(rec->db, see_sql, e);

	if (!s)
		return -1;
	db_bind_text(s, 1, rec->repo);
	db_bind_text(s, 2, tip->ref);
	db_bind_text(s, 3, tip->oid);
	db_bind_text(s, 4, *sha ? sha : NULL);
	db_bind_text(s, 5, run_id);
	db_bind_int(s, 6, rec->now_ms);
	return db_run(rec->db, s, e);
}

static void note_stopped(void *arg, const char *repo, const char *id)
{
	struct recorder *rec = arg;

	(void)repo;
	strv_push(&rec->stopped, id);
}

static int supersede(struct recorder *rec, const char *ref, int64_t before_seq,
	const char *by, int keep_active, struct err *e)
{
	return run_supersede(rec->db, rec->repo, ref, before_seq, by,
		keep_active, note_stopped, rec, e);
}

static int keeps_running(const struct recorder *rec, const char *ref)
{
	return glob_ref_list(rec->keep_running, ref);
}

/* The commit that the ref was at before, or its own object if it is not known
 * where that led; NULL for a new ref. */
static const char *previous_of(
	const struct ref_move *m, const struct seen *seen)
{
	if (oid_is_zero(m->old_oid))
		return NULL;
	return *seen->sha && !strcmp(seen->oid, m->old_oid) ? seen->sha
							    : m->old_oid;
}

static int insert(struct recorder *rec, struct ref_move *m,
	const struct ref_object *o, const char *ref, const struct seen *seen,
	const char *superseded_by, int superseded, struct err *e)
{
	const struct run_new new_run = {
		.repo = rec->repo,
		.ref = ref,
		.sha = o->sha,
		.git_dir = rec->r->repo->git_dir,
		.trigger = rec->r->trigger,
		.previous_sha = previous_of(m, seen),
		.pusher = rec->r->pusher,
		.subject = o->info.subject,
		.author = o->info.author,
		.pushed_at_ms = rec->now_ms,
		.superseded = superseded,
		.superseded_by = superseded_by,
	};

	return run_insert(rec->db, &new_run, m->run_id, &m->number, e);
}

/*
 * A run that reconcile queued becomes the push's. 1 adopted, 0 it is not one
 * of reconcile's (any more), -1.
 */
static int adopt(struct recorder *rec, struct ref_move *m, const char *run_id,
	struct err *e)
{
	sqlite3_stmt *s = db_stmt(rec->db,
		"UPDATE runs SET \"trigger\" = 'push',"
		" pusher = coalesce(?2, pusher)"
		" WHERE id = ?1 AND \"trigger\" = 'drift' RETURNING number",
		e);
	int rc;

	if (!s)
		return -1;
	db_bind_text(s, 1, run_id);
	db_bind_text(s, 2, rec->r->pusher);
	rc = db_step(rec->db, s, e);
	if (rc == 1) {
		m->number = sqlite3_column_int64(s, 0);
		m->result = rec->skip ? MOVE_NOT_SKIPPED : MOVE_ADOPTED;
		memcpy(m->run_id, run_id,
			strnlen(run_id, sizeof(m->run_id) - 1) + 1);
		m->run_id[sizeof(m->run_id) - 1] = '\0';
	}
	db_done(s);
	return rc;
}

/* The newest run that reconcile queued for this commit of the ref. */
static int find_drift(struct recorder *rec, const char *ref, const char *sha,
	char *id, size_t size, struct err *e)
{
	sqlite3_stmt *s = db_stmt(rec->db,
		"SELECT id FROM (SELECT id, sha, \"trigger\" FROM runs"
		" WHERE repo = ?1 AND ref_name = ?2"
		" ORDER BY push_seq DESC, attempt DESC LIMIT " DRIFT_LOOK_BACK
		") WHERE sha = ?3 AND \"trigger\" = 'drift' LIMIT 1",
		e);
	int rc;

	if (!s)
		return -1;
	db_bind_text(s, 1, rec->repo);
	db_bind_text(s, 2, ref);
	db_bind_text(s, 3, sha);
	rc = db_step(rec->db, s, e);
	if (rc == 1)
		db_col_copy(s, 0, id, size);
	db_done(s);
	return rc;
}

static int push_seq_of(
	struct recorder *rec, const char *id, int64_t *seq, struct err *e)
{
	sqlite3_stmt *s = db_stmt(rec->db, seq_sql, e);
	int rc;

	if (!s)
		return -1;
	db_bind_text(s, 1, id);
	rc = db_step(rec->db, s, e);
	*seq = rc == 1 ? sqlite3_column_int64(s, 0) : 0;
	db_done(s);
	return rc < 0 ? -1 : 0;
}

/* Whether the commit gets a run; else the result is set. */
static int wants_run(const struct recorder *rec, struct ref_move *m,
	const struct ref_object *o, const char *ref)
{
	if (!glob_ref_list(rec->watched, ref)) {
		m->result = MOVE_NOT_WATCHED;
		return 0;
	}
	if (!pipeline_kind_runs(o->kind)) {
		m->result = MOVE_NO_PIPELINE;
		m->hint = pipeline_kind_hint(o->kind);
		return 0;
	}
	return 1;
}

/* The new id is the tip. */
static int record_tip(struct recorder *rec, struct ref_move *m,
	const struct ref_object *o, const struct reftip *tip, struct err *e)
{
	struct seen seen;
	int64_t seq;

	if (read_seen(rec, tip->ref, &seen, e) < 0)
		return -1;
	int is_seen = !strcmp(seen.oid, tip->oid);
	if (is_seen && (*seen.run_id || !rec->is_push)) {
		m->result = MOVE_SEEN;
		return rec->is_push ? adopt(rec, m, seen.run_id, e) : 0;
	}
	if (rec->skip) {
		m->result = MOVE_SKIPPED;
		return is_seen ? 0 : see(rec, tip, o->sha, NULL, e);
	}
	if (!wants_run(rec, m, o, tip->ref)) {
		if (is_seen)
			return 0;
		if (supersede(rec, tip->ref, INT64_MAX, NULL,
			    keeps_running(rec, tip->ref), e) < 0)
			return -1;
		return see(rec, tip, o->sha, NULL, e);
	}
	if (insert(rec, m, o, tip->ref, &seen, NULL, 0, e) < 0 ||
		push_seq_of(rec, m->run_id, &seq, e) < 0 ||
		supersede(rec, tip->ref, seq, m->run_id,
			keeps_running(rec, tip->ref), e) < 0)
		return -1;
	m->result = MOVE_QUEUED;
	return see(rec, tip, o->sha, m->run_id, e);
}

/* The ref has moved on, or is gone. */
static int record_passed(struct recorder *rec, struct ref_move *m,
	const struct ref_object *o, const struct reftip *tip, struct err *e)
{
	char drift[sizeof(((struct run *)0)->id)];
	struct seen seen;
	int rc;

	/* what reconcile saw is past; the next look finds what is there now */
	if (!rec->is_push) {
		m->result = MOVE_PASSED;
		return 0;
	}
	if (!wants_run(rec, m, o, tip->ref)) {
		m->hint = NULL;
		return 0;
	}
	rc = find_drift(rec, tip->ref, o->sha, drift, sizeof(drift), e);
	if (rc == 1)
		rc = adopt(rec, m, drift, e);
	if (rc)
		return rc;
	if (rec->skip) {
		m->result = MOVE_SKIPPED;
		return 0;
	}
	if (read_seen(rec, tip->ref, &seen, e) < 0)
		return -1;

	/* only if the tip's own hook was faster is it known by what */
	int tip_has_run = *seen.run_id && !strcmp(seen.oid, tip->oid);
	m->result = MOVE_SUPERSEDED;
	return insert(rec, m, o, tip->ref, &seen,
		tip_has_run ? seen.run_id : NULL, 1, e);
}

static int record_deletion(struct recorder *rec, struct ref_move *m,
	const struct reftip *tip, struct err *e)
{
	sqlite3_stmt *s;

	m->result = MOVE_SEEN;
	if (*tip->oid)
		return 0; /* it is there again */
	s = db_stmt(rec->db,
		"DELETE FROM refs WHERE repo = ?1 AND ref_name = ?2", e);
	if (!s)
		return -1;
	db_bind_text(s, 1, rec->repo);
	db_bind_text(s, 2, tip->ref);
	if (db_run(rec->db, s, e) < 0)
		return -1;
	m->result = MOVE_DELETED;
	return supersede(rec, tip->ref, INT64_MAX, NULL, 0, e);
}

static int record_move(struct recorder *rec, struct ref_move *m,
	const struct ref_object *o, const struct reftip *tip, struct err *e)
{
	m->result = MOVE_NOT_RECORDED;
	m->hint = NULL;
	m->run_id[0] = '\0';
	if (!tip->known)
		return 0;
	if (oid_is_zero(m->new_oid))
		return record_deletion(rec, m, tip, e);
	if (!o->known)
		return 0;
	if (strcmp(m->new_oid, tip->oid))
		return record_passed(rec, m, o, tip, e);
	return record_tip(rec, m, o, tip, e);
}

static int read_gen(struct recorder *rec, struct err *e)
{
	sqlite3_stmt *s = db_stmt(rec->db, gen_sql, e);
	int rc;

	if (!s)
		return -1;
	db_bind_text(s, 1, rec->repo);
	rc = db_step(rec->db, s, e);
	if (rc == 1)
		rec->gen = sqlite3_column_int64(s, 0);
	db_done(s);
	if (!rc)
		return err_set(e, EXIT_USAGE, "%s: is not registered any more",
			rec->repo);
	return rc < 0 ? -1 : 0;
}

/* 1 the generation is still ours, and is counted up; 0 it is not. */
static int enter(struct recorder *rec, struct err *e)
{
	sqlite3_stmt *s = db_stmt(rec->db, enter_sql, e);

	if (!s)
		return -1;
	db_bind_text(s, 1, rec->repo);
	db_bind_int(s, 2, rec->gen);
	if (db_run(rec->db, s, e) < 0)
		return -1;
	return db_changes(rec->db) == 1;
}

static int read_tips(struct recorder *rec, struct err *e)
{
	reftip_release(rec->tips, rec->n);
	return reftip_read(rec->r->git, rec->names, rec->n, rec->tips, e);
}

/* Inside the transaction, with the right generation. */
static int record_all(
	struct recorder *rec, struct ref_move *moves, struct err *e)
{
	size_t i;

	strv_release(&rec->stopped);
	for (i = 0; i < rec->n; i++)
		if (record_move(rec, &moves[i], &rec->objects[i], &rec->tips[i],
			    e) < 0)
			return -1;
	/* counted when all are in, so that two of one push count right */
	for (i = 0; i < rec->n; i++)
		if (moves[i].result == MOVE_QUEUED &&
			run_ahead(rec->db, moves[i].run_id, &moves[i].ahead,
				e) < 0)
			return -1;
	return 0;
}

/* One attempt. 1 recorded and committed, 0 the generation changed, -1. */
static int attempt(
	struct recorder *rec, struct ref_move *moves, int inside, struct err *e)
{
	int rc;

	if (!inside && read_tips(rec, e) < 0)
		return -1;
	rc = db_begin(rec->db, e);
	if (!rc && inside && (read_gen(rec, e) < 0 || read_tips(rec, e) < 0))
		rc = -1;
	if (!rc)
		rc = enter(rec, e);
	if (rc == 1 && record_all(rec, moves, e) < 0)
		rc = -1;
	if (rc == 1 && db_commit(rec->db, e) < 0)
		rc = -1;
	if (rc != 1)
		db_rollback(rec->db);
	return rc;
}

static int record(struct recorder *rec, struct ref_move *moves, struct err *e)
{
	int rc = 0;

	for (int tries = 0; !rc; tries++) {
		if (tries && read_gen(rec, e) < 0)
			return -1;
		rc = attempt(rec, moves, tries >= TRIES_OUTSIDE, e);
	}
	return rc < 0 ? -1 : 0;
}

/*
 * While git is starting: the settings, and what can be compiled. What is read
 * here for nothing has its pages at hand afterwards.
 */
static int prepare(struct recorder *rec, struct err *e)
{
	static const char *const early[] = { see_sql, enter_sql, seq_sql };
	struct seen seen;
	int64_t ahead;

	rec->watched = setting_get(rec->db, rec->repo, "refs", e);
	rec->keep_running = setting_get(rec->db, rec->repo, "keepRunning", e);
	if (!rec->watched || !rec->keep_running)
		return -1;
	for (size_t i = 0; i < sizeof(early) / sizeof(*early); i++)
		if (!db_stmt(rec->db, early[i], e))
			return -1;
	if (run_prepare(rec->db, e) < 0 ||
		run_ahead(rec->db, "", &ahead, e) < 0)
		return -1;
	return read_seen(rec, rec->names[0], &seen, e);
}

int ref_record(const struct recording *r, struct ref_move *moves, size_t n,
	struct err *e)
{
	struct recorder rec = {
		.r = r,
		.db = r->db,
		.repo = r->repo->name,
		.is_push = !strcmp(r->trigger, "push"),
		.skip = r->skip,
		.n = n,
		.gen = r->repo->refs_gen,
		.now_ms = clock_now_ms(),
		.stopped = STRV_INIT,
	};
	int rc = -1;

	rec.objects = mem_zero(n * sizeof(*rec.objects));
	rec.tips = mem_zero(n * sizeof(*rec.tips));
	rec.names = mem_zero(n * sizeof(*rec.names));
	for (size_t i = 0; i < n; i++)
		rec.names[i] = moves[i].ref;
	if (!prepare(&rec, e) &&
		!ref_objects_ask(r->git, moves, n, rec.objects, e))
		rc = record(&rec, moves, e);
	for (size_t i = 0; !rc && r->stopped && i < rec.stopped.n; i++)
		r->stopped(r->arg, rec.repo, rec.stopped.v[i]);
	for (size_t i = 0; rc && i < n; i++)
		moves[i].result = MOVE_NOT_RECORDED;

	ref_objects_release(rec.objects, n);
	reftip_release(rec.tips, n);
	strv_release(&rec.stopped);
	free(rec.objects);
	free(rec.tips);
	free(rec.names);
	free(rec.watched);
	free(rec.keep_running);
	return rc;
}
