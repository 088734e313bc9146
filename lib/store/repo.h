/*
 * repo.h - the repositories that quire knows: rows of `repos`.
 */
#ifndef QUIRE_STORE_REPO_H
#define QUIRE_STORE_REPO_H

#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct repo {
	char *name; /* "work/foo.git" */
	char *git_dir; /* absolute, links resolved */
	int64_t refs_gen; /* counts the recordings; see ref.h */
	int baseline; /* 1: all refs of the first contact were recorded */
	int64_t missing_since_ms; /* reconcile found it gone; -1 if not */
};
void repo_release(struct repo *r);

/* 1 found, 0 not there, -1 error. */
int repo_by_git_dir(
	struct db *db, const char *git_dir, struct repo *r, struct err *e);
int repo_by_name(
	struct db *db, const char *name, struct repo *r, struct err *e);
/* Like repo_by_name, for what a user typed ("foo" or "foo.git"): 1, or -1;
 * not there is EXIT_USAGE, with the near miss. */
int repo_resolve(
	struct db *db, const char *typed, struct repo *r, struct err *e);
/* All, by name; free with repo_list_release. */
int repo_list(struct db *db, struct repo **list, size_t *n, struct err *e);
void repo_list_release(struct repo *list, size_t n);

/* Adds a row, baseline 0, numbers going on from the runs there are. A name or
 * git_dir in use is EXIT_USAGE. */
int repo_add(
	struct db *db, const char *name, const char *git_dir, struct err *e);
/* Forgets the repository with its refs and settings; its runs stay unless
 * purge. Refused (EXIT_BUSY) while a run of it is active; what is pending is
 * settled as canceled. */
int repo_remove(struct db *db, const char *name, int purge, struct err *e);
/*
 * The repository is at git_dir now, with its settings, runs and the refs seen:
 * what has moved on meanwhile, reconcile finds. Runs that are pending follow
 * it. A git_dir in use by another, or no such name, is EXIT_USAGE; a run that
 * is active still works with the old one: EXIT_BUSY.
 */
int repo_move(
	struct db *db, const char *name, const char *git_dir, struct err *e);
int repo_set_missing(
	struct db *db, const char *name, int64_t since_ms, struct err *e);

#endif
