#include "web/run_query.h"

#include <stdlib.h>

#include "web/html.h"
#include "web/route.h"

/* Reads one more than is shown, to know whether there is more. */
static int load(struct run_query *q, struct page *p, struct err *e)
{
	struct run_filter f = {
		.repo = p->rt->repo,
		.ref = q->ref,
		.state = q->state,
		.before = q->before,
		.limit = RUN_QUERY_LIMIT + 1,
	};

	if (run_list(p->db, &f, &q->list, &q->n, e) < 0)
		return -1;
	q->more = q->n > RUN_QUERY_LIMIT;
	if (q->more)
		run_release(&q->list[--q->n]);
	return 0;
}

int run_query_read(struct run_query *q, struct page *p, struct err *e)
{
	enum run_state state;

	*q = (struct run_query){ 0 };
	if (page_param_ref(p, &q->ref, e) < 0)
		return -1;
	q->state = request_param(p->req, "state");
	if (q->state && run_state_parse(q->state, &state) < 0) {
		free(q->state);
		q->state = NULL;
	}
	q->before = request_param_int(p->req, "before");
	if (q->before < 0)
		q->before = 0;
	if (load(q, p, e) < 0) {
		run_query_release(q);
		return -1;
	}
	return 0;
}

void run_query_release(struct run_query *q)
{
	run_list_release(q->list, q->n);
	free(q->ref);
	free(q->state);
	*q = (struct run_query){ 0 };
}

void run_query_url(struct buf *b, const struct run_query *q, int64_t before,
	const char *amp)
{
	const char *sep = "?";

	if (q->ref) {
		buf_adds(b, sep);
		html_raw(b, "ref=");
		html_url_path(b, q->ref);
		sep = amp;
	}
	if (q->state) {
		buf_adds(b, sep);
		html_raw(b, "state=");
		html_url_segment(b, q->state);
		sep = amp;
	}
	if (before) {
		buf_adds(b, sep);
		html_raw(b, "before=");
		html_int(b, before);
	}
}
