#include "base/event.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

/* What a type is called, and which fields it has. */
enum field {
	F_JOB_ID = 1 << 0,
	F_N = 1 << 1,
	F_CMD = 1 << 2,
	F_EXIT_CODE = 1 << 3,
	F_OUTCOME = 1 << 4,
	F_REASON = 1 << 5,
	F_JOBS = 1 << 6,
	F_EXIT = 1 << 7,
	F_CAUSE = 1 << 8,
	F_PATH = 1 << 9, /* and size */
};

static const struct shape {
	const char *name;
	unsigned fields;
} shapes[] = {
	[EVENT_UNKNOWN] = { NULL, 0 },
	[EVENT_PIPELINE] = { "pipeline", F_JOBS },
	[EVENT_JOB_STARTED] = { "job_started", F_JOB_ID },
	[EVENT_SH_STARTED] = { "sh_started", F_JOB_ID | F_N | F_CMD },
	[EVENT_SH_FINISHED] = { "sh_finished", F_JOB_ID | F_N | F_EXIT_CODE },
	[EVENT_ARTIFACT] = { "artifact", F_JOB_ID | F_PATH },
	[EVENT_JOB_FINISHED] = { "job_finished",
		F_JOB_ID | F_OUTCOME | F_REASON | F_CAUSE },
	[EVENT_JOB_SKIPPED] = { "job_skipped", F_JOB_ID | F_REASON },
	[EVENT_RUN_FINISHED] = { "run_finished",
		F_OUTCOME | F_REASON | F_CAUSE },
	[EVENT_EXECUTOR_EXITED] = { "executor_exited",
		F_EXIT | F_REASON | F_CAUSE },
};

#define N_SHAPES (sizeof(shapes) / sizeof(*shapes))

static struct json_object *jobs_to_json(const struct event *ev)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < ev->n_jobs; i++) {
		const struct event_job *job = &ev->jobs[i];
		struct json_object *o = json_object_new_object();
		struct json_object *needs = json_object_new_array();

		json_add_str(o, "id", job->id);
		for (size_t k = 0; k < job->needs.n; k++)
			json_object_array_add(
				needs, json_object_new_string(job->needs.v[k]));
		json_object_object_add(o, "needs", needs);
		if (job->allow_failure)
			json_add_bool(o, "allow_failure", 1);
		json_object_array_add(list, o);
	}
	return list;
}

void event_write(struct buf *b, const struct event *ev)
{
	const struct shape *shape = &shapes[ev->type];
	struct json_object *o = json_object_new_object();

	json_add_int(o, "at_ms", ev->at_ms < 0 ? clock_now_ms() : ev->at_ms);
	json_add_str(o, "type", shape->name ? shape->name : "unknown");
	if (shape->fields & F_JOB_ID)
		json_add_str(o, "job_id", ev->job_id);
	if ((shape->fields & F_N) && ev->n)
		json_add_int(o, "n", ev->n);
	if (shape->fields & F_CMD)
		json_add_str(o, "cmd", ev->cmd);
	if (shape->fields & F_EXIT_CODE)
		json_add_int(o, "exit_code", ev->exit_code);
	if (shape->fields & F_PATH) {
		json_add_str(o, "path", ev->path);
		json_add_int(o, "size", ev->size);
	}
	if (shape->fields & F_OUTCOME)
		json_add_str(o, "outcome", ev->outcome);
	if ((shape->fields & F_REASON) && ev->reason)
		json_add_str(o, "reason", ev->reason);
	if ((shape->fields & F_CAUSE) && ev->cause)
		json_add_str(o, "cause", ev->cause);
	if (shape->fields & F_JOBS) {
		if (ev->timeout_ms > 0)
			json_add_int(o, "timeout_ms", ev->timeout_ms);
		json_object_object_add(o, "jobs", jobs_to_json(ev));
	}
	if (shape->fields & F_EXIT) {
		json_add_int(o, "status", ev->status);
		json_add_int(o, "signal", ev->signal);
	}
	json_write(b, o, 0);
	buf_addc(b, '\n');
	json_object_put(o);
}

/* The member as a copy. Missing (or null) is NULL; 0, or -1: no string. */
static int take_str(struct json_object *o, const char *key, char **to)
{
	struct json_object *value;

	if (!json_object_object_get_ex(o, key, &value) || !value)
		return 0;
	if (!json_object_is_type(value, json_type_string))
		return -1;
	*to = mem_strdup(json_object_get_string(value));
	return 0;
}

/* A missing (or null) member leaves *to alone; -1: no whole number of the
 * range. */
static int take_int(struct json_object *o, const char *key, int64_t min,
	int64_t max, int64_t *to)
{
	struct json_object *value;

	if (!json_object_object_get_ex(o, key, &value) || !value)
		return 0;
	if (!json_object_is_type(value, json_type_int))
		return -1;
	int64_t n = json_object_get_int64(value);
	if (n < min || n > max)
		return -1;
	*to = n;
	return 0;
}

