/*
 * git.h - git itself, as a child process, off the hot paths.
 */
#ifndef QUIRE_BASE_GIT_H
#define QUIRE_BASE_GIT_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/gitcat.h"

struct git_ref {
	char oid[OID_SIZE]; /* the ref's own object, a tag not peeled */
	char *name;
};

/* All refs, sorted by name, symbolic ones left out. Gone or not a repository
 * is -1 with errno ENOENT where it is really absent, see DESIGN 6. */
int git_refs(
	const char *git_dir, struct git_ref **refs, size_t *n, struct err *e);
void git_refs_release(struct git_ref *refs, size_t n);

/*
 * Runs git with an absolute GIT_DIR and the lean environment of gitcat.h, and
 * gathers its standard output (max bytes). Returns its exit status, or -1 with
 * e filled if it could not be run or died; git's own message is then in e.
 * git_dir NULL: none is set (git init).
 */
int git_run(const char *git_dir, const char *const *argv, struct buf *out,
	size_t max, struct err *e);

#endif
