/*
 * pipeline_select.h - a part of a pipeline, for who runs it by hand.
 */
#ifndef QUIRE_BASE_PIPELINE_SELECT_H
#define QUIRE_BASE_PIPELINE_SELECT_H

#include <stddef.h>

#include "base/err.h"
#include "base/pipeline.h"

/*
 * Leaves only the jobs with these ids and what they need, directly or not, in
 * the order of the file. Who names a job wants it, so the `when` of what is
 * left is dropped. -1 with EXIT_USAGE: there is no such job ("did you mean
 * 'build'?"); then the pipeline is as it was.
 */
int pipeline_select(
	struct pipeline *p, char *const *ids, size_t n, struct err *e);

#endif
