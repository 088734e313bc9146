/*
 * doctor.h - quire doctor: what is wrong with a home, and what mends it.
 *
 * Each finding is one line, and of one of four kinds:
 *
 *	ok	as it should be
 *	note	worth knowing; nothing need be done, or nobody but the operator
 *		knows whether anything must
 *	unseen	this user may not look, or there was nothing to look with
 *	wrong	has to be mended
 *
 * A finding that somebody can mend by typing says the command, and whose it
 * is; another one says what to do in words. Nothing is changed: no file is
 * made, no lock is taken that anybody else takes, the database is opened for
 * reading and not migrated. Every part of a home may be missing, damaged or
 * closed to this user: that is a finding, never an end.
 */
#ifndef QUIRE_EXEC_DOCTOR_H
#define QUIRE_EXEC_DOCTOR_H

#include <stddef.h>

#include "base/home.h"

enum finding_kind { FINDING_OK, FINDING_NOTE, FINDING_UNSEEN, FINDING_WRONG };
/* "ok", "note", "unseen", "wrong" */
const char *finding_kind_name(enum finding_kind kind);

struct finding {
	enum finding_kind kind;
	const char *check; /* "home", "database", ... : a word */
	char *text;
	char *command; /* what mends it, for sh; or NULL */
	char *as; /* the user who has to run it; NULL: this one may */
	char *advice; /* the same in words, where no command does it; or NULL */
};

struct doctor {
	/* The caller's. */
	const struct home *home;
	const char *version; /* the programs' */
	int full; /* all pages of a database, however many */

	struct finding *findings;
	size_t n;
	char *quire; /* how this home's quire is called: "quire --home DIR" */
};

/* Makes all checks; findings are in the order of the checks. */
void doctor_examine(struct doctor *d);
void doctor_release(struct doctor *d);
/* Whether a finding of this kind is there. */
int doctor_has(const struct doctor *d, enum finding_kind kind);

/* The findings of systemd's configuration below the folder root ("" is the
 * system's), for the processes of the user; none where systemd does not run. */
void doctor_systemd(struct doctor *d, const char *root, const char *user);

#endif
