/*
 * cgroup.h - a control group for each job (cgroup v2), where one is delegated.
 *
 *	BASE/                 what quire-run was started in
 *	BASE/quire.work/      quire-run, quire-ci, the jobs' own processes
 *	BASE/quire.<run-id>.<job-id>/   a job's commands, under its limits
 *
 * The kernel gives controllers only to the children of a group that has no
 * process of its own. So quire-run moves to quire.work, with whatever else is
 * in BASE, and hands the controllers down. It does that only where BASE was
 * delegated (cgroup_own.h).
 *
 * The run's directory holds the path of BASE in the file `cgroup` while the
 * run is live, so that whoever cleans up after it finds its groups.
 */
#ifndef QUIRE_EXEC_CGROUP_H
#define QUIRE_EXEC_CGROUP_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "exec/limit.h"

#define CGROUP_MEMORY 1
#define CGROUP_PIDS 2
#define CGROUP_CPU 4
#define CGROUP_ALL (CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPU)

/* quire-run, once: prepares BASE, if it can be. What can't be leaves all as it
 * was, and jobs without these limits. */
void cgroup_settle(void);

/* What a process that is started from here would have, for quire doctor: the
 * controllers of a delegated group; 0 and why there is none. */
int cgroup_probe(const char **why);

/* For quire-ci: BASE, and what its children can be limited by. */
struct cgroup_base {
	int fd;
	int controllers;
	const char *run_id;
};
/* 1, 0 if there is none. The file `cgroup` of the run is written. */
int cgroup_open_base(struct cgroup_base *b, int run_dir_fd, const char *run_id);
void cgroup_close_base(struct cgroup_base *b);

/* A job's. */
struct cgroup {
	int base_fd; /* the caller's; -1: no group */
	int procs_fd; /* for limit_enter(); -1 */
	struct buf name; /* below base */
	int64_t oom_kills, refused_forks; /* by the last cgroup_mark() */
};
/* Makes it, with what the controllers can limit. base NULL: none. -1 with a
 * reason. */
int cgroup_make(struct cgroup *c, const struct cgroup_base *base,
	const char *job_id, const struct limits *l, struct err *e);
/* A command begins: what was counted until then is not its. */
void cgroup_mark(struct cgroup *c);
/* How often since then the kernel has ended something in it for want of memory,
 * and has refused it a process. */
int64_t cgroup_oom_kills(const struct cgroup *c);
int64_t cgroup_refused_forks(const struct cgroup *c);
/* Ends what is left in it, and removes it. */
void cgroup_close(struct cgroup *c);

/* All groups that are left of the run whose directory that is. */
void cgroup_clear(int run_dir_fd, const char *run_id);

#endif
