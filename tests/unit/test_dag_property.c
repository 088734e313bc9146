/*
 * Random pipelines through the schedule, compared with a model of which job
 * must run, be skipped or fail.
 *
 * The model looks at the whole graph, and knows nothing of order. That a job
 * starts neither too early nor too late is checked on the way: never before
 * all that it needs has ended well, never while a place is free and a job
 * before it in the file is ready, and no more than `parallel` at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pipeline.h"
#include "exec/schedule.h"

#define CASES 20000
#define JOBS_MAX 40
#define PARALLEL_MAX 8

enum fate { UNKNOWN, COMPLETE, FAILED, SKIPPED };

struct trial {
	unsigned seed; /* says all of it */
	uint64_t random;
	struct pipeline p;
	int fails[JOBS_MAX], unmatched[JOBS_MAX];
	/* as it went */
	struct schedule schedule;
	enum fate fate[JOBS_MAX];
	int started[JOBS_MAX];
	size_t running[PARALLEL_MAX];
	size_t n_running;
};

static void wrong(const struct trial *t, size_t job, const char *what)
{
	fail_msg(
		"case %u, job %zu of %zu: %s", t->seed, job, t->p.n_jobs, what);
}

/* xorshift64*, Vigna */
static unsigned roll(struct trial *t, unsigned sides)
{
	t->random ^= t->random >> 12;
	t->random ^= t->random << 25;
	t->random ^= t->random >> 27;
	return (unsigned)((t->random * UINT64_C(2685821657736338717)) >> 33) %
	       sides;
}

/* A graph: job order[i] may need order[k] for k < i, whatever the file has. */
static void make(struct trial *t, unsigned seed)
{
	size_t order[JOBS_MAX], n;
	char id[16];

	*t = (struct trial){ .seed = seed,
		.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) };
	n = 1 + roll(t, JOBS_MAX);
	unsigned density = 2 + roll(t, 12), trouble = 2 + roll(t, 10);
	t->p = (struct pipeline){ .parallel = 1 + (int)roll(t, PARALLEL_MAX),
		.jobs = mem_zero(n * sizeof(*t->p.jobs)),
		.n_jobs = n };
	for (size_t i = 0; i < n; i++) {
		size_t at = roll(t, (unsigned)i + 1);

		order[i] = order[at];
		order[at] = i;
	}
	for (size_t i = 0; i < n; i++) {
		struct job *job = &t->p.jobs[order[i]];

		snprintf(id, sizeof(id), "%zu", order[i]);
		job->id = mem_strdup(id);
		job->needs = mem_resize(NULL, n, sizeof(*job->needs));
		for (size_t k = 0; k < i; k++)
			if (roll(t, density) == 0)
				job->needs[job->n_needs++] = order[k];
		job->allow_failure = roll(t, 4) == 0;
		t->fails[order[i]] = roll(t, trouble) == 0;
		t->unmatched[order[i]] = roll(t, trouble * 2) == 0;
	}
}

/* The model. */
static enum fate model(const struct trial *t, size_t job, enum fate *known)
{
	const struct job *j = &t->p.jobs[job];

	if (known[job] != UNKNOWN)
		return known[job];
	enum fate fate = t->unmatched[job] ? SKIPPED
			 : t->fails[job]   ? FAILED
					   : COMPLETE;
	for (size_t k = 0; k < j->n_needs; k++) {
		size_t need = j->needs[k];
		enum fate its = model(t, need, known);

		if (its == SKIPPED ||
			(its == FAILED && !t->p.jobs[need].allow_failure))
			fate = SKIPPED;
	}
	return known[job] = fate;
}

