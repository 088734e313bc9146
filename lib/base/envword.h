/*
 * envword.h - variables written as NAME=VALUE words split by blanks: what the
 * setting `env` holds, and one reading of it for who sets and who uses it.
 */
#ifndef QUIRE_BASE_ENVWORD_H
#define QUIRE_BASE_ENVWORD_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Takes the next word from *at: its name and its value replace what the two
 * buffers held, and *at moves behind it. 1 there was one, 0 there is none left,
 * -1 with the word that is none, EXIT_USAGE. A name is of A-Z a-z 0-9 _ and
 * begins with no digit; a value may be empty.
 */
int envword_next(
	const char **at, struct buf *name, struct buf *value, struct err *e);

/* Letters, digits and '_', no digit first. */
int envword_is_name(const char *word, size_t len);

#endif
