/*
 * cmd_term.h - what the listings know of the terminal they are for.
 */
#ifndef QUIRE_CMD_TERM_H
#define QUIRE_CMD_TERM_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/run.h"

/* Columns of standard output, if it is a terminal (its size, else $COLUMNS,
 * else 80); 0 if it is none: then nothing need be cut. */
size_t term_width(void);
/* Whether to colour: a terminal, not a dumb one, and no NO_COLOR. */
int term_colours(void);
/* Whether the locale is one of UTF-8. */
int term_utf8(void);

/* Waits so long. If nobody reads standard output any more, which its other end
 * says without a byte being written, SIGPIPE ends the process; -1 where that
 * is ignored. */
int term_pause(int ms, struct err *e);

/* The sequence that begins a state's colour (a run's or a job's), or "". */
const char *term_state_colour(const char *state);
#define TERM_PLAIN "\033[0m"
/* Appends text in the colour, if that is not "" and colours are on. */
void term_paint(struct buf *b, const char *text, const char *colour, int on);

/* "foo#42" */
void term_add_run(struct buf *b, const struct run *r);
/* "failed (timeout)": the state, and the kind of failure where that says
 * more than that a job failed. */
void term_add_state(struct buf *b, const struct run *r);
/* How long it took, or has taken until now; "" if it never began. */
void term_add_took(
	struct buf *b, int64_t started_ms, int64_t finished_ms, int64_t now_ms);

#endif
