/*
 * jobenv.h - the environment of a run's jobs, made from nothing.
 *
 * PATH, HOME, TMPDIR, LANG, CI, TRACEPARENT, then the setting `env`, then the
 * QUIRE_ variables, which nothing overrides: see quire-run(8). A job gets no
 * variable of the hook's, the web server's or the operator's.
 */
#ifndef QUIRE_EXEC_JOBENV_H
#define QUIRE_EXEC_JOBENV_H

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"
#include "exec/rundir.h"
#include "store/db.h"
#include "store/run.h"

/* Sets NAME in the list, replacing an earlier value; NULL removes it. */
void jobenv_set(struct strv *env, const char *name, const char *value);
/* NAME=VALUE words split by blanks; -1 with the word that is none. */
int jobenv_add_words(struct strv *env, const char *words, struct err *e);

/*
 * The whole of it. Makes cache/<repo>/, and <run-dir>/changed: the paths that
 * differ from the last commit of this ref whose run was complete. Without such
 * a commit QUIRE_CHANGED is unset. errno says why it failed, 0 if no system
 * call did.
 */
int jobenv_make(struct strv *env, struct db *db, const struct home *h,
	const struct run *r, struct rundir *d, struct err *e);

#endif
