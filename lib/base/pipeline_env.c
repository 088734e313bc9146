#include "base/pipeline_env.h"

#include <stdlib.h>
#include <string.h>

#include "base/envword.h"
#include "base/mem.h"
#include "base/name.h"

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

static int check_variable(struct jsonwalk *at, const char *name)
{
	if (!envword_is_name(name, strlen(name)))
		return jsonwalk_fail(at, "not a name for a variable");
	if (is_quires_own(name))
		return jsonwalk_fail(at, "set by quire itself");
	return 0;
}

/* An object whose values have to stand the check. */
static int parse_variables(struct jsonwalk *at, struct json_object *o,
	struct env_var **env, size_t *n,
	int (*check)(const char *value, struct err *e))
{
	struct err why;

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
		if (check_variable(at, name) < 0)
			return -1;
		if (check && check(s, &why) < 0)
			return jsonwalk_fail(at, "%s", why.text);
		(*env)[(*n)++] =
			(struct env_var){ mem_strdup(name), mem_strdup(s) };
		jsonwalk_leave(at, back);
	}
	return 0;
}

int pipeline_parse_env(struct jsonwalk *at, struct json_object *o,
	struct env_var **env, size_t *n)
{
	return parse_variables(at, o, env, n, NULL);
}

int pipeline_parse_secrets(struct jsonwalk *at, struct json_object *o,
	struct env_var **secrets, size_t *n)
{
	return parse_variables(at, o, secrets, n, name_check_secret);
}

void pipeline_release_env(struct env_var *env, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(env[i].name);
		free(env[i].value);
	}
	free(env);
}

static void drop_variable(struct env_var *env, size_t *n, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (strcmp(env[i].name, name) == 0) {
			free(env[i].name);
			free(env[i].value);
		} else {
			env[kept++] = env[i];
		}
	*n = kept;
}

int pipeline_set_env(struct pipeline *p, const char *word, struct err *e)
{
	const char *equals = strchr(word, '=');

	if (!equals || !envword_is_name(word, (size_t)(equals - word)))
		return err_set(e, EXIT_USAGE, "'%s' is not NAME=VALUE", word);
	char *name = mem_strndup(word, (size_t)(equals - word));
	if (is_quires_own(name)) {
		err_set(e, EXIT_USAGE, "%s: set by quire itself", name);
		free(name);
		return -1;
	}
	drop_variable(p->env, &p->n_env, name);
	for (size_t i = 0; i < p->n_jobs; i++)
		drop_variable(p->jobs[i].env, &p->jobs[i].n_env, name);
	p->env = mem_resize(p->env, p->n_env + 1, sizeof(*p->env));
	p->env[p->n_env++] = (struct env_var){ name, mem_strdup(equals + 1) };
	return 0;
}
