/*
 * prune.h - which runs a home need not keep any more.
 *
 * A run may go when it has ended, and did so before a point in time or is not
 * among the newest of its repository. Whatever the rule says these stay: the
 * newest run of each ref that is there, the newest run of its tip where that
 * is another one (it is the ref's state on pages), and the last run of each
 * repository, since numbers go on behind it when a repository that was
 * forgotten is taken in again.
 *
 * What refers to a run that went (superseded_by, rerun_of, refs.run_id) keeps
 * its id: readers find no such run, and say the id.
 */
#ifndef QUIRE_STORE_PRUNE_H
#define QUIRE_STORE_PRUNE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/db.h"

struct prune_rule {
	int64_t ended_before_ms; /* what ended before may go */
	int64_t below; /* what has a number below may go */
};

/*
 * The rule of a repository by its settings keepDays and keepRuns. Runs of a
 * repository that was forgotten go by the global ones.
 */
int prune_rule_of(struct db *db, const char *repo, int64_t now_ms,
	struct prune_rule *rule, struct err *e);

/*
 * The ids of runs that may go, oldest first, at most max, of those numbered
 * above *behind, which then is the last number looked at. Fewer than max: there
 * are no more. The walk ends where the runs are too new for the rule, so its
 * cost is that of what is found and of what is kept for its ref.
 */
int prune_list(struct db *db, const char *repo, const struct prune_rule *rule,
	int64_t *behind, size_t max, struct strv *ids, struct err *e);

/* Whether the run may go, as of now. 1, 0 (also if there is none), -1. */
int prune_may_go(struct db *db, const char *id, const struct prune_rule *rule,
	struct err *e);
/* Removes its row, with its jobs and commands, if it may go: 1; 0 it may not
 * (any more); -1. A transaction of its own. */
int prune_remove(struct db *db, const char *id, const struct prune_rule *rule,
	struct err *e);

#endif
