/*
 * shword.h - any string as one word of a command for sh(1): for the commands
 * that a program prints so that somebody types them.
 */
#ifndef QUIRE_BASE_SHWORD_H
#define QUIRE_BASE_SHWORD_H

#include "base/buf.h"

/* Appends it as it is where nothing in it means something to sh, else in
 * single quotes. */
void shword_add(struct buf *b, const char *s);
/* The same for a crontab(5), where % ends the command unless it is escaped. */
void shword_add_cron(struct buf *b, const char *s);

#endif
