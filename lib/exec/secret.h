/*
 * secret.h - the secrets of a job: where they are, who gets them, what takes
 * them out of its output.
 *
 * A secret is a file in the home's folder secrets/, called by its name, mode
 * 0600; its value is its content without one newline at the end. Only the
 * process of a job that names it reads it, just before the job's first command,
 * and puts it into the environment of the job's commands: it is in no other
 * process's environment, in no argument, no event and no log.
 */
#ifndef QUIRE_EXEC_SECRET_H
#define QUIRE_EXEC_SECRET_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/pipeline.h"
#include "base/redact.h"

#define SECRET_MAX_BYTES (64 << 10)

/* One whose value is at hand. */
struct secret {
	const char *name;
	struct buf value;
};

/* Where the secrets of a run are found; all zero: nowhere. */
struct secret_source {
	const struct secret *given; /* these first */
	size_t n_given;
	const char *dir; /* then a file in this folder; NULL: there is none */
	/* why there is none, and what to do: "this ref gets no secrets ..." */
	const char *without;
};

/* What is read from fd becomes the value. Refused are more than
 * SECRET_MAX_BYTES and a NUL; name is for the error. */
int secret_take(int fd, const char *name, struct buf *value, struct err *e);
/* The value of the file in the folder: a regular one that only its owner may
 * read; no link is followed. -1, EXIT_RED, with what to do. */
int secret_read(int dirfd, const char *name, struct buf *value, struct err *e);

/*
 * Sets the variables of the job's secrets in env, and makes what takes their
 * values out of a text; *r stays NULL where the job names none. note gets a
 * line for each that is too short for that. -1: one of them can't be had;
 * then the job must not run.
 */
int secret_load(const struct secret_source *from, const struct job *job,
	struct strv *env, struct redactor **r, struct buf *note, struct err *e);

#endif
