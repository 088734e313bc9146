/*
 * runhook.h - run-finished, the hook for the end of a run: which there are, and
 * how one is called.
 *
 *	hooks/run-finished		for every repository
 *	hooks/<repo>/run-finished	for one, after that
 *
 * They are files of the home and not of a repository, since they run as the
 * home's owner and in no sandbox, and whoever may write to a repository is not
 * to become him. For the same reason a hook is called only if nobody but the
 * owner and root may change it: the file and the folders that lead to it.
 *
 * quire-hooks(5) says what a hook finds and what becomes of it.
 */
#ifndef QUIRE_EXEC_RUNHOOK_H
#define QUIRE_EXEC_RUNHOOK_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"

#define RUNHOOK_NAME "run-finished"
/* What it says is kept in run-finished.log up to here. */
#define RUNHOOK_SAID_MAX 8192
/* From TERM to KILL, when its time is over. */
#define RUNHOOK_GRACE_MS 2000

/* Appends its path in the home; repo NULL or "" is the one for all. */
void runhook_add_path(struct buf *b, const char *repo);
/* Whether one of the two that count for the repository is there, fit to be
 * called or not: 1, 0. What can't be told counts as there. */
int runhook_any(const struct home *h, const char *repo);
/*
 * Whether it may be called. 1; 0 there is none; -1 with why not: no regular
 * file, not executable, another's, or others may write to it or to a folder
 * above it. *fit_path says what of: appended.
 */
int runhook_check(const struct home *h, const char *path, struct buf *fit_path,
	struct err *e);

struct runhook {
	const struct home *home;
	const char *path; /* in the home */
	char *const *env;
	int input; /* a file: its standard input, from the start */
	int64_t limit_ms; /* 0: none */
};
struct runhook_end {
	int wait_status; /* as waitpid(2) has it */
	int timed_out;
	int64_t took_ms;
	struct buf said; /* on both outputs, cut */
	int64_t dropped_bytes;
};
/*
 * Calls it and waits for its end, or ends it when its time is over: in a
 * session and process group of its own, in the home, descriptors from 3 up
 * closed, signals as new, umask 027. What it leaves in its process group ends
 * with it. -1: it could not be started. Release end->said in any case.
 */
int runhook_call(
	const struct runhook *hook, struct runhook_end *end, struct err *e);

#endif
