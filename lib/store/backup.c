#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"

#define LOCKED_NAP_MS 50

struct backup {
	struct db *from;
	struct db to;
	const char *path;
	struct buf folder; /* of path */
	struct buf made; /* the file until it is whole: path.part */
	int lock; /* on made, until it has another name or none; -1 */
};

static int refuse_existing(const struct backup *b, struct err *e)
{
	return err_set(e, EXIT_USAGE,
		"%s: is there already; name a new file, or remove it", b->path);
}

/* Whether somebody else's file has that name: what a backup that was killed
 * has left begins as a database does, or with nothing yet. */
static int is_foreign(int fd)
{
	static const char nothing[16], magic[] = "SQLite format 3";
	char head[16];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	if (n == 0)
		return 0;
	return n < (ssize_t)sizeof(head) ||
	       (memcmp(head, magic, sizeof(head)) != 0 &&
		       memcmp(head, nothing, sizeof(head)) != 0);
}

/* 1 the name is still that of the file that we have locked, 0 whoever had it
 * has renamed or removed it meanwhile, -1. */
static int is_still_there(const struct backup *b)
{
	struct stat st, named;

	if (fstat(b->lock, &st) < 0)
		return -1;
	if (lstat(b->made.ptr, &named) < 0)
		return errno == ENOENT ? 0 : -1;
	return st.st_dev == named.st_dev && st.st_ino == named.st_ino;
}

