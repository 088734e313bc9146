#include "store/run.h"
#include "store/run_row.h"

int run_prepare(struct db *db, struct err *e)
{
	if (run_insert_prepare(db, e) < 0)
		return -1;
	return run_edge_prepare(db, e);
}
