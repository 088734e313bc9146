/*
 * jobproc.h - the process of a running job, as the executor has it: started,
 * read from, reaped.
 */
#ifndef QUIRE_EXEC_JOBPROC_H
#define QUIRE_EXEC_JOBPROC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "exec/jobrun.h"

struct jobproc {
	size_t job;
	pid_t pid;
	int pipe; /* frames from it, as jobrun.h has them */
	struct buf in; /* a frame begun */
	int finished; /* its job_finished was seen: the owner's */
};

/* Forks; the child is jobrun() with the spec, of which pipe_fd is filled in
 * here. -1: there is no process and no pipe. */
int jobproc_start(struct jobproc *r, size_t job, const struct jobrun *spec,
	struct err *e);
/* One read of what has come. 1: more may come; 0: it ended. */
int jobproc_read(struct jobproc *r);
/* Gives every whole frame that was read, once. */
void jobproc_take(struct jobproc *r,
	void (*take)(void *arg, struct jobproc *r, uint8_t kind,
		const char *data, size_t len),
	void *arg);
/* Waits for the process, whose pipe has ended, and appends how it did: "was
 * killed by signal 9". */
void jobproc_reap(struct jobproc *r, struct buf *how);
/* Closes the pipe; the process is the caller's to wait for. */
void jobproc_release(struct jobproc *r);

#endif
