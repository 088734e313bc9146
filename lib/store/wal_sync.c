#include "store/wal_sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WAL_HEADER_BYTES 32 /* of the file format, www.sqlite.org/walformat */

/* The methods of a file, with ours in the place of the VFS's. The file points
 * to the first member, and so leads to the others. */
struct wal_sync {
	sqlite3_io_methods methods;
	int (*write)(sqlite3_file *file, const void *data, int n,
		sqlite3_int64 offset);
	int (*sync)(sqlite3_file *file, int flags);
	sqlite3_file *file;
	enum { WROTE_NOTHING, WROTE_HEADER, WROTE_FRAMES } wrote; /* since */
	int due, flags; /* of the sync that was put off */
};

static struct wal_sync *of_file(sqlite3_file *file)
{
	return (struct wal_sync *)file->pMethods;
}

static int write_wal(
	sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
	struct wal_sync *w = of_file(file);

	w->wrote = offset ? WROTE_FRAMES : WROTE_HEADER;
	return w->write(file, data, n, offset);
}

static int sync_wal(sqlite3_file *file, int flags)
{
	struct wal_sync *w = of_file(file);
	int can_wait = w->wrote == WROTE_FRAMES;
	sqlite3_int64 size;

	if (w->wrote == WROTE_HEADER &&
		w->methods.xFileSize(file, &size) == SQLITE_OK)
		can_wait = size == WAL_HEADER_BYTES;
	/* who syncs without having written is about to copy the frames */
	w->wrote = WROTE_NOTHING;
	w->due = can_wait;
	w->flags = flags;
	return can_wait ? SQLITE_OK : w->sync(file, flags);
}

struct wal_sync *wal_sync_defer(sqlite3 *conn)
{
	sqlite3_file *file = NULL;
	struct wal_sync *w;

	if (sqlite3_file_control(conn, "main", SQLITE_FCNTL_JOURNAL_POINTER,
		    &file) != SQLITE_OK ||
		!file || !file->pMethods)
		return NULL;
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	memcpy(&w->methods, file->pMethods, sizeof(w->methods));
	/* a library that knows more methods than we must not look for them */
	if (w->methods.iVersion > 3)
		w->methods.iVersion = 3;
	w->file = file;
	w->write = w->methods.xWrite;
	w->sync = w->methods.xSync;
	w->methods.xWrite = write_wal;
	w->methods.xSync = sync_wal;
	file->pMethods = &w->methods;
	return w;
}

int wal_sync_now(struct wal_sync *w)
{
	int why = 0;

	if (!w || !w->due)
		return 0;
	w->due = 0;
	if (w->sync(w->file, w->flags) == SQLITE_OK)
		return 0;
	if (w->methods.xFileControl(w->file, SQLITE_FCNTL_LAST_ERRNO, &why) !=
			SQLITE_OK ||
		!why)
		why = EIO;
	return why;
}
