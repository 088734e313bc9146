/*
 * migrate.h - from any version of the lineage to this one, losing no row.
 *
 * Migrations are schema/NNNN_*.sql, embedded at build time; PRAGMA
 * user_version says how many are in. Triggers are schema/triggers.sql, dropped
 * before and recreated after every migration. The whole of it is one
 * transaction with foreign_keys off (with it on, dropping `runs` would delete
 * every job through the cascade) and a foreign_key_check at its end.
 */
#ifndef QUIRE_STORE_MIGRATE_H
#define QUIRE_STORE_MIGRATE_H

#include "base/buf.h"
#include "base/err.h"
#include "store/db.h"

/* From this version on the lineage is quire's own. */
#define MIGRATE_OURS 8

struct migration {
	int version;
	const char *name; /* "0001_initial" */
	const char *sql;
};
extern const struct migration migrations[]; /* ordered, from version 1 */
extern const int migrations_count;
extern const char triggers_sql[];

/* The version this program wants: that of its last migration. */
int migrate_current(void);

/*
 * What a version and an application_id mean. Returns 0: current; 1: older, can
 * be migrated; -1: foreign or newer, e filled (EXIT_INTERNAL).
 */
int migrate_judge(int version, int application_id, struct err *e);

/*
 * Migrates an open connection (any mode but DB_READ) if it is older. Two at
 * once are safe: the version is read again inside BEGIN IMMEDIATE. An empty
 * file becomes a fresh database. The caller holds the locks of all active
 * rows, see reconcile_migrate().
 */
int migrate_run(struct db *db, struct err *e);
/* The same for who holds no locks: refused (EXIT_BUSY) if a row is active. A
 * database of the older system has no live run of ours, whatever it says. */
int migrate_if_idle(struct db *db, struct err *e);
/* Both, with another list of migrations than the embedded one. */
int migrate_with(struct db *db, const struct migration *list, int count,
	int only_idle, struct err *e);

/* Names of triggers of triggers.sql that sqlite_master lacks or has with
 * another text, for quire doctor. 0 none, 1 some (listed in b), -1 error. */
int migrate_check_triggers(struct db *db, struct buf *b, struct err *e);
/* Puts these back, for quire init; triggers of other names are left alone. The
 * same results. */
int migrate_mend_triggers(struct db *db, struct buf *b, struct err *e);

#endif
