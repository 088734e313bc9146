#include "web/log_query.h"

#include <errno.h>
#include <string.h>

#include "web/route.h"

static void pick(struct log_query *q, const struct route *rt)
{
	for (size_t i = 0; i < q->n_jobs && !q->job; i++) {
		if (!strcmp(q->jobs[i].id, rt->job))
			q->job = &q->jobs[i];
	}
	for (size_t i = 0; q->job && i < q->job->n_sh; i++) {
		if (q->job->sh[i].n == rt->n)
			q->sh = &q->job->sh[i];
	}
}

/*
 * A command that was cut off early, or whose run was cleaned away, may have no
 * file, and what a job has put in its place counts as none: 0. One that is
 * there and cannot be read is the operator's to mend: -1.
 */
static int open_file(struct log_query *q, const struct page *p, struct err *e)
{
	if (!logfile_open(&q->file, p->home, q->run.repo, q->run.id, q->job->id,
		    q->sh->n))
		return 1;
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case EINVAL:
	case ENAMETOOLONG:
	case ENXIO:
		return 0;
	default:
		return err_sys(e, "the log of %s#%lld, job %s, command %d",
			q->run.repo, (long long)q->run.number, q->job->id,
			q->sh->n);
	}
}

int log_query_read(struct log_query *q, struct page *p, struct err *e)
{
	int got;

	*q = (struct log_query){ .file = { .fd = -1 } };
	if (p->access != ACCESS_ALL)
		return 0;
	got = page_find_run(p, &q->run, e);
	if (got <= 0)
		return got;
	got = job_list(p->db, q->run.id, &q->jobs, &q->n_jobs, e);
	if (!got)
		pick(q, p->rt);
	if (!got && q->sh)
		got = open_file(q, p, e);
	if (got <= 0)
		log_query_release(q);
	return got;
}

void log_query_release(struct log_query *q)
{
	if (q->file.fd >= 0)
		logfile_close(&q->file);
	job_list_release(q->jobs, q->n_jobs);
	run_release(&q->run);
	*q = (struct log_query){ .file = { .fd = -1 } };
}
