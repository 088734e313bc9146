/*
 * logfile.h - reading a command's log, in constant memory.
 *
 * A log is runs/<repo>/<id>/jobs/<job>/sh-<n>.log, CRI format (crilog.h). The
 * path is made of names that others chose: it is opened folder by folder
 * beneath the home, and no symbolic link is followed on the way.
 */
#ifndef QUIRE_WEB_LOGFILE_H
#define QUIRE_WEB_LOGFILE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/crilog.h"
#include "base/home.h"

struct logfile {
	int fd;
	int64_t size; /* when it was opened; a live log grows on */
	int64_t mtime_ms;
};

/* 0, or -1 with errno: ENOENT where there is none, ELOOP, EINVAL for a name
 * that is no file name, or what openat(2) says. */
int logfile_open(struct logfile *f, const struct home *h, const char *repo,
	const char *run_id, const char *job_id, int n);
/* The executor's own standard error, runs/<repo>/<id>/quire-ci.log. */
int logfile_open_executor(struct logfile *f, const struct home *h,
	const char *repo, const char *run_id);
void logfile_close(struct logfile *f);

/* Records in order, from one offset to another. */
struct logreader {
	int fd;
	int64_t at; /* offset of the record that comes next */
	int64_t end; /* where to stop */
	char *data;
	size_t have, pos; /* bytes in data, and those given out */
};
void logreader_start(
	struct logreader *r, const struct logfile *f, int64_t from, int64_t to);
void logreader_end(struct logreader *r);
/*
 * The next record: 1, 0 at the end, -1 with errno. It points into the reader
 * until the next call. A line that is no CRI record is given as text of
 * stdout; one too long for the reader in pieces. A last line whose newline is
 * not written yet is given if it is a record.
 */
int logreader_next(struct logreader *r, struct crilog_record *rec);

/* Moves an offset on to where a record starts, that or the end. 0 or -1. */
int logfile_record(const struct logfile *f, int64_t *at);

/* What a log amounts to, up to some record. */
struct logsum {
	int64_t lines; /* lines ended */
	int64_t bytes; /* of text, as page_raw sends it */
	int64_t at; /* where the reader stopped: a record starts there */
};
/* Counts up to the first record that starts at or behind `to`. 0 or -1. */
int logfile_count(const struct logfile *f, int64_t to, struct logsum *sum);
/* The same, going on from what *sum says. */
int logfile_count_on(const struct logfile *f, int64_t to, struct logsum *sum);
/*
 * Counts up to a record some way ahead of the line with this number, from 1:
 * half of `before` to `before` bytes, give or take a record, if there is so
 * much. 1, 0 if there is no such line, -1.
 */
int logfile_around(const struct logfile *f, int64_t line, int64_t before,
	struct logsum *sum);

#endif
