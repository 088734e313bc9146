#include "ci_outline.h"

#include <stdlib.h>

#include "base/mem.h"

/* The longest chain of needs above each job. Passes over the jobs until
 * nothing changes: as many as the longest chain against the file's order. */
static void measure_chains(const struct pipeline *p, size_t *chain)
{
	int changed = 1;

	while (changed) {
		changed = 0;
		for (size_t i = 0; i < p->n_jobs; i++)
			for (size_t k = 0; k < p->jobs[i].n_needs; k++) {
				size_t above = chain[p->jobs[i].needs[k]] + 1;

				if (above > chain[i]) {
					chain[i] = above;
					changed = 1;
				}
			}
	}
}

void ci_outline_init(struct ci_outline *o, const struct pipeline *p)
{
	size_t *chain = mem_zero(p->n_jobs * sizeof(*chain));

	o->n = p->n_jobs;
	o->parent = mem_resize(NULL, o->n, sizeof(*o->parent));
	measure_chains(p, chain);
	for (size_t i = 0; i < o->n; i++) {
		o->parent[i] = CI_NO_JOB;
		for (size_t k = 0; k < p->jobs[i].n_needs; k++) {
			size_t need = p->jobs[i].needs[k];

			if (o->parent[i] == CI_NO_JOB ||
				chain[need] > chain[o->parent[i]])
				o->parent[i] = need;
		}
	}
	free(chain);
}

void ci_outline_release(struct ci_outline *o)
{
	free(o->parent);
	*o = (struct ci_outline){ 0 };
}

/* The shown jobs below each other: the first child and the next sibling. */
struct links {
	size_t *parent, *child, *next;
	size_t first;
	unsigned char *more;
};

static size_t shown_ancestor(
	const struct ci_outline *o, const char *shown, size_t job)
{
	do
		job = o->parent[job];
	while (job != CI_NO_JOB && !shown[job]);
	return job;
}

static void link_up(
	struct links *l, const struct ci_outline *o, const char *shown)
{
	l->first = CI_NO_JOB;
	for (size_t i = 0; i < o->n; i++)
		l->child[i] = CI_NO_JOB;
	/* from the end, so that the lists are in the order of the file */
	for (size_t i = o->n; i-- > 0;) {
		if (!shown[i])
			continue;
		l->parent[i] = shown_ancestor(o, shown, i);
		size_t *list = l->parent[i] == CI_NO_JOB
				       ? &l->first
				       : &l->child[l->parent[i]];
		l->next[i] = *list;
		*list = i;
	}
}

static void walk(const struct links *l,
	void (*row)(void *arg, const struct ci_row *r), void *arg)
{
	size_t job = l->first, depth = 0;

	while (job != CI_NO_JOB) {
		if (depth)
			l->more[depth] = l->next[job] != CI_NO_JOB;
		row(arg, &(struct ci_row){ job, depth, l->more,
				 l->child[job] != CI_NO_JOB });
		if (l->child[job] != CI_NO_JOB) {
			job = l->child[job];
			depth++;
			continue;
		}
		while (job != CI_NO_JOB && l->next[job] == CI_NO_JOB) {
			job = l->parent[job];
			depth--;
		}
		if (job != CI_NO_JOB)
			job = l->next[job];
	}
}

void ci_outline_walk(const struct ci_outline *o, const char *shown,
	void (*row)(void *arg, const struct ci_row *r), void *arg)
{
	size_t *places = mem_zero(3 * o->n * sizeof(*places));
	struct links l = { places, places + o->n, places + 2 * o->n, 0,
		mem_zero(o->n + 1) };

	link_up(&l, o, shown);
	walk(&l, row, arg);
	free(l.more);
	free(places);
}
