/*
 * utf8.h - bytes of unknown origin, made fit for a reader.
 *
 * Ref names, commit messages, commands and logs may be any bytes. Everything
 * that leaves for JSON, a page or a terminal goes through here first.
 */
#ifndef QUIRE_BASE_UTF8_H
#define QUIRE_BASE_UTF8_H

#include <stddef.h>

#include "base/buf.h"

/*
 * The length of the well-formed UTF-8 sequence at s (1 to 4), or 0 if the
 * bytes there are none: overlong forms, surrogates and what is above U+10FFFF
 * are not well-formed (Unicode, table 3-7).
 */
size_t utf8_len(const char *s, size_t n);
/* Appends, with each byte that is not part of one turned into U+FFFD. */
void utf8_add(struct buf *b, const char *s, size_t n);
/*
 * For a terminal or a one-line message: as utf8_add, and control characters
 * (C0, DEL, C1) and bidi overrides become '?', except that with keep_tabs a
 * tab stays.
 */
void utf8_add_plain(struct buf *b, const char *s, size_t n, int keep_tabs);

#endif
