/*
 * runlog.h - quire-run.log in the home: where a quire-run that was started in
 * the background, with /dev/null for its standard error, says what went wrong.
 *
 * One line an entry: RFC 3339 time, process, text. The file is renamed to
 * quire-run.log.old when it has grown past a megabyte, so the two of them are
 * bounded, and the newest entries are always there. run-finished.log is such
 * a file too, and has what became of hooks, and what they had to say.
 */
#ifndef QUIRE_EXEC_RUNLOG_H
#define QUIRE_EXEC_RUNLOG_H

#include "base/home.h"

#define RUNLOG_FILE "quire-run.log"
#define RUNLOG_HOOK_FILE "run-finished.log"
#define RUNLOG_MAX_BYTES (1 << 20)

/* What can't be written is lost: there is nobody left to tell. */
void runlog_add(const struct home *h, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same to run-finished.log. */
void runlog_add_hook(const struct home *h, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
