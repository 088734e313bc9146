#include "base/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonwalk.h"
#include "base/mem.h"
#include "base/pipeline_graph.h"
#include "base/units.h"

#define ID_MAX 64

static int not_supported(struct jsonwalk *at, struct json_object *o, void *to)
{
	(void)o;
	(void)to;
	return jsonwalk_fail(at, "not supported by this version of quire");
}

static int parse_timeout(
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

/* What quire tells a job must be true, so a pipeline can't say otherwise. */
static int is_quires_own(const char *name)
{
	static const char *const own[] = { "QUIRE_RUN_ID", "QUIRE_RUN_NUMBER",
		"QUIRE_REPO", "QUIRE_REF", "QUIRE_BRANCH", "QUIRE_TAG",
		"QUIRE_SHA", "QUIRE_PREVIOUS_SHA", "QUIRE_PUSHER",
		"QUIRE_SUBJECT", "QUIRE_CHANGED", "QUIRE_JOB",
		"QUIRE_WORKSPACE", "QUIRE_CACHE", "QUIRE_OUTPUT",
		"QUIRE_INPUTS" };

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (strcmp(own[i], name) == 0)
			return 1;
	return 0;
}

static int is_env_name(const char *s)
{
	if (!*s || (*s >= '0' && *s <= '9'))
		return 0;
	for (; *s; s++)
		if (!(*s == '_' || (*s >= '0' && *s <= '9') ||
			    (*s >= 'A' && *s <= 'Z') ||
			    (*s >= 'a' && *s <= 'z')))
			return 0;
	return 1;
}

static int parse_env(struct jsonwalk *at, struct json_object *o,
	struct env_var **env, size_t *n)
{
	if (jsonwalk_want(at, o, json_type_object, "an object") < 0)
		return -1;
	*env = mem_zero(
		((size_t)json_object_object_length(o) + 1) * sizeof(**env));
	json_object_object_foreach(o, name, value)
	{
		size_t back = jsonwalk_enter(at, name);
		const char *s = jsonwalk_str(at, value);

		if (!s)
			return -1;
		if (!is_env_name(name))
			return jsonwalk_fail(at, "not a name for a variable");
		if (is_quires_own(name))
			return jsonwalk_fail(at, "set by quire itself");
		(*env)[(*n)++] =
			(struct env_var){ mem_strdup(name), mem_strdup(s) };
		jsonwalk_leave(at, back);
	}
	return 0;
}

/* The argument as a shell would need it, for people to read and copy. */
static void add_quoted(struct buf *b, const char *arg)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz"
				   "0123456789_./:=@%+,-";

	if (*arg && arg[strspn(arg, safe)] == '\0') {
		buf_adds(b, arg);
		return;
	}
	buf_addc(b, '\'');
	for (; *arg; arg++)
		if (*arg == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *arg);
	buf_addc(b, '\'');
}

static int parse_command(
	struct jsonwalk *at, struct json_object *o, struct command *to)
{
	struct buf text = BUF_INIT;

