/*
 * tally.h - how many runs have ended and how long they took, and what the
 * queue holds: the figures of /metrics.
 *
 * What has ended is in the table tallies, which triggers keep: reading it
 * costs the same at a million runs. It only grows: a run that is pruned stays
 * counted. It goes with its repository where that is purged.
 */
#ifndef QUIRE_STORE_TALLY_H
#define QUIRE_STORE_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/run.h"

/* A row of tallies: the runs of one class of durations. Between 1 and 2, 2 and
 * 3, ... 9 and 10 of a power of ten in milliseconds lies one class. */
struct tally {
	char *repo;
	enum run_state state;
	/* none of them took longer, and none is in the class below; -1: these
	 * never started */
	int64_t within_ms;
	int64_t runs;
	int64_t duration_ms; /* of all of them */
};
/* All, by repository and state, those in no order; *list is NULL on failure. */
int tally_list(struct db *db, struct tally **list, size_t *n, struct err *e);
void tally_list_release(struct tally *list, size_t n);

/* Calls fn(arg, repo, queued_at_ms) for each run that is pending or active: it
 * takes as long as the queue is. 0 or -1. */
int tally_live(struct db *db, enum run_state state,
	void (*fn)(void *arg, const char *repo, int64_t queued_at_ms),
	void *arg, struct err *e);

#endif
