#include "exec/seed_git.h"

#include <git2.h>

/* 2026-01-01, so that ids do not depend on when the home is made. */
#define COMMIT_TIME 1767225600

static const char pipeline[] = "{ \"jobs\": [\n"
			       "\t{ \"id\": \"greet\", "
			       "\"run\": \"echo hello, world\" }\n"
			       "] }\n";

static int git_failed(const char *what, struct err *e)
{
	const git_error *why = git_error_last();

	return err_set(e, EXIT_INTERNAL, "%s: %s", what,
		why ? why->message : "libgit2 failed");
}

/* A tree of one entry. */
static int tree_of(git_oid *tree, git_repository *repo, const char *name,
	const git_oid *id, git_filemode_t mode)
{
	git_treebuilder *tb = NULL;
	int bad = git_treebuilder_new(&tb, repo, NULL);

	if (!bad)
		bad = git_treebuilder_insert(NULL, tb, name, id, mode);
	if (!bad)
		bad = git_treebuilder_write(tree, tb);
	git_treebuilder_free(tb);
	return bad;
}

static int pipeline_tree(git_oid *tree, git_repository *repo)
{
	git_oid blob, folder;

	return git_blob_create_from_buffer(
		       &blob, repo, pipeline, sizeof(pipeline) - 1) ||
	       tree_of(&folder, repo, "ci.json", &blob, GIT_FILEMODE_BLOB) ||
	       tree_of(tree, repo, ".quire", &folder, GIT_FILEMODE_TREE);
}

/* The commit that the ref is at; NULL if it is not there. */
static int tip_of(git_commit **tip, git_repository *repo, const char *ref)
{
	git_oid id;
	int bad = git_reference_name_to_id(&id, repo, ref);

	*tip = NULL;
	if (bad == GIT_ENOTFOUND)
		return 0;
	return bad ? bad : git_commit_lookup(tip, repo, &id);
}

static int commit_on(git_oid *id, git_repository *repo, const char *ref,
	const char *message, git_commit *parent)
{
	const git_commit *parents[] = { parent };
	git_signature *who = NULL;
	git_reference *moved = NULL;
	git_tree *tree = NULL;
	git_oid tree_id;
	int bad = pipeline_tree(&tree_id, repo) ||
		  git_tree_lookup(&tree, repo, &tree_id) ||
		  git_signature_new(&who, "Ada Sample", "ada@example.org",
			  COMMIT_TIME, 0);

	if (!bad)
		bad = git_commit_create(id, repo, NULL, who, who, NULL, message,
			tree, parent ? 1 : 0, parents);
	if (!bad)
		bad = git_reference_create(&moved, repo, ref, id, 1, NULL);
	git_reference_free(moved);
	git_signature_free(who);
	git_tree_free(tree);
	return bad;
}

int seed_commit(const char *git_dir, const char *ref, const char *message,
	char sha[OID_SIZE], char previous[OID_SIZE], struct err *e)
{
	git_repository *repo = NULL;
	git_commit *parent = NULL;
	git_oid id;
	int bad;

	if (git_libgit2_init() < 0)
		return git_failed("git_libgit2_init", e);
	bad = git_repository_open_bare(&repo, git_dir) ||
	      tip_of(&parent, repo, ref) ||
	      commit_on(&id, repo, ref, message, parent);
	if (bad) {
		git_failed(git_dir, e);
	} else {
		git_oid_tostr(sha, OID_SIZE, &id);
		previous[0] = '\0';
		if (parent)
			git_oid_tostr(
				previous, OID_SIZE, git_commit_id(parent));
	}
	git_commit_free(parent);
	git_repository_free(repo);
	git_libgit2_shutdown();
	return bad ? -1 : 0;
}
