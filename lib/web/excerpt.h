/*
 * excerpt.h - the last lines of a log, for where there is room for a few.
 */
#ifndef QUIRE_WEB_EXCERPT_H
#define QUIRE_WEB_EXCERPT_H

#include <stdint.h>

#include "base/buf.h"
#include "web/logfile.h"

#define EXCERPT_LINES 25
#define EXCERPT_BYTES (8 << 10) /* of the file */

struct excerpt {
	int cut; /* more stands before it */
	/* The number of the log's last line, for its anchor; 0 where the log
	 * is too long to be counted for that. */
	int64_t last_line;
};
/*
 * Appends the last EXCERPT_LINES lines within the last EXCERPT_BYTES, as
 * logview.h shows a log, without numbers. Of a line that alone is longer there
 * is the end. 0 or -1 with errno.
 */
int logview_excerpt(struct buf *b, const struct logfile *f, struct excerpt *x);

#endif
