/*
 * db.h - the one SQLite file of a home, opened the way each program may.
 *
 * All SQL of quire is in lib/store. A writer uses BEGIN IMMEDIATE,
 * foreign_keys=ON, WAL, synchronous=FULL, a persistent WAL that is cut to
 * nothing by a checkpoint, and no REPLACE. After a fork the child only execs
 * or calls _exit: it uses, closes and frees no connection. Nobody opens
 * quire.db* but through here: the open and close of any other descriptor drops
 * SQLite's locks, which belong to the process.
 */
#ifndef QUIRE_STORE_DB_H
#define QUIRE_STORE_DB_H

#include <sqlite3.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/home.h"

#define DB_APPLICATION_ID 0x71756972 /* "quir" */
#define DB_WAIT_MS 60000

/* Stays where it was opened: SQLite has its address. */
struct db {
	sqlite3 *conn;
	char *path;
	unsigned id_counter; /* for id_new() */
	int wait_ms; /* see db_wait_ms() */
	int stop; /* see db_wait_until(); -1: none */
	/* of a DB_READ opened as immutable: what the file was like */
	int immutable;
	struct stat as_opened;
	/* statements kept by db_stmt() */
	struct db_stmt_kept {
		const char *sql;
		sqlite3_stmt *stmt;
	} * kept;
	size_t n_kept;
	struct wal_sync *wal_sync; /* of a DB_PUSH, see wal_sync.h */
	int unsynced; /* errno of the sync behind the last commit, or 0 */
};

enum db_mode {
	/*
	 * The hook: an existing database of exactly this version, waiting 2 s,
	 * no checkpoint; never closed, the process ends instead.
	 */
	DB_PUSH,
	/* quire, quire-run: migrate if no row is active; waiting 60 s. */
	DB_WRITE,
	/* quire-reconcile, quire init: reconcile_migrate() comes first; then as
	 * DB_WRITE, but an older version is an error here. */
	DB_WRITE_CURRENT,
	/*
	 * For reconcile_migrate() and quire init: any version that can become
	 * this one, and, in this mode alone, an empty file; left as it is for
	 * migrate_run().
	 * Only db_version() and tables known to be there may be read before.
	 */
	DB_MIGRATE,
	/*
	 * Pages and listings: no write access needed. Uses immutable=1 only if
	 * quire.db-wal is absent or empty, see db_read_stale().
	 */
	DB_READ,
	/*
	 * quire doctor: as DB_READ, but of whatever version, and whoever's it
	 * is. What can be read is for the caller to find out.
	 */
	DB_LOOK,
};

/*
 * Opens home/quire.db. Errors, each a line that says what to do: no database
 * ("quire init"), an empty one, foreign (application_id is not ours at version
 * 8 or above), newer than this program, corrupt: EXIT_INTERNAL; older than the mode takes,
 * locked for longer than the mode waits, WAL with frames but no -shm, not
 * ours to read or write: EXIT_BUSY.
 *
 * What is refused is left untouched: no file is made, none is written.
 */
int db_open(
	struct db *db, const struct home *h, enum db_mode mode, struct err *e);
/* The user_version, as it is now; -1 with e filled. */
int db_version(struct db *db, struct err *e);
/* Closes, also what was never opened; a writer that finds the queue empty
 * calls db_checkpoint() first. */
void db_close(struct db *db);
/* wal_checkpoint(TRUNCATE), so that the next opener finds a short WAL. Being
 * busy is no error. */
void db_checkpoint(struct db *db);

/*
 * For DB_READ and DB_LOOK: whether what was read may be torn, because the database was
 * opened as immutable and has been written meanwhile. Ask when all is read;
 * if 1, close, open and read again. Ask also when reading failed: torn pages
 * can look corrupt. A DB_READ opened through the WAL never is stale.
 */
int db_read_stale(struct db *db);

/* How long a lock is waited for from now on; db_open() sets it by mode. */
void db_wait_ms(struct db *db, int ms);
/* From now on no lock is waited for any longer once stop is readable; it is
 * the caller's. -1, as after db_open(): nothing of that kind. */
void db_wait_until(struct db *db, int stop);

/* Transactions. begin waits as the mode says; 0 or -1. */
int db_begin(struct db *db, struct err *e); /* BEGIN IMMEDIATE */
int db_begin_read(struct db *db, struct err *e); /* BEGIN */
int db_commit(struct db *db, struct err *e);
void db_rollback(struct db *db); /* no transaction open: does nothing */

/*
 * Statements. db_prep compiles; on failure NULL and e filled. db_step runs one
 * step: 1 a row, 0 done, -1 failed (statement reset, e filled). db_exec runs a
 * statement without results. db_error fills e from the connection and returns
 * -1: SQLITE_BUSY, FULL, IOERR, CANTOPEN, READONLY, PERM, PROTOCOL are
 * EXIT_BUSY, the rest (CORRUPT, NOTADB, CONSTRAINT, ...) EXIT_INTERNAL.
 */
sqlite3_stmt *db_prep(struct db *db, const char *sql, struct err *e);
/*
 * The same for a statement that is run more than once: compiled at the first
 * call and kept in db. sql must be the same pointer each time (a literal).
 * Give it back with db_done(), not sqlite3_finalize(): one that is not reset
 * keeps its read transaction open.
 */
sqlite3_stmt *db_stmt(struct db *db, const char *sql, struct err *e);
void db_done(sqlite3_stmt *s);
/* db_step() for a statement that has no rows, then db_done(). 0 or -1. */
int db_run(struct db *db, sqlite3_stmt *s, struct err *e);
int db_step(struct db *db, sqlite3_stmt *s, struct err *e);
int db_exec(struct db *db, const char *sql, struct err *e);
int db_error(struct db *db, struct err *e, const char *what);
int db_changes(struct db *db);

/* Binds and columns. Text is bound as SQLITE_STATIC: it must outlive the
 * step. NULL binds NULL. db_bind_ms and db_col_ms use -1 for NULL. */
void db_bind_text(sqlite3_stmt *s, int i, const char *text);
void db_bind_int(sqlite3_stmt *s, int i, int64_t value);
void db_bind_ms(sqlite3_stmt *s, int i, int64_t at_ms);
/* A copy for the caller to free, or NULL for NULL. */
char *db_col_dup(sqlite3_stmt *s, int i);
/* Copies into out, cut to size; "" for NULL. */
void db_col_copy(sqlite3_stmt *s, int i, char *out, size_t size);
int64_t db_col_ms(sqlite3_stmt *s, int i);

#endif
