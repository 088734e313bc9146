/*
 * pushwait.h - the hook end stays and shows the pusher his runs.
 */
#ifndef QUIRE_EXEC_PUSHWAIT_H
#define QUIRE_EXEC_PUSHWAIT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"

/*
 * Runs `quire wait` beside this executable for runs that the pusher knows to be
 * queued, with standard error for what it prints, until they have ended or the
 * pusher is gone; nothing becomes of the runs then. 0; -1: it was not started.
 * For a hook: the calling process is git-receive-pack's child, and no database
 * is open in it.
 */
int pushwait(const struct home *h, const struct strv *ids, struct err *e);

#endif
