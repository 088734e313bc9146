/*
 * run_news.h - what the end of a run means to those who wait for it.
 *
 * Everybody can look up how a run ended. Worth a message is that a push broke
 * something, and that it is whole again; and neither of them twice: a push of
 * several refs at one commit makes several runs, and a rerun says nothing new
 * if it ends as before.
 */
#ifndef QUIRE_STORE_RUN_NEWS_H
#define QUIRE_STORE_RUN_NEWS_H

#include "base/err.h"
#include "store/db.h"
#include "store/run.h"

/*
 * The run before this one of its ref, in the order of runs, that has an
 * outcome: complete, or failed and not canceled. Looked for among the
 * RUN_LOOK_BACK before it. 1 found, 0 none, -1.
 */
int run_previous_outcome(struct db *db, const struct run *r,
	struct run *previous, struct err *e);

/*
 *	RUN_NEWS_FAILED	it failed, and was not canceled
 *	RUN_NEWS_RECOVERED	it is complete, and what
 *		run_previous_outcome() finds is failed
 *	RUN_NEWS_NONE	neither; or a run of the same push and commit that
 *		ended earlier was the same news. A rerun is of the push of what
 *		it repeats.
 *
 * Runs of one push with several refs that end at the same time agree on whose
 * the news is: by the time of their ends, then by their ids.
 */
enum run_news {
	RUN_NEWS_NONE,
	RUN_NEWS_FAILED,
	RUN_NEWS_RECOVERED,
};
int run_news(
	struct db *db, const struct run *r, enum run_news *news, struct err *e);
const char *run_news_name(enum run_news news); /* "", "failed", "recovered" */

#endif
