/*
 * What a URL names: a run, a ref, the newest run of one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "web/page.h"
#include "web/route.h"

int page_find_run(struct page *p, struct run *r, struct err *e)
{
	const char *name = p->rt->run;
	size_t len = strlen(name);
	int got = 0;

	if (len <= 18 && *name != '0' && strspn(name, "0123456789") == len)
		got = run_by_number(
			p->db, p->rt->repo, strtoll(name, NULL, 10), r, e);
	if (got)
		return got;
	got = run_by_id(p->db, name, r, e);
	if (got > 0 && strcmp(r->repo, p->rt->repo) != 0) {
		run_release(r); /* an id of another repository */
		got = 0;
	}
	return got;
}

int page_param_ref(struct page *p, char **ref, struct err *e)
{
	static const char *const spaces[] = { "", "refs/heads/", "refs/tags/" };
	char *typed = request_param(p->req, "ref");
	int got = 0;

	*ref = NULL;
	if (!typed || !*typed) {
		free(typed);
		return 0;
	}
	for (size_t i = 0; i < 3 && !got; i++) {
		struct buf full = BUF_INIT;

		buf_adds(&full, spaces[i]);
		buf_adds(&full, typed);
		got = run_has_ref(p->db, p->rt->repo, full.ptr, e);
		if (got > 0)
			*ref = buf_detach(&full);
		buf_release(&full);
	}
	if (!*ref && got >= 0)
		*ref = mem_strdup(typed);
	free(typed);
	return got < 0 ? -1 : 0;
}
