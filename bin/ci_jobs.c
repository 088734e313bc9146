#include "ci_jobs.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

void ci_jobs_init(struct ci_jobs *jobs, const struct pipeline *p)
{
	*jobs = (struct ci_jobs){ .pipeline = p };
	jobs->v = mem_zero(p->n_jobs * sizeof(*jobs->v));
}

void ci_jobs_release(struct ci_jobs *jobs)
{
	for (size_t i = 0; jobs->v && i < jobs->pipeline->n_jobs; i++) {
		free(jobs->v[i].reason);
		free(jobs->v[i].cmd);
	}
	free(jobs->v);
	*jobs = (struct ci_jobs){ 0 };
}

struct ci_job *ci_jobs_find(const struct ci_jobs *jobs, const char *id)
{
	for (size_t i = 0; id && i < jobs->pipeline->n_jobs; i++)
		if (strcmp(jobs->pipeline->jobs[i].id, id) == 0)
			return &jobs->v[i];
	return NULL;
}

int64_t ci_job_span(const struct ci_job *job)
{
	if (job->state == CI_ACTIVE)
		return clock_mono_ms() - job->began_ms;
	return job->span_ms;
}

size_t ci_jobs_count(const struct ci_jobs *jobs, enum ci_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < jobs->pipeline->n_jobs; i++)
		n += jobs->v[i].state == state;
	return n;
}

static void set_plain(char **to, const char *text, size_t len)
{
	struct buf plain = BUF_INIT;

	utf8_add_plain(&plain, text, len, 0);
	free(*to);
	*to = buf_detach(&plain);
}

static enum ci_state outcome(
	const struct ci_jobs *jobs, const struct ci_job *job, const char *word)
{
	if (strcmp(word, "complete") == 0)
		return CI_COMPLETE;
	return jobs->pipeline->jobs[job - jobs->v].allow_failure ? CI_ALLOWED
								 : CI_FAILED;
}

static void end_job(
	struct ci_jobs *jobs, struct ci_job *job, const struct event *ev)
{
	if (ev->type == EVENT_JOB_SKIPPED) {
		job->state = CI_SKIPPED;
	} else {
		job->state = outcome(jobs, job, ev->outcome);
		if (job->began_ms)
			job->span_ms = clock_mono_ms() - job->began_ms;
	}
	if (ev->reason)
		set_plain(&job->reason, ev->reason, strlen(ev->reason));
	job->order = ++jobs->changes;
}

void ci_jobs_event(struct ci_jobs *jobs, const struct event *ev)
{
	struct ci_job *job = ci_jobs_find(jobs, ev->job_id);

	if (!job)
		return;
	switch (ev->type) {
	case EVENT_JOB_STARTED:
		job->state = CI_ACTIVE;
		job->began_ms = clock_mono_ms();
		job->order = ++jobs->changes;
		break;
	case EVENT_SH_STARTED:
		job->n = ev->n;
		set_plain(&job->cmd, ev->cmd, strcspn(ev->cmd, "\n"));
		break;
	case EVENT_JOB_FINISHED:
	case EVENT_JOB_SKIPPED:
		end_job(jobs, job, ev);
		break;
	default:
		break;
	}
}

const char *ci_state_word(enum ci_state state)
{
	static const char *const words[CI_N_STATES] = {
		[CI_PENDING] = "not run",
		[CI_ACTIVE] = "aborted",
		[CI_COMPLETE] = "complete",
		[CI_FAILED] = "failed",
		[CI_ALLOWED] = "failed (allowed)",
		[CI_SKIPPED] = "skipped",
	};

	return words[state];
}

const char *ci_state_colour(enum ci_state state)
{
	static const char *const colours[CI_N_STATES] = {
		[CI_PENDING] = CI_YELLOW,
		[CI_ACTIVE] = CI_RED,
		[CI_COMPLETE] = CI_GREEN,
		[CI_FAILED] = CI_RED,
		[CI_ALLOWED] = CI_YELLOW,
		[CI_SKIPPED] = CI_YELLOW,
	};

	return colours[state];
}
