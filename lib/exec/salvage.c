#include "exec/proctree.h"
#include "exec/replay.h"
#include "exec/rundir.h"
#include "exec/supervisor.h"
#include "store/ingest.h"

static int settle(struct db *db, const struct home *h, const struct run *r,
	const struct rundir *d, struct err *e)
{
	struct ingest in;
	struct run_edge edge;
	int failed;

	ingest_init(&in, r->id);
	failed = replay_events(&in, db, h, d, e);
	if (!failed) {
		ingest_outcome(&in, &edge);
		failed = run_settle(db, r->id, &edge, e) < 0 ? -1 : 0;
	}
	ingest_release(&in);
	return failed;
}

/* The row as it is under the lock. A terminal one is only cleaned. */
static int salvage_row(struct db *db, const struct home *h, struct run *now,
	enum run_state *outcome, struct err *e)
{
	struct rundir d;
	struct err why;
	int killed, dirty, failed = 0;

	if (proctree_end_marked(now->id, PROCTREE_GRACE_MS, &killed, e) ||
		rundir_open(&d, h, now, e))
		return -1;
	/* first: where the disk is full, this makes room for the row's end */
	dirty = rundir_clean(&d, &why);
	if (now->state == RUN_ACTIVE)
		failed = settle(db, h, now, &d, e);
	if (dirty && !failed) {
		*e = why;
		failed = -1;
	}
	rundir_close(&d);
	if (!failed && run_state_of(db, now->id, outcome, e) < 0)
		failed = -1;
	return failed;
}

int supervise_salvage(struct db *db, const struct home *h, const struct run *r,
	enum run_state *outcome, struct err *e)
{
	struct run now;
	int found = run_by_id(db, r->id, &now, e);

	*outcome = r->state;
	if (found <= 0)
		return found;

	int failed = 0;
	*outcome = now.state;
	/* a pending row has no supervisor to lose */
	if (now.state != RUN_PENDING)
		failed = salvage_row(db, h, &now, outcome, e);
	run_release(&now);
	return failed;
}
