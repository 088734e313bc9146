/*
 * artifact.h - files of a job's workspace that are kept with its run, as
 * <run-dir>/artifacts/<path>.
 *
 * A workspace is other people's: it may hold links, FIFOs and whatever a job
 * that still runs beside this one makes of it meanwhile. So it is walked as
 * fs_walk.h has it: no link is followed, no other file system entered, and only
 * regular files are copied. A hard link gives a job nothing: it can make one only of a file
 * that it can read anyway, and in a sandbox only of one in its workspace.
 *
 * A path that holds the value of a secret is not kept: it would be in events,
 * database and listings.
 *
 * The copy has mode 0755 where its owner may execute it, else 0644; the home
 * keeps others out. Where two jobs keep the same path, the later one's stays.
 */
#ifndef QUIRE_EXEC_ARTIFACT_H
#define QUIRE_EXEC_ARTIFACT_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/redact.h"

#define ARTIFACT_FOLDER "artifacts" /* in the run's directory */
/* A file, with its path, which is in an event, counts as whole units of this:
 * so empty ones have a limit too. */
#define ARTIFACT_UNIT 4096

struct artifact_keep {
	const struct strv *globs; /* glob_path() */
	int workspace_fd, run_dir_fd;
	int64_t max_bytes; /* of all jobs of the run; 0: no limit */
	int64_t *used_bytes; /* so far; shared by the jobs' processes */
	const struct redactor *redactor; /* of the job's secrets; NULL: none */
	/* Called now and then: whether to give up. */
	int (*stopped)(void *arg);
	/* For each file that was kept. */
	void (*kept)(void *arg, const char *path, int64_t size);
	void *arg;
};

/*
 * Copies what the globs match, in any order. Appends to unmatched
 * a line for people about each glob that matched no file. -1: not all could be
 * kept; errno says why, or is 0 if no system call did (the limit, a name that
 * is no UTF-8, too long or tells a secret). Stopped is 0.
 */
int artifact_keep(
	const struct artifact_keep *k, struct buf *unmatched, struct err *e);

/* A place for used_bytes that processes forked later share; NULL with errno. */
int64_t *artifact_count_new(void);
void artifact_count_free(int64_t *used_bytes);

/*
 * Opens a kept file for reading, below the open directory of its run: no link
 * is followed, whatever the path. -1 with errno, ENOENT for what is none.
 */
int artifact_open(int run_dir_fd, const char *path);

/*
 * Opens the folder that a path is in, below dirfd, making what is missing of
 * it and following no link; *name is the rest of the path. -1 with errno.
 */
int artifact_make_folder(
	int dirfd, const char *path, mode_t mode, const char **name);

/* What a run has kept, by path; as its events say, which may be more than is
 * there still. */
struct artifact {
	char *path, *job;
	int64_t size; /* bytes */
	size_t nth; /* in the order of the events */
};
struct artifact_list {
	struct artifact *files;
	size_t n, size;
};
/* Of the run whose directory is open; no events are no artifacts. */
int artifact_list_read(struct artifact_list *l, int run_dir_fd, struct err *e);
void artifact_list_release(struct artifact_list *l);
void artifact_release(struct artifact *a);

#endif
