/*
 * scratch.h - a private folder for as long as a program runs, where there is
 * no directory of a run: below TMPDIR, or /tmp.
 */
#ifndef QUIRE_EXEC_SCRATCH_H
#define QUIRE_EXEC_SCRATCH_H

#include "base/err.h"

struct scratch {
	char *path; /* absolute; NULL: there is none */
	int fd;
};

int scratch_make(struct scratch *s, struct err *e);
/* Removes it with all that is in it. */
int scratch_remove(struct scratch *s, struct err *e);

#endif
