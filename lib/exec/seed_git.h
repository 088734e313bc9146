/*
 * seed_git.h - commits for the runs of a made-up home.
 */
#ifndef QUIRE_EXEC_SEED_GIT_H
#define QUIRE_EXEC_SEED_GIT_H

#include "base/err.h"
#include "base/gitcat.h"

/*
 * Makes a commit with a pipeline in the bare repository git_dir, on top of
 * where the ref is, and moves the ref (full name, any bytes that git allows)
 * to it. The same repository and the same calls give the same ids. sha is its
 * id, previous that of the commit before, "" if it is the first.
 */
int seed_commit(const char *git_dir, const char *ref, const char *message,
	char sha[OID_SIZE], char previous[OID_SIZE], struct err *e);

#endif
