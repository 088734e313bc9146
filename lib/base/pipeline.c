#include "base/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonwalk.h"
#include "base/mem.h"
#include "base/pipeline_env.h"
#include "base/pipeline_graph.h"
#include "base/pipeline_job.h"

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
		size_t back = jsonwalk_enter_nth(at, i);

		if (pipeline_parse_job(at, json_object_array_get_idx(o, i),
			    &doc->p->jobs[i], &doc->needs[i]) < 0)
			return -1;
		jsonwalk_leave(at, back);
	}
	return 0;
}

static int parse_top_timeout(
	struct jsonwalk *at, struct json_object *o, void *to)
{
	return pipeline_parse_timeout(
		at, o, &((struct document *)to)->p->timeout_ms);
}

static int parse_top_env(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct pipeline *p = ((struct document *)to)->p;

	return pipeline_parse_env(at, o, &p->env, &p->n_env);
}

static int parse_parallel(struct jsonwalk *at, struct json_object *o, void *to)
{
	struct pipeline *p = ((struct document *)to)->p;
	int64_t n;

	if (jsonwalk_int(at, o, 1, PIPELINE_MAX_PARALLEL, &n) < 0)
		return -1;
	p->parallel = (int)n;
	return 0;
}

static int parse_history(struct jsonwalk *at, struct json_object *o, void *to)
{
	if (jsonwalk_want(at, o, json_type_boolean, "true or false") < 0)
		return -1;
	((struct document *)to)->p->history = json_object_get_boolean(o);
	return 0;
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

void pipeline_release(struct pipeline *p)
{
	for (size_t i = 0; i < p->n_jobs; i++)
		pipeline_release_job(&p->jobs[i]);
	free(p->jobs);
	pipeline_release_env(p->env, p->n_env);
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
