#include "store/db.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "store/wal_sync.h"

static int is_transient(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_PROTOCOL: /* of -shm: in the way of others, or no lock */
	case SQLITE_NOMEM:
		return 1;
	}
	return 0;
}

int db_error(struct db *db, struct err *e, const char *what)
{
	int rc = sqlite3_extended_errcode(db->conn);
	int status = is_transient(rc) ? EXIT_BUSY : EXIT_INTERNAL;
	/* no program of quire mends these */
	int damaged =
		(rc & 0xff) == SQLITE_NOTADB || (rc & 0xff) == SQLITE_CORRUPT;
	/* "disk I/O error" alone hides a full disk */
	int why = (rc & 0xff) == SQLITE_IOERR ? sqlite3_system_errno(db->conn)
					      : 0;

	err_set(e, status, "%s: %s: %s%s%s%s", db->path, what,
		sqlite3_errmsg(db->conn), why ? ": " : "",
		why ? strerror(why) : "",
		damaged ? ": restore it from a copy, see quire-db(5)" : "");
	/* what is in the WAL is not to be copied over what is left of it */
	if (damaged)
		sqlite3_db_config(
			db->conn, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return -1;
}

void db_close(struct db *db)
{
	sqlite3_stmt *s;

	/* what a statement has to say it said at its last step */
	while (db->conn && (s = sqlite3_next_stmt(db->conn, NULL)))
		sqlite3_finalize(s);
	sqlite3_close_v2(db->conn); /* of NULL does nothing */
	free(db->wal_sync);
	free(db->kept);
	free(db->path);
	memset(db, 0, sizeof(*db));
}

/* Gives up at the first reader or writer in the way: it is a favour to the
 * next opener, and the one in the way can do it as well. */
void db_checkpoint(struct db *db)
{
	int rc;

	db_wait_ms(db, 0);
	rc = sqlite3_wal_checkpoint_v2(
		db->conn, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)rc; /* nothing depends on it */
	db_wait_ms(db, DB_WAIT_MS);
}

/*
 * How long to sleep after so many tries in vain. It gets shorter: of many that
 * wait, those that have waited long look more often than those that have just
 * come, and so get their turn first; nobody starves in a crowd. (SQLite's own
 * handler goes up to 100 ms, and is unfair the other way round.) The first
 * ones are short, for what is in the way for a moment only.
 */
static const struct wait_step {
	int tries; /* the last step is for all that come after */
	int least_us, more_us;
} wait_steps[] = {
	{ 5, 1000, 1 },
	{ 15, 8000, 16000 },
	{ 30, 4000, 8000 },
	{ 60, 2000, 4000 },
	{ 1000, 1000, 1000 },
	{ 0, 4000, 8000 },
};

/* What was waited is reckoned from the count: nothing has to be kept. */
static int wait_busy(void *arg, int count)
{
	const struct db *db = arg;
	struct pollfd fd = { .fd = db->stop, .events = POLLIN };
	long limit_us = db->wait_ms * 1000L, waited_us = 0;
	const struct wait_step *w = wait_steps;

	for (; w->tries && count >= w->tries; w++) {
		waited_us += w->tries * (w->least_us + w->more_us / 2L);
		count -= w->tries;
	}
	waited_us += count * (w->least_us + w->more_us / 2L);
	if (waited_us >= limit_us)
		return 0;

	/* not random(): nobody has seeded it, all would sleep alike */
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_nsec = (w->least_us + ts.tv_nsec / 1000 % w->more_us) * 1000L;
	ts.tv_sec = 0;
	/* no descriptor is looked at where that is -1 */
	return ppoll(&fd, 1, &ts, NULL) <= 0;
}

void db_wait_ms(struct db *db, int ms)
{
	db->wait_ms = ms;
	sqlite3_busy_handler(db->conn, ms ? wait_busy : NULL, db);
}

void db_wait_until(struct db *db, int stop)
{
	db->stop = stop;
}

sqlite3_stmt *db_prep(struct db *db, const char *sql, struct err *e)
{
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db->conn, sql, -1, &s, NULL) != SQLITE_OK) {
		db_error(db, e, "cannot prepare a statement");
		return NULL;
	}
	return s;
}

