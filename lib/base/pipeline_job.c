#include "base/fs.h"
#include "base/pipeline_job.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pipeline_command.h"
#include "base/pipeline_env.h"
#include "base/units.h"

#define ID_MAX 64
#define CPUS_MIN 0.01
#define CPUS_MAX 4096
#define PROCESSES_MAX 4194304 /* the kernel numbers no more */

int pipeline_parse_timeout(
	struct jsonwalk *at, struct json_object *o, int64_t *to)
{
	const char *s = jsonwalk_str(at, o);
	struct err why;

	if (!s)
		return -1;
	if (units_duration(s, to, &why) < 0)
		return jsonwalk_fail(at, "%s", why.text);
	return 0;
}

/* What belongs to a job while it is parsed: needs are names until all jobs
 * are known. */
struct draft {
	struct job *job;
	struct strv *needs;
};

static int parse_id(struct jsonwalk *at, struct json_object *o, void *to)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	struct draft *draft = to;
	const char *s = jsonwalk_str(at, o);

	if (!s)
		return -1;
	size_t len = strlen(s);
	if (len < 1 || len > ID_MAX || s[strspn(s, allowed)] || fs_is_dots(s))
		return jsonwalk_fail(at,
			"'%.*s' is no id: 1 to %d of A-Z a-z 0-9 . _ -, "
			"not . or ..",
			ID_MAX, s, ID_MAX);
	draft->job->id = mem_strdup(s);
	return 0;
}

static int parse_run(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct job *job = ((struct draft *)to)->job;
	int is_list = json_object_is_type(o, json_type_array);

	if (!is_list && !json_object_is_type(o, json_type_string))
		return jsonwalk_fail(at,
			"%s, not a command or a list of commands",
			jsonwalk_kind(o));
	if (is_list && jsonwalk_list(at, o) < 0)
		return -1;
	size_t n = is_list ? json_object_array_length(o) : 1;
	job->run = mem_zero(n * sizeof(*job->run));
	job->n_run = n;
	if (!is_list)
		return pipeline_parse_command(at, o, &job->run[0]);
	for (size_t i = 0; i < n; i++) {
		size_t back = jsonwalk_enter_nth(at, i);

		if (pipeline_parse_command(at, json_object_array_get_idx(o, i),
			    &job->run[i]) < 0)
			return -1;
		jsonwalk_leave(at, back);
	}
	return 0;
}

static int parse_needs(struct jsonwalk *at, struct json_object *o, void *to)
{
	return jsonwalk_strings(at, o, ((struct draft *)to)->needs);
}

static int parse_globs(
	struct jsonwalk *at, struct json_object *o, int *given, struct strv *to)
{
	*given = 1;
	if (json_object_is_type(o, json_type_array))
		return jsonwalk_strings(at, o, to);
	if (!json_object_is_type(o, json_type_string))
		return jsonwalk_fail(at, "%s, not a glob or a list of globs",
			jsonwalk_kind(o));
	const char *s = jsonwalk_str(at, o);
	if (!s)
		return -1;
	strv_push(to, s);
	return 0;
}

static int parse_branch(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct when *w = to;

	return parse_globs(at, o, &w->has_branch, &w->branch);
}

static int parse_tag(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct when *w = to;

	return parse_globs(at, o, &w->has_tag, &w->tag);
}

static int parse_paths(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct when *w = to;

	return parse_globs(at, o, &w->has_paths, &w->paths);
}

static int parse_when(struct jsonwalk *at, struct json_object *o, void *to)
{
	static const struct jsonwalk_key keys[] = {
		{ "branch", parse_branch },
		{ "tag", parse_tag },
		{ "paths", parse_paths },
	};

	return jsonwalk_keys(at, o, keys, sizeof(keys) / sizeof(*keys),
		&((struct draft *)to)->job->when);
}

static int parse_job_env(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct job *job = ((struct draft *)to)->job;

	return pipeline_parse_env(at, o, &job->env, &job->n_env);
}

static int parse_job_timeout(
	struct jsonwalk *at, struct json_object *o, void *to)
{
	return pipeline_parse_timeout(
		at, o, &((struct draft *)to)->job->timeout_ms);
}

static int parse_allow_failure(
	struct jsonwalk *at, struct json_object *o, void *to)
{
	if (jsonwalk_want(at, o, json_type_boolean, "true or false") < 0)
		return -1;
	((struct draft *)to)->job->allow_failure = json_object_get_boolean(o);
	return 0;
}

