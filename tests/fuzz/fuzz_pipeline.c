/* Any bytes as a pipeline: refused in one line, or one that can be run. */
#include "fuzz.h"

#include <string.h>

#include "base/pipeline.h"
#include "exec/schedule.h"

static void count_skipped(void *arg, size_t job, const char *reason)
{
	size_t *skipped = arg;

	(void)job;
	MUST(*reason);
	++*skipped;
}

/* Every job ends, once, whichever of them fail. */
static void run_through(const struct pipeline *p, unsigned failures)
{
	struct schedule s;
	size_t ended = 0, skipped = 0, job;

	schedule_init(&s, p);
	while (schedule_next(&s, &job)) {
		int well = !(failures & 1);

		MUST(job < p->n_jobs);
		failures = failures >> 1 | failures << 31;
		ended++;
		schedule_end(&s, job, well || p->jobs[job].allow_failure,
			count_skipped, &skipped);
	}
	MUST(ended + skipped == p->n_jobs);
	schedule_release(&s);
}

static void look(const struct pipeline *p)
{
	struct buf why = BUF_INIT;

	MUST(p->n_jobs > 0 && p->parallel >= 1 && p->timeout_ms >= 0);
	for (size_t i = 0; i < p->n_jobs; i++) {
		const struct job *job = &p->jobs[i];

		MUST(job->id && *job->id && job->n_run > 0);
		for (size_t k = 0; k < i; k++)
			MUST(strcmp(p->jobs[k].id, job->id) != 0);
		for (size_t k = 0; k < job->n_needs; k++)
			MUST(job->needs[k] < p->n_jobs && job->needs[k] != i);
		for (size_t k = 0; k < job->n_run; k++)
			MUST(job->run[k].argv.n && job->run[k].text);
		buf_reset(&why);
		if (!when_matches(
			    &job->when, "main", NULL, "a/b.c\0d", 8, &why))
			MUST(why.len);
	}
	buf_release(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pipeline p = { 0 };
	struct err e = { 0 };

	if (pipeline_parse(&p, (const char *)data, len, &e) < 0) {
		MUST(e.text[0] && !strchr(e.text, '\n'));
		return 0;
	}
	look(&p);
	run_through(&p, 0);
	run_through(&p, ~0U);
	run_through(&p, (unsigned)len * 2654435761U);
	pipeline_release(&p);
	return 0;
}
