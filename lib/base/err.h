/*
 * err.h - how a library function says what went wrong.
 *
 * A function that can fail takes a struct err, and on failure returns -1 (or
 * NULL) with one line in it that is fit for a user: "what: why", and what to
 * do where that is not obvious. The library never exits and never prints;
 * a main does, with program_fail().
 *
 * The status is the exit status that the failure should end a program with.
 */
#ifndef QUIRE_BASE_ERR_H
#define QUIRE_BASE_ERR_H

#include <stdarg.h>

enum exit_status {
	EXIT_DONE = 0, /* done */
	EXIT_RED = 1, /* what was asked about is red or bad */
	EXIT_USAGE = 2, /* usage; unknown run, repository or setting */
	EXIT_INTERNAL = 70, /* internal; foreign, newer or corrupt database */
	EXIT_BUSY = 75, /* busy, live, not the owner, a host's fault */
};

struct err {
	int status; /* an enum exit_status */
	char text[1024]; /* one line: no byte of it is a control character */
};

/* Fills e (which may be NULL) and returns -1. Text that does not fit is cut;
 * control characters, which names may hold, become '?'. */
int err_set(struct err *e, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int err_setv(struct err *e, int status, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/*
 * Like err_set(), with ": " and strerror(errno) behind the text. The status is
 * EXIT_BUSY: what the kernel refuses is a fault of the host (no space, no
 * permission, too many open files) that goes away when the host is mended.
 * errno is left as it was.
 */
int err_sys(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Puts "fmt: " in front of the text that e already holds; returns -1. */
int err_prefix(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
