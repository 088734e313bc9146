#include "store/ref.h"

int ref_is_known(
	struct db *db, const char *repo, const char *ref, struct err *e)
{
	sqlite3_stmt *s = db_stmt(
		db, "SELECT 1 FROM refs WHERE repo = ?1 AND ref_name = ?2", e);
	int got;

	if (!s)
		return -1;
	db_bind_text(s, 1, repo);
	db_bind_text(s, 2, ref);
	got = db_step(db, s, e);
	db_done(s);
	return got;
}