/* One try to have path.part for us alone. 1 ours, empty; 0 once more; -1. */
static int take_file(struct backup *b, struct err *e)
{
	int there;

	b->lock = open(b->made.ptr,
		O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (b->lock < 0)
		return err_sys(e, "%s",
			errno == ELOOP || errno == EISDIR ? b->made.ptr
							  : b->path);
	if (flock(b->lock, LOCK_EX | LOCK_NB) < 0)
		return errno != EWOULDBLOCK
			       ? err_sys(e, "%s", b->made.ptr)
			       : err_set(e, EXIT_BUSY,
					 "%s: another quire backup is writing "
					 "it",
					 b->made.ptr);
	there = is_still_there(b);
	if (there < 0)
		return err_sys(e, "%s", b->made.ptr);
	if (!there)
		return 0;
	if (is_foreign(b->lock))
		return err_set(e, EXIT_USAGE,
			"%s: is in the way, and no copy of a database; move it "
			"away, or name another file",
			b->made.ptr);
	if (ftruncate(b->lock, 0) < 0 || fchmod(b->lock, 0600) < 0)
		return err_sys(e, "%s", b->made.ptr);
	return 1;
}

static void release_lock(struct backup *b)
{
	if (b->lock >= 0)
		close(b->lock);
	b->lock = -1;
}

/*
 * The name that the copy has meanwhile. It is always the same, so that what a
 * backup leaves that is killed is used by the next one: SQLite opens files by
 * their names, and so cannot write to one that has none.
 */
static int make_file(struct backup *b, struct err *e)
{
	char *copy = mem_strdup(b->path);
	struct stat st;
	int taken;

	buf_adds(&b->folder, dirname(copy));
	free(copy);
	if (lstat(b->path, &st) == 0)
		return refuse_existing(b, e);
	if (errno != ENOENT)
		return err_sys(e, "%s", b->path);
	buf_addf(&b->made, "%s.part", b->path);
	while ((taken = take_file(b, e)) == 0)
		release_lock(b);
	if (taken < 0) {
		/* it is another's */
		buf_reset(&b->made);
		return -1;
	}
	/* a journal or WAL beside an empty database is removed by SQLite */
	return 0;
}

/* Of the copy: SQLite's message, under the name that the user knows. */
static int copy_failed(struct backup *b, int rc, struct err *e)
{
	int damaged =
		(rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
	int why = b->to.conn ? sqlite3_system_errno(b->to.conn) : 0;

	if (damaged)
		return err_set(e, EXIT_INTERNAL,
			"%s: is damaged, and so would be the copy: %s",
			b->from->path, sqlite3_errstr(rc));
	if ((rc & 0xff) == SQLITE_FULL)
		why = ENOSPC;
	if (!why)
		return err_set(
			e, EXIT_BUSY, "%s: %s", b->path, sqlite3_errstr(rc));
	errno = why;
	return err_sys(e, "%s", b->path);
}

/* Whether it dies with the power gone is decided by the sync in the end. */
static int open_copy(struct backup *b, struct err *e)
{
	int rc = sqlite3_open_v2(
		b->made.ptr, &b->to.conn, SQLITE_OPEN_READWRITE, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(b->to.conn,
			"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL,
			NULL, NULL);
	return rc == SQLITE_OK ? 0 : copy_failed(b, rc, e);
}

/*
 * All pages in one step: under one lock for reading, which in WAL mode is one
 * state of the database and hinders no writer. In pieces, each commit between
 * two of them would make it begin again.
 */
static int copy_pages(struct backup *b, struct err *e)
{
	sqlite3_backup *pages =
		sqlite3_backup_init(b->to.conn, "main", b->from->conn, "main");
	int rc;

	if (!pages)
		return copy_failed(b, sqlite3_errcode(b->to.conn), e);
	for (int left_ms = DB_WAIT_MS;; left_ms -= LOCKED_NAP_MS) {
		rc = sqlite3_backup_step(pages, -1);
		if ((rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
			break;
		if (left_ms <= 0)
			break;
		sqlite3_sleep(LOCKED_NAP_MS);
	}
	int ended = sqlite3_backup_finish(pages);
	if (rc == SQLITE_DONE && ended == SQLITE_OK)
		return 0;
	return copy_failed(b, rc == SQLITE_DONE ? ended : rc, e);
}

/* A file that says WAL in its head wants to make a -wal when it is opened. */
static int make_alone(struct backup *b, struct err *e)
{
	int rc = sqlite3_exec(
		b->to.conn, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : copy_failed(b, rc, e);
}

static int check_copy(struct backup *b, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(
		b->to.conn, "PRAGMA integrity_check(1)", -1, &s, NULL);
	int failed = 0;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		const char *says = (const char *)sqlite3_column_text(s, 0);

		if (!says || strcmp(says, "ok"))
			failed = err_set(e, EXIT_INTERNAL,
				"%s: is damaged, and so would be the copy: %s",
				b->from->path, says ? says : "no answer");
	} else {
		failed = copy_failed(b, rc, e);
	}
	sqlite3_finalize(s);
	return failed;
}

/* Over nothing that came meanwhile, where the file system can tell. */
static int rename_new(const struct backup *b)
{
	struct stat st;

	if (renameat2(AT_FDCWD, b->made.ptr, AT_FDCWD, b->path,
		    RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (lstat(b->path, &st) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(b->made.ptr, b->path);
}

static int put_in_place(struct backup *b, struct err *e)
{
	if (fs_sync(AT_FDCWD, b->made.ptr) < 0)
		return err_sys(e, "%s", b->path);
	if (rename_new(b) < 0)
		return errno == EEXIST ? refuse_existing(b, e)
				       : err_sys(e, "%s", b->path);
	buf_reset(&b->made);
	if (fs_sync(AT_FDCWD, b->folder.ptr) < 0)
		return err_sys(e, "%s", b->folder.ptr);
	return 0;
}

static void remove_made(struct backup *b)
{
	static const char *const beside[] = { "-journal", "-wal", "-shm", "" };

	for (size_t i = 0; b->made.len && i < 4; i++) {
		struct buf path = BUF_INIT;

		buf_addf(&path, "%s%s", b->made.ptr, beside[i]);
		unlink(path.ptr);
		buf_release(&path);
	}
}

static int write_copy(struct backup *b, struct err *e)
{
	int rc;

	if (open_copy(b, e) < 0 || copy_pages(b, e) < 0 ||
		make_alone(b, e) < 0 || check_copy(b, e) < 0)
		return -1;
	rc = sqlite3_close(b->to.conn);
	b->to.conn = NULL;
	if (rc != SQLITE_OK)
		return copy_failed(b, rc, e);
	return put_in_place(b, e);
}

int backup_write(struct db *db, const char *path, struct err *e)
{
	struct backup b = { .from = db,
		.path = path,
		.folder = BUF_INIT,
		.made = BUF_INIT,
		.lock = -1 };
	int version = db_version(db, e), failed;

	if (version < 0)
		return -1;
	if (version == 0)
		return err_set(e, EXIT_INTERNAL,
			"%s: is empty: there is nothing to copy", db->path);
	failed = make_file(&b, e) < 0 || write_copy(&b, e) < 0;
	sqlite3_close_v2(b.to.conn);
	remove_made(&b);
	release_lock(&b);
	buf_release(&b.folder);
	buf_release(&b.made);
	return failed ? -1 : 0;
}
