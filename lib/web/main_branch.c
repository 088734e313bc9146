#include "web/main_branch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"

#define HEAD_MAX_BYTES 4096

/* What "ref: refs/heads/main" names, or NULL: it cannot be read, or it is a
 * commit. */
static char *read_head(const char *git_dir)
{
	struct buf path = BUF_INIT, head = BUF_INIT;
	char *ref = NULL;

	buf_addf(&path, "%s/HEAD", git_dir);
	if (fs_read_file(AT_FDCWD, path.ptr, &head, HEAD_MAX_BYTES) == 0 &&
		!strncmp(head.ptr, "ref: refs/heads/", 16))
		ref = mem_strndup(head.ptr + 5, strcspn(head.ptr + 5, "\n"));
	buf_release(&path);
	buf_release(&head);
	return ref;
}

static int ref_of_newest_run(
	struct page *p, const char *repo, char **ref, struct err *e)
{
	struct run_filter f = { .repo = repo, .limit = 1 };
	struct run *list;
	size_t n;

	if (run_list(p->db, &f, &list, &n, e) < 0)
		return -1;
	if (n)
		*ref = mem_strdup(list[0].ref);
	run_list_release(list, n);
	return n > 0;
}

int main_branch(struct page *p, const struct repo *repo, const char *newest,
	char **ref, struct err *e)
{
	static const char *const usual[] = { "refs/heads/main",
		"refs/heads/master" };
	int got = 0;

	*ref = read_head(repo->git_dir);
	if (*ref)
		got = run_has_ref(p->db, repo->name, *ref, e);
	if (got)
		goto out;
	free(*ref);
	*ref = NULL;
	for (size_t i = 0; i < 2 && !got; i++) {
		got = run_has_ref(p->db, repo->name, usual[i], e);
		if (got > 0)
			*ref = mem_strdup(usual[i]);
	}
	if (!got && newest) {
		*ref = mem_strdup(newest);
		got = 1;
	} else if (!got) {
		got = ref_of_newest_run(p, repo->name, ref, e);
	}
out:
	if (got < 0) {
		free(*ref);
		*ref = NULL;
	}
	return got;
}
