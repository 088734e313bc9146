/*
 * run_near.h - what stands beside a run in the history of its ref: the other
 * attempts at its push, and the runs of the push before and of the one after.
 */
#ifndef QUIRE_STORE_RUN_NEAR_H
#define QUIRE_STORE_RUN_NEAR_H

#include "store/run.h"

#define RUN_ATTEMPTS_MAX 20

struct run_near {
	int64_t number;
	enum run_state state;
};
struct run_nears {
	struct run_near before; /* the last attempt; number 0: none */
	struct run_near after; /* the first attempt; number 0: none */
	/* The newest of them, r among them unless there are newer ones than
	 * fit; in their order. */
	struct run_near attempts[RUN_ATTEMPTS_MAX];
	size_t n;
};
int run_near_read(struct db *db, const struct run *r, struct run_nears *near,
	struct err *e);

#endif
