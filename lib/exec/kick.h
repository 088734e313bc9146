/*
 * kick.h - starting quire-run, detached from whoever starts it.
 *
 * The pending rows are the queue, and whoever adds one kicks. The kicked
 * process is quire-run beside this executable, by fork and exec: a session of
 * its own, in the home, descriptors from 3 up closed, 0-2 on /dev/null (git
 * waits until every copy of its pipe is closed), signal dispositions and mask
 * back to default, umask 027, an environment from an allow-list: QUIRE_HOME,
 * PATH, HOME, LANG, TZ. Where this process does not own the home, the command
 * in the setting `kick` is started instead, by sh -c; and if there is none
 * nobody is, and the next quire-reconcile starts the run.
 *
 * A process with QUIRE_RUN_ID in its environment (a job that pushes) does not
 * kick, for what it starts ends with the job: quire-run looks at the queue
 * after every run. For a job of `quire-ci run`, whose id is KICK_LOCAL_RUN, or
 * of another home nobody looks before quire-reconcile.
 */
#ifndef QUIRE_EXEC_KICK_H
#define QUIRE_EXEC_KICK_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"

/* QUIRE_RUN_ID where there is a job, but no run that quire-run knows. */
#define KICK_LOCAL_RUN "local"

/*
 * For the hook: the process is forked early, while the parent has other
 * things to wait for, and blocks; kick_release() lets it go after the commit,
 * kick_drop() or the parent's death ends it. Forked before any database is
 * open. It is a child's child, so that a hook which the parent becomes has no
 * child that it does not know; the child between is reaped by the two.
 *
 * Once released it lets the push end before it execs, which would take the
 * processor away from it: it waits for the end of the process that called the
 * hook, KICK_PATIENCE_MS at most, and naps for KICK_NAP_MS, since that one
 * has a client to tell.
 */
#define KICK_PATIENCE_MS 20
#define KICK_NAP_MS 3
struct kick {
	pid_t pid; /* of the child between; 0: no fork (job, not the owner) */
	int fd; /* our end */
};
/* 1 forked, 0 no need or no right to, -1. */
int kick_prepare(struct kick *k, const struct home *h, struct err *e);
void kick_release(struct kick *k);
void kick_drop(struct kick *k);

/*
 * At once, for everybody else. command is the setting `kick`, "" if unset.
 * Returns 1 started, 0 nobody was (see above), -1. Never called while this
 * process is a subreaper: it would kill what it kicked.
 */
int kick_now(const struct home *h, const char *command, struct err *e);
/* quire-run with these operands, ended by NULL, in the same way: by the home's
 * owner alone, 0 for others. */
int kick_with(const struct home *h, const char *const *operands, struct err *e);

/* Whether this process is part of a job, and so leaves kicking to others. */
int kick_in_job(void);

/*
 * Appends what becomes of a run that was queued, in words: outcome is what
 * kick_now() returned, and e its error. Nothing where quire-run was started.
 */
void kick_add_outcome(
	struct buf *b, const struct home *h, int outcome, const struct err *e);

#endif
