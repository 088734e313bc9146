/*
 * cronline.h - the line for the owner's crontab that keeps a home repaired.
 */
#ifndef QUIRE_EXEC_CRONLINE_H
#define QUIRE_EXEC_CRONLINE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"

/* Appends "* * * * * QUIRE_HOME=/srv/quire /usr/bin/quire-reconcile", with the
 * quire-reconcile beside this executable; the default home is left out. */
int cronline_add(struct buf *b, const struct home *h, struct err *e);

#endif
