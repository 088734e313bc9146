#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	struct buf made; /* the file until it is whole */
};

static int refuse_existing(const struct backup *b, struct err *e)
{
	return err_set(e, EXIT_USAGE,
		"%s: is there already; name a new file, or remove it", b->path);
}

/* The name that the copy has meanwhile, taken with a file of ours alone. */
static int make_file(struct backup *b, struct err *e)
{
	char *copy = mem_strdup(b->path);
	struct stat st;
	int fd;

	buf_adds(&b->folder, dirname(copy));
	free(copy);
	if (lstat(b->path, &st) == 0)
		return refuse_existing(b, e);
	if (errno != ENOENT)
		return err_sys(e, "%s", b->path);
	buf_addf(&b->made, "%s.part.%ld", b->path, (long)getpid());
	fd = open(b->made.ptr, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err_sys(e, "%s", b->path);
		buf_reset(&b->made);
		return -1;
	}
	close(fd);
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
	static const char *const beside[] = { "", "-journal", "-wal", "-shm" };

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
	struct backup b = {
		.from = db, .path = path, .folder = BUF_INIT, .made = BUF_INIT
	};
	int version = db_version(db, e), failed;

	if (version < 0)
		return -1;
	if (version == 0)
		return err_set(e, EXIT_INTERNAL,
			"%s: is empty: there is nothing to copy", db->path);
	failed = make_file(&b, e) < 0 || write_copy(&b, e) < 0;
	sqlite3_close_v2(b.to.conn);
	remove_made(&b);
	buf_release(&b.folder);
	buf_release(&b.made);
	return failed ? -1 : 0;
}
