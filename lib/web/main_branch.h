/*
 * main_branch.h - which branch of a repository stands for it, where one has to:
 * its badge, its line among all repositories.
 */
#ifndef QUIRE_WEB_MAIN_BRANCH_H
#define QUIRE_WEB_MAIN_BRANCH_H

#include "store/repo.h"
#include "web/page.h"

/*
 * The branch that HEAD in the repository names. A web server's user may not be
 * let into a repository that was adopted, and many a HEAD names a branch that
 * nobody pushes to: where that one has no run, main or master, if it has one;
 * else the ref of the newest run, which is newest if the caller knows it, or
 * NULL. 1 with *ref, a full name for the caller to free; 0 if nothing is known
 * of any, *ref is NULL; -1.
 */
int main_branch(struct page *p, const struct repo *repo, const char *newest,
	char **ref, struct err *e);

#endif
