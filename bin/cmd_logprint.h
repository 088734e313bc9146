/*
 * cmd_logprint.h - a log on standard output, while it is being written too.
 */
#ifndef QUIRE_CMD_LOGPRINT_H
#define QUIRE_CMD_LOGPRINT_H

#include "base/buf.h"
#include "base/err.h"

struct logprint {
	int raw, terminal, colours;
	struct buf in; /* a record that is not complete */
	struct buf line; /* pieces of a line that is not */
	struct buf out;
};
/* raw: the records as they are. */
void logprint_init(struct logprint *p, int raw);
void logprint_release(struct logprint *p);

/* "==> job n: cmd <==", with an empty line in front of all but the first. */
void logprint_head(const char *job, int n, const char *cmd, int first);
/* Prints what the file has from its offset to its end; what is begun there and
 * not complete waits for more, or for logprint_end(). 0 or -1. */
int logprint_more(struct logprint *p, int fd, struct err *e);
int logprint_end(struct logprint *p, struct err *e);
/* Both. */
int logprint_all(struct logprint *p, int fd, struct err *e);

#endif
