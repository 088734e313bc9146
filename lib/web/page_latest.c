/*
 * Redirects: to the newest run, and to a repository's list.
 */
#include <stdlib.h>

#include "web/page.h"
#include "web/route.h"

int page_to_runs(struct page *p, struct err *e)
{
	struct buf to = BUF_INIT;

	(void)e;
	url_runs(&to, p, p->rt->repo);
	page_redirect(p, 301, &to);
	buf_release(&to);
	return 0;
}

/* The newest run of any ref. */
static int newest(struct page *p, struct run *r, struct err *e)
{
	struct run_filter f = { .repo = p->rt->repo, .limit = 1 };
	struct run *list;
	size_t n;

	if (run_list(p->db, &f, &list, &n, e) < 0)
		return -1;
	if (!n)
		return 0;
	*r = list[0];
	free(list);
	return 1;
}

/* That of the ref's tip, which is its state; else the newest it has. */
static int newest_of(
	struct page *p, const char *ref, struct run *r, struct err *e)
{
	int got = run_of_tip(p->db, p->rt->repo, ref, r, e);

	if (got)
		return got;
	return run_newest_of_ref(p->db, p->rt->repo, ref, NULL, r, e);
}

int page_latest(struct page *p, struct err *e)
{
	struct run r = { 0 };
	struct buf to = BUF_INIT;
	char *ref;
	int got;

	if (page_param_ref(p, &ref, e) < 0)
		return -1;
	got = ref ? newest_of(p, ref, &r, e) : newest(p, &r, e);
	free(ref);
	if (got <= 0)
		return got < 0 ? -1 : page_not_found(p);

	url_run(&to, p, &r);
	page_redirect(p, 302, &to);
	buf_release(&to);
	run_release(&r);
	return 0;
}
