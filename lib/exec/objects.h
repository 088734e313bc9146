/*
 * objects.h - the objects of a bare repository, by libgit2.
 *
 * workspace_init() comes first. A struct objects belongs to one thread: each
 * opens its own. What a repository's own configuration, the system's and the
 * user's say is not read: a workspace is what the commit says.
 */
#ifndef QUIRE_EXEC_OBJECTS_H
#define QUIRE_EXEC_OBJECTS_H

#include <git2.h>

#include "base/err.h"

struct objects {
	git_repository *repo;
	git_odb *odb;
};

/* Needs no objects_close() after -1. */
int objects_open(struct objects *o, const char *git_dir, struct err *e);
void objects_close(struct objects *o);

/*
 * Reads one object, which must be of the type. The caller frees it with
 * git_odb_object_free(). what ("README") names it in the error.
 */
git_odb_object *objects_read(struct objects *o, const git_oid *oid,
	git_object_t type, const char *what, struct err *e);
/* The commit named by hex, and its tree. */
int objects_commit(struct objects *o, const char *hex, git_oid *commit,
	git_oid *tree, struct err *e);

/*
 * Fills e with "what: " and libgit2's own message, and returns -1: EXIT_BUSY
 * where that is a fault of the host, errno then says which (fault.h); else
 * EXIT_INTERNAL, errno 0.
 */
int objects_error(struct err *e, const char *what);

#endif
