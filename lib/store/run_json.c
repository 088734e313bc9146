#include "store/run_json.h"

#include <string.h>

#include "base/utf8.h"

/* -1 is NULL in the row and null here */
static void add_code(struct json_object *o, const char *key, int code)
{
	if (code < 0)
		json_add_str(o, key, NULL);
	else
		json_add_int(o, key, code);
}

static struct json_object *sh_to_json(const struct sh *sh)
{
	struct json_object *o = json_object_new_object();

	json_add_int(o, "n", sh->n);
	json_add_str(o, "cmd", sh->cmd);
	add_code(o, "exit_code", sh->exit_code);
	json_add_ms(o, "started_at_ms", sh->started_at_ms);
	json_add_ms(o, "finished_at_ms", sh->finished_at_ms);
	return o;
}

/* The ids of needs, which are joined by blanks. */
static struct json_object *needs_to_json(const char *needs)
{
	struct json_object *list = json_object_new_array();

	for (const char *p = needs ? needs : ""; *p;) {
		size_t len = strcspn(p, " ");
		struct buf id = BUF_INIT;

		utf8_add(&id, p, len);
		if (len)
			json_object_array_add(
				list, json_object_new_string_len(
					      id.ptr, (int)id.len));
		buf_release(&id);
		p += len + (p[len] == ' ');
	}
	return list;
}

static struct json_object *job_to_json(const struct job_row *job)
{
	struct json_object *o = json_object_new_object();
	struct json_object *sh = json_object_new_array();

	json_add_str(o, "id", job->id);
	json_add_str(o, "state", job->state);
	add_code(o, "exit_code", job->exit_code);
	json_add_str(o, "reason", job->reason);
	json_object_object_add(o, "needs", needs_to_json(job->needs));
	json_add_bool(o, "allow_failure", job->allow_failure);
	json_add_ms(o, "started_at_ms", job->started_at_ms);
	json_add_ms(o, "finished_at_ms", job->finished_at_ms);
	for (size_t i = 0; i < job->n_sh; i++)
		json_object_array_add(sh, sh_to_json(&job->sh[i]));
	json_object_object_add(o, "sh", sh);
	return o;
}

struct json_object *run_to_json(
	const struct run *r, const struct job_row *jobs, size_t n_jobs)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list;

	json_add_str(o, "id", r->id);
	json_add_int(o, "number", r->number);
	json_add_str(o, "repo", r->repo);
	json_add_str(o, "ref", r->ref);
	json_add_str(o, "sha", r->sha);
	json_add_str(o, "state", run_state_name(r->state));
	json_add_str(o, "failure_kind", r->failure_kind);
	json_add_str(o, "reason", r->reason);
	json_add_str(o, "trigger", r->trigger);
	json_add_int(o, "push_seq", r->push_seq);
	json_add_int(o, "attempt", r->attempt);
	json_add_str(o, "previous_sha", r->previous_sha);
	json_add_str(o, "pusher", r->pusher);
	json_add_str(o, "subject", r->subject);
	json_add_str(o, "author", r->author);
	json_add_str(o, "superseded_by", r->superseded_by);
	json_add_str(o, "rerun_of", r->rerun_of);
	json_add_str(o, "sandbox", r->sandbox);
	json_add_str(o, "traceparent", r->traceparent);
	json_add_ms(o, "pushed_at_ms", r->pushed_at_ms);
	json_add_ms(o, "queued_at_ms", r->queued_at_ms);
	json_add_ms(o, "started_at_ms", r->started_at_ms);
	json_add_ms(o, "finished_at_ms", r->finished_at_ms);
	if (jobs) {
		list = json_object_new_array();
		for (size_t i = 0; i < n_jobs; i++)
			json_object_array_add(list, job_to_json(&jobs[i]));
		json_object_object_add(o, "jobs", list);
	}
	return o;
}
