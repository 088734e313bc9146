#include "store/wal_sync.h"

#include <stdlib.h>
#include <string.h>

#define WAL_HEADER_BYTES 32 /* of the file format, www.sqlite.org/walformat */

/* The methods of a file, with our xSync in the place of the VFS's. The file
 * points to the first member, and so leads to the second. */
struct wal_sync {
	sqlite3_io_methods methods;
	int (*sync)(sqlite3_file *file, int flags);
};

static int sync_wal(sqlite3_file *file, int flags)
{
	const struct wal_sync *w = (const struct wal_sync *)file->pMethods;
	sqlite3_int64 size;

	if (w->methods.xFileSize(file, &size) == SQLITE_OK &&
		size == WAL_HEADER_BYTES)
		return SQLITE_OK;
	return w->sync(file, flags);
}

struct wal_sync *wal_sync_merge(sqlite3 *conn)
{
	sqlite3_file *file = NULL;
	struct wal_sync *w;

	if (sqlite3_file_control(conn, "main", SQLITE_FCNTL_JOURNAL_POINTER,
		    &file) != SQLITE_OK ||
		!file || !file->pMethods)
		return NULL;
	w = malloc(sizeof(*w));
	if (!w)
		return NULL;
	memcpy(&w->methods, file->pMethods, sizeof(w->methods));
	/* a library that knows more methods than we must not look for them */
	if (w->methods.iVersion > 3)
		w->methods.iVersion = 3;
	w->sync = w->methods.xSync;
	w->methods.xSync = sync_wal;
	file->pMethods = &w->methods;
	return w;
}