static int take_small(struct json_object *o, const char *key, int min, int *to)
{
	int64_t n = *to;

	if (take_int(o, key, min, INT_MAX, &n) < 0)
		return -1;
	*to = (int)n;
	return 0;
}

static int take_job(struct json_object *o, struct event_job *job)
{
	struct json_object *needs, *flag;

	if (!json_object_is_type(o, json_type_object) ||
		take_str(o, "id", &job->id) < 0 || !job->id)
		return -1;
	if (json_object_object_get_ex(o, "allow_failure", &flag))
		job->allow_failure = json_object_get_boolean(flag);
	if (!json_object_object_get_ex(o, "needs", &needs) || !needs)
		return 0;
	if (!json_object_is_type(needs, json_type_array))
		return -1;
	for (size_t i = 0; i < json_object_array_length(needs); i++) {
		struct json_object *need = json_object_array_get_idx(needs, i);

		if (!json_object_is_type(need, json_type_string))
			return -1;
		strv_push(&job->needs, json_object_get_string(need));
	}
	return 0;
}

static int take_jobs(struct json_object *o, struct event *ev)
{
	struct json_object *list;

	if (!json_object_object_get_ex(o, "jobs", &list) ||
		!json_object_is_type(list, json_type_array))
		return -1;
	size_t n = json_object_array_length(list);
	ev->jobs = mem_zero((n + 1) * sizeof(*ev->jobs));
	ev->n_jobs = n;
	for (size_t i = 0; i < n; i++)
		if (take_job(json_object_array_get_idx(list, i), &ev->jobs[i]) <
			0)
			return -1;
	return take_int(o, "timeout_ms", 0, INT64_MAX, &ev->timeout_ms);
}

static int has(struct json_object *o, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(o, key, &value) && value;
}

/* The fields that the type has; the name of a bad one, or NULL. */
static const char *take_fields(
	struct event *ev, struct json_object *o, unsigned fields)
{
	if ((fields & F_JOB_ID) && (take_str(o, "job_id", &ev->job_id) < 0 ||
					   !ev->job_id || !*ev->job_id))
		return "job_id";
	if ((fields & F_N) && take_small(o, "n", 1, &ev->n) < 0)
		return "n";
	if ((fields & F_CMD) && (take_str(o, "cmd", &ev->cmd) < 0 || !ev->cmd))
		return "cmd";
	if ((fields & F_EXIT_CODE) &&
		(!has(o, "exit_code") ||
			take_small(o, "exit_code", 0, &ev->exit_code) < 0))
		return "exit_code";
	if ((fields & F_OUTCOME) &&
		(take_str(o, "outcome", &ev->outcome) < 0 || !ev->outcome))
		return "outcome";
	if (fields & F_PATH) {
		if (take_str(o, "path", &ev->path) < 0 || !ev->path)
			return "path";
		if (take_int(o, "size", 0, INT64_MAX, &ev->size) < 0)
			return "size";
	}
	/* only for people: one of the wrong kind costs nothing */
	if ((fields & F_REASON) && take_str(o, "reason", &ev->reason) < 0)
		ev->reason = NULL;
	if ((fields & F_CAUSE) && take_str(o, "cause", &ev->cause) < 0)
		ev->cause = NULL;
	if ((fields & F_JOBS) && take_jobs(o, ev) < 0)
		return "jobs";
	if (fields & F_EXIT) {
		if (take_small(o, "status", -1, &ev->status) < 0)
			return "status";
		if (take_small(o, "signal", 0, &ev->signal) < 0)
			return "signal";
	}
	return NULL;
}

static enum event_type find_type(const char *name)
{
	for (size_t i = 1; i < N_SHAPES; i++)
		if (strcmp(shapes[i].name, name) == 0)
			return (enum event_type)i;
	return EVENT_UNKNOWN;
}

int event_parse(struct event *ev, const char *line, size_t len, struct err *e)
{
	*ev = (struct event){ .at_ms = -1, .status = -1 };

	struct json_object *o = json_parse(line, len, e);
	if (!o)
		return -1;
	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return err_set(e, EXIT_RED, "an event is an object");
	}
	const char *name = json_get_str(o, "type");
	if (!name) {
		json_object_put(o);
		return err_set(e, EXIT_RED, "an event has a type");
	}
	ev->type = find_type(name);
	ev->at_ms = json_get_int(o, "at_ms", -1);
	const char *bad = take_fields(ev, o, shapes[ev->type].fields);
	if (bad) {
		err_set(e, EXIT_RED, "%s: bad or missing", bad);
		event_release(ev);
	}
	json_object_put(o);
	return bad ? -1 : 0;
}

void event_release(struct event *ev)
{
	for (size_t i = 0; i < ev->n_jobs; i++) {
		free(ev->jobs[i].id);
		strv_release(&ev->jobs[i].needs);
	}
	free(ev->jobs);
	free(ev->job_id);
	free(ev->cmd);
	free(ev->outcome);
	free(ev->reason);
	free(ev->path);
	free(ev->cause);
	*ev = (struct event){ .at_ms = -1, .status = -1 };
}
