/*
 * ci_signals.h - what a terminal's user does beside interrupting: he suspends
 * the run, goes on with it, and makes the window larger or smaller.
 *
 * Jobs are sessions of their own, so the terminal's signals reach nobody but
 * quire-ci, which passes on what they mean.
 */
#ifndef QUIRE_CI_SIGNALS_H
#define QUIRE_CI_SIGNALS_H

#include <signal.h>

#include "base/err.h"

enum ci_signal {
	CI_RESIZED = 1, /* or went on: the screen is another */
	CI_SUSPEND = 2,
};

struct ci_signals {
	int fd; /* can be read when something has come */
	sigset_t old_mask;
};

int ci_signals_open(struct ci_signals *s, struct err *e);
void ci_signals_close(struct ci_signals *s);
/* What has come since, as bits. */
unsigned ci_signals_take(struct ci_signals *s);
/*
 * Stops all processes below, calls leave(), and stops this one, as SIGTSTP
 * does: where that is ignored, or nobody could let the process go on (an
 * orphaned process group), the kernel does not stop it. Returns when it goes on, and all below do, too.
 */
int ci_signals_suspend(void (*leave)(void *arg), void *arg, struct err *e);

#endif
