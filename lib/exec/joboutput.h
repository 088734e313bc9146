/*
 * joboutput.h - what jobs tell those that need them.
 *
 * A folder holds outputs/<job>, the file that the job's QUIRE_OUTPUT names,
 * and, while the job runs, inputs/<job>/<need>: the outputs of all jobs that it
 * needs, directly or not, in the folder that its QUIRE_INPUTS names. Outputs
 * are lines KEY=VALUE, JOBOUTPUT_MAX bytes at most. What a job that failed has
 * written is given to nobody: those that may run without it find an empty
 * file.
 *
 * The inputs are links to the outputs, and those are read-only from the end of
 * their jobs.
 */
#ifndef QUIRE_EXEC_JOBOUTPUT_H
#define QUIRE_EXEC_JOBOUTPUT_H

#include "base/err.h"
#include "base/pipeline.h"

#define JOBOUTPUT_MAX (1 << 20)

/* Where it is; dir is absolute, fd is the same folder, open. */
struct joboutput {
	const char *dir;
	int fd;
};

/* An empty output for the job, and its inputs; well[i] says that job i has
 * ended well. -1 with errno. */
int joboutput_begin(const struct joboutput *o, const struct pipeline *p,
	const struct job *job, const char *well, struct err *e);
/*
 * The job has ended well as far as its commands go: what it has written is
 * kept, if it is right. Else -1 with the line that is not (what is in it is
 * not told: it may be anything).
 */
int joboutput_end(
	const struct joboutput *o, const struct job *job, struct err *e);
/* Removes the inputs; what can't be, goes with the folder. */
void joboutput_clean(const struct joboutput *o, const struct job *job);

#endif
