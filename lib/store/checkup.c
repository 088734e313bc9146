#include "store/checkup.h"

#include <string.h>

#include "store/migrate.h"

/* Of the file header, www.sqlite.org/fileformat2.html, 1.3.3. */
#define HEADER_READ_VERSION 19
#define READ_VERSION_WAL 2

/* One number of a query that has one row. */
static int number(struct db *db, const char *sql, int64_t *n, struct err *e)
{
	sqlite3_stmt *s = db_prep(db, sql, e);
	int r = s ? db_step(db, s, e) : -1;

	if (r == 1)
		*n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return r < 0 ? -1 : 0;
}

int checkup_version(struct db *db, int *version, int *ours, struct err *e)
{
	int64_t id = 0;

	*ours = 0;
	*version = db_version(db, e);
	if (*version < 0 || number(db, "PRAGMA application_id", &id, e) < 0)
		return -1;
	*ours = id == DB_APPLICATION_ID;
	return migrate_judge(*version, (int)id, e);
}

int checkup_is_wal(struct db *db, struct err *e)
{
	sqlite3_file *file = NULL;
	unsigned char byte = 0;

	if (sqlite3_file_control(db->conn, "main", SQLITE_FCNTL_FILE_POINTER,
		    &file) != SQLITE_OK ||
		!file || !file->pMethods)
		return err_set(e, EXIT_INTERNAL, "%s: has no file", db->path);
	if (file->pMethods->xRead(file, &byte, 1, HEADER_READ_VERSION) !=
		SQLITE_OK)
		return err_set(e, EXIT_BUSY, "%s: its header cannot be read",
			db->path);
	return byte == READ_VERSION_WAL;
}

int checkup_pages(struct db *db, int thorough, struct buf *b, struct err *e)
{
	sqlite3_stmt *s = db_prep(db,
		thorough ? "PRAGMA integrity_check(1)"
			 : "PRAGMA quick_check(1)",
		e);
	int r = s ? db_step(db, s, e) : -1;

	if (r == 1) {
		const char *said = (const char *)sqlite3_column_text(s, 0);

		r = said && !strcmp(said, "ok") ? 0 : 1;
		if (r)
			buf_adds(b, said ? said : "it says nothing");
		/* a heading, and the damage on the next line: one line */
		for (size_t i = 0; r && i < b->len; i++)
			if (b->ptr[i] == '\n')
				b->ptr[i] = ' ';
	}
	sqlite3_finalize(s);
	return r;
}

int checkup_references(struct db *db, int64_t *n, struct err *e)
{
	return number(
		db, "SELECT count(*) FROM pragma_foreign_key_check", n, e);
}

int checkup_settings(struct db *db,
	void (*fn)(void *arg, const char *repo, int registered, const char *key,
		const char *value),
	void *arg, struct err *e)
{
	/* the mark of a made-up home is no setting, see seeded.h */
	sqlite3_stmt *s = db_prep(db,
		"SELECT s.repo, s.repo = '' OR r.name IS NOT NULL, s.key,"
		" CAST(s.value AS TEXT)"
		" FROM settings AS s LEFT JOIN repos AS r ON r.name = s.repo"
		" WHERE NOT (s.repo = '' AND s.key = 'seeded')"
		" ORDER BY s.repo, s.key",
		e);
	int r = -1;

	while (s && (r = db_step(db, s, e)) == 1)
		fn(arg, (const char *)sqlite3_column_text(s, 0),
			sqlite3_column_int(s, 1),
			(const char *)sqlite3_column_text(s, 2),
			(const char *)sqlite3_column_text(s, 3));
	sqlite3_finalize(s);
	return r;
}
