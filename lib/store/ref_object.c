#include "store/ref_object.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/*
 * Asked for each move that is no deletion. `<oid>` and not `<oid>^{commit}`:
 * for that, git would look for grafts and commit graphs as well, and it says
 * "missing" of a tag on a blob as it does of an object that it lacks.
 */
enum { ASK_OBJECT, ASK_PIPELINE, QUESTIONS };

static void learn_commit(struct ref_object *o, const struct gitcat_answer *a)
{
	memcpy(o->sha, a->oid, OID_SIZE);
	commit_info_parse(&o->info, a->content.ptr, a->content.len);
}

static void learn(struct ref_object *o, const struct gitcat_answer *a)
{
	o->known = a[ASK_OBJECT].type != GITCAT_MISSING;
	if (a[ASK_OBJECT].type == GITCAT_COMMIT)
		learn_commit(o, &a[ASK_OBJECT]);
	o->kind = pipeline_kind_of(&a[ASK_PIPELINE]);
}

/* A tag leads to a commit, or to something that has no pipeline, even if it
 * is a tree with a .quire in it. */
static int peel(struct gitcat *git, const char *oid, struct ref_object *o,
	struct err *e)
{
	struct buf question = BUF_INIT;
	struct gitcat_answer a;
	const char *q;
	int rc;

	buf_addf(&question, "%s^{commit}", oid);
	q = question.ptr;
	rc = gitcat_ask(git, &q, 1, &a, e);
	buf_release(&question);
	if (rc < 0)
		return -1;
	if (a.type == GITCAT_COMMIT)
		learn_commit(o, &a);
	buf_release(&a.content);
	return 0;
}

static int peel_tags(struct gitcat *git, const struct ref_move *moves, size_t n,
	struct ref_object *objects, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct ref_object *o = &objects[i];

		if (o->known && !*o->sha &&
			peel(git, moves[i].new_oid, o, e) < 0)
			return -1;
		if (!*o->sha)
			o->kind = PIPELINE_NONE;
	}
	return 0;
}

int ref_objects_ask(struct gitcat *git, const struct ref_move *moves, size_t n,
	struct ref_object *objects, struct err *e)
{
	struct strv questions = STRV_INIT;
	struct gitcat_answer *answers, *a;
	int rc = 0;

	memset(objects, 0, n * sizeof(*objects));
	for (size_t i = 0; i < n; i++) {
		if (oid_is_zero(moves[i].new_oid))
			continue;
		strv_push(&questions, moves[i].new_oid);
		strv_pushf(&questions, "%s:.quire", moves[i].new_oid);
	}
	if (!questions.n)
		return 0;
	answers = mem_alloc(questions.n * sizeof(*answers));
	rc = gitcat_ask(
		git, (const char *const *)questions.v, questions.n, answers, e);
	a = answers;
	for (size_t i = 0; !rc && i < n; i++) {
		if (oid_is_zero(moves[i].new_oid))
			continue;
		learn(&objects[i], a);
		for (int k = 0; k < QUESTIONS; k++)
			buf_release(&a[k].content);
		a += QUESTIONS;
	}
	if (!rc)
		rc = peel_tags(git, moves, n, objects, e);
	if (rc < 0)
		ref_objects_release(objects, n);
	strv_release(&questions);
	free(answers);
	return rc;
}

void ref_objects_release(struct ref_object *objects, size_t n)
{
	for (size_t i = 0; i < n; i++)
		commit_info_release(&objects[i].info);
}
