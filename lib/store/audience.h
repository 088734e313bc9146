/*
 * audience.h - whom each repository's pages are for: the settings private,
 * publicRuns and readers of all repositories, read at once, since a list of
 * repositories asks for every one of them.
 */
#ifndef QUIRE_STORE_AUDIENCE_H
#define QUIRE_STORE_AUDIENCE_H

#include <stddef.h>

#include "base/err.h"
#include "store/db.h"

struct audience {
	int is_private; /* only users see it */
	int public_runs; /* if not private: everybody sees its logs */
	const char *readers; /* user names split by blanks; "": every user */
};

struct audience_row {
	char *repo, *key, *value;
};
struct audience_list {
	struct audience_row *rows; /* sorted by repo; "" is the global value */
	size_t n;
};

/* Zero the struct before. */
int audience_load(struct db *db, struct audience_list *l, struct err *e);
void audience_release(struct audience_list *l);
/* The effective values for a repository; they point into the list. A stored
 * value that is none is -1: who cannot say whom a page is for shows none. */
int audience_of(const struct audience_list *l, const char *repo,
	struct audience *a, struct err *e);

#endif
