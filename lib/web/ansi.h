/*
 * ansi.h - lines that were meant for a terminal, as HTML.
 *
 * Colours and styles (sgr.h) become spans with classes, which style/log.css
 * explains; what was set in one line goes on in the next, as on a terminal, so
 * there is one struct ansi for each stream. A line closes all its spans.
 *
 * A line that was overwritten (a progress bar: carriage return, or the cursor
 * sent to the first column, again and again) is shown as it was last; one that
 * was erased then is empty. A backspace takes a character away. All other
 * escape sequences (ECMA-48: CSI, OSC and the other strings, plain ESC) leave
 * no trace, of a hyperlink (OSC 8) its text alone stays. The rest is escaped
 * by html_text.
 */
#ifndef QUIRE_WEB_ANSI_H
#define QUIRE_WEB_ANSI_H

#include <stddef.h>

#include "base/buf.h"
#include "web/sgr.h"

struct ansi {
	struct sgr pen; /* the looks of what comes next */
	/* The line at hand: text, and where in it the pen was changed. */
	struct buf text;
	struct ansi_run *runs;
	size_t n_runs, runs_size;
	int returned; /* what comes overwrites it */
};

#define ANSI_INIT                           \
	{                                   \
		.text = { buf_empty, 0, 0 } \
	}

void ansi_release(struct ansi *a);
/* Appends one line, without a newline. */
void ansi_html(struct ansi *a, struct buf *b, const char *line, size_t len);

/*
 * For a line so long that it is not kept whole. How much of its begin a
 * carriage return has overwritten: it need not be shown, but has to be given
 * to ansi_skip for the colours that were set there.
 */
size_t ansi_overwritten(const char *line, size_t len);
void ansi_skip(struct ansi *a, const char *line, size_t len);
/* Where to cut it: up to there characters and sequences are whole. Never 0
 * unless len is. */
size_t ansi_whole(const char *line, size_t len);

#endif
