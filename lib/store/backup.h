/*
 * backup.h - a copy of the database, while others write to it.
 */
#ifndef QUIRE_STORE_BACKUP_H
#define QUIRE_STORE_BACKUP_H

#include "base/err.h"
#include "store/db.h"

/*
 * Writes a consistent copy of db, open as DB_MIGRATE (so of any version), to
 * the new file path, mode 0600. It is one file: it needs no -wal, and opens
 * also where nothing can be written. It appears whole or not at all: it is
 * made as path.part, checked, synced, and then renamed. A path.part that a
 * killed backup has left is used; one that is no database is not touched.
 * Writers are not waited for, and do not make it begin again; what they commit
 * after it began is not in it.
 *
 * EXIT_USAGE: path exists, or a path.part that is somebody else's. EXIT_BUSY:
 * also if another backup to path is at work. EXIT_INTERNAL: the database is empty, or damaged.
 */
int backup_write(struct db *db, const char *path, struct err *e);

#endif
