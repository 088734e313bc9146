/*
 * seed_data.h - the fixed set of runs that `quire seed` writes.
 *
 * Every state of runs and jobs, every kind of failure, long and short logs,
 * and names, subjects and output as odd as git and commands allow: what a page
 * must be looked at with.
 */
#ifndef QUIRE_EXEC_SEED_DATA_H
#define QUIRE_EXEC_SEED_DATA_H

#include <stddef.h>

#include "store/run.h"

#define SEED_MAX_SH 4
#define SEED_MAX_JOBS 8

struct seed_sh {
	const char *cmd; /* NULL ends the list */
	int exit_code; /* -1: runs, or was cut off */
	int span_ms;
	/* Lines ended by \n; one that starts with "!" went to standard error.
	 * NULL: no output. */
	const char *output;
	int generated; /* so many lines of a long test run are added */
};

struct seed_job {
	const char *id; /* NULL ends the list */
	const char *state;
	const char *needs;
	struct seed_sh sh[SEED_MAX_SH + 1];
	int starts_ms; /* after the run's start */
	int allow_failure;
	const char *reason;
};

struct seed_run {
	const char *repo;
	const char *ref;
	const char *subject;
	const char *author;
	const char *pusher;
	enum run_state state;
	const char *kind;
	const char *reason;
	const char *trigger;
	int age_s; /* from queued to now */
	int wait_ms; /* from queued to started; -1: never started */
	int span_ms; /* from started (or queued) to its end */
	int superseded_by, rerun_of; /* number in its repository, or 0 */
	const struct seed_job *jobs; /* or NULL */
	const char *executor_log; /* quire-ci.log, or NULL */
	int seen; /* it is the run of its ref's tip */
};

extern const struct seed_run seed_runs[];
extern const size_t seed_runs_count;

/* What jobs kept, under the run with that number. */
struct seed_artifact {
	const char *repo;
	int number;
	const char *job, *path;
	const char *content;
};
extern const struct seed_artifact seed_artifacts[];
extern const size_t seed_artifacts_count;

/* Repositories, in the order of their making. */
struct seed_repo {
	const char *name;
	const char *setting; /* one that is switched on for it, or NULL */
};
extern const struct seed_repo seed_repos[];
extern const size_t seed_repos_count;

#endif
