/*
 * program.h - what every main does alike.
 */
#ifndef QUIRE_PROGRAM_H
#define QUIRE_PROGRAM_H

#include "base/err.h"

#define QUIRE_VERSION "0.1.0"

/* Standard input, output and error are open afterwards, on /dev/null if they
 * were closed; SIGCHLD has its default disposition (an inherited ignored one
 * makes waitpid fail), SIGPIPE too. Call first in main. */
void program_start(void);
/* "program: what: why" on standard error, control bytes made harmless; returns
 * the exit status in e. */
int program_fail(const char *program, const struct err *e);
/* The same for a usage error; adds "try 'program --help'"; EXIT_USAGE. */
int program_usage(const char *program, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
