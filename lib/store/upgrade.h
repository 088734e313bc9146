/*
 * upgrade.h - a database that is older than this program, before and after it
 * is migrated: what run.h cannot read yet.
 */
#ifndef QUIRE_STORE_UPGRADE_H
#define QUIRE_STORE_UPGRADE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/home.h"
#include "store/db.h"
#include "store/migrate.h"
#include "store/run.h"

/* The last version of the older system; ours begin behind it. */
#define UPGRADE_LAST_OLDER (MIGRATE_OURS - 1)

/*
 * Opens home/quire.db for writing at whatever version of the lineage it is,
 * without migrating it (DB_MIGRATE); an empty file is version 0. End with
 * db_close().
 */
int upgrade_open(
	struct db *db, const struct home *h, int *version, struct err *e);

/* The active rows of any version: only id, repo and state are filled in. */
int upgrade_list_active(
	struct db *db, struct run **list, size_t *n, struct err *e);

/*
 * A database of the older system has no live run of ours: what is pending or
 * active in it becomes failed, orphaned, with its live jobs aborted, in one
 * transaction under its own schema. Done before the migration, so that a crash
 * between the two leaves no old run in our queue. *count says how many; for
 * other versions than 1 to 7 that is 0 and nothing is done.
 */
int upgrade_take_over(
	struct db *db, int version, int64_t now_ms, int *count, struct err *e);

#endif
