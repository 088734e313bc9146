#include "exec/schedule.h"

#include <stdlib.h>

#include "base/mem.h"

enum phase { WAITING, RUNNING, ENDED, FAILED, SKIPPED };

struct schedule_job {
	enum phase phase;
	size_t unmet; /* needs that have not ended well yet */
	size_t needed_by; /* where its list begins, and ends */
	size_t needed_by_end;
};

void schedule_init(struct schedule *s, const struct pipeline *p)
{
	size_t edges = 0;

	*s = (struct schedule){ .p = p };
	s->jobs = mem_zero(p->n_jobs * sizeof(*s->jobs));
	s->queue = mem_resize(NULL, p->n_jobs, sizeof(*s->queue));
	for (size_t i = 0; i < p->n_jobs; i++) {
		s->jobs[i].unmet = p->jobs[i].n_needs;
		edges += p->jobs[i].n_needs;
		for (size_t k = 0; k < p->jobs[i].n_needs; k++)
			s->jobs[p->jobs[i].needs[k]].needed_by_end++;
	}
	/* counts become places in one array, then the places are filled */
	s->needed_by = mem_resize(NULL, edges, sizeof(*s->needed_by));
	for (size_t i = 0, at = 0; i < p->n_jobs; i++) {
		s->jobs[i].needed_by = at;
		at += s->jobs[i].needed_by_end;
		s->jobs[i].needed_by_end = s->jobs[i].needed_by;
	}
	for (size_t i = 0; i < p->n_jobs; i++)
		for (size_t k = 0; k < p->jobs[i].n_needs; k++) {
			struct schedule_job *need =
				&s->jobs[p->jobs[i].needs[k]];
			s->needed_by[need->needed_by_end++] = i;
		}
}

void schedule_release(struct schedule *s)
{
	free(s->jobs);
	free(s->needed_by);
	free(s->queue);
	*s = (struct schedule){ 0 };
}

int schedule_next(struct schedule *s, size_t *job)
{
	while (s->first < s->p->n_jobs && s->jobs[s->first].phase != WAITING)
		s->first++;
	for (size_t i = s->first; i < s->p->n_jobs; i++) {
		if (s->jobs[i].phase != WAITING || s->jobs[i].unmet)
			continue;
		s->jobs[i].phase = RUNNING;
		*job = i;
		return 1;
	}
	return 0;
}

/* Skips all that needs the job, the nearest first. */
static void skip_dependents(
	struct schedule *s, size_t job, schedule_skipped *told, void *arg)
{
	struct buf reason = BUF_INIT;
	size_t head = 0, tail = 0;

	s->queue[tail++] = job;
	while (head < tail) {
		const struct schedule_job *from = &s->jobs[s->queue[head]];

		buf_reset(&reason);
		buf_addf(&reason, "needs '%s', which %s",
			s->p->jobs[s->queue[head++]].id,
			from->phase == FAILED ? "failed" : "was skipped");
		for (size_t i = from->needed_by; i < from->needed_by_end; i++) {
			size_t to = s->needed_by[i];

			if (s->jobs[to].phase != WAITING)
				continue;
			s->jobs[to].phase = SKIPPED;
			told(arg, to, reason.ptr);
			s->queue[tail++] = to;
		}
	}
	buf_release(&reason);
}

void schedule_end(struct schedule *s, size_t job, int well,
	schedule_skipped *told, void *arg)
{
	struct schedule_job *j = &s->jobs[job];

	if (!well) {
		j->phase = FAILED;
		skip_dependents(s, job, told, arg);
		return;
	}
	j->phase = ENDED;
	for (size_t i = j->needed_by; i < j->needed_by_end; i++)
		s->jobs[s->needed_by[i]].unmet--;
}

void schedule_skip(struct schedule *s, size_t job, const char *reason,
	schedule_skipped *told, void *arg)
{
	if (s->jobs[job].phase != WAITING)
		return;
	s->jobs[job].phase = SKIPPED;
	told(arg, job, reason);
	skip_dependents(s, job, told, arg);
}