static int parse_secrets(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct job *job = ((struct draft *)to)->job;

	return pipeline_parse_secrets(at, o, &job->secrets, &job->n_secrets);
}

/* A variable has one value: which of two would be meant? */
static int check_secrets(struct jsonwalk *at, const struct job *job)
{
	for (size_t i = 0; i < job->n_secrets; i++)
		for (size_t k = 0; k < job->n_env; k++) {
			if (strcmp(job->secrets[i].name, job->env[k].name) != 0)
				continue;
			jsonwalk_enter(at, "secrets");
			jsonwalk_enter(at, job->secrets[i].name);
			return jsonwalk_fail(at, "in env too");
		}
	return 0;
}

/* What a job leaves must lie in its workspace, by its name already. */
static const char *artifact_fault(const char *glob)
{
	if (!*glob)
		return "an empty glob";
	if (*glob == '/')
		return "begins at /, not at the top of the workspace";
	for (const char *part = glob;; part++) {
		size_t len = strcspn(part, "/");

		if (len == 2 && part[0] == '.' && part[1] == '.')
			return "'..' leads out of the workspace";
		part += len;
		if (!*part)
			return NULL;
	}
}

static int parse_artifacts(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct strv *globs = &((struct draft *)to)->job->artifacts;
	int given;

	if (parse_globs(at, o, &given, globs) < 0)
		return -1;
	for (size_t i = 0; i < globs->n; i++) {
		const char *fault = artifact_fault(globs->v[i]);

		if (!fault)
			continue;
		if (json_object_is_type(o, json_type_array))
			jsonwalk_enter_nth(at, i);
		return jsonwalk_fail(at, "%s", fault);
	}
	return 0;
}

static int parse_memory(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct resources *r = to;
	const char *s = jsonwalk_str(at, o);
	struct err why;

	if (!s)
		return -1;
	if (units_size(s, &r->memory_bytes, &why) < 0)
		return jsonwalk_fail(at, "%s", why.text);
	if (!r->memory_bytes)
		return jsonwalk_fail(at, "must be more than 0");
	return 0;
}

static int parse_cpus(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct resources *r = to;

	if (!json_object_is_type(o, json_type_int) &&
		jsonwalk_want(at, o, json_type_double, "a number") < 0)
		return -1;
	double cpus = json_object_get_double(o);
	/* written so that a NaN is refused, too */
	if (!(cpus >= CPUS_MIN && cpus <= CPUS_MAX))
		return jsonwalk_fail(
			at, "must be from %.2f to %d", CPUS_MIN, CPUS_MAX);
	r->cpus_milli = (int64_t)(cpus * 1000 + 0.5);
	return 0;
}

static int parse_processes(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct resources *r = to;

	return jsonwalk_int(at, o, 1, PROCESSES_MAX, &r->processes);
}

static int parse_resources(struct jsonwalk *at, struct json_object *o, void *to)
{
	static const struct jsonwalk_key keys[] = {
		{ "memory", parse_memory },
		{ "cpus", parse_cpus },
		{ "processes", parse_processes },
	};

	return jsonwalk_keys(at, o, keys, sizeof(keys) / sizeof(*keys),
		&((struct draft *)to)->job->resources);
}

int pipeline_parse_job(struct jsonwalk *at, struct json_object *o,
	struct job *job, struct strv *needs)
{
	static const struct jsonwalk_key keys[] = {
		{ "id", parse_id },
		{ "run", parse_run },
		{ "needs", parse_needs },
		{ "when", parse_when },
		{ "env", parse_job_env },
		{ "timeout", parse_job_timeout },
		{ "allow-failure", parse_allow_failure },
		{ "secrets", parse_secrets },
		{ "artifacts", parse_artifacts },
		{ "resources", parse_resources },
	};

	struct draft draft = { job, needs };

	if (jsonwalk_keys(at, o, keys, sizeof(keys) / sizeof(*keys), &draft) <
		0)
		return -1;
	if (!job->id)
		return jsonwalk_fail(at, "no id");
	if (!job->run)
		return jsonwalk_fail(at, "no run: what is this job to do?");
	return check_secrets(at, job);
}

void pipeline_release_job(struct job *job)
{
	for (size_t i = 0; i < job->n_run; i++)
		pipeline_release_command(&job->run[i]);
	free(job->run);
	free(job->needs);
	free(job->id);
	strv_release(&job->when.branch);
	strv_release(&job->when.tag);
	strv_release(&job->when.paths);
	pipeline_release_env(job->env, job->n_env);
	pipeline_release_env(job->secrets, job->n_secrets);
	strv_release(&job->artifacts);
}
