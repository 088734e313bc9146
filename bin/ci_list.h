/*
 * ci_list.h - a pipeline to look at, without running it.
 *
 * "Here" is what the cause says: its branch or tag and its changed paths.
 */
#ifndef QUIRE_CI_LIST_H
#define QUIRE_CI_LIST_H

#include "base/buf.h"
#include "base/pipeline.h"
#include "exec/executor.h"

/* A table: each job, what it needs, its `when`, and what it would do here. */
void ci_list(const struct pipeline *p, const struct executor_cause *c,
	struct buf *out);
/* The same as a list of objects. */
void ci_list_json(const struct pipeline *p, const struct executor_cause *c,
	struct buf *out);
/* In the language of Graphviz; what would not run here is dashed. */
void ci_graph(const struct pipeline *p, const struct executor_cause *c,
	struct buf *out);

#endif
