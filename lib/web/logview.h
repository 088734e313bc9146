/*
 * logview.h - a log's records as lines of HTML, for the inside of a <pre>.
 *
 * Pieces of a long line are joined, for each stream apart, since the two may
 * alternate; a line is counted and shown where it ends. Of one that grows
 * beyond LOGVIEW_LINE bytes what was overwritten is dropped, and what then is
 * still too long is shown in several rows, of which the last has the number:
 * so memory does not depend on what was written. A line that has not ended yet
 * is shown last, without a number.
 *
 * Colours that were set before the part are not known in it.
 */
#ifndef QUIRE_WEB_LOGVIEW_H
#define QUIRE_WEB_LOGVIEW_H

#include <stdint.h>

#include "base/buf.h"
#include "web/logfile.h"

#define LOGVIEW_LINE (64 << 10)

/*
 * The end of a log, without line numbers: what starts in its last max_bytes.
 * *cut says if that is not all. 0 or -1 with errno.
 */
int logview_tail(
	struct buf *b, const struct logfile *f, int64_t max_bytes, int *cut);

/* How the lines look. */
struct logview {
	int64_t line; /* number of the first; 0: they are not numbered */
	int times; /* with the time of each */
	/* The page is not the whole log: a number leads to ?line=, the part
	 * that has this line, else just to the line. */
	int is_part;
};

/*
 * A part of a log, its numbered lines with anchors L1, L2, ...: the records
 * that start from one offset (at which one does) up to another. *at says where
 * it ended. 0 or -1 with errno.
 */
int logview_part(struct buf *b, const struct logfile *f,
	const struct logview *how, int64_t from, int64_t to, int64_t *at);

#endif