	if (json_object_is_type(o, json_type_array)) {
		if (jsonwalk_strings(at, o, &to->argv) < 0)
			return -1;
		if (!*to->argv.v[0])
			return jsonwalk_fail(at, "the program's name is empty");
		for (size_t i = 0; i < to->argv.n; i++) {
			if (i)
				buf_addc(&text, ' ');
			add_quoted(&text, to->argv.v[i]);
		}
		to->text = buf_detach(&text);
		return 0;
	}
	if (!json_object_is_type(o, json_type_string))
		return jsonwalk_fail(at,
			"%s, not a command (a string or a list of "
			"strings)",
			jsonwalk_kind(o));
	const char *s = jsonwalk_str(at, o);
	if (!s)
		return -1;
	if (!*s)
		return jsonwalk_fail(at, "an empty command");
	to->shell = 1;
	to->text = mem_strdup(s);
	strv_push(&to->argv, "sh");
	strv_push(&to->argv, "-c");
	strv_push(&to->argv, "--"); /* the command may begin with a '-' */
	strv_push(&to->argv, s);
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
	if (len < 1 || len > ID_MAX || s[strspn(s, allowed)] ||
		strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
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
		return parse_command(at, o, &job->run[0]);
	for (size_t i = 0; i < n; i++) {
		size_t back = jsonwalk_enter_nth(at, i);

		if (parse_command(at, json_object_array_get_idx(o, i),
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

	return parse_env(at, o, &job->env, &job->n_env);
}

static int parse_job_timeout(
	struct jsonwalk *at, struct json_object *o, void *to)
{
	return parse_timeout(at, o, &((struct draft *)to)->job->timeout_ms);
}

static int parse_allow_failure(
	struct jsonwalk *at, struct json_object *o, void *to)
{
	if (jsonwalk_want(at, o, json_type_boolean, "true or false") < 0)
		return -1;
	((struct draft *)to)->job->allow_failure = json_object_get_boolean(o);
	return 0;
}

static int parse_job(
	struct jsonwalk *at, struct json_object *o, struct draft *to)
{
	static const struct jsonwalk_key keys[] = {
		{ "id", parse_id },
		{ "run", parse_run },
		{ "needs", parse_needs },
		{ "when", parse_when },
		{ "env", parse_job_env },
		{ "timeout", parse_job_timeout },
		{ "allow-failure", parse_allow_failure },
		{ "secrets", not_supported },
		{ "artifacts", not_supported },
		{ "resources", not_supported },
	};

	if (jsonwalk_keys(at, o, keys, sizeof(keys) / sizeof(*keys), to) < 0)
		return -1;
	if (!to->job->id)
		return jsonwalk_fail(at, "no id");
	if (!to->job->run)
		return jsonwalk_fail(at, "no run: what is this job to do?");
	return 0;
}

/* The document while it is parsed. */
struct document {
	struct pipeline *p;
	struct strv *needs; /* of each job */
};

static int parse_jobs(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct document *doc = to;

	if (jsonwalk_list(at, o) < 0)
		return -1;
	size_t n = json_object_array_length(o);
	doc->p->jobs = mem_zero(n * sizeof(*doc->p->jobs));
	doc->needs = mem_zero(n * sizeof(*doc->needs));
	doc->p->n_jobs = n;
	for (size_t i = 0; i < n; i++) {
		struct draft draft = { &doc->p->jobs[i], &doc->needs[i] };
		size_t back = jsonwalk_enter_nth(at, i);

		if (parse_job(at, json_object_array_get_idx(o, i), &draft) < 0)
			return -1;
		jsonwalk_leave(at, back);
	}
	return 0;
}

static int parse_top_timeout(
	struct jsonwalk *at, struct json_object *o, void *to)
{
	return parse_timeout(at, o, &((struct document *)to)->p->timeout_ms);
}

static int parse_top_env(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct pipeline *p = ((struct document *)to)->p;

	return parse_env(at, o, &p->env, &p->n_env);
}

static int parse_parallel(struct jsonwalk *at, struct json_object *o, void *to)
{
	(void)to; /* 1 is what it is without */
	if (jsonwalk_want(at, o, json_type_int, "a whole number") < 0)
		return -1;
	if (json_object_get_int64(o) < 1)
		return jsonwalk_fail(at, "must be 1 or more");
	if (json_object_get_int64(o) > 1)
		return jsonwalk_fail(
			at, "only 1 is supported by this version of quire");
	return 0;
}

static int parse_history(struct jsonwalk *at, struct json_object *o, void *to)
{
	if (jsonwalk_want(at, o, json_type_boolean, "true or false") < 0)
		return -1;
	return json_object_get_boolean(o) ? not_supported(at, o, to) : 0;
}

static int parse_document(
	struct document *doc, struct json_object *o, struct err *e)
{
	static const struct jsonwalk_key keys[] = {
		{ "timeout", parse_top_timeout },
		{ "parallel", parse_parallel },
		{ "env", parse_top_env },
		{ "history", parse_history },
		{ "jobs", parse_jobs },
	};
	struct jsonwalk at = { BUF_INIT, e };
	int ret =
		jsonwalk_keys(&at, o, keys, sizeof(keys) / sizeof(*keys), doc);

	if (ret == 0 && !doc->p->jobs)
		ret = jsonwalk_fail(&at, "no jobs");
	buf_release(&at.path);
	return ret;
}

int pipeline_parse(
	struct pipeline *p, const char *text, size_t len, struct err *e)
{
	struct document doc = { p, NULL };

	if (len > PIPELINE_MAX_BYTES)
		return err_set(e, EXIT_RED, "larger than %d bytes, the limit",
			PIPELINE_MAX_BYTES);
	struct json_object *o = json_parse(text, len, e);
	if (!o) {
		if (e)
			e->status =
				EXIT_RED; /* the writer's fault, like all here */
		return -1;
	}
	p->parallel = 1;
	int ret = parse_document(&doc, o, e);
	if (ret == 0)
		ret = pipeline_link(p, doc.needs, e);
	for (size_t i = 0; doc.needs && i < p->n_jobs; i++)
		strv_release(&doc.needs[i]);
	free(doc.needs);
	json_object_put(o);
	if (ret < 0)
		pipeline_release(p);
	return ret;
}

static void release_env(struct env_var *env, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(env[i].name);
		free(env[i].value);
	}
	free(env);
}

static void release_job(struct job *job)
{
	for (size_t i = 0; i < job->n_run; i++) {
		strv_release(&job->run[i].argv);
		free(job->run[i].text);
	}
	free(job->run);
	free(job->needs);
	free(job->id);
	strv_release(&job->when.branch);
	strv_release(&job->when.tag);
	strv_release(&job->when.paths);
	release_env(job->env, job->n_env);
}

void pipeline_release(struct pipeline *p)
{
	for (size_t i = 0; i < p->n_jobs; i++)
		release_job(&p->jobs[i]);
	free(p->jobs);
	release_env(p->env, p->n_env);
	*p = (struct pipeline){ 0 };
}

void pipeline_add_timeout(struct buf *b, int64_t ms)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
		{ "s", 1000 }, { "ms", 1 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (ms < units[i].ms)
			continue;
		buf_addf(b, "%lld%s", (long long)(ms / units[i].ms),
			units[i].name);
		ms %= units[i].ms;
	}
}
