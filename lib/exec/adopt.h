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
 * Adopts the bare repository dir as name (NULL: its path below repos/, else
 * the last component of dir; ".git" is added where it is missing). The full
 * name is appended to out. Adopting again, under the same name, changes
 * nothing and mends what is missing. Refuses in one line, EXIT_USAGE: what is
 * no bare repository, SHA-256 (extensions.objectformat) and reftable
 * (extensions.refstorage) ones, a name or a repository in use. Nothing of it
 * stays if the hook cannot be installed.
 */
int adopt_repo(struct db *db, const struct home *h, const char *dir,
	const char *name, struct buf *out, struct err *e);
/* The same without a hook, for what is never pushed to (a mirror that cron
 * fetches): quire-reconcile finds what has moved. */
int adopt_hookless(struct db *db, const struct home *h, const char *dir,
	const char *name, struct buf *out, struct err *e);
/* git init --bare below repos/, then adopt. The repository appears whole. In a
 * shared home its group may push. The caller has set the umask. */
int adopt_new(struct db *db, const struct home *h, const char *name,
	struct buf *out, struct err *e);
/*
 * The repository name (its full one) is at dir now: the row is pointed there
 * and the hook refreshed, unless hook is 0. Its settings, its runs and the refs
 * seen stay. Refuses as adopt_repo() does; safe to be repeated.
 */
int adopt_move(struct db *db, const struct home *h, const char *name,
	const char *dir, int hook, struct err *e);
/* Whether HEAD, objects and refs are there: enough to tell a git directory from
 * other folders, not enough to trust it. dirfd as in openat(2). 1, 0, or -1
 * with errno where it can't be told. */
int adopt_looks_like_git(int dirfd, const char *dir);
/* Its path below the home's repos/, which points into git_dir (links
 * resolved); NULL if it is elsewhere. */
const char *adopt_below_repos(const struct home *h, const char *git_dir);
/* Whether git_dir is a repository of a kind that quire takes: 0 or -1. Reads
 * its config file without git: it is on the hook's path. */
int adopt_check_format(const char *git_dir, struct err *e);

#endif
