/*
 * ci_tail.h - a job's output as lines, of which the last are kept.
 *
 * They are for a terminal on which something else is drawn, so nothing in them
 * moves a cursor: escape sequences are dropped, other control characters and
 * bytes that are no UTF-8 are replaced, a tab is a blank, and of a line that
 * was written over ('\r') the last state counts.
 */
#ifndef QUIRE_CI_TAIL_H
#define QUIRE_CI_TAIL_H

#include <stddef.h>

#include "base/buf.h"
#include "base/crilog.h"

#define CI_TAIL_LINES 20
#define CI_TAIL_LINE_BYTES 4096 /* what is longer is cut */

struct ci_tail {
	struct buf partial[2]; /* of standard output and error, as it came */
	char *lines[CI_TAIL_LINES]; /* a ring */
	size_t n; /* lines that there were in all */
};

typedef void ci_tail_line(void *arg, const char *line);

void ci_tail_init(struct ci_tail *t);
void ci_tail_release(struct ci_tail *t);
/* Takes output; line (may be NULL) is told of each line that it ends. */
void ci_tail_add(struct ci_tail *t, enum crilog_stream stream, const char *data,
	size_t len, ci_tail_line *line, void *arg);
/* No more will come: what has no end is a line, too. */
void ci_tail_end(struct ci_tail *t, ci_tail_line *line, void *arg);
/* Replaces b with the newest line, whether it has ended or not; "" if there is
 * none. */
void ci_tail_last(const struct ci_tail *t, struct buf *b);
/* The i-th of the lines kept, the oldest first; NULL: there are no more. */
const char *ci_tail_nth(const struct ci_tail *t, size_t i);

#endif
