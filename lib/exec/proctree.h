/*
 * proctree.h - ending all processes below this one.
 *
 * A subreaper (prctl(2) PR_SET_CHILD_SUBREAPER) inherits every descendant
 * whose parent ended, one that called setsid and forked twice included: so
 * "no child left" means that none is left at all.
 *
 * Descendants are found by their parents in /proc, and signalled through a
 * pidfd after a second look, so that a number that was used again in between
 * hits nobody.
 */
#ifndef QUIRE_EXEC_PROCTREE_H
#define QUIRE_EXEC_PROCTREE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define PROCTREE_GRACE_MS 400 /* from TERM to KILL */

int proctree_subreaper(int on, struct err *e);
/*
 * TERM and CONT to all descendants, the grace, then KILL until waitpid says
 * ECHILD; a grace of 0 is KILL at once. Children are reaped on the way.
 * on_exit (may be NULL) is told each one that ended. Nothing below: returns
 * without a look at /proc. 0, or -1 with what could not be ended within ten
 * seconds (another user's, or stuck in the kernel).
 */
int proctree_end(int grace_ms,
	void (*on_exit)(void *arg, int pid, int wait_status), void *arg,
	struct err *e);
/*
 * One signal to every descendant, for a caller that has something to do
 * during the grace. KILL also goes to the process groups they are in, unless
 * that is in the caller's session: a process that forks faster than /proc can
 * be read does not get away from that. Reaps nothing.
 */
int proctree_signal(int sig, struct err *e);
/*
 * For who has several trees below it, one of which lost its root: KILL to every
 * descendant that is none of the n processes and below none of them, until
 * none is left. These are children that the caller has not reaped, so their
 * numbers are theirs; nothing of their trees is touched or reaped. -1: some
 * are still there after a second.
 */
int proctree_end_others(const pid_t *keep, size_t n, struct err *e);

/*
 * The last resort, for reconcile: every process whose environment has
 * QUIRE_RUN_ID=run_id, found in /proc and signalled through a pidfd after a
 * second look: TERM, CONT, grace, KILL, until none is found. The caller is
 * never one of them. *count is how many there were. A process that hid its
 * environment escapes it. -1 too if one could not be looked at, as for want of
 * descriptors: that is no sign that none is left.
 */
int proctree_end_marked(
	const char *run_id, int grace_ms, int *count, struct err *e);

/* How many processes have that mark now, of those whose environment this user
 * may read. Nothing is signalled. -1. */
int proctree_count_marked(const char *run_id, struct err *e);

#endif
