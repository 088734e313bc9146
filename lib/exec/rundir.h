/*
 * rundir.h - runs/<repo>/<run-id>/: what a run needs while it is live, and
 * what stays of it.
 *
 * workspace/, home/, tmp/, changed, inputs/ and wake are made for a run and go
 * with it; lock, events.jsonl, quire-ci.log, jobs/, outputs/ and artifacts/
 * stay until it is pruned.
 */
#ifndef QUIRE_EXEC_RUNDIR_H
#define QUIRE_EXEC_RUNDIR_H

#include "base/err.h"
#include "base/home.h"
#include "store/run.h"

struct rundir {
	char *path; /* absolute */
	int fd;
};

/* The folder is there: run_lock_take() made it. */
int rundir_open(struct rundir *d, const struct home *h, const struct run *r,
	struct err *e);
void rundir_close(struct rundir *d);

/* home/ and tmp/, private, and the FIFO wake, opened for both ways so that it
 * never hangs up; *wake is that descriptor. */
int rundir_prepare(struct rundir *d, int *wake, struct err *e);
/* Appends to a file of the folder, made if it is missing. -1 with errno. */
int rundir_append(struct rundir *d, const char *name);
/* Removes what goes with the run; what is gone already is fine. */
int rundir_clean(struct rundir *d, struct err *e);
/* Whether the run has left events: it was claimed, whatever its row says. 1, 0,
 * -1 that cannot be told. */
int rundir_is_begun(const struct home *h, const struct run *r, struct err *e);
/* Whether nothing is there of what goes with a run; dir is relative to dirfd.
 * 1, 0, -1 with errno: that cannot be told. */
int rundir_is_clean(int dirfd, const char *dir);

#endif
