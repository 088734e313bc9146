/*
 * access.h - who may see what.
 *
 * The web server authenticates and sets REMOTE_USER; that name, and the
 * settings private, publicRuns and readers are all that counts. Every list,
 * page and JSON answer asks here; what a reader may not see is not there: 404.
 */
#ifndef QUIRE_WEB_ACCESS_H
#define QUIRE_WEB_ACCESS_H

#include "store/audience.h"

enum access {
	ACCESS_NONE, /* the repository does not exist for this reader */
	ACCESS_STATES, /* runs, jobs, commands; no output, no artifacts */
	ACCESS_ALL,
};

/* user NULL: nobody has logged in. */
enum access access_of(const struct audience *a, const char *user);
/* The same for a repository by its name: 0, or -1 where a setting of it is no
 * value, since who cannot say whom a page is for shows none. */
int access_to(const struct audience_list *l, const char *repo, const char *user,
	enum access *access, struct err *e);
/* Whether user is in the list of names, split by blanks or commas. */
int access_is_reader(const char *readers, const char *user);

#endif
