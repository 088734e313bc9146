/*
 * columns.h - what text takes on a terminal.
 */
#ifndef QUIRE_BASE_COLUMNS_H
#define QUIRE_BASE_COLUMNS_H

#include <stddef.h>

#include "base/buf.h"

/* Columns of well-formed UTF-8 without control characters: wide characters
 * are two. Whatever the locale is. */
size_t columns_of(const char *text);
/* The longest beginning of text, in bytes, that takes so many columns. */
size_t columns_fit(const char *text, size_t columns);
/* Cuts text to so many columns; what is cut ends with "…". */
void columns_cut(struct buf *text, size_t columns);
/* Appends spaces until text, which takes have columns, takes want. */
void columns_pad(struct buf *b, size_t have, size_t want);

#endif
