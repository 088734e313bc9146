/*
 * gitcat.h - questions to one `git cat-file --batch`.
 *
 * The hot paths must not start libgit2 (11-15 ms). One git process answers
 * any number of questions in 2 ms, most of which passes while the caller
 * opens the database: start it first, ask late.
 *
 * The process gets an absolute GIT_DIR (so that git takes another uid's
 * repository), a lean environment (GIT_CONFIG_NOSYSTEM, no lazy fetch, no
 * replace refs), and inherits GIT_OBJECT_DIRECTORY and
 * GIT_ALTERNATE_OBJECT_DIRECTORIES only from a hook that has them.
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
	pid_t pid;
	int in, out; /* to and from git */
	struct buf pending; /* read from git, not consumed yet */
	char *git_dir;
};

enum gitcat_type {
	GITCAT_MISSING, /* git's own word: there is no such object */
	GITCAT_COMMIT,
	GITCAT_TREE,
	GITCAT_BLOB,
	GITCAT_TAG,
};

struct gitcat_answer {
	enum gitcat_type type;
	char oid[OID_SIZE];
	struct buf content; /* raw object content; the caller releases it */
};

/* Starts git on an absolute git_dir. Zero the struct before. 0 or -1. */
int gitcat_start(struct gitcat *g, const char *git_dir, struct err *e);
/*
 * Asks all n questions (revisions: "<sha>", "refs/heads/x", "<sha>:path")
 * and reads all answers, in order, into the n answers, whose contents the
 * caller releases. Questions may not hold a newline. -1 if git died or said
 * what is no answer; then nothing was learnt, and g must be stopped.
 */
int gitcat_ask(struct gitcat *g, const char *const *questions, size_t n,
	struct gitcat_answer *answers, struct err *e);
/* Ends the process and reaps it; safe on a zeroed or failed one. */
void gitcat_stop(struct gitcat *g);

/* What a list or a page shows of a commit. Any bytes; no newline. */
struct commit_info {
	char *subject; /* first paragraph, lines joined by a blank */
	char *author; /* "Name <mail>" */
};
void commit_info_parse(struct commit_info *c, const char *raw, size_t len);
void commit_info_release(struct commit_info *c);

/* What the tree `.quire` of a commit holds (raw tree object content). */
enum pipeline_kind {
	PIPELINE_NONE,
	PIPELINE_STATIC, /* ci.json */
	PIPELINE_DYNAMIC, /* ci, executable */
	PIPELINE_BOTH, /* an error that quire-ci reports */
	PIPELINE_NOT_EXECUTABLE, /* only ci without its x bit: hint, no run */
	PIPELINE_FENNEL, /* only ci.fnl, of the older system: hint */
	PIPELINE_NOT_A_FILE, /* ci.json or ci is a link or a folder: hint */
	PIPELINE_NOT_A_TREE, /* .quire itself is no folder: hint */
};
enum pipeline_kind pipeline_kind_of_tree(const char *raw, size_t len);
/* Whether a run is made. */
int pipeline_kind_runs(enum pipeline_kind k);
/* The hint to the pusher, one line without "quire: ", or NULL. */
const char *pipeline_kind_hint(enum pipeline_kind k);

#endif
