/*
 * logpump.h - what a command writes, into its log.
 *
 * A command's standard output and error are two pipes; the pump reads what is
 * there, takes out the values of secrets (redact.h), cuts it into records
 * (crilog.h) and writes these to the log, or hands the bytes on as they are
 * (quire-ci run, which shows them). The owner's poll
 * loop says when. Nothing stays in memory but a line that has no end yet and
 * what may be the beginning of a secret, so a kill loses little more than the
 * pipes hold.
 *
 * Lines of one stream keep their order. Across the two streams it is the
 * order in which the pump finds them: right for a command that writes now and
 * then, right to a fraction of a millisecond for one that writes all the time.
 *
 * Fast because of: pipes of 256 KiB where the system allows it, so that with
 * what is made of a read they stay in a processor's cache (of 1 MiB it costs
 * 5 % more); reads of the whole pipe, one look at the clock and one write for each; a pause when many short reads
 * follow each other (logpump_pause_us), so that the pipe fills; and past the
 * limit splice(2) to /dev/null, which copies nothing.
 */
#ifndef QUIRE_EXEC_LOGPUMP_H
#define QUIRE_EXEC_LOGPUMP_H

#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/crilog.h"
#include "base/err.h"
#include "base/redact.h"

struct logpump {
	int in[2]; /* standard output, error: non-blocking; -1 at its end */
	int log; /* the file, or -1: give() takes the bytes */
	void (*give)(void *arg, enum crilog_stream stream, const char *data,
		size_t len);
	void *arg; /* of give() */
	const struct redactor *redactor; /* the owner's; NULL: no secrets */
	int64_t max; /* bytes of log; 0: no limit */
	int64_t written; /* bytes of log */
	uint64_t dropped; /* bytes of output that did not get into the log */
	int full; /* the limit was reached */
	int error; /* errno of a failed write to the log; 0 */

	struct redact_stream redact[2]; /* what comes before the writers */
	struct crilog_writer writer[2];
	struct timespec now; /* the time of what was read last */
	char *chunk; /* where a read goes */
	struct buf out; /* records of one read */
	int null; /* /dev/null, for what is dropped */
	int pipe_size;
	int short_reads; /* in this slice of time */
	int64_t slice;
};

/*
 * Makes the pipes. The command's ends come back in child[0] and child[1]
 * (close-on-exec): close them here when it has them. The pump owns log and
 * closes it. -1: nothing is open, log included.
 */
int logpump_open(
	struct logpump *p, int log, int64_t max, int child[2], struct err *e);
/* A line of quire's own, with its newline, as if on standard error. */
void logpump_say(struct logpump *p, const char *line, size_t len);
/* One read of stream 0 or 1 and what follows from it; for a descriptor that
 * poll(2) found readable or hung up. How many bytes it got. */
size_t logpump_pull(struct logpump *p, int which);
/* All that is in the pipes now, but not what a process that still holds them
 * writes meanwhile. */
void logpump_drain(struct logpump *p);
/* Whether both streams have ended. */
int logpump_is_done(const struct logpump *p);
/* How long not to read, because short reads came thick; 0 mostly. */
int logpump_pause_us(const struct logpump *p);
/*
 * Ends the log: a line without an end is written, and if output was dropped
 * the last line says how much. Closes everything; error stays to be read.
 */
void logpump_close(struct logpump *p);

#endif
