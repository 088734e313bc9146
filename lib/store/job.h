/*
 * job.h - jobs and their commands: rows of `jobs` and `sh_events`.
 */
#ifndef QUIRE_STORE_JOB_H
#define QUIRE_STORE_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct sh {
	int n; /* from 1 */
	char *cmd;
	int64_t started_at_ms;
	int64_t finished_at_ms; /* -1: running, or cut off by the run's end */
	int exit_code; /* -1 where the column is NULL */
};

struct job_row {
	char *id;
	char *state; /* pending active complete failed skipped aborted */
	int exit_code; /* of its last command; -1: none ended */
	int64_t started_at_ms, finished_at_ms; /* -1: NULL */
	char *reason; /* why skipped or failed, or NULL */
	char *needs; /* ids joined by blanks, "" for none */
	int allow_failure;
	struct sh *sh;
	size_t n_sh;
};
void job_list_release(struct job_row *jobs, size_t n);

/* All jobs of a run in pipeline order, with their commands. *jobs is not NULL
 * even if there are none. */
int job_list(struct db *db, const char *run_id, struct job_row **jobs,
	size_t *n, struct err *e);

#endif
