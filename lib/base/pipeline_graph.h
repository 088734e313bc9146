/*
 * pipeline_graph.h - who needs whom: the second half of pipeline_parse().
 */
#ifndef QUIRE_BASE_PIPELINE_GRAPH_H
#define QUIRE_BASE_PIPELINE_GRAPH_H

#include "base/buf.h"
#include "base/err.h"
#include "base/pipeline.h"

/*
 * Fills in the needs of every job from their names (names[i] are those of
 * job i), and refuses an id that is there twice, a need that is no job, or
 * that is named twice, and a cycle ("a -> b -> a").
 */
int pipeline_link(struct pipeline *p, const struct strv *names, struct err *e);

/*
 * Puts into list (room for every job) the jobs that this one needs, directly
 * or not, without those that seen has a mark for, and marks them. How many
 * these are.
 */
size_t pipeline_all_needs(const struct pipeline *p, const struct job *job,
	char *seen, size_t *list);

#endif
