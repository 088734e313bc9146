#include "store/upgrade.h"

#include <string.h>

#include "base/mem.h"

int upgrade_open(
	struct db *db, const struct home *h, int *version, struct err *e)
{
	if (db_open(db, h, DB_MIGRATE, e) < 0)
		return -1;
	/* a look at the version is to change nothing: it may be damaged */
	sqlite3_db_config(db->conn, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	*version = db_version(db, e);
	if (*version >= 0)
		return 0;
	db_close(db);
	return -1;
}

int upgrade_list_active(
	struct db *db, struct run **list, size_t *n, struct err *e)
{
	sqlite3_stmt *s;
	size_t size = 0;
	int version, got;

	*list = NULL;
	*n = 0;
	version = db_version(db, e);
	if (version <= 0)
		return version;
	s = db_prep(db, "SELECT id, repo FROM runs WHERE state = 'active'", e);
	if (!s)
		return -1;
	while ((got = db_step(db, s, e)) > 0) {
		struct run *r;

		if (*n == size) {
			size = size ? 2 * size : 8;
			*list = mem_resize(*list, size, sizeof(**list));
		}
		r = &(*list)[(*n)++];
		memset(r, 0, sizeof(*r));
		db_col_copy(s, 0, r->id, sizeof(r->id));
		r->repo = db_col_dup(s, 1);
		r->state = RUN_ACTIVE;
	}
	sqlite3_finalize(s);
	if (got < 0) {
		run_list_release(*list, *n);
		*list = NULL;
		*n = 0;
	}
	return got;
}
