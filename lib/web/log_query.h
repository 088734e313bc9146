/*
 * log_query.h - the log that a URL names: its run, job, command and file.
 */
#ifndef QUIRE_WEB_LOG_QUERY_H
#define QUIRE_WEB_LOG_QUERY_H

#include "web/logfile.h"
#include "web/page.h"

struct log_query {
	struct run run;
	struct job_row *jobs;
	size_t n_jobs;
	const struct job_row *job;
	const struct sh *sh;
	struct logfile file;
};
/* 1 found and opened; 0 not there, or not for this reader; -1. */
int log_query_read(struct log_query *q, struct page *p, struct err *e);
/* Closes the file too, unless its fd was set to -1. */
void log_query_release(struct log_query *q);

#endif
