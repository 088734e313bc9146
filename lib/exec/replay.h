/*
 * replay.h - events.jsonl, ingested again from its start.
 */
#ifndef QUIRE_EXEC_REPLAY_H
#define QUIRE_EXEC_REPLAY_H

#include "base/err.h"
#include "base/home.h"
#include "exec/rundir.h"
#include "store/db.h"
#include "store/ingest.h"

/*
 * Makes rows of all that the file says and in of what it says of the run as a
 * whole. A torn last line is left out; a file that is absent tells nothing; a
 * batch that the database refuses for what it is, is left out and logged.
 * -1 with EXIT_BUSY: the database is busy or full, or the host can't read the
 * file now: the run is not to be settled by this.
 */
int replay_events(struct ingest *in, struct db *db, const struct home *h,
	const struct rundir *d, struct err *e);

#endif
