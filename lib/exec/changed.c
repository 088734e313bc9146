#include <errno.h>
#include <string.h>

#include "exec/objects.h"
#include "exec/workspace.h"

struct paths {
	struct buf *out;
	size_t last; /* where the path added last begins */
};

static void add_path(struct paths *p, const char *path)
{
	/* a file that became a folder is two differences of one path */
	if (p->out->len > p->last && strcmp(p->out->ptr + p->last, path) == 0)
		return;
	p->last = p->out->len;
	buf_add(p->out, path, strlen(path) + 1);
}

static int on_file(const git_diff_delta *delta, float progress, void *arg)
{
	(void)progress;
	add_path(arg, delta->status == GIT_DELTA_ADDED ? delta->new_file.path
						       : delta->old_file.path);
	return 0;
}

static int lookup_tree(
	struct objects *o, const char *hex, git_tree **tree, struct err *e)
{
	git_oid commit, oid;

	if (objects_commit(o, hex, &commit, &oid, e))
		return -1;
	if (git_tree_lookup(tree, o->repo, &oid))
		return objects_error(e, hex);
	return 0;
}

int workspace_changed(const char *git_dir, const char *from, const char *to,
	struct buf *out, struct err *e)
{
	git_diff_options opts = { .version = GIT_DIFF_OPTIONS_VERSION,
		.flags = GIT_DIFF_SKIP_BINARY_CHECK,
		.ignore_submodules = GIT_SUBMODULE_IGNORE_NONE };
	struct paths paths = { out, out->len };
	git_tree *from_tree = NULL, *to_tree = NULL;
	git_diff *diff = NULL;
	struct objects o;
	int failed;

	if (objects_open(&o, git_dir, e))
		return -1;
	failed = (from && lookup_tree(&o, from, &from_tree, e)) ||
		 lookup_tree(&o, to, &to_tree, e);
	if (!failed && (git_diff_tree_to_tree(
				&diff, o.repo, from_tree, to_tree, &opts) ||
			       git_diff_foreach(diff, on_file, NULL, NULL, NULL,
				       &paths)))
		failed = objects_error(e, "comparing two commits");
	int why = errno;
	git_diff_free(diff);
	git_tree_free(from_tree);
	git_tree_free(to_tree);
	objects_close(&o);
	errno = why;
	return failed ? -1 : 0;
}
