/*
 * seeded.h - rows of a home that was made up for work on the pages.
 *
 * `quire seed` writes runs that nobody has run: an active one without a
 * supervisor, pending ones without a repository worth building. So that they
 * stay as they are, such a home is marked, in the row ('', 'seeded', 'on') of
 * `settings`, and whoever would repair or start runs asks here first and does
 * nothing. The mark is no setting: `quire config` neither lists nor sets it.
 */
#ifndef QUIRE_STORE_SEEDED_H
#define QUIRE_STORE_SEEDED_H

#include <stddef.h>

#include "base/err.h"
#include "store/db.h"
#include "store/job.h"
#include "store/run.h"

/* 1 if the home is made up: reconcile and dispatch leave it alone; 0 not; -1
 * error. */
int seed_is_seeded(struct db *db, struct err *e);

/* Marks the home. Inside the caller's transaction, as all below. */
int seed_mark(struct db *db, struct err *e);
/* Inserts the row of a run as it is given, whatever its state. The repository
 * must be known; its numbers and push_seq go on behind this one. */
int seed_put_run(struct db *db, const struct run *r, struct err *e);
/* The jobs of a run, in this order, with their commands. */
int seed_put_jobs(struct db *db, const char *run_id, const struct job_row *jobs,
	size_t n, struct err *e);
/* What is last seen of a ref: its commit, and the run made for it. */
int seed_put_ref(struct db *db, const struct run *r, struct err *e);

#endif
