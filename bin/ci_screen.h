/*
 * ci_screen.h - a block of lines at the end of a terminal's output that is
 * drawn anew in its place.
 *
 * What is above it is ordinary output and scrolls away as such; there is no
 * alternate screen, no mode of the terminal is changed and the cursor is left
 * visible below the block, at the start of a line: so whoever is killed in
 * between leaves nothing to be restored.
 *
 * The size is asked for before each drawing, and no line is as wide as the
 * screen. A terminal that has become narrower has broken the lines of the old
 * block (most do so; xterm, screen and the console cut them), which is counted
 * in when the cursor goes back to its first.
 */
#ifndef QUIRE_CI_SCREEN_H
#define QUIRE_CI_SCREEN_H

#include <stddef.h>

#include "base/buf.h"

/* Lines to be drawn, built one after the other. */
struct ci_lines {
	struct buf text;
	size_t *widths; /* columns of each */
	size_t n, size;
	size_t max; /* columns a line may take */
	size_t used; /* of the line that is being built, */
	size_t blank; /* and of these the blanks at its end, not there yet */
	int colour, utf8;
};

struct ci_screen {
	int fd;
	struct buf *out;
	int colour, utf8;
	size_t columns, rows; /* as last asked */
	int reflows;
	size_t *drawn; /* the widths of the block's lines */
	size_t n_drawn;
	size_t drawn_columns; /* of the screen then */
};

/* Whether fd is a terminal on which a block can be drawn anew. */
int ci_screen_fits(int fd);
/* Whether fd is one that may have colours: no NO_COLOR, not dumb. */
int ci_screen_colours(int fd);

/* out is written to fd by somebody else. */
void ci_screen_init(struct ci_screen *s, int fd, struct buf *out);
void ci_screen_release(struct ci_screen *s);
/* Asks for the size again. */
void ci_screen_measure(struct ci_screen *s);
/* Puts the lines in the place of the block, with the text above (whole lines,
 * or nothing), which then belongs to the scrollback. */
void ci_screen_draw(
	struct ci_screen *s, const struct buf *above, struct ci_lines *lines);
/* Takes the block away. */
void ci_screen_clear(struct ci_screen *s);

void ci_lines_init(struct ci_lines *l, const struct ci_screen *s);
void ci_lines_release(struct ci_lines *l);
/* Adds text (well-formed, without control characters) to the line, in the
 * colour, which may be NULL. What does not fit is cut, with a sign; what the
 * terminal's character set lacks becomes '?'. */
void ci_lines_add(struct ci_lines *l, const char *text, const char *colour);
/* Blanks up to the column; at the end of a line there are none. */
void ci_lines_to(struct ci_lines *l, size_t column);
void ci_lines_end(struct ci_lines *l);

#endif
