/*
 * run_parts.h - the parts of a run's page, from the top: what it was for, why
 * it is red, what it kept; then its jobs (run_jobs.h).
 */
#ifndef QUIRE_WEB_RUN_PARTS_H
#define QUIRE_WEB_RUN_PARTS_H

#include "web/page.h"
#include "web/run_jobs.h"

/* Subject and state, commit and people, times, and the runs beside it. 0/-1 */
int run_head(struct page *p, const struct run *r, struct err *e);
/* Nothing for a run that is not red. */
void run_why(struct page *p, const struct run *r, const struct run_jobs *rj);
/* Nothing for one that kept none, or who may not see them. */
void run_artifacts(struct page *p, const struct run *r);
/* The page of those below the folder that the address names; 404 for none. */
int artifacts_page(struct page *p, const struct run *r, struct err *e);

#endif
