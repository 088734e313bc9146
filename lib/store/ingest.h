/*
 * ingest.h - events become rows.
 *
 * Ingesting a stream twice, or from any point again, changes nothing: every
 * statement is conditional on the state it leaves. Under a terminal run,
 * nothing starts and nothing finishes.
 */
#ifndef QUIRE_STORE_INGEST_H
#define QUIRE_STORE_INGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/event.h"
#include "store/db.h"

/* What the stream said of the run as a whole, gathered on the way. */
struct ingest {
	char run_id[64];
	int finished; /* run_finished was seen */
	int success; /* its outcome was "success" */
	int disk_full; /* it failed for want of space */
	char *reason; /* its reason, or NULL */
	int64_t timeout_ms; /* the pipeline's own limit; 0: none */
	int exited; /* executor_exited was seen */
	int status, signal; /* of it */
	int timed_out; /* its supervisor ended it for that; reason says so */
	char crash[64]; /* the same in words, where it was no good end */
	size_t bad_lines; /* lines that were no events */
	size_t noted; /* bytes of a refused batch, of which all this is said */
	/* the last command seen of each job, for a missing n */
	struct ingest_count {
		char *job_id;
		int n;
	} * counts;
	size_t n_counts;
};
void ingest_init(struct ingest *in, const char *run_id);
void ingest_release(struct ingest *in);

/*
 * Ingests the whole lines in data in one transaction, and says in *used how
 * many bytes those were: the torn rest is for the next call. -1: the
 * database failed, nothing of the batch is stored, but what it says of the
 * run as a whole is noted all the same: the outcome does not hang on the
 * database. Give the same bytes again, more behind them, or give them up.
 */
int ingest_lines(struct db *db, struct ingest *in, const char *data, size_t len,
	size_t *used, struct err *e);
/* Goes on without the batch that was refused: how many bytes it had. */
size_t ingest_give_up(struct ingest *in);

/* The edge that the recorded end of an executor means: complete, or failed as
 * pipeline-failure, timeout, disk-full or process-crashed; without a record
 * (exited 0), failed as orphaned. The reason points into in, or is a literal. */
struct run_edge;
void ingest_outcome(const struct ingest *in, struct run_edge *edge);

#endif
