/*
 * Opening. A database that is refused must stay untouched, and opening a WAL
 * database for writing makes -wal and -shm where they are missing, recovers,
 * and checkpoints at the end. So where one of them is missing the version is
 * first read through an immutable connection, which touches nothing; where
 * both are there (always, from `quire init` on) one opening is enough.
 */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/migrate.h"
#include "store/wal_sync.h"

#define PUSH_WAIT_MS 2000
#define READ_WAIT_MS 2000
#define MMAP_BYTES ((sqlite3_int64)1 << 30)
/* The kernel stamps files with a clock that ticks every 1 to 10 ms: a file
 * younger than this may change again without its stamp telling. */
#define STAMP_TICK_MS 50

/* What is there beside quire.db; size -1: no such file. */
struct files {
	struct stat db;
	off_t wal, shm;
};

static int look_one(
	const struct home *h, const char *name, off_t *size, struct err *e)
{
	struct stat st;

	if (fstatat(h->fd, name, &st, 0) == 0)
		*size = st.st_size;
	else if (errno == ENOENT)
		*size = -1;
	else
		return err_sys(e, "%s/%s", h->path, name);
	return 0;
}

static int look(const struct home *h, struct files *f, struct err *e)
{
	if (fstatat(h->fd, "quire.db", &f->db, 0) < 0) {
		if (errno == ENOENT)
			return err_set(e, EXIT_INTERNAL,
				"%s: no quire.db here: make the home with 'quire init'",
				h->path);
		return err_sys(e, "%s/quire.db", h->path);
	}
	if (look_one(h, "quire.db-wal", &f->wal, e) < 0)
		return -1;
	return look_one(h, "quire.db-shm", &f->shm, e);
}

/*
 * Once a process; SQLITE_MISUSE means that it was done before. One thread per
 * connection is all we have; a page cache allocated ahead, and memory
 * statistics, only cost page faults and time.
 */
static int configure(struct err *e)
{
	int rc = sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);

	if (rc == SQLITE_MISUSE)
		return 0;
	if (rc == SQLITE_OK)
		rc = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (rc == SQLITE_OK)
		rc = sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
	if (rc == SQLITE_OK)
		rc = sqlite3_config(
			SQLITE_CONFIG_MMAP_SIZE, MMAP_BYTES, MMAP_BYTES);
	if (rc != SQLITE_OK)
		return err_set(e, EXIT_INTERNAL, "sqlite3_config: %s",
			sqlite3_errstr(rc));
	return 0;
}

/* Leaves db->conn set even on failure, for db_error and the caller's close. */
static int connect_to(struct db *db, const char *name, int flags, struct err *e)
{
	int rc = sqlite3_open_v2(name, &db->conn, flags, NULL);

	if (!db->conn)
		return err_set(e, EXIT_INTERNAL, "%s: out of memory", db->path);
	if (rc != SQLITE_OK) {
		int why = sqlite3_system_errno(db->conn);

		if (!why)
			return db_error(db, e, "cannot open it");
		errno = why;
		return err_sys(e, "%s: cannot open it", db->path);
	}
	sqlite3_extended_result_codes(db->conn, 1);
	return 0;
}

/* The path as a URI (RFC 3986): every byte that could mean something there is
 * escaped. */
static void add_uri(struct buf *b, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-";

	buf_adds(b, "file://");
	for (; *path; path++) {
		if (strchr(plain, *path))
			buf_addc(b, *path);
		else
			buf_addf(b, "%%%02x", (unsigned char)*path);
	}
	buf_adds(b, "?immutable=1");
}

static int connect_immutable(struct db *db, struct err *e)
{
	struct buf uri = BUF_INIT;
	int r;

	add_uri(&uri, db->path);
	r = connect_to(db, uri.ptr, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, e);
	buf_release(&uri);
	return r;
}

static int pragma_int(struct db *db, const char *sql, int *value, struct err *e)
{
	sqlite3_stmt *s = db_prep(db, sql, e);
	int r = s ? db_step(db, s, e) : -1;

	if (r == 1)
		*value = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	if (r == 0)
		return err_set(
			e, EXIT_INTERNAL, "%s: %s has no value", db->path, sql);
	return r < 0 ? -1 : 0;
}

