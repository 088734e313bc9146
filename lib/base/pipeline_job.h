/*
 * pipeline_job.h - a job, as the document of its pipeline has it.
 */
#ifndef QUIRE_BASE_PIPELINE_JOB_H
#define QUIRE_BASE_PIPELINE_JOB_H

#include "base/jsonwalk.h"
#include "base/pipeline.h"

/* A time limit, as "30m". */
int pipeline_parse_timeout(
	struct jsonwalk *at, struct json_object *o, int64_t *to);

/* Fills the zeroed job, but for its needs: those are names until all jobs are
 * known. To be released after an error, too. */
int pipeline_parse_job(struct jsonwalk *at, struct json_object *o,
	struct job *job, struct strv *needs);
void pipeline_release_job(struct job *job);

#endif
