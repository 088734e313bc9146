/*
 * timeline.h - a run as a picture: a row for each job in the order of the
 * pipeline, a bar for each of its commands, over the time since the run was
 * queued; lines from a job to those that needed it; and in words which command
 * took longest.
 *
 * Names and durations are text beside the picture, which alone is stretched,
 * so that it is right at any width without a script: nothing in it but lines
 * and areas.
 */
#ifndef QUIRE_WEB_TIMELINE_H
#define QUIRE_WEB_TIMELINE_H

#include "store/job.h"
#include "web/page.h"

/* Nothing if no job has started. */
void timeline(struct page *p, const struct run *r, const struct job_row *jobs,
	size_t n);

#endif
