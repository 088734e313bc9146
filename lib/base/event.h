/*
 * event.h - the event stream between quire-ci and whoever started it.
 *
 * One JSON object a line (quire-events(5)). A reader is given whole lines and
 * is never stopped by one: a torn line, an unknown type, an unknown field cost
 * nothing but themselves.
 */
#ifndef QUIRE_BASE_EVENT_H
#define QUIRE_BASE_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum event_type {
	EVENT_UNKNOWN, /* well-formed, of a type that this program does not know */
	EVENT_PIPELINE, /* jobs[], timeout_ms: what there is to do */
	EVENT_JOB_STARTED, /* job_id */
	EVENT_SH_STARTED, /* job_id, n, cmd */
	EVENT_SH_FINISHED, /* job_id, n, exit_code */
	EVENT_ARTIFACT, /* job_id, path, size: a file of it was kept */
	EVENT_JOB_FINISHED, /* job_id, outcome complete|failed, reason, cause */
	EVENT_JOB_SKIPPED, /* job_id, reason */
	EVENT_RUN_FINISHED, /* outcome success|pipeline-failure, reason, cause */
	/* status, signal, reason, cause: written by the supervisor */
	EVENT_EXECUTOR_EXITED,
};

#define EVENT_CAUSE_DISK_FULL "disk-full" /* no space was left for a log */
#define EVENT_CAUSE_TIMEOUT "timeout" /* its supervisor ended it */

struct event_job {
	char *id;
	struct strv needs;
	int allow_failure;
};

struct event {
	enum event_type type;
	int64_t at_ms; /* -1 if missing */
	char *job_id; /* NULL where the type has none */
	int n; /* command number from 1; 0 if missing */
	char *cmd;
	int exit_code;
	char *outcome;
	char *reason; /* a line for the page, or NULL */
	char *cause; /* of a failure that is not the author's, or NULL */
	int64_t timeout_ms; /* pipeline: its own limit; 0: none given */
	struct event_job *jobs;
	size_t n_jobs;
	char *path; /* below artifacts/ */
	int64_t size; /* bytes */
	int status, signal; /* executor_exited: exit status, or -1 and signal */
};

/* Appends the line, newline included. Fields that the type lacks are not
 * written; at_ms below 0 becomes the present time. */
void event_write(struct buf *b, const struct event *ev);
/* Reads one line (with or without its newline). -1 if it is no event at all:
 * no JSON object, no type, a field of the wrong kind that the type needs. */
int event_parse(struct event *ev, const char *line, size_t len, struct err *e);
void event_release(struct event *ev);

#endif
