/*
 * cmd_queue.h - what `quire rerun` and `quire start` share: a run that nobody
 * pushed.
 */
#ifndef QUIRE_CMD_QUEUE_H
#define QUIRE_CMD_QUEUE_H

#include "base/commit.h"
#include "base/gitcat.h"
#include "cmd.h"
#include "store/run.h"

/* A commit as git has it, with what it would run. */
struct queue_commit {
	char sha[OID_SIZE];
	enum pipeline_kind kind;
	struct commit_info info;
};
/*
 * Asks the repository for a revision ("<sha>", "refs/heads/main"): 1 it is, or
 * leads to, a commit; 0 it does not; -1 git did not answer. On 1 the caller
 * releases c->info.
 */
int queue_find_commit(const char *git_dir, const char *revision,
	struct queue_commit *c, struct err *e);

/*
 * Inserts the run in a transaction of its own, prints the line "foo#43 queued
 * for main (2 ahead)" with note behind the ref, closes ctx, and kicks. 0 or
 * -1; ctx is closed either way.
 */
int queue_run(struct cmd_ctx *ctx, const struct run_new *new, const char *note,
	struct err *e);

#endif
