/*
 * gitcat.h - questions to one `git cat-file --batch`.
 *
 * The hot paths must not start libgit2 (11-15 ms). One git process answers
 * any number of questions in 2 ms, most of which passes while the caller
 * opens the database: start it first, ask late.
 *
 * The process gets an absolute GIT_DIR (so that git takes another uid's
 * repository) and a lean environment, see GITENV_LEAN in gitenv.h. It is
 * cheap to start (vfork), sees none of the caller's descriptors that are
 * close-on-exec, and ends by itself when the caller does.
 */
#ifndef QUIRE_BASE_GITCAT_H
#define QUIRE_BASE_GITCAT_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* A SHA-1 in hex and a NUL; all that quire takes (no SHA-256). */
#define OID_SIZE 41
int oid_is_valid(const char *hex); /* exactly 40 of 0-9 a-f */
int oid_is_zero(const char *hex); /* forty times 0: no object */

struct gitcat {
	pid_t pid; /* 0: none */
	int sock; /* its standard input and output */
	int log; /* its standard error, a file in memory */
	struct buf unsent; /* questions that git has not taken yet */
	struct buf unread; /* read from git; from `at` on not consumed yet */
	size_t at;
	char *git_dir;
};

enum gitcat_type {
	GITCAT_MISSING, /* git's own word: there is no such object */
	GITCAT_COMMIT,
	GITCAT_TREE,
	GITCAT_BLOB,
	GITCAT_TAG,
};

/* More of an object's content is read and dropped: what quire asks for is
 * smaller, and a pushed blob of gigabytes must not fill the memory. */
#define GITCAT_MAX_CONTENT (16 << 20)

struct gitcat_answer {
	enum gitcat_type type;
	char oid[OID_SIZE]; /* "" if missing */
	struct buf content; /* raw object content; the caller releases it */
};

/* Starts git on an absolute git_dir. Zero the struct before. 0 or -1. */
int gitcat_start(struct gitcat *g, const char *git_dir, struct err *e);
/*
 * Asks all n questions (revisions: "<sha>", "refs/heads/x", "<sha>:path")
 * and reads all answers, in order, into the n answers, whose contents the
 * caller releases. Questions may not hold a newline. -1 if git died, said
 * what is no answer, or nothing for GITCAT_PATIENCE_MS; then nothing was
 * learnt, and g must be stopped.
 *
 * Mind that git guesses: for a ref that is absent it also looks below
 * refs/tags/, refs/heads/ and refs/remotes/.
 */
#define GITCAT_PATIENCE_MS 10000
int gitcat_ask(struct gitcat *g, const char *const *questions, size_t n,
	struct gitcat_answer *answers, struct err *e);
/* Ends the process and reaps it; safe on a zeroed or failed one. */
void gitcat_stop(struct gitcat *g);

#endif
