#include "base/pipeline_graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/near.h"

#define NOWHERE ((size_t)-1)

struct name {
	const char *id;
	size_t job;
};

static int by_id(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	return order ? order : (x->job > y->job) - (x->job < y->job);
}

static int compare_id(const void *key, const void *element)
{
	return strcmp(key, ((const struct name *)element)->id);
}

/* The jobs by name, sorted; NULL if two have the same. */
static struct name *index_jobs(const struct pipeline *p, struct err *e)
{
	struct name *index = mem_resize(NULL, p->n_jobs, sizeof(*index));
	const struct name *twice = NULL;

	for (size_t i = 0; i < p->n_jobs; i++)
		index[i] = (struct name){ p->jobs[i].id, i };
	qsort(index, p->n_jobs, sizeof(*index), by_id);
	/* of several, the first in the file is told */
	for (size_t i = 1; i < p->n_jobs; i++)
		if (strcmp(index[i - 1].id, index[i].id) == 0 &&
			(!twice || index[i].job < twice->job))
			twice = &index[i];
	if (!twice)
		return index;

	const struct name *first = bsearch(
		twice->id, index, p->n_jobs, sizeof(*index), compare_id);
	while (first > index && strcmp(first[-1].id, first->id) == 0)
		first--;
	err_set(e, EXIT_RED, "jobs[%zu].id: '%s' is the id of jobs[%zu] too",
		twice->job, twice->id, first->job);
	free(index);
	return NULL;
}

static int no_such_job(const struct pipeline *p, size_t job, size_t need,
	const char *name, struct err *e)
{
	const char **ids = mem_resize(NULL, p->n_jobs, sizeof(*ids));

	for (size_t i = 0; i < p->n_jobs; i++)
		ids[i] = p->jobs[i].id;
	const char *near = near_word(name, ids, p->n_jobs);
	if (near)
		err_set(e, EXIT_RED,
			"jobs[%zu].needs[%zu]: no job '%.64s' "
			"(did you mean '%s'?)",
			job, need, name, near);
	else
		err_set(e, EXIT_RED, "jobs[%zu].needs[%zu]: no job '%.64s'",
			job, need, name);
	free(ids);
	return -1;
}

/* seen[j] is the last job that was found to need j. */
static int link_job(struct pipeline *p, size_t i, const struct strv *names,
	const struct name *index, size_t *seen, struct err *e)
{
	struct job *job = &p->jobs[i];

	if (!names->n)
		return 0;
	job->needs = mem_resize(NULL, names->n, sizeof(*job->needs));
	for (size_t k = 0; k < names->n; k++) {
		const struct name *found = bsearch(names->v[k], index,
			p->n_jobs, sizeof(*index), compare_id);

		if (!found)
			return no_such_job(p, i, k, names->v[k], e);
		if (seen[found->job] == i)
			return err_set(e, EXIT_RED,
				"jobs[%zu].needs[%zu]: '%s' is there twice", i,
				k, names->v[k]);
		seen[found->job] = i;
		job->needs[job->n_needs++] = found->job;
	}
	return 0;
}

/* The stack holds a way from one job to the next; it closes at job `to`. */
static int say_cycle(const struct pipeline *p, const size_t *stack,
	size_t depth, size_t to, struct err *e)
{
	struct buf way = BUF_INIT;
	size_t from = 0;

	while (stack[from] != to)
		from++;
	for (size_t i = from; i < depth; i++)
		buf_addf(&way, "%s -> ", p->jobs[stack[i]].id);
	buf_adds(&way, p->jobs[to].id);
	err_set(e, EXIT_RED, "jobs[%zu].needs: a cycle: %s", to, way.ptr);
	buf_release(&way);
	return -1;
}

/* Depth first, without recursion: a file may hold a chain of any length. */
static int find_cycle(const struct pipeline *p, struct err *e)
{
	enum { NEW, ON_WAY, DONE };
	char *colour = mem_zero(p->n_jobs);
	size_t *stack = mem_resize(NULL, p->n_jobs, sizeof(*stack));
	size_t *next = mem_zero(p->n_jobs * sizeof(*next));
	int ret = 0;

	for (size_t root = 0; root < p->n_jobs && ret == 0; root++) {
		size_t depth = 0;

		if (colour[root] != NEW)
			continue;
		stack[depth++] = root;
		colour[root] = ON_WAY;
		while (depth && ret == 0) {
			size_t at = stack[depth - 1];

			if (next[at] == p->jobs[at].n_needs) {
				colour[at] = DONE;
				depth--;
				continue;
			}
			size_t to = p->jobs[at].needs[next[at]++];
			if (colour[to] == ON_WAY) {
				ret = say_cycle(p, stack, depth, to, e);
			} else if (colour[to] == NEW) {
				colour[to] = ON_WAY;
				stack[depth++] = to;
			}
		}
	}
	free(colour);
	free(stack);
	free(next);
	return ret;
}

int pipeline_link(struct pipeline *p, const struct strv *names, struct err *e)
{
	struct name *index = index_jobs(p, e);
	int ret = 0;

	if (!index)
		return -1;
	size_t *seen = mem_resize(NULL, p->n_jobs, sizeof(*seen));
	for (size_t i = 0; i < p->n_jobs; i++)
		seen[i] = NOWHERE;
	for (size_t i = 0; i < p->n_jobs && ret == 0; i++)
		ret = link_job(p, i, &names[i], index, seen, e);
	if (ret == 0)
		ret = find_cycle(p, e);
	free(seen);
	free(index);
	return ret;
}

size_t pipeline_all_needs(const struct pipeline *p, const struct job *job,
	char *seen, size_t *list)
{
	size_t n = 0, next = 0;

	for (;; job = &p->jobs[list[next++]]) {
		for (size_t i = 0; i < job->n_needs; i++) {
			size_t need = job->needs[i];

			if (!seen[need]) {
				seen[need] = 1;
				list[n++] = need;
			}
		}
		if (next == n)
			return n;
	}
}
