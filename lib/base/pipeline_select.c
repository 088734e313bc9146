#include "base/pipeline_select.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/near.h"
#include "base/pipeline_graph.h"
#include "base/pipeline_job.h"

static int no_such_job(const struct pipeline *p, const char *id, struct err *e)
{
	const char **ids = mem_zero(p->n_jobs * sizeof(*ids));

	for (size_t i = 0; i < p->n_jobs; i++)
		ids[i] = p->jobs[i].id;
	const char *near = near_word(id, ids, p->n_jobs);
	if (near)
		err_set(e, EXIT_USAGE, "no job '%s' (did you mean '%s'?)", id,
			near);
	else
		err_set(e, EXIT_USAGE,
			"no job '%s' (quire ci run --list: those there are)",
			id);
	free(ids);
	return -1;
}

/* The job and all that it needs; list has room for every job. */
static int mark_named(const struct pipeline *p, const char *id, char *kept,
	size_t *list, struct err *e)
{
	for (size_t i = 0; i < p->n_jobs; i++)
		if (strcmp(p->jobs[i].id, id) == 0) {
			kept[i] = 1;
			pipeline_all_needs(p, &p->jobs[i], kept, list);
			return 0;
		}
	return no_such_job(p, id, e);
}

static void drop_when(struct when *w)
{
	strv_release(&w->branch);
	strv_release(&w->tag);
	strv_release(&w->paths);
	*w = (struct when){ 0 };
}

/* Closes the gaps; a need is at another place then. */
static void drop_others(struct pipeline *p, const char *kept, size_t *place)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_jobs; i++) {
		place[i] = n;
		if (!kept[i]) {
			pipeline_release_job(&p->jobs[i]);
			continue;
		}
		drop_when(&p->jobs[i].when);
		p->jobs[n++] = p->jobs[i];
	}
	p->n_jobs = n;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < p->jobs[i].n_needs; k++)
			p->jobs[i].needs[k] = place[p->jobs[i].needs[k]];
}

int pipeline_select(
	struct pipeline *p, char *const *ids, size_t n, struct err *e)
{
	char *kept = mem_zero(p->n_jobs);
	size_t *numbers = mem_zero(p->n_jobs * sizeof(*numbers));
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = mark_named(p, ids[i], kept, numbers, e);
	if (ret == 0)
		drop_others(p, kept, numbers);
	free(numbers);
	free(kept);
	return ret;
}