int db_version(struct db *db, struct err *e)
{
	int version = 0;

	if (pragma_int(db, "PRAGMA user_version", &version, e) < 0)
		return -1;
	return version;
}

/* 0 current, 1 older, -1; version as found. */
static int judge(struct db *db, int *version, struct err *e)
{
	int id = 0;

	if (pragma_int(db, "PRAGMA user_version", version, e) < 0 ||
		pragma_int(db, "PRAGMA application_id", &id, e) < 0)
		return -1;

	int r = migrate_judge(*version, id, e);
	if (r < 0)
		err_prefix(e, "%s", db->path);
	return r;
}

/* An empty file is no database that a crash or a restore should have left, so
 * nobody goes on as if there had never been a run. */
static int refuse_empty(struct db *db, struct err *e)
{
	int things = 0;

	if (pragma_int(db, "SELECT count(*) FROM sqlite_master", &things, e) <
		0)
		return -1;
	if (things)
		return err_set(e, EXIT_INTERNAL,
			"%s: not a database of quire (version 0, but not empty)",
			db->path);
	return err_set(e, EXIT_INTERNAL,
		"%s: is empty: restore it from a copy, or begin anew with 'quire init'",
		db->path);
}

/* What to do about an older one, by a mode that does not migrate. */
static int refuse_older(struct db *db, int version, struct err *e)
{
	if (version == 0)
		return refuse_empty(db, e);
	return err_set(e, EXIT_BUSY,
		"%s: version %d is older than this program's %d: run '%s' as the home's owner",
		db->path, version, migrate_current(),
		version < MIGRATE_OURS ? "quire init" : "quire-reconcile");
}

static int takes_older(enum db_mode mode, int version)
{
	return mode == DB_MIGRATE || (mode == DB_WRITE && version > 0);
}

