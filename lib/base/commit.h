/*
 * commit.h - what raw git objects say: whose commit it is, and whether its
 * tree holds a pipeline.
 */
#ifndef QUIRE_BASE_COMMIT_H
#define QUIRE_BASE_COMMIT_H

#include <stddef.h>

#include "base/gitcat.h"

/* What a list or a page shows of a commit. Any bytes; no newline. */
struct commit_info {
	char *subject; /* first paragraph, lines joined by a blank */
	char *author; /* "Name <mail>" */
};
/* Reads a raw commit object. What is missing becomes ""; the caller releases
 * it. */
void commit_info_parse(struct commit_info *c, const char *raw, size_t len);
void commit_info_release(struct commit_info *c);

/* What the tree `.quire` of a commit holds (raw tree object content). */
enum pipeline_kind {
	PIPELINE_NONE,
	PIPELINE_STATIC, /* ci.json */
	PIPELINE_DYNAMIC, /* ci, executable */
	PIPELINE_BOTH, /* an error that quire-ci reports */
	PIPELINE_NOT_EXECUTABLE, /* only ci without its x bit: hint, no run */
	PIPELINE_FENNEL, /* only ci.fnl, of the older system: hint */
	PIPELINE_YAML, /* only ci.yml or ci.yaml, as others have it: hint */
	PIPELINE_NOT_A_FILE, /* ci.json or ci is a link or a folder: hint */
	PIPELINE_NOT_A_TREE, /* .quire itself is no folder: hint */
};
enum pipeline_kind pipeline_kind_of_tree(const char *raw, size_t len);
/* The same of git's answer to "<commit>:.quire". */
enum pipeline_kind pipeline_kind_of(const struct gitcat_answer *a);
/* Whether a run is made. */
int pipeline_kind_runs(enum pipeline_kind k);
/* The hint to the pusher, one line without "quire: ", or NULL. */
const char *pipeline_kind_hint(enum pipeline_kind k);

#endif
