/*
 * cmd_course.h - how a run goes, as lines that only come to it.
 *
 * For who waits for it at the end of a push or in a script: nothing is drawn
 * twice, so that the lines can go through a pipe to wherever they are read.
 *
 *	foo#42 queued for main (2 ahead)
 *	foo#42 started
 *	  ✓ build 1.2s
 *	  ✗ test 4.1s: exit 2
 *	    $ make check
 *	    FAIL: t1
 *	  – release skipped: needs 'test', which failed
 *	foo#42 failed in 5.4s  https://ci.example.org/foo/ci/42
 *
 * What comes from a job or a repository is made plain.
 */
#ifndef QUIRE_CMD_COURSE_H
#define QUIRE_CMD_COURSE_H

#include <stdint.h>

#include "base/buf.h"
#include "cmd.h"
#include "store/job.h"
#include "store/run.h"

/* How the lines look. */
struct course_style {
	int several; /* runs: each line begins with the run's name */
	int colours, utf8;
};

struct course {
	/* as it was at the last look */
	int loaded;
	struct run run;
	char id[sizeof(((struct run *)0)->id)]; /* what was typed is */
	struct job_row *jobs;
	size_t n_jobs;
	int64_t ahead; /* of a pending one */
	char *url; /* the setting, once the run has ended */
	int64_t successor; /* the number of what superseded it, or 0 */
	/* what has been told of it */
	int queued, started, ended, unstarted;
	int64_t told_ahead;
	int64_t since_ms; /* clock_mono_ms() when it was last spoken of */
	struct strv told_jobs;
};

/* since_ms: now. told: the reader knows already that it is queued. */
void course_init(struct course *c, int64_t now_ms, int told);
void course_release(struct course *c);
/* Finds what was typed, the first time, and looks; for cmd_read(). */
int course_look(
	struct course *c, struct db *db, const char *typed, struct err *e);
/* Appends what is new since the last time. */
void course_tell(struct course *c, const struct home *h,
	const struct course_style *style, int64_t now_ms, struct buf *out);

#endif