/* Closes a connection that was refused, without a checkpoint. */
static void drop(struct db *db)
{
	if (db->conn)
		sqlite3_db_config(
			db->conn, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_close_v2(db->conn);
	db->conn = NULL;
}

/* An older version may be newer in its WAL, which is not read here. */
static int prejudge(
	struct db *db, enum db_mode mode, int has_wal, struct err *e)
{
	int version = 0;
	int r = connect_immutable(db, e);

	if (r == 0)
		r = judge(db, &version, e);
	if (r == 1)
		r = takes_older(mode, version) || has_wal
			    ? 0
			    : refuse_older(db, version, e);
	drop(db);
	return r;
}

/* What every writer's connection has. Text in one go, and as little as
 * possible: the hook pays for it. */
static int set_up_writer(struct db *db, enum db_mode mode, struct err *e)
{
	int on = 1;

	db_wait_ms(db, mode == DB_PUSH ? PUSH_WAIT_MS : DB_WAIT_MS);
	if (sqlite3_db_config(db->conn, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL) !=
			SQLITE_OK ||
		sqlite3_file_control(db->conn, "main", SQLITE_FCNTL_PERSIST_WAL,
			&on) != SQLITE_OK)
		return db_error(db, e, "cannot set it up");
	if (mode == DB_PUSH &&
		sqlite3_wal_autocheckpoint(db->conn, 0) != SQLITE_OK)
		return db_error(db, e, "cannot set it up");
	return 0;
}

static int open_writer(
	struct db *db, const struct home *h, enum db_mode mode, struct err *e)
{
	struct files f;
	int version = 0;

	if (look(h, &f, e) < 0)
		return -1;
	if ((f.wal < 0 || f.shm < 0) && prejudge(db, mode, f.wal > 0, e) < 0)
		return -1;
	if (connect_to(db, db->path, SQLITE_OPEN_READWRITE, e) < 0)
		return -1;
	/* SQLite opens for reading what it cannot open for writing, be it for
	 * want of memory or descriptors */
	if (sqlite3_db_readonly(db->conn, "main") == 1)
		return err_set(e, EXIT_BUSY,
			faccessat(h->fd, "quire.db", W_OK, AT_EACCESS)
				? "%s: this user may not write to it"
				: "%s: cannot be opened for writing just now",
			db->path);
	if (set_up_writer(db, mode, e) < 0)
		return -1;

	int r = judge(db, &version, e);
	if (r < 0)
		return -1;
	if (r == 1 && !takes_older(mode, version))
		return refuse_older(db, version, e);
	if (r == 1 && mode == DB_WRITE && migrate_if_idle(db, e) < 0)
		return -1;
	if (mode != DB_PUSH && mode != DB_MIGRATE &&
		db_exec(db, "PRAGMA journal_mode=WAL", e) < 0)
		return -1;
	if (mode == DB_PUSH)
		db->wal_sync = wal_sync_defer(db->conn);
	return db_exec(
		db, "PRAGMA synchronous=FULL; PRAGMA journal_size_limit=0", e);
}

static int is_recent(const struct stat *st)
{
	int64_t at_ms =
		st->st_mtim.tv_sec * 1000LL + st->st_mtim.tv_nsec / 1000000;

	return at_ms > clock_now_ms() - STAMP_TICK_MS;
}

/* 0 open; 1 try again; -1. */
static int try_reader(
	struct db *db, const struct home *h, enum db_mode mode, struct err *e)
{
	struct files f;
	int version = 0;

	if (look(h, &f, e) < 0)
		return -1;
	if (f.wal > 0 && f.shm < 0)
		return err_set(e, EXIT_BUSY,
			"%s: there is a -wal but no -shm: run 'quire-reconcile' as the home's owner",
			db->path);

	db->immutable =
		f.wal <= 0 && !(f.wal == 0 && f.shm > 0 && is_recent(&f.db));
	db->as_opened = f.db;
	int r = db->immutable
			? connect_immutable(db, e)
			: connect_to(db, db->path, SQLITE_OPEN_READONLY, e);
	if (r < 0)
		return -1;

	db_wait_ms(db, READ_WAIT_MS);
	r = mode == DB_LOOK ? pragma_int(db, "PRAGMA user_version", &version, e)
			    : judge(db, &version, e);
	if (r < 0) {
		int rc = sqlite3_errcode(db->conn) & 0xff;

		if (rc == SQLITE_BUSY || rc == SQLITE_READONLY ||
			db_read_stale(db))
			return 1;
		return -1;
	}
	return r == 1 ? refuse_older(db, version, e) : 0;
}

/*
 * A reader can meet a WAL that is being recovered, or must be and it may not
 * (SQLITE_READONLY_RECOVERY): some writer is about to, so wait.
 */
static int open_reader(
	struct db *db, const struct home *h, enum db_mode mode, struct err *e)
{
	int64_t until = clock_mono_ms() + READ_WAIT_MS;
	int r;

	while ((r = try_reader(db, h, mode, e)) == 1 &&
		clock_mono_ms() < until) {
		drop(db);
		clock_sleep_ms(10);
	}
	return r == 0 ? 0 : -1;
}

int db_open(
	struct db *db, const struct home *h, enum db_mode mode, struct err *e)
{
	struct buf path = BUF_INIT;
	int r;

	memset(db, 0, sizeof(*db));
	db->stop = -1;
	if (configure(e) < 0)
		return -1;
	home_add(&path, h, "quire.db");
	db->path = buf_detach(&path);
	r = mode == DB_READ || mode == DB_LOOK ? open_reader(db, h, mode, e)
					       : open_writer(db, h, mode, e);
	if (r < 0) {
		drop(db);
		free(db->wal_sync);
		free(db->path);
		memset(db, 0, sizeof(*db));
	}
	return r;
}

int db_read_stale(struct db *db)
{
	struct stat now;
	const struct stat *then = &db->as_opened;
	struct buf wal = BUF_INIT;
	int stale;

	if (!db->immutable)
		return 0;
	buf_addf(&wal, "%s-wal", db->path);
	stale = (stat(wal.ptr, &now) == 0 && now.st_size > 0) ||
		stat(db->path, &now) < 0 || now.st_ino != then->st_ino ||
		now.st_size != then->st_size ||
		now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != then->st_mtim.tv_nsec;
	buf_release(&wal);
	return stale;
}
