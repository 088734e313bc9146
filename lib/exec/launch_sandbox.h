/*
 * launch_sandbox.h - what the settings say of a run's sandbox, as options of
 * quire-ci.
 *
 * The home is hidden from jobs, whatever is bound. A bind may name a path in
 * it (the home of the user quire, with toolchains), but none of quire's own.
 */
#ifndef QUIRE_EXEC_LAUNCH_SANDBOX_H
#define QUIRE_EXEC_LAUNCH_SANDBOX_H

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"
#include "store/db.h"
#include "store/run.h"

/* By the run's own sandbox, which its claim has stamped. -1 with errno, 0 if
 * no system call is to blame: a setting can't be read, or a bind not be done,
 * which e names. */
int launch_sandbox(struct strv *argv, struct db *db, const struct home *h,
	const struct run *r, struct err *e);

#endif
