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

/*
 * Opens home/quire.db for writing at whatever version of the lineage it is,
 * without migrating it (DB_MIGRATE); an empty file is version 0. End with
 * db_close(), which leaves the checkpoint to the next one.
 */
int upgrade_open(
	struct db *db, const struct home *h, int *version, struct err *e);

/* The active rows of any version: only id, repo and state are filled in. */
int upgrade_list_active(
	struct db *db, struct run **list, size_t *n, struct err *e);

#endif
