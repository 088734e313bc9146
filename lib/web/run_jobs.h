/*
 * run_jobs.h - the jobs of a run's page, each with its commands and the ends of
 * their logs. What is green is folded to a line, what is red or goes on is
 * open.
 */
#ifndef QUIRE_WEB_RUN_JOBS_H
#define QUIRE_WEB_RUN_JOBS_H

#include "web/page.h"

/* A page holds so much of all logs together, and so much of one. */
#define TAIL_PAGE_BYTES (1024 << 10)
#define TAIL_BYTES (48 << 10)
#define TAIL_GREEN_BYTES (12 << 10)

struct run_jobs {
	const struct run *run;
	struct job_row *jobs;
	size_t n;
	/* The first job that failed the run, and its command that did; NULL if
	 * there is none. */
	const struct job_row *failed_job;
	const struct sh *failed_sh;
	/* What the end of the run cut off: the first such job that was at a
	 * command, or NULL. */
	const struct job_row *cut_job;
	const struct sh *cut_sh;
	int64_t tail_left; /* bytes of logs that the page may still hold */
};

int run_jobs_load(
	struct run_jobs *rj, struct db *db, const struct run *r, struct err *e);
void run_jobs_release(struct run_jobs *rj);

/* Whether the job fails its run. */
int job_is_red(const struct job_row *job);
/* Why the job is as it is, or NULL: also where its command's exit status says
 * the same. */
const char *job_reason(const struct job_row *job);

void run_jobs_sections(struct page *p, struct run_jobs *rj);
/* "cmd-JOB-N": where the command is on the page. */
void add_command_id(
	struct buf *b, const struct job_row *job, const struct sh *sh);

#endif
