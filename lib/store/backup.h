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
 * made under another name beside path, checked, synced, and then renamed.
 * Writers are not waited for, and do not make it begin again; what they commit
 * after it began is not in it.
 *
 * EXIT_USAGE: path exists. EXIT_INTERNAL: the database is empty, or damaged.
 */
int backup_write(struct db *db, const char *path, struct err *e);

#endif
