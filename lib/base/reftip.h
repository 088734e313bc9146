/*
 * reftip.h - where refs stand now: exactly these refs, whatever git guesses.
 *
 * A ref that was just pushed is a file in the repository, and its file is
 * read: that costs nothing and cannot be mistaken for another ref. Only where
 * there is no file (packed, or deleted) git is asked; since it looks in other
 * places for a name that it does not find, what it finds then is confirmed.
 */
#ifndef QUIRE_BASE_REFTIP_H
#define QUIRE_BASE_REFTIP_H

#include <stddef.h>

#include "base/err.h"
#include "base/gitcat.h"

struct reftip {
	/* The ref itself, or the target of a symbolic one, five levels at
	 * most. */
	char *ref;
	char oid[OID_SIZE]; /* the ref's own object; "": there is no such ref */
	int known; /* 0: unreadable, damaged, a loop: nothing was learnt */
};

/* Whether name could be a ref's: below refs/, nothing in it that leads a path
 * elsewhere or that git-check-ref-format(1) refuses. */
int reftip_name_is_valid(const char *name, size_t len);

/* Fills tips[n] for valid names. -1 if git failed; the caller releases in
 * either case. */
int reftip_read(struct gitcat *git, const char *const *names, size_t n,
	struct reftip *tips, struct err *e);
void reftip_release(struct reftip *tips, size_t n);

#endif
