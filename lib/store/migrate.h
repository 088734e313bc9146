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

#include "base/err.h"
#include "base/home.h"
#include "store/db.h"

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
 * file becomes a fresh database.
 */
int migrate_run(struct db *db, struct err *e);

/* Names of triggers of triggers.sql that sqlite_master lacks or has with
 * another text, for quire doctor. 0 none, 1 some (listed in b), -1 error. */
int migrate_check_triggers(struct db *db, struct buf *b, struct err *e);

#endif
