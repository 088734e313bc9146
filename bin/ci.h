/*
 * ci.h - quire-ci's commands, and what they share.
 */
#ifndef QUIRE_CI_H
#define QUIRE_CI_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/pipeline.h"
#include "exec/executor.h"

#define CI_NAME "quire-ci"

/* As given; NULL or 0 where an option was not. Which command takes which is in
 * the table of quire-ci.c. */
struct ci_options {
	char *const *operands;
	size_t n_operands;
	int help, version;
	/* exec */
	const char *workspace, *run_dir;
	int64_t max_log; /* bytes; 0: no limit */
	/* run */
	const char *branch, *tag;
};

/* quire-ci exec, for quire-run, and quire-ci run, for a person: the exit
 * status; what went wrong has been told. */
int ci_exec(const struct ci_options *o);
int ci_run(const struct ci_options *o);

/* The folder, open; -1. */
int ci_open_folder(const char *path, struct err *e);
/* What the run is for, as the environment says. It points into changed, which
 * is the caller's to release. */
int ci_read_cause(struct executor_cause *c, struct buf *changed, struct err *e);
/* The pipeline of the working tree that the process stands in: it moves to the
 * top of it, *top is that folder, open. -1: there is none, or it is wrong. */
int ci_load_here(struct pipeline *p, int *top, struct err *e);

#endif
