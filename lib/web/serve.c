#include "web/serve.h"

#include <errno.h>

#include "base/clock.h"
#include "store/repo.h"
#include "web/page.h"
#include "web/route.h"

/* How often an answer is made anew because the database changed under it,
 * before the client is told to come again. */
#define MAX_TRIES 10

/* Whether the repository is there, for this reader. Called by the route. */
static int is_known(void *arg, const char *repo, struct err *e)
{
	struct page *p = arg;
	struct repo row = { 0 };
	int got = repo_by_name(p->db, repo, &row, e);

	if (got <= 0)
		return got;
	repo_release(&row);
	if (access_to(&p->audience, repo, p->req->user, &p->access, e) < 0)
		return -1;
	return p->access != ACCESS_NONE;
}

/* Makes the answer within one transaction. */
static int answer(struct page *p, struct route *rt, struct err *e)
{
	if (audience_load(p->db, &p->audience, e) < 0)
		return -1;
	if (!rt->page && route_repo(rt, p->req->path, is_known, p, e) < 0)
		return -1;
	return rt->page ? rt->page(p, e) : page_not_found(p);
}

/* One try: 1 the database changed meanwhile, 0 answered, -1, or -2 where it
 * could not be opened. */
static int answer_once(const struct page *given, const struct route *site,
	const struct home *home, struct err *e)
{
	struct page p = *given;
	struct route rt = *site;
	struct db db;
	int ret;

	response_reset(p.res);
	if (db_open(&db, home, DB_READ, e) < 0)
		return -2;
	p.home = home;
	p.db = &db;
	p.rt = &rt;
	ret = db_begin_read(&db, e);
	if (!ret) {
		ret = answer(&p, &rt, e);
		db_rollback(&db);
	}
	/* torn data may also have looked like an error */
	if (db_read_stale(&db))
		ret = 1;
	audience_release(&p.audience);
	db_close(&db);
	return ret;
}

/*
 * What a reader is told. A home that cannot be opened (not there, older,
 * locked, no permission) is the operator's to mend, and what will pass passes:
 * both say what to do. The rest is only for the error log.
 */
static void explain(struct page *p, const struct err *e, int opened)
{
	if (opened && e->status != EXIT_BUSY) {
		page_error(p, 500,
			"Something is wrong here; the web server's error log "
			"says what.");
		return;
	}
	page_error(p, 503, e->text);
	buf_adds(&p->res->headers, "Retry-After: 10\r\n");
}

static int serve_home(struct page *p, const struct route *site, struct err *e)
{
	struct home home;
	int got = 1;

	if (home_open(&home, NULL, e) < 0) {
		explain(p, e, 0);
		return -1;
	}
	for (int i = 0; got > 0 && i < MAX_TRIES; i++)
		got = answer_once(p, site, &home, e);
	if (got > 0)
		err_set(e, EXIT_BUSY,
			"%s/quire.db is being written to all the time: "
			"come again",
			home.path);
	if (got)
		explain(p, e, got != -2);
	home_close(&home);
	return got ? -1 : 0;
}

static void refuse(struct page *p, int status)
{
	switch (status) {
	case 405:
		page_error(p, 405, "Only GET and HEAD are answered here.");
		buf_adds(&p->res->headers, "Allow: GET, HEAD\r\n");
		break;
	case 414:
		page_error(p, 414, "This address is too long.");
		break;
	default:
		page_error(p, status, "This is no request that makes sense.");
	}
}

int serve(int fd, struct err *e)
{
	struct request req;
	struct response res;
	struct page p = { .req = &req, .res = &res, .now_ms = clock_now_ms() };
	struct route site;
	int bad, ret = 0;

	response_init(&res);
	bad = request_read(&req);
	if (bad) {
		refuse(&p, bad);
	} else if (route_site(&site, req.path) && !site.needs_db) {
		p.rt = &site;
		ret = site.page(&p, e);
	} else {
		ret = serve_home(&p, &site, e);
	}
	if (response_write(&req, &res, fd) < 0 && !ret)
		ret = errno == EPIPE ? 0 : err_sys(e, "writing the answer");
	response_release(&res);
	request_release(&req);
	return ret;
}
