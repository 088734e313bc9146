/*
 * ci_live.h - what quire-ci run shows on a terminal: the jobs as an outline
 * that is drawn anew in its place while they run.
 *
 * In the end the whole outline stays, with the last lines of the jobs that
 * failed below it, and one line that says how it went. Verbose, the output and
 * the commands go past above the outline, line by line.
 *
 * All of it is appended to a buffer that somebody else writes; nothing is
 * drawn while that has not been.
 */
#ifndef QUIRE_CI_LIVE_H
#define QUIRE_CI_LIVE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/crilog.h"
#include "base/event.h"
#include "ci_jobs.h"
#include "ci_progress.h"
#include "ci_rows.h"
#include "ci_screen.h"
#include "ci_tail.h"

struct ci_live {
	const struct ci_jobs *jobs;
	struct ci_tail *tails; /* of each job */
	struct ci_rows rows;
	struct ci_screen screen;
	struct ci_progress progress; /* verbose: fills above */
	struct buf above; /* whole lines that are to go past */
	int verbose;
	int64_t began_ms; /* monotonic, like all of these */
	int64_t drawn_ms; /* when the outline was; 0: it is not on the screen */
	int changed; /* since */
};

/* fd is a terminal that ci_screen_fits(); out is what is written to it. */
void ci_live_init(struct ci_live *l, const struct ci_jobs *jobs, int fd,
	struct buf *out, int verbose);
void ci_live_release(struct ci_live *l);
/* An event that the jobs know of already. */
void ci_live_event(struct ci_live *l, const struct event *ev);
void ci_live_output(struct ci_live *l, const char *job_id,
	enum crilog_stream stream, const char *data, size_t len);
/* Draws if it is time; after how many ms it will be. */
int ci_live_turn(struct ci_live *l);
/* The screen is another's meanwhile, or has another size. */
void ci_live_hide(struct ci_live *l);
void ci_live_redraw(struct ci_live *l);
/* What stays. */
void ci_live_end(struct ci_live *l);

#endif
