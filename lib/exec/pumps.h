/*
 * pumps.h - the logs of one job that are open: that of the command that runs,
 * the front one, and those of earlier ones that something in the background
 * still writes to.
 *
 * The owner's poll loop: pumps_fill() says what to look for, pumps_pull()
 * reads what was found. A pump whose pipes have ended is closed, but for the
 * front one, which is when its command has ended.
 */
#ifndef QUIRE_EXEC_PUMPS_H
#define QUIRE_EXEC_PUMPS_H

#include <poll.h>
#include <stddef.h>

#include "exec/logpump.h"

struct pump;

struct pumps {
	struct pump *list;
	size_t n;
	struct logpump *front; /* NULL: no command runs */
	int pause_us; /* before the next read */
	/* Told of each log that could not be written to its end. */
	void (*failed)(void *arg, int error);
	void *arg; /* of failed() */
};

/* Another one, as logpump_open() has it; it is the front one when the caller
 * says so. NULL as there. */
struct logpump *pumps_open(
	struct pumps *p, int log, int64_t max, int child[2], struct err *e);
/* Two for each pump. How many. */
size_t pumps_fill(const struct pumps *p, struct pollfd *fds);
void pumps_pull(struct pumps *p, const struct pollfd *fds);
/* The front command has ended: what it wrote is all in the pipes. The errno of
 * its log, or 0. */
int pumps_end_front(struct pumps *p);
/* Nothing writes any more. */
void pumps_close(struct pumps *p);

#endif
