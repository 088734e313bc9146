/*
 * legacy.h - what a database that was the older system's still carries.
 */
#ifndef QUIRE_STORE_LEGACY_H
#define QUIRE_STORE_LEGACY_H

#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

/* Runs with a run_token, which the older system gave its containers. */
int legacy_count_tokens(struct db *db, int64_t *n, struct err *e);

#endif
