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
#include "exec/scratch.h"

#define CI_NAME "quire-ci"

/* As given; NULL or 0 where an option was not. Which command takes which is in
 * the table of quire-ci.c. */
struct ci_options {
	char *const *operands;
	size_t n_operands;
	int help, version;
	/* exec and run */
	const char *sandbox; /* bwrap or none */
	struct strv binds, hides;
	int no_network;
	/* exec */
	const char *workspace, *run_dir, *git_dir;
	int64_t max_log; /* bytes; 0: no limit */
	struct limits limits;
	const char *secrets; /* the folder */
	/* all */
	int64_t ci_timeout_ms; /* of .quire/ci */
	/* run */
	const char *branch, *tag, *ref;
	const char *changed_since;
	struct strv env; /* NAME=VALUE */
	struct strv given_secrets; /* NAME=FILE */
	int keep_going, plain, verbose;
	int list, graph, json;
};

/* quire-ci exec, for quire-run, and quire-ci run and check, for a person: the
 * exit status; what went wrong has been told. */
int ci_exec(const struct ci_options *o);
int ci_run(const struct ci_options *o);
int ci_check(const struct ci_options *o);

/* The folder, open; -1. */
int ci_open_folder(const char *path, struct err *e);
/* What the run is for, as the environment says. It points into changed, which
 * is the caller's to release. */
int ci_read_cause(struct executor_cause *c, struct buf *changed, struct err *e);
/* The working tree that the process stands in: it moves to the top of it, and
 * *top is that folder, open. -1: there is none. */
int ci_enter_tree(int *top, struct err *e);
/* Makes the environment of the process that of the tree's jobs; it stands at
 * the top. */
int ci_local_env(const struct ci_options *o, struct err *e);
/* And what of it are files, in the folder: QUIRE_CHANGED where the options say
 * so, and a TMPDIR where there is none. */
int ci_local_files(
	const struct ci_options *o, const struct scratch *in, struct err *e);
/* The secrets that the options give. The caller releases them, after an error
 * too. */
int ci_secrets(
	struct secret_source *from, const struct ci_options *o, struct err *e);
/* Whether each of them is named by a job: who gives another has mistyped it. */
int ci_secrets_check(const struct secret_source *from, const struct pipeline *p,
	struct err *e);
void ci_secrets_release(struct secret_source *from);
/* The pipeline of that tree, which x has open; the process is a subreaper from
 * then on. -1: it is wrong, or it was cut short, with the exit status. */
int ci_load(const struct executor *x, const struct ci_options *o,
	struct pipeline *p, struct err *e);

/* What the options say of a sandbox; *used is s, or NULL for none. The caller
 * releases s. EXIT_USAGE. */
int ci_sandbox(struct sandbox *s, const struct ci_options *o,
	const struct sandbox **used, struct err *e);
void ci_sandbox_release(struct sandbox *s);

#endif
