/*
 * A run, and a page of a list, as `quire show --json` and `quire runs --json`
 * print them.
 */
#include <stdlib.h>
#include <string.h>

#include "store/run_json.h"
#include "web/html.h"
#include "web/page.h"
#include "web/route.h"
#include "web/run_query.h"

static void answer(struct page *p, struct json_object *o)
{
	p->res->type = "application/json";
	json_write(&p->res->body, o, 1);
	if (p->res->body.len && p->res->body.ptr[p->res->body.len - 1] != '\n')
		buf_addc(&p->res->body, '\n');
	json_object_put(o);
}

int page_run_json(struct page *p, struct err *e)
{
	struct run r = { 0 };
	struct job_row *jobs;
	size_t n;
	int got = page_find_run(p, &r, e);

	if (got <= 0)
		return got < 0 ? -1 : page_not_found(p);
	got = job_list(p->db, r.id, &jobs, &n, e);
	if (!got) {
		answer(p, run_to_json(&r, jobs, n));
		job_list_release(jobs, n);
	}
	run_release(&r);
	return got;
}

/* The page of older runs is the next one, as the list goes down. */
static void add_link(struct page *p, const struct run_query *q, int64_t before,
	int64_t after, const char *rel)
{
	struct buf *h = &p->res->headers;
	struct run_query other = *q;

	other.before = before;
	other.after = after;
	buf_addc(h, '<');
	url_runs(h, p, p->rt->repo);
	buf_adds(h, ".json");
	run_query_url(h, &other, "&");
	buf_adds(h, ">; rel=\"");
	buf_adds(h, rel);
	buf_addc(h, '"');
}

static void link_header(struct page *p, const struct run_query *q)
{
	struct buf *h = &p->res->headers;

	if (!q->n || !(q->older || q->newer))
		return;
	buf_adds(h, "Link: ");
	if (q->older)
		add_link(p, q, q->list[q->n - 1].number, 0, "next");
	if (q->older && q->newer)
		buf_adds(h, ", ");
	if (q->newer)
		add_link(p, q, 0, q->list[0].number, "prev");
	buf_adds(h, "\r\n");
}

int page_runs_json(struct page *p, struct err *e)
{
	struct run_query q;

	if (run_query_read(&q, p, e) < 0)
		return -1;

	struct json_object *list = json_object_new_array();
	for (size_t i = 0; i < q.n; i++)
		json_object_array_add(list, run_to_json(&q.list[i], NULL, 0));
	link_header(p, &q);
	answer(p, list);
	run_query_release(&q);
	return 0;
}
