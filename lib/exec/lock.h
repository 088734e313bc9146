/*
 * lock.h - slots and run locks: flock(2) on files that are never unlinked
 * while they mean something.
 *
 * A slot (slots/<n>) is held by a quire-run that may claim; `maxRuns` says how
 * many there are. A run lock (runs/<repo>/<id>/lock) is held by its supervisor
 * from before the claim commits until the terminal state is committed, no
 * process of the run is left and its workspace is gone: so an active row whose
 * lock is free has lost its supervisor, by definition.
 *
 * Descriptors are close-on-exec. Nobody tests a lock by taking it; only
 * reconcile and the removal of a repository take run locks of others.
 */
#ifndef QUIRE_EXEC_LOCK_H
#define QUIRE_EXEC_LOCK_H

#include <stdint.h>

#include "base/err.h"
#include "base/home.h"

/* A free slot of 1..max, without waiting. 1 taken (number and fd filled), 0
 * all taken, -1. */
int slot_take(const struct home *h, int64_t max, int64_t *number, int *fd,
	struct err *e);
void slot_release(int fd); /* LOCK_UN, then close */

/*
 * The run's lock, without waiting. make: create the run's directory and the
 * lock file first (quire-run); else a missing one is 0 with *fd -1 and
 * errno ENOENT. Checks after the flock that the path still names the locked
 * file. 1 taken, 0 held by another (errno EWOULDBLOCK), -1 with EXIT_BUSY for a
 * fault of the host and EXIT_INTERNAL for one of this run's own path (a file
 * where a folder should be, a name too long).
 */
int run_lock_take(const struct home *h, const char *repo, const char *run_id,
	int make, int *fd, struct err *e);
void run_lock_release(int fd);

/* In the home. Its time is that of the last reconcile that came to its end, or
 * 1970 if none has yet: see quire doctor. */
#define RECONCILE_LOCK "slots/reconcile.lock"
/*
 * Held by quire-reconcile while it is at work, and by whoever takes a
 * repository's runs away, so that neither meets what the other has half done.
 * Waits a minute at most: then EXIT_BUSY. A dry run creates nothing: *fd is -1
 * where there is no file. 0 or -1.
 */
int reconcile_lock_take(
	const struct home *h, int dry_run, int *fd, struct err *e);
void reconcile_lock_release(int fd);

/*
 * One byte into runs/<repo>/<id>/wake, a FIFO, without waiting: its supervisor
 * looks at its row now. No reader, no FIFO: nothing to wake, no error.
 */
void run_wake(const struct home *h, const char *repo, const char *run_id);

#endif
