#include "store/legacy.h"

int legacy_count_tokens(struct db *db, int64_t *n, struct err *e)
{
	sqlite3_stmt *s = db_prep(
		db, "SELECT count(*) FROM runs WHERE run_token IS NOT NULL", e);
	int got;

	if (!s)
		return -1;
	got = db_step(db, s, e);
	if (got > 0)
		*n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return got > 0 ? 0 : -1;
}
