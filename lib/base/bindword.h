/*
 * bindword.h - paths that a sandbox shows, written as words split by blanks:
 * what the setting `bind` holds, and one reading of it for who sets and who
 * uses it.
 */
#ifndef QUIRE_BASE_BINDWORD_H
#define QUIRE_BASE_BINDWORD_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Takes the next word from *at, which replaces what word held, and *at moves
 * behind it. 1 there was one, 0 there is none left, -1 with the word that is
 * none, EXIT_USAGE: it is PATH or PATH:rw; PATH is absolute and has no `..` in
 * it, and is not / or one of the folders that a sandbox has of its own.
 */
int bindword_next(const char **at, struct buf *word, struct err *e);
/* Cuts ":rw" off a word. 1: it was there. */
int bindword_take_rw(struct buf *word);

#endif
