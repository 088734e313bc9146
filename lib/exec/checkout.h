/*
 * checkout.h - the threads that fill a workspace.
 *
 * One thread walks the trees, makes the folders and puts the files, in chunks
 * of one folder each, on a short list, from which a second thread takes them.
 * When the list is full the walker takes one itself, so both are always busy.
 * A small tree is written by the walker alone, sooner than a thread starts.
 *
 * Only the walker asks whether the work is still wanted, since the answer may
 * be in a database; the second thread sees that as it sees any failure, before
 * its next file.
 */
#ifndef QUIRE_EXEC_CHECKOUT_H
#define QUIRE_EXEC_CHECKOUT_H

#include <git2.h>
#include <pthread.h>
#include <stddef.h>

#include "base/err.h"
#include "exec/attributes.h"
#include "exec/objects.h"
#include "exec/tree.h"

/* More entries than any real project has: a tree that names one subtree over
 * and over can describe more files than there are atoms. */
#define CHECKOUT_MAX_ENTRIES 10000000

#define CHECKOUT_CHUNK 16 /* files */
#define CHECKOUT_LIST 32 /* chunks */
#define CHECKOUT_ALONE \
	4 /* so many chunks on the list start the second thread */

/* A folder of the workspace, made already. */
struct checkout_folder {
	char *path; /* below the workspace; "" is its top */
	git_oid tree;
	git_odb_object *object; /* what the names in chunks point into */
	const struct attr_scope *scope;
};

struct checkout_file {
	const struct checkout_folder *folder;
	struct tree_entry entry;
};

struct checkout_chunk {
	size_t n;
	struct checkout_file files[CHECKOUT_CHUNK]; /* of one folder */
};

struct checkout {
	const char *git_dir;
	git_oid commit;
	int root; /* the workspace */
	int (*is_over)(void *arg); /* for the walker to ask; may be NULL */
	void *arg;

	pthread_mutex_t lock; /* holds what follows */
	pthread_cond_t changed;
	pthread_t thread; /* the second, once there is enough for two */
	int started;
	struct checkout_chunk list[CHECKOUT_LIST]; /* a ring */
	size_t first, waiting;
	int walked; /* nothing more will come */
	int failed; /* stop; e and error_number are the first failure's */
	struct err e;
	int error_number;
};

/* is_over, its arg and the rest outlive it. */
void checkout_init(struct checkout *c, const char *git_dir, int root,
	int (*is_over)(void *arg), void *arg);
void checkout_destroy(struct checkout *c);

/* For the walker, which uses o: hands a chunk over, or writes one. */
void checkout_put(struct checkout *c, struct objects *o,
	const struct checkout_chunk *chunk);
/* For the walker: no more will come; writes what is left, and is alone when it
 * returns. */
void checkout_finish(struct checkout *c, struct objects *o);
/* The first failure is kept, with errno. */
void checkout_fail(struct checkout *c, const struct err *e);
int checkout_has_failed(struct checkout *c);
/* For the walker, alone again: 0, or -1 with the first failure and errno. */
int checkout_result(const struct checkout *c, struct err *e);
/* For the walker, before each thing it makes: the same, but it asks is_over
 * first, whose yes is a failure (ECANCELED). */
int checkout_is_over(struct checkout *c);

/* A folder below root, by its path, over no symbolic link; -1 with errno. */
int checkout_open_folder(int root, const char *path);
/* "folder/name" for errors and attributes. */
void checkout_add_path(
	struct buf *b, const struct checkout_folder *folder, const char *name);

#endif
