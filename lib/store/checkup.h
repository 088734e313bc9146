/*
 * checkup.h - what quire doctor asks of a database: whether it is whole, and
 * what is stored in it that the program would never have stored.
 *
 * For a connection opened as DB_LOOK. Nothing here writes.
 */
#ifndef QUIRE_STORE_CHECKUP_H
#define QUIRE_STORE_CHECKUP_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/db.h"

/* Of which version it is, by migrate_judge(): 0 current, 1 older, -1. Where
 * they can be read at all, the version is in *version, else -1, and *ours says
 * whether the application_id is quire's. */
int checkup_version(struct db *db, int *version, int *ours, struct err *e);
/* Whether the file says that it is in WAL mode: 1, 0, -1. A connection that is
 * immutable does not know. */
int checkup_is_wal(struct db *db, struct err *e);
/*
 * Reads all pages: with thorough the indexes are compared with their tables,
 * too. 0 whole; 1 damaged, the first thing found is appended to b; -1.
 */
int checkup_pages(struct db *db, int thorough, struct buf *b, struct err *e);
/* How many rows refer to one that is not there. */
int checkup_references(struct db *db, int64_t *n, struct err *e);
/*
 * Calls fn for every row of the settings, of whatever key, by repository;
 * repo is "" for a global one, and registered says whether it is that or a
 * repository that is known.
 */
int checkup_settings(struct db *db,
	void (*fn)(void *arg, const char *repo, int registered, const char *key,
		const char *value),
	void *arg, struct err *e);

#endif
