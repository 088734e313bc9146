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
 * In order: migrate with every lock held; finish half-made baselines and
 * prunes; orphans by lock; workspaces of terminal runs; missing repositories;
 * refs drift; prune; then release all locks, and kick if anything is pending.
 * Opens the database itself. 0, or -1 for what stops it as a whole.
 */
int reconcile(struct reconcile *r, struct err *e);

/*
 * Migrates a home's database for quire-reconcile and quire init: takes the
 * lock of every active row (one that is held is a live run: EXIT_BUSY),
 * migrates, settles these rows. Databases of the older system (versions 1 to
 * 7) have no live run of ours: what was pending or active there is settled as
 * orphaned; *taken_over counts them.
 */
int reconcile_migrate(const struct home *h, int *taken_over, struct err *e);

#endif
