/*
 * ci_rows.h - the jobs as rows of an outline: their state, time and what they
 * are at.
 *
 *	✓ build               1.2s
 *	├─ ● test             4.1s  2/3 $ make check
 *	│     PASS: 17 numerals
 *	└─ · package                waits for test, docs
 */
#ifndef QUIRE_CI_ROWS_H
#define QUIRE_CI_ROWS_H

#include <stddef.h>

#include "ci_jobs.h"
#include "ci_outline.h"
#include "ci_screen.h"
#include "ci_tail.h"

struct ci_rows {
	const struct ci_jobs *jobs;
	const struct ci_tail *tails; /* of each job */
	struct ci_outline outline;
	char *shown; /* of each job: whether it has a row, */
	char *with_output; /* and one with its last line */
};

void ci_rows_init(struct ci_rows *r, const struct ci_jobs *jobs,
	const struct ci_tail *tails);
void ci_rows_release(struct ci_rows *r);
/*
 * Adds at most so many rows: jobs that run and their last lines first, then
 * those that failed, those that wait, and the others, the latest first.
 * Returns how many jobs have found no place.
 */
size_t ci_rows_add(struct ci_rows *r, struct ci_lines *lines, size_t max);
/* Adds a row for each job, after the run: none is at anything any more. */
void ci_rows_add_all(struct ci_rows *r, struct ci_lines *lines);
/* The sign of a state, and its colour. */
void ci_rows_add_sign(struct ci_lines *lines, enum ci_state state, int over);

#endif
