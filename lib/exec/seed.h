/*
 * seed.h - a home with a fixed set of runs in every run and job state, with
 * logs, for work on the pages.
 */
#ifndef QUIRE_EXEC_SEED_H
#define QUIRE_EXEC_SEED_H

#include "base/err.h"

/*
 * Makes the home dir (which must be empty or absent), one or more
 * repositories with a few commits, and the runs. The same at every call but
 * for the times, which end at now_ms. reconcile leaves it
 * alone: how is said in seed.c.
 */
int seed_home(const char *dir, long long now_ms, struct err *e);

#endif
