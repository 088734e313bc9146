#include "store/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int int_or(sqlite3_stmt *s, int i, int fallback)
{
	if (sqlite3_column_type(s, i) == SQLITE_NULL)
		return fallback;
	return sqlite3_column_int(s, i);
}

void job_list_release(struct job_row *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < jobs[i].n_sh; k++)
			free(jobs[i].sh[k].cmd);
		free(jobs[i].sh);
		free(jobs[i].id);
		free(jobs[i].state);
		free(jobs[i].reason);
		free(jobs[i].needs);
	}
	free(jobs);
}

static void sh_from_row(sqlite3_stmt *s, struct sh *sh)
{
	sh->n = sqlite3_column_int(s, 0);
	sh->cmd = db_col_dup(s, 1);
	sh->started_at_ms = db_col_ms(s, 2);
	sh->finished_at_ms = db_col_ms(s, 3);
	sh->exit_code = int_or(s, 4, -1);
}

static int read_commands(
	struct db *db, const char *run_id, struct job_row *job, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT n, cmd, started_at_ms, finished_at_ms, exit_code"
		" FROM sh_events WHERE run_id = ?1 AND job_id = ?2 ORDER BY n",
		e);
	size_t size = 0;
	int r;

	if (!s)
		return -1;
	db_bind_text(s, 1, run_id);
	db_bind_text(s, 2, job->id);
	while ((r = db_step(db, s, e)) == 1) {
		if (job->n_sh == size) {
			size = size ? size * 2 : 4;
			job->sh = mem_resize(job->sh, size, sizeof(*job->sh));
		}
		sh_from_row(s, &job->sh[job->n_sh++]);
	}
	db_done(s);
	return r;
}

static void job_from_row(sqlite3_stmt *s, struct job_row *job)
{
	memset(job, 0, sizeof(*job));
	job->id = db_col_dup(s, 0);
	job->state = db_col_dup(s, 1);
	job->exit_code = int_or(s, 2, -1);
	job->started_at_ms = db_col_ms(s, 3);
	job->finished_at_ms = db_col_ms(s, 4);
	job->reason = db_col_dup(s, 5);
	job->needs = db_col_dup(s, 6);
	job->allow_failure = sqlite3_column_int(s, 7);
}

static int read_jobs(struct db *db, const char *run_id, struct job_row **jobs,
	size_t *n, struct err *e)
{
	sqlite3_stmt *s = db_stmt(db,
		"SELECT job_id, state, exit_code, started_at_ms, finished_at_ms,"
		" reason, needs, allow_failure FROM jobs WHERE run_id = ?1"
		" ORDER BY position, job_id",
		e);
	size_t size = 1;
	int r;

	if (!s)
		return -1;
	db_bind_text(s, 1, run_id);
	while ((r = db_step(db, s, e)) == 1) {
		if (*n == size) {
			size *= 4;
			*jobs = mem_resize(*jobs, size, sizeof(**jobs));
		}
		job_from_row(s, &(*jobs)[(*n)++]);
	}
	db_done(s);
	return r;
}

int job_list(struct db *db, const char *run_id, struct job_row **jobs,
	size_t *n, struct err *e)
{
	int r;

	*jobs = mem_resize(NULL, 1, sizeof(**jobs));
	*n = 0;
	r = read_jobs(db, run_id, jobs, n, e);
	for (size_t i = 0; r == 0 && i < *n; i++)
		r = read_commands(db, run_id, &(*jobs)[i], e);
	if (r < 0) {
		job_list_release(*jobs, *n);
		*jobs = NULL;
		*n = 0;
	}
	return r;
}
