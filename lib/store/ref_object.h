/*
 * ref_object.h - what the new object of a ref move is: the recorder's
 * question to git.
 */
#ifndef QUIRE_STORE_REF_OBJECT_H
#define QUIRE_STORE_REF_OBJECT_H

#include "base/commit.h"
#include "base/gitcat.h"
#include "store/ref.h"

struct ref_object {
	int known; /* 0: a deletion, or git has no such object */
	char sha[OID_SIZE]; /* the commit it leads to; "": a blob or a tree */
	enum pipeline_kind kind;
	struct commit_info info; /* of that commit; else NULLs */
};

/* Fills objects[n] for moves[n] in one round of questions (a second one if
 * something pushed is no commit). 0 or -1; the caller releases after 0. */
int ref_objects_ask(struct gitcat *git, const struct ref_move *moves, size_t n,
	struct ref_object *objects, struct err *e);
void ref_objects_release(struct ref_object *objects, size_t n);

#endif
