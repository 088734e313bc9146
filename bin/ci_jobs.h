/*
 * ci_jobs.h - what has become of the jobs so far, from the events.
 */
#ifndef QUIRE_CI_JOBS_H
#define QUIRE_CI_JOBS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/event.h"
#include "base/pipeline.h"

enum ci_state {
	CI_PENDING,
	CI_ACTIVE,
	CI_COMPLETE,
	CI_FAILED,
	CI_ALLOWED, /* failed, and may */
	CI_SKIPPED,
};
#define CI_N_STATES (CI_SKIPPED + 1)

struct ci_job {
	enum ci_state state;
	int64_t began_ms; /* monotonic; 0: never */
	int64_t span_ms; /* that it took, when it has ended */
	char *reason; /* one line, fit for a terminal; or NULL */
	int n; /* the command that runs, or ran last, from 1; 0: none */
	char *cmd; /* its first line, fit for a terminal */
	size_t order; /* of its last change of state among all, from 1 */
};

struct ci_jobs {
	const struct pipeline *pipeline;
	struct ci_job *v; /* as in the pipeline */
	size_t changes;
};

/* The pipeline must outlive it. */
void ci_jobs_init(struct ci_jobs *jobs, const struct pipeline *p);
void ci_jobs_release(struct ci_jobs *jobs);
void ci_jobs_event(struct ci_jobs *jobs, const struct event *ev);
/* NULL for a job that is none: the stream may know more than the file. */
struct ci_job *ci_jobs_find(const struct ci_jobs *jobs, const char *id);
/* How long it has taken. */
int64_t ci_job_span(const struct ci_job *job);
size_t ci_jobs_count(const struct ci_jobs *jobs, enum ci_state state);

/* After the run: "complete", "failed (allowed)", "not run"; one that was cut
 * off is "aborted". */
const char *ci_state_word(enum ci_state state);
/* The sequence that begins its colour. */
const char *ci_state_colour(enum ci_state state);

#define CI_BOLD "\033[1m"
#define CI_FAINT "\033[2m"
#define CI_RED "\033[31m"
#define CI_GREEN "\033[32m"
#define CI_YELLOW "\033[33m"
#define CI_PLAIN "\033[0m"

#endif
