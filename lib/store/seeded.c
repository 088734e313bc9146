#include "store/seeded.h"

int seed_is_seeded(struct db *db, struct err *e)
{
	sqlite3_stmt *s = db_prep(db,
		"SELECT 1 FROM settings WHERE repo = '' AND key = 'seeded'"
		" AND value = 'on'",
		e);

	if (!s)
		return -1;
	int found = db_step(db, s, e);
	sqlite3_finalize(s);
	return found;
}

/* Runs a statement that is bound, once, and drops it. */
static int run_once(struct db *db, sqlite3_stmt *s, struct err *e)
{
	int got = db_step(db, s, e);

	sqlite3_finalize(s);
	return got < 0 ? -1 : 0;
}

int seed_mark(struct db *db, struct err *e)
{
	return db_exec(db,
		"INSERT INTO settings (repo, key, value)"
		" VALUES ('', 'seeded', 'on')",
		e);
}

/* Later runs, if somebody makes any, are numbered behind this one. */
static int raise_counters(struct db *db, const struct run *r, struct err *e)
{
	sqlite3_stmt *s = db_prep(db,
		"UPDATE repos SET last_number = max(last_number, ?2)"
		" WHERE name = ?1",
		e);

	if (!s)
		return -1;
	db_bind_text(s, 1, r->repo);
	db_bind_int(s, 2, r->number);
	if (run_once(db, s, e) < 0)
		return -1;

	s = db_prep(db,
		"UPDATE counters SET value = max(value, ?1)"
		" WHERE name = 'push_seq'",
		e);
	if (!s)
		return -1;
	db_bind_int(s, 1, r->push_seq);
	return run_once(db, s, e);
}

int seed_put_run(struct db *db, const struct run *r, struct err *e)
{
	sqlite3_stmt *s = db_prep(db,
		"INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms,"
		" state, failure_kind, queued_at_ms, started_at_ms,"
		" finished_at_ms, git_dir, traceparent, number, push_seq,"
		" attempt, \"trigger\", previous_sha, pusher, subject,"
		" author, superseded_by, rerun_of, sandbox, reason)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
		" ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
		e);

	if (!s)
		return -1;
	db_bind_text(s, 1, r->id);
	db_bind_text(s, 2, r->repo);
	db_bind_text(s, 3, r->ref);
	db_bind_text(s, 4, r->sha);
	db_bind_int(s, 5, r->pushed_at_ms);
	db_bind_text(s, 6, run_state_name(r->state));
	db_bind_text(s, 7, r->failure_kind);
	db_bind_int(s, 8, r->queued_at_ms);
	db_bind_ms(s, 9, r->started_at_ms);
	db_bind_ms(s, 10, r->finished_at_ms);
	db_bind_text(s, 11, r->git_dir);
	db_bind_text(s, 12, r->traceparent);
	db_bind_int(s, 13, r->number);
	db_bind_int(s, 14, r->push_seq);
	db_bind_int(s, 15, r->attempt);
	db_bind_text(s, 16, r->trigger);
	db_bind_text(s, 17, r->previous_sha);
	db_bind_text(s, 18, r->pusher);
	db_bind_text(s, 19, r->subject);
	db_bind_text(s, 20, r->author);
	db_bind_text(s, 21, r->superseded_by);
	db_bind_text(s, 22, r->rerun_of);
	db_bind_text(s, 23, r->sandbox);
	db_bind_text(s, 24, r->reason);
	if (run_once(db, s, e) < 0)
		return -1;
	return raise_counters(db, r, e);
}

static int put_sh(struct db *db, const char *run_id, const char *job_id,
	const struct sh *sh, struct err *e)
{
	sqlite3_stmt *s = db_prep(db,
		"INSERT INTO sh_events (run_id, job_id, n, started_at_ms,"
		" finished_at_ms, exit_code, cmd)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		e);

	if (!s)
		return -1;
	db_bind_text(s, 1, run_id);
	db_bind_text(s, 2, job_id);
	db_bind_int(s, 3, sh->n);
	db_bind_int(s, 4, sh->started_at_ms);
	db_bind_ms(s, 5, sh->finished_at_ms);
	if (sh->finished_at_ms >= 0)
		db_bind_int(s, 6, sh->exit_code);
	db_bind_text(s, 7, sh->cmd);
	return run_once(db, s, e);
}

static int put_job(struct db *db, const char *run_id, int64_t position,
	const struct job_row *job, struct err *e)
{
	sqlite3_stmt *s = db_prep(db,
		"INSERT INTO jobs (run_id, job_id, state, exit_code,"
		" started_at_ms, finished_at_ms, position, needs,"
		" allow_failure, reason)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
		e);

	if (!s)
		return -1;
	db_bind_text(s, 1, run_id);
	db_bind_text(s, 2, job->id);
	db_bind_text(s, 3, job->state);
	if (job->exit_code >= 0)
		db_bind_int(s, 4, job->exit_code);
	db_bind_ms(s, 5, job->started_at_ms);
	db_bind_ms(s, 6, job->finished_at_ms);
	db_bind_int(s, 7, position);
	db_bind_text(s, 8, job->needs ? job->needs : "");
	db_bind_int(s, 9, job->allow_failure);
	db_bind_text(s, 10, job->reason);
	return run_once(db, s, e);
}

int seed_put_jobs(struct db *db, const char *run_id, const struct job_row *jobs,
	size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (put_job(db, run_id, (int64_t)i + 1, &jobs[i], e) < 0)
			return -1;
		for (size_t k = 0; k < jobs[i].n_sh; k++) {
			if (put_sh(db, run_id, jobs[i].id, &jobs[i].sh[k], e) <
				0)
				return -1;
		}
	}
	return 0;
}

int seed_put_ref(struct db *db, const struct run *r, struct err *e)
{
	sqlite3_stmt *s = db_prep(db,
		"INSERT INTO refs (repo, ref_name, oid, sha, run_id,"
		" seen_at_ms) VALUES (?1, ?2, ?3, ?3, ?4, ?5)"
		" ON CONFLICT (repo, ref_name) DO UPDATE SET oid = ?3,"
		" sha = ?3, run_id = ?4, seen_at_ms = ?5",
		e);

	if (!s)
		return -1;
	db_bind_text(s, 1, r->repo);
	db_bind_text(s, 2, r->ref);
	db_bind_text(s, 3, r->sha);
	db_bind_text(s, 4, r->id);
	db_bind_int(s, 5, r->pushed_at_ms);
	return run_once(db, s, e);
}
