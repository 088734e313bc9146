/*
 * logview.h - a log's records as lines of HTML, for the inside of a <pre>.
 *
 * Pieces of a long line are joined, for each stream apart, since the two may
 * alternate; a line is counted and shown where it ends. One that grows beyond
 * LOGVIEW_LINE bytes is shown in several rows, of which the last has the
 * number: so memory does not depend on what was written.
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

/*
 * A part of a log with numbered lines, anchors L1, L2, ...: the records that
 * start from one offset (at which one does) up to another; line is the number
 * of the first. *at and *next say where it ended. 0 or -1 with errno.
 */
int logview_part(struct buf *b, const struct logfile *f, int64_t from,
	int64_t to, int64_t line, int64_t *at, int64_t *next);

#endif