/* The reason names a job that this one needs, and what became of it. */
static int is_true(const struct trial *t, size_t job, const char *reason)
{
	const struct job *j = &t->p.jobs[job];
	char id[16] = "", what[16] = "";

	if (strcmp(reason, "when") == 0)
		return t->unmatched[job];
	if (sscanf(reason, "needs '%15[0-9]', which %15[a-z ]", id, what) != 2)
		return 0;
	for (size_t k = 0; k < j->n_needs; k++)
		if (strcmp(t->p.jobs[j->needs[k]].id, id) == 0)
			return t->fate[j->needs[k]] == FAILED
				       ? strcmp(what, "failed") == 0
				       : t->fate[j->needs[k]] == SKIPPED &&
						 strcmp(what, "was skipped") ==
							 0;
	return 0;
}

static void tell(void *arg, size_t job, const char *reason)
{
	struct trial *t = arg;

	if (t->started[job] || t->fate[job] != UNKNOWN)
		wrong(t, job, "skipped, but it has begun or ended");
	if (!is_true(t, job, reason))
		wrong(t, job, reason);
	t->fate[job] = SKIPPED;
}

static int is_ready(const struct trial *t, size_t job)
{
	const struct job *j = &t->p.jobs[job];

	if (t->started[job] || t->fate[job] != UNKNOWN)
		return 0;
	for (size_t k = 0; k < j->n_needs; k++) {
		size_t need = j->needs[k];

		if (t->fate[need] != COMPLETE &&
			!(t->fate[need] == FAILED &&
				t->p.jobs[need].allow_failure))
			return 0;
	}
	return 1;
}

/* As the executor does: while there is a place, the next one. */
static void start_ready(struct trial *t)
{
	size_t job = 0, first;

	while (t->n_running < (size_t)t->p.parallel) {
		for (first = 0; first < t->p.n_jobs; first++)
			if (is_ready(t, first))
				break;
		int got = schedule_next(&t->schedule, &job);
		if (got != (first < t->p.n_jobs))
			wrong(t, first, got ? "none was ready" : "was ready");
		if (!got)
			break;
		if (job != first)
			wrong(t, job, "began before one that comes first");
		t->started[job] = 1;
		t->running[t->n_running++] = job;
	}
}

/* One of those that run, whichever. */
static void end_one(struct trial *t)
{
	size_t at = roll(t, (unsigned)t->n_running), job = t->running[at];

	t->running[at] = t->running[--t->n_running];
	t->fate[job] = t->fails[job] ? FAILED : COMPLETE;
	schedule_end(&t->schedule, job,
		!t->fails[job] || t->p.jobs[job].allow_failure, tell, t);
}

static void play(struct trial *t, size_t count[])
{
	enum fate known[JOBS_MAX] = { UNKNOWN };

	schedule_init(&t->schedule, &t->p);
	for (size_t i = 0; i < t->p.n_jobs; i++)
		if (t->unmatched[i])
			schedule_skip(&t->schedule, i, "when", tell, t);
	start_ready(t);
	while (t->n_running) {
		end_one(t);
		start_ready(t);
	}
	for (size_t i = 0; i < t->p.n_jobs; i++) {
		if (t->fate[i] != model(t, i, known))
			wrong(t, i, "the model says other");
		count[t->fate[i]]++;
	}
	schedule_release(&t->schedule);
	pipeline_release(&t->p);
}

static void every_job_meets_the_fate_that_the_graph_says(void **state)
{
	size_t count[4] = { 0 };
	struct trial t;

	(void)state;
	for (unsigned seed = 0; seed < CASES; seed++) {
		make(&t, seed);
		play(&t, count);
	}
	print_message("# %d pipelines: %zu jobs complete, %zu failed, %zu "
		      "skipped\n",
		CASES, count[COMPLETE], count[FAILED], count[SKIPPED]);
	/* none of it is rare, or the cases say little */
	for (int fate = COMPLETE; fate <= SKIPPED; fate++)
		assert_true(count[fate] > CASES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_job_meets_the_fate_that_the_graph_says),
	};

	return cmocka_run_group_tests_name("dag", tests, NULL, NULL);
}
