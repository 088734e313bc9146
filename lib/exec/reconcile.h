/*
 * reconcile.h - what cron repairs: orphans, lost hooks, a queue nobody drains.
 */
#ifndef QUIRE_EXEC_RECONCILE_H
#define QUIRE_EXEC_RECONCILE_H

#include "base/err.h"
#include "base/home.h"
#include "store/db.h"

struct reconcile {
	const struct home *home;
	int dry_run;
	/* One line for each thing done (or that would be done). */
	void (*say)(void *arg, const char *line);
	/* One line for each thing that could not be done; sets problems. */
	void (*warn)(void *arg, const char *line);
	void *arg;
	int problems;
};

/*
 * In order: migrate with every lock held; removals that were cut short; what
 * terminal runs left behind; orphans by lock; missing repositories and
 * commits; baselines that were cut short; refs drift; then, with all locks of
 * runs released, kick if anything is pending and there is space; and some
 * pruning, without a word unless dry_run. Opens the database itself, as the
 * home's owner alone. A home that was made up by `quire seed` is left as it is.
 * 0, or -1 for what stops it as a whole.
 *
 * Two at once are safe: one waits for the other, up to a minute, and then
 * looks itself. A dry run takes run locks for a moment, to see whether they
 * are free, and changes nothing.
 */
int reconcile(struct reconcile *r, struct err *e);

/*
 * Migrates a home's database for quire-reconcile and quire init: takes the
 * lock of every active row (one that is held is a live run: EXIT_BUSY),
 * migrates, settles these rows. Databases of the older system (versions 1 to
 * 7) have no live run of ours: what was pending or active there is settled as
 * orphaned by the migration itself; *taken_over counts them. An empty file
 * becomes a fresh database, which only quire init and quire seed ask for; one
 * that is up to date is left alone.
 */
int reconcile_migrate(const struct home *h, int *taken_over, struct err *e);

#endif
