/*
 * ci_outline.h - some jobs as an outline: each below one that it needs.
 *
 * A job that needs several stands below the last of them to become ready: the
 * one with the longest chain above it.
 */
#ifndef QUIRE_CI_OUTLINE_H
#define QUIRE_CI_OUTLINE_H

#include <stddef.h>

#include "base/pipeline.h"

#define CI_NO_JOB ((size_t)-1)

struct ci_outline {
	size_t *parent; /* of each job; CI_NO_JOB: at the margin */
	size_t n;
};

struct ci_row {
	size_t job;
	size_t depth; /* 0: at the margin */
	/* of its ancestors and itself, from depth 1: whether another follows
	 * below the same parent */
	const unsigned char *more;
	int is_parent;
};

/* pipeline: without cycles. */
void ci_outline_init(struct ci_outline *o, const struct pipeline *p);
void ci_outline_release(struct ci_outline *o);
/* Calls row() for each job with a sign in shown, from top to bottom. One whose
 * parent is not shown stands below the nearest ancestor that is. */
void ci_outline_walk(const struct ci_outline *o, const char *shown,
	void (*row)(void *arg, const struct ci_row *r), void *arg);

#endif
