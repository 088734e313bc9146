/*
 * evaluate.h - the pipeline of a workspace: read from .quire/ci.json, or
 * printed by the program .quire/ci.
 *
 * That program runs as a job does: through the executor, in a process of its
 * own below which nothing stays, in the same environment and limits. Only it
 * is no job: no event tells of it, it has no log and no QUIRE_JOB. What it
 * prints is the pipeline, of PIPELINE_MAX_BYTES at most; past that it is ended.
 * Its standard error is passed on, up to EVALUATE_MAX_STDERR.
 */
#ifndef QUIRE_EXEC_EVALUATE_H
#define QUIRE_EXEC_EVALUATE_H

#include <stdint.h>

#include "base/err.h"
#include "base/pipeline.h"
#include "exec/executor.h"

#define EVALUATE_TIMEOUT_MS (5 * 60 * 1000) /* where nobody says other */
#define EVALUATE_MAX_STDERR (64 << 10)

/*
 * Fills the zeroed p. Of the executor x all counts but its pipeline, cause,
 * timeout, event and output; standard error is this process's.
 *
 * 0 and the outcome EXECUTOR_GREEN: it is there. 0 and EXECUTOR_SIGNAL or
 * EXECUTOR_HANGUP: it was to stop meanwhile, and p is empty. -1, p empty:
 * EXIT_RED, the pipeline is wrong, or the program failed, was killed, ran too
 * long or printed too much, which the error says, with the last line of its
 * standard error; EXIT_USAGE, there is none; otherwise a fault of the host.
 */
int evaluate(const struct executor *x, int64_t timeout_ms, struct pipeline *p,
	struct executor_result *result, struct err *e);

#endif
