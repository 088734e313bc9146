/*
 * run_query.h - one page of a repository's runs, as a query string asks for
 * it: ?ref=main&state=failed&pusher=ada&before=42. The page of HTML and the
 * one of JSON are the same.
 */
#ifndef QUIRE_WEB_RUN_QUERY_H
#define QUIRE_WEB_RUN_QUERY_H

#include "web/page.h"

#define RUN_QUERY_LIMIT 50

struct run_query {
	char *ref; /* full name, or NULL */
	char *state; /* or NULL; no state at all counts as not given */
	char *pusher; /* or NULL */
	int64_t before; /* only numbers below; 0: from the newest */
	int64_t after; /* the next page above; 0, or with before: none */
	struct run *list;
	size_t n;
	int older, newer; /* there are such runs beyond the page */
};
int run_query_read(struct run_query *q, struct page *p, struct err *e);
void run_query_release(struct run_query *q);
/* Whether anything but the page is chosen. */
int run_query_is_filtered(const struct run_query *q);
/* Appends "?ref=...&state=...&before=N" with what is given; nothing at all
 * for the newest page unfiltered. amp joins them: "&amp;" in a page. A page's
 * neighbours, or itself with a filter less, are of a changed copy of q. */
void run_query_url(struct buf *b, const struct run_query *q, const char *amp);

#endif
