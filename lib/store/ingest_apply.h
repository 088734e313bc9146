/*
 * ingest_apply.h - one event, done to the rows; for lib/store alone.
 */
#ifndef QUIRE_STORE_INGEST_APPLY_H
#define QUIRE_STORE_INGEST_APPLY_H

#include "base/event.h"
#include "store/db.h"
#include "store/ingest.h"

/* What the events of one transaction share. */
struct batch {
	struct db *db;
	struct ingest *in;
	int begun; /* the transaction is open */
	int live; /* the run is there and has not ended */
	int64_t from_ms, to_ms; /* times are clamped to these */
};

/* Whether the event changes rows at all. */
int ingest_touches_rows(enum event_type type);
/* Does it, inside the transaction, under a live run. */
int ingest_apply(struct batch *b, const struct event *ev, struct err *e);

#endif
