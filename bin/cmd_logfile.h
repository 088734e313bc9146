/*
 * cmd_logfile.h - what a command wrote, for a terminal.
 *
 * Log files are other people's: a job may have put anything into them, and a
 * symbolic link in their place. So they are opened one folder at a time
 * without following links, and what goes to a terminal loses every control
 * sequence but colours.
 */
#ifndef QUIRE_CMD_LOGFILE_H
#define QUIRE_CMD_LOGFILE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/home.h"
#include "store/run.h"

/* The log of one command, opened; -1 with errno. */
int log_open(const struct home *h, const struct run *r, const char *job, int n);
/* The executor's own standard error, which is lines of text alone. */
int log_open_executor(const struct home *h, const struct run *r);

/* A line for a terminal: colours stay if it has them, other sequences go, and
 * of a line drawn over itself the last state is shown. */
void log_add_safe(struct buf *b, const char *s, size_t n, int colours);

/* Appends the last lines of a log, the oldest first, safe and without colours:
 * 1 if there are more before them, 0 if not; -1 with errno. */
int log_tail(int fd, size_t most, struct strv *lines);

#endif
