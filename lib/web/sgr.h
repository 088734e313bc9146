/*
 * sgr.h - the looks of text on a terminal: SGR, "select graphic rendition"
 * (ECMA-48, 8.3.117), with the 256 colours of xterm and the 24-bit ones of
 * ISO 8613-6.
 */
#ifndef QUIRE_WEB_SGR_H
#define QUIRE_WEB_SGR_H

#include <stddef.h>

enum sgr_style {
	SGR_BOLD = 1,
	SGR_DIM = 2,
	SGR_ITALIC = 4,
	SGR_UNDERLINE = 8,
	SGR_STRIKE = 16,
	SGR_INVERSE = 32,
};

/* A colour is one of xterm's 256, from 1: 0 is the default. */
struct sgr {
	unsigned style;
	unsigned fg, bg;
};

/*
 * Does what ESC [ params m asks for: 1, 31, 38;5;208, 38:2::255:0:0, ... What
 * is not known, out of range or cut off changes nothing. Text that blinks or
 * is concealed stays as it is.
 */
void sgr_apply(struct sgr *s, const char *params, size_t len);
/* That of the colours 16 to 255 which is the least away. */
unsigned sgr_nearest(unsigned r, unsigned g, unsigned b);

#endif
