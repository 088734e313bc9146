/*
 * sendq.h - bytes on their way to a reader that may be slow.
 *
 * Who runs jobs must see signals, time limits and hang-ups also while a
 * terminal or a pager does not read. So nothing is written with a call that
 * blocks: bytes are queued, and the owner's poll loop flushes when the
 * descriptor takes more. Whoever fills the queue looks at sendq_is_full()
 * before it reads more input.
 */
#ifndef QUIRE_EXEC_SENDQ_H
#define QUIRE_EXEC_SENDQ_H

#include "base/buf.h"

struct sendq {
	int fd;
	int own; /* fd was opened here: sendq_close() closes it */
	struct buf pending; /* append here */
	size_t sent; /* of pending */
	int error; /* errno of the write that failed; 0 */
};

/*
 * A queue to fd, which must be non-blocking or a plain file. With reopen it
 * may be the process's standard output: a pipe or terminal is opened anew,
 * because the flag would show in every process that shares it. Where that is
 * refused, fd itself is used, and a write may block.
 */
void sendq_open(struct sendq *q, int fd, int reopen);
/* Forgets what is pending. */
void sendq_close(struct sendq *q);
/* Writes what the descriptor takes now. -1 with errno: the reader is gone;
 * what was pending is dropped. */
int sendq_flush(struct sendq *q);
/* Waits until all is written; for an end that nothing else waits for. */
int sendq_drain(struct sendq *q);
int sendq_is_empty(const struct sendq *q);
int sendq_is_full(const struct sendq *q);

#endif
