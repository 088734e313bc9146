/*
 * ansi.h - a line that was meant for a terminal, as HTML.
 *
 * Escape sequences (ECMA-48: CSI, OSC and the other strings, plain ESC) leave
 * no trace, and of a line that was overwritten (a progress bar: carriage
 * return, again and again) the last version is shown, as a terminal would.
 * The rest is escaped by html_text.
 */
#ifndef QUIRE_WEB_ANSI_H
#define QUIRE_WEB_ANSI_H

#include <stddef.h>

#include "base/buf.h"

void ansi_html(struct buf *b, const char *line, size_t len);

#endif
