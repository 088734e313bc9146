/*
 * crilog.h - command logs in the Kubernetes CRI format.
 *
 *	2026-11-24T05:46:58.123456789Z stdout F text of a line
 *	<RFC 3339 time, nanoseconds> <stdout|stderr> <F|P> <text>
 *
 * F ends a line; P is a piece of a line longer than CRILOG_PIECE bytes. The
 * text is what the command wrote, any bytes but newline.
 */
#ifndef QUIRE_BASE_CRILOG_H
#define QUIRE_BASE_CRILOG_H

#include <stddef.h>
#include <time.h>

#include "base/buf.h"

#define CRILOG_PIECE 16384 /* longest text of one record, in bytes */

enum crilog_stream { CRILOG_STDOUT = 1, CRILOG_STDERR = 2 };

struct crilog_record {
	const char *time; /* RFC 3339; points into the line, time_len bytes */
	size_t time_len;
	enum crilog_stream stream;
	int partial; /* P: the line goes on in the next record */
	const char *text; /* points into the line */
	size_t len;
};

/* Reads the record in one line (without newline); -1 if it is none. */
int crilog_parse(struct crilog_record *r, const char *line, size_t len);

/*
 * The writer's half: cuts a stream of bytes into records. One for each of
 * stdout and stderr; rest holds the line begun and not ended, CRILOG_PIECE
 * bytes at most.
 */
struct crilog_writer {
	enum crilog_stream stream;
	struct buf rest;
};
/* Appends to out the records that data completes, stamped with at. */
void crilog_feed(struct crilog_writer *w, const char *data, size_t len,
	const struct timespec *at, struct buf *out);
/* End of the stream: a line without newline becomes an F record. */
void crilog_end(
	struct crilog_writer *w, const struct timespec *at, struct buf *out);

#endif
