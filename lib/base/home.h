/*
 * home.h - where quire keeps its things, and what they are called there.
 *
 *	quire.db  repos/  runs/<repo>/<run-id>/  slots/<n>  cache/<repo>/
 *	secrets/<name>  hooks/
 *
 * Nothing here opens quire.db: SQLite's locks belong to the process, and a
 * second open and close of the file would drop them.
 */
#ifndef QUIRE_BASE_HOME_H
#define QUIRE_BASE_HOME_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

#define HOME_DEFAULT "/var/quire"

struct home {
	char *path; /* absolute, no final slash */
	int fd; /* the folder, O_PATH-like use only */
	uid_t owner;
	dev_t dev;
	ino_t ino;
};

/*
 * Finds the home: path if not NULL, else $QUIRE_HOME, else HOME_DEFAULT; makes
 * the path absolute and opens the folder. -1 with a line that says what to do
 * (not there: "quire init"; not to be entered; $QUIRE_HOME relative).
 */
int home_open(struct home *h, const char *path, struct err *e);
void home_close(struct home *h);
/* Whether this process may dispatch: its effective uid owns the home. */
int home_is_owner(const struct home *h);
/* 0, or -1 with status 75 and the owner's name to become. Not for programs that
 * are linked statically (it needs getpwuid). */
int home_need_owner(const struct home *h, struct err *e);

/* Appends the absolute path of a thing in the home: home_add(&b, h, "slots"). */
void home_add(struct buf *b, const struct home *h, const char *rel);
/* Appends "runs/<repo>/<id>", relative to the home. */
void home_add_run_dir(struct buf *b, const char *repo, const char *run_id);

#endif
