/*
 * jobreport.h - what a job's process says to the executor: the frames of
 * jobrun.h, queued. Nothing that it says has a secret of the job in it.
 */
#ifndef QUIRE_EXEC_JOBREPORT_H
#define QUIRE_EXEC_JOBREPORT_H

#include "base/crilog.h"
#include "base/event.h"
#include "base/redact.h"
#include "exec/sendq.h"

struct jobreport {
	struct sendq up;
	const char *job_id;
	struct redactor *redactor; /* of the job's secrets; NULL: none */
	int stopped; /* nobody listens, or wants to: say nothing further */
};

/* With the job's id and the present time; texts of the event lose secrets. */
void jobreport_event(struct jobreport *r, struct event ev);
/* arg is the report: what a pump without a log gives. */
void jobreport_output(
	void *arg, enum crilog_stream stream, const char *data, size_t len);

#endif
