#include "web/run_query.h"

#include <stdlib.h>

#include "web/html.h"
#include "web/route.h"

static int load_list(struct run_query *q, struct page *p, int64_t before,
	int64_t after, int limit, struct run **list, size_t *n, struct err *e)
{
	const struct run_filter f = {
		.repo = p->rt->repo,
		.ref = q->ref,
		.state = q->state,
		.pusher = q->pusher,
		.before = before,
		.after = after,
		.limit = limit,
	};

	return run_list(p->db, &f, list, n, e);
}

/* 1 there is a run below or above, 0, -1. */
static int is_beyond(struct run_query *q, struct page *p, int64_t before,
	int64_t after, struct err *e)
{
	struct run *list;
	size_t n;

	if (load_list(q, p, before, after, 1, &list, &n, e) < 0)
		return -1;
	run_list_release(list, n);
	return n > 0;
}

static int64_t above(int64_t number)
{
	return number < INT64_MAX ? number + 1 : number;
}

/* Reads one more than is shown, to know whether there is more that way; what
 * is the other way is asked for. An empty page has its bound for an edge. */
static int load(struct run_query *q, struct page *p, struct err *e)
{
	int more, back = 0;

	if (load_list(q, p, q->before, q->after, RUN_QUERY_LIMIT + 1, &q->list,
		    &q->n, e) < 0)
		return -1;
	more = q->n > RUN_QUERY_LIMIT;
	if (more && q->after) {
		run_release(&q->list[0]); /* the one furthest up */
		q->n--;
		for (size_t i = 0; i < q->n; i++)
			q->list[i] = q->list[i + 1];
	} else if (more) {
		run_release(&q->list[--q->n]);
	}
	if (q->before)
		back = is_beyond(
			q, p, 0, q->n ? q->list[0].number : q->before - 1, e);
	else if (q->after)
		back = is_beyond(q, p,
			q->n ? q->list[q->n - 1].number : above(q->after), 0,
			e);
	q->older = q->after ? back : more;
	q->newer = q->after ? more : back;
	return back < 0 ? -1 : 0;
}

/* A parameter with something in it, or NULL. */
static char *param(const struct page *p, const char *name)
{
	char *value = request_param(p->req, name);

	if (value && !*value) {
		free(value);
		value = NULL;
	}
	return value;
}

static int64_t param_number(const struct page *p, const char *name)
{
	int64_t n = request_param_int(p->req, name);

	return n < 0 ? 0 : n;
}

int run_query_read(struct run_query *q, struct page *p, struct err *e)
{
	enum run_state state;

	*q = (struct run_query){ 0 };
	if (page_param_ref(p, &q->ref, e) < 0)
		return -1;
	q->state = param(p, "state");
	if (q->state && run_state_parse(q->state, &state) < 0) {
		free(q->state);
		q->state = NULL;
	}
	q->pusher = param(p, "pusher");
	q->before = param_number(p, "before");
	q->after = q->before ? 0 : param_number(p, "after");
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
	free(q->pusher);
	*q = (struct run_query){ 0 };
}

int run_query_is_filtered(const struct run_query *q)
{
	return q->ref || q->state || q->pusher;
}

static void add_name(struct buf *b, const char *sep, const char *name)
{
	buf_adds(b, sep);
	buf_adds(b, name);
	buf_addc(b, '=');
}

void run_query_url(struct buf *b, const struct run_query *q, const char *amp)
{
	const char *sep = "?";

	if (q->ref) {
		add_name(b, sep, "ref");
		html_url_path(b, q->ref);
		sep = amp;
	}
	if (q->state) {
		add_name(b, sep, "state");
		html_url_segment(b, q->state);
		sep = amp;
	}
	if (q->pusher) {
		add_name(b, sep, "pusher");
		html_url_segment(b, q->pusher);
		sep = amp;
	}
	if (q->before || q->after) {
		add_name(b, sep, q->before ? "before" : "after");
		html_int(b, q->before ? q->before : q->after);
	}
}
