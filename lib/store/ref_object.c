#include "store/ref_object.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* Asked for each move that is no deletion. */
enum { ASK_COMMIT, ASK_PIPELINE, QUESTIONS };

static void learn(struct ref_object *o, const struct gitcat_answer *a)
{
	const struct gitcat_answer *commit = &a[ASK_COMMIT];
	const struct gitcat_answer *tree = &a[ASK_PIPELINE];

	if (commit->type != GITCAT_COMMIT)
		return;
	o->known = 1;
	memcpy(o->sha, commit->oid, OID_SIZE);
	commit_info_parse(&o->info, commit->content.ptr, commit->content.len);
	if (tree->type == GITCAT_TREE)
		o->kind = pipeline_kind_of_tree(
			tree->content.ptr, tree->content.len);
	else
		o->kind = tree->type == GITCAT_MISSING ? PIPELINE_NONE
						       : PIPELINE_NOT_A_TREE;
}

/*
 * For `<oid>^{commit}` git says "missing" of an object that it lacks, and of a
 * tag on a blob or a tree just the same. The former is not recorded, the
 * latter is an object without a pipeline.
 */
static int ask_whether_there(struct gitcat *git, const struct ref_move *moves,
	size_t n, struct ref_object *objects, struct err *e)
{
	struct gitcat_answer a;
	const char *question;

	for (size_t i = 0; i < n; i++) {
		if (objects[i].known || oid_is_zero(moves[i].new_oid))
			continue;
		question = moves[i].new_oid;
		if (gitcat_ask(git, &question, 1, &a, e) < 0)
			return -1;
		buf_release(&a.content);
		/* a damaged commit is there too, and is not known */
		objects[i].known = a.type == GITCAT_BLOB ||
				   a.type == GITCAT_TREE ||
				   a.type == GITCAT_TAG;
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
		strv_pushf(&questions, "%s^{commit}", moves[i].new_oid);
		strv_pushf(&questions, "%s^{commit}:.quire", moves[i].new_oid);
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
		rc = ask_whether_there(git, moves, n, objects, e);
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
