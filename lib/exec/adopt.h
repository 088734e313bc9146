/*
 * adopt.h - taking a repository in: row, hook, baseline, in that order, each
 * step safe to be repeated after a crash.
 */
#ifndef QUIRE_EXEC_ADOPT_H
#define QUIRE_EXEC_ADOPT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"
#include "store/db.h"

/*
 * Adopts the bare repository dir as name (NULL: the last component of dir,
 * ".git" added). The full name is appended to out. Refuses what is no bare
 * repository, SHA-256 (extensions.objectformat) and reftable
 * (extensions.refstorage) ones, a name in use, in one line.
 */
int adopt_repo(struct db *db, const struct home *h, const char *dir,
	const char *name, struct buf *out, struct err *e);
/* git init --bare below repos/, then adopt. */
int adopt_new(struct db *db, const struct home *h, const char *name,
	struct buf *out, struct err *e);
/* Whether git_dir is a repository of a kind that quire takes: 0 or -1. Reads
 * its config file without git: it is on the hook's path. */
int adopt_check_format(const char *git_dir, struct err *e);

#endif
