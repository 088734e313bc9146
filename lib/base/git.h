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

/*
 * All refs, sorted by name, symbolic ones left out. -1 with errno ENOENT only
 * where the repository is really absent: git_dir is not there, and the folder
 * that held it is.
 */
int git_refs(
	const char *git_dir, struct git_ref **refs, size_t *n, struct err *e);
void git_refs_release(struct git_ref *refs, size_t n);

/*
 * Only those of the refs with these full names that there are, no guessing.
 * Symbolic ones are left out here too.
 */
int git_refs_named(const char *git_dir, const char *const *names,
	size_t n_names, struct git_ref **refs, size_t *n, struct err *e);

/*
 * Runs git (argv[0] is "git") with an absolute GIT_DIR and the environment
 * GITENV_USER of gitenv.h, standard input empty, and appends its standard
 * output to out (NULL: dropped). Returns its exit status, with git's own
 * message as the text of e where that is not 0; or -1 with e filled if it
 * could not be run, died, or wrote more than max bytes. git_dir NULL: none is
 * set (git init).
 */
int git_run(const char *git_dir, const char *const *argv, struct buf *out,
	size_t max, struct err *e);
/* The same with GITENV_LEAN: nobody's configuration counts, which may name
 * programs. */
int git_run_lean(const char *git_dir, const char *const *argv, struct buf *out,
	size_t max, struct err *e);

#endif
