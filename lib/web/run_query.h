/*
 * run_query.h - one page of a repository's runs, as a query string asks for
 * it: ?ref=main&state=failed&before=42. The page of HTML and the one of JSON
 * are the same.
 */
#ifndef QUIRE_WEB_RUN_QUERY_H
#define QUIRE_WEB_RUN_QUERY_H

#include "web/page.h"

#define RUN_QUERY_LIMIT 50

struct run_query {
	char *ref; /* full name, or NULL */
	char *state; /* or NULL; no state at all counts as not given */
	int64_t before; /* only numbers below; 0: from the newest */
	struct run *list;
	size_t n;
	int more; /* older ones follow */
};
int run_query_read(struct run_query *q, struct page *p, struct err *e);
void run_query_release(struct run_query *q);
/* Appends "?ref=...&state=...&before=N" with what is given; before 0 is none.
 * Nothing at all for no filter. amp joins them: "&amp;" in a page. */
void run_query_url(struct buf *b, const struct run_query *q, int64_t before,
	const char *amp);

#endif
