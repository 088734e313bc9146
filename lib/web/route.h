/*
 * route.h - from a path to the function that answers it.
 *
 * The table in route.c is all the pages there are. Below a repository's name
 * comes "ci"; since names have slashes and a job may be called ci as well
 * (/ci/foo/ci/42/ci/1 is a log of ci/foo.git), every "ci" in a path is tried,
 * from the right, and the first one wins that has the name of a known
 * repository before it and a route behind it.
 */
#ifndef QUIRE_WEB_ROUTE_H
#define QUIRE_WEB_ROUTE_H

#include "base/err.h"
#include "web/page.h"

struct route {
	page_fn *page; /* NULL: nothing is there */
	int needs_db; /* 0: is answered without a home */
	char repo[256]; /* "work/foo.git", or "" */
	char run[64]; /* as in the path: a number or an id */
	char job[256];
	int n; /* of the command, from 1 */
	/* What follows artifacts/, of the request's path; "" for nothing. */
	const char *artifact;
	/* What answers if the page finds no such artifact: the log of a job
	 * that is called artifacts; else NULL. */
	page_fn *otherwise;
};

/* What is answered without knowing a repository: 1, or 0. */
int route_site(struct route *rt, const char *path);
/*
 * Everything else. known() says whether a repository is there for this reader:
 * 1, 0, or -1 with e filled, which is the result then. 0 otherwise; rt->page
 * is NULL if nothing is there.
 */
int route_repo(struct route *rt, const char *path,
	int (*known)(void *arg, const char *repo, struct err *e), void *arg,
	struct err *e);

#endif
