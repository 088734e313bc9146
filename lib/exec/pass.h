/*
 * pass.h - what the passes of reconcile share: one run of quire-reconcile.
 *
 * A pass does what it can and goes on: what it could not do for one repository
 * or run is a warning and leaves the others theirs. It returns -1 only when
 * the database itself failed, for then nothing that follows can do better.
 *
 * Errors are not evidence. Only ENOENT with its parent in place, or git's own
 * "missing", says that a thing is gone, and only the second of two reconciles
 * that say so acts on it.
 */
#ifndef QUIRE_EXEC_PASS_H
#define QUIRE_EXEC_PASS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "exec/reconcile.h"
#include "store/repo.h"
#include "store/run.h"

struct pass {
	struct reconcile *r;
	struct db *db;
	/* When this reconcile began, before it waited for another: what was
	 * seen missing after that was seen at the same time. */
	int64_t start_ms;
	struct repo *repos;
	size_t n_repos;
	/* One for each repository: its git_dir is there. missing_pass. */
	char *present;
	int queued; /* runs that drift_pass queued */
};

void pass_say(struct pass *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Counts as a problem: quire-reconcile will exit 75. */
void pass_warn(struct pass *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for a path below the home, with the words of errno. */
void pass_warn_sys(struct pass *p, const char *path);
/* "foo#3", and "foo": appended. */
void pass_add_run(struct buf *b, const struct run *r);
void pass_add_repo(struct buf *b, const char *repo);

/* orphan.c: active rows without a supervisor. */
int orphan_pass(struct pass *p, struct err *e);
/* Takes the run's lock, reads its row again under it, and settles it if it is
 * active, clears away what is left of it if it is terminal. */
int orphan_settle(struct pass *p, const struct run *seen, struct err *e);
/* The same for a pending run that was begun all the same. */
int orphan_begun(struct pass *p, const struct run *seen, struct err *e);
/* prune.c: removals that were cut short; runs that need not be kept. */
int pruned_pass(struct pass *p, struct err *e);
int prune_pass(struct pass *p, struct err *e);
/* cache.c: what jobs keep between runs and need not. */
int cache_pass(struct pass *p, struct err *e);
/* leftover.c: what terminal runs left behind, directories that no row knows. */
int leftover_pass(struct pass *p, struct err *e);
/* missing.c: fills in present; live runs whose repository or commit is gone. */
int missing_pass(struct pass *p, struct err *e);
/* drift.c: baselines that were cut short; refs that moved without a hook. */
int baseline_pass(struct pass *p, struct err *e);
int drift_pass(struct pass *p, struct err *e);

#endif
