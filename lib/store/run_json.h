/*
 * run_json.h - a run as JSON: `quire show --json`, `quire runs --json`, and
 * the pages that end in .json, all the same.
 *
 * Keys: id, number, repo, ref, sha, state, failure_kind, reason, trigger,
 * push_seq, attempt, previous_sha, pusher, subject, author, superseded_by,
 * rerun_of, sandbox, traceparent, pushed_at_ms, queued_at_ms, started_at_ms,
 * finished_at_ms; with jobs also jobs:[{id, state, exit_code, reason, needs:[],
 * allow_failure, started_at_ms, finished_at_ms, sh:[{n, cmd, exit_code,
 * started_at_ms, finished_at_ms}]}]. What is NULL in the row is null here.
 * Quoted and bound names may be any bytes: made UTF-8, see json.h.
 */
#ifndef QUIRE_STORE_RUN_JSON_H
#define QUIRE_STORE_RUN_JSON_H

#include "base/json.h"
#include "store/job.h"
#include "store/run.h"

/* jobs NULL: without the key "jobs". The caller puts the object. */
struct json_object *run_to_json(
	const struct run *r, const struct job_row *jobs, size_t n_jobs);

#endif