sqlite3_stmt *db_stmt(struct db *db, const char *sql, struct err *e)
{
	sqlite3_stmt *s = NULL;

	for (size_t i = 0; i < db->n_kept; i++) {
		if (db->kept[i].sql == sql)
			return db->kept[i].stmt;
	}
	if (sqlite3_prepare_v3(db->conn, sql, -1, SQLITE_PREPARE_PERSISTENT, &s,
		    NULL) != SQLITE_OK) {
		db_error(db, e, "cannot prepare a statement");
		return NULL;
	}
	if (db->n_kept % 16 == 0)
		db->kept = mem_resize(
			db->kept, db->n_kept + 16, sizeof(*db->kept));
	db->kept[db->n_kept].sql = sql;
	db->kept[db->n_kept++].stmt = s;
	return s;
}

void db_done(sqlite3_stmt *s)
{
	int rc = sqlite3_reset(s);

	(void)rc; /* says again what the last step said */
	sqlite3_clear_bindings(s);
}

int db_step(struct db *db, sqlite3_stmt *s, struct err *e)
{
	switch (sqlite3_step(s)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	}
	db_error(db, e, "cannot read or write");
	sqlite3_reset(s);
	return -1;
}

int db_run(struct db *db, sqlite3_stmt *s, struct err *e)
{
	int r = db_step(db, s, e);

	db_done(s);
	return r < 0 ? -1 : 0;
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
	if (sqlite3_exec(db->conn, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, e, "cannot read or write");
	return 0;
}

int db_begin(struct db *db, struct err *e)
{
	return db_exec(db, "BEGIN IMMEDIATE", e);
}

int db_begin_read(struct db *db, struct err *e)
{
	return db_exec(db, "BEGIN", e);
}

/* The commit stands, whatever becomes of the sync: what a power cut takes of
 * it then, quire-reconcile finds by the refs. The pusher is told. */
int db_commit(struct db *db, struct err *e)
{
	if (db_exec(db, "COMMIT", e) < 0)
		return -1;
	db->unsynced = wal_sync_now(db->wal_sync);
	return 0;
}

void db_rollback(struct db *db)
{
	if (sqlite3_get_autocommit(db->conn))
		return;
	/* can only fail if there is nothing to roll back any more */
	sqlite3_exec(db->conn, "ROLLBACK", NULL, NULL, NULL);
}

int db_changes(struct db *db)
{
	return sqlite3_changes(db->conn);
}

/* Binding fails only for a parameter that the statement has not. */
void db_bind_text(sqlite3_stmt *s, int i, const char *text)
{
	if (text)
		sqlite3_bind_text(s, i, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(s, i);
}

void db_bind_int(sqlite3_stmt *s, int i, int64_t value)
{
	sqlite3_bind_int64(s, i, value);
}

void db_bind_ms(sqlite3_stmt *s, int i, int64_t at_ms)
{
	if (at_ms < 0)
		sqlite3_bind_null(s, i);
	else
		sqlite3_bind_int64(s, i, at_ms);
}

char *db_col_dup(sqlite3_stmt *s, int i)
{
	const unsigned char *text = sqlite3_column_text(s, i);

	return text ? mem_strdup((const char *)text) : NULL;
}

void db_col_copy(sqlite3_stmt *s, int i, char *out, size_t size)
{
	const unsigned char *text = sqlite3_column_text(s, i);
	size_t len = text ? strnlen((const char *)text, size - 1) : 0;

	if (len)
		memcpy(out, text, len);
	out[len] = '\0';
}

int64_t db_col_ms(sqlite3_stmt *s, int i)
{
	if (sqlite3_column_type(s, i) == SQLITE_NULL)
		return -1;
	return sqlite3_column_int64(s, i);
}
