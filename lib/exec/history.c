#include "exec/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/git.h"

#define TAGS_MAX ((size_t)256 << 20)
#define ALTERNATES_MAX (1 << 20)
#define SHALLOW_MAX (64 << 20)
#define DEPTH_MAX 5 /* of alternates of alternates, as git has it */

struct history {
	const char *git_dir;
	int dot_git; /* the new .git, open */
	struct buf path; /* its path */
	struct strv *objects;
	struct buf shallow; /* the path of the repository's mark */
};

static int put(
	struct history *h, const char *name, const struct buf *b, struct err *e)
{
	int fd = openat(h->dot_git, name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(e, ".git/%s", name);
	int failed = fs_write_all(fd, b->ptr, b->len);
	int why = errno;
	if (close(fd) < 0 && !failed) {
		failed = -1;
		why = errno;
	}
	errno = why;
	return failed ? err_sys(e, ".git/%s", name) : 0;
}

/* Where the repository has its objects, and its mark if it is shallow. */
static int ask_paths(struct history *h, struct buf *objects, struct err *e)
{
	static const char *const argv[] = { "git", "rev-parse", "--git-path",
		"objects", "--git-path", "shallow", NULL };
	struct buf out = BUF_INIT;
	int ret = -1;

	/* what git says for them is a line each */
	if (*h->git_dir != '/' || strchr(h->git_dir, '\n')) {
		err_set(e, EXIT_USAGE, "'%s' can't be the path of a repository",
			h->git_dir);
	} else if (git_run_lean(h->git_dir, argv, &out, 1 << 16, e) == 0) {
		size_t len = strcspn(out.ptr, "\n");

		buf_add(objects, out.ptr, len);
		buf_adds(&h->shallow, out.ptr + len + (out.ptr[len] == '\n'));
		if (h->shallow.len &&
			h->shallow.ptr[h->shallow.len - 1] == '\n')
			buf_setlen(&h->shallow, h->shallow.len - 1);
		ret = 0;
	}
	buf_release(&out);
	return ret;
}

static int is_known(const struct history *h, const char *folder)
{
	for (size_t i = 0; i < h->objects->n; i++)
		if (strcmp(h->objects->v[i], folder) == 0)
			return 1;
	return 0;
}

static int add_objects(
	struct history *h, const char *folder, int depth, struct err *e);

/* The alternates of a folder: a path a line, relative to the folder, with
 * comments between; one that is not there is passed over, as git does. */
static int add_alternates(struct history *h, const char *folder,
	struct buf *text, int depth, struct err *e)
{
	int ret = 0;

	for (char *line = text->ptr; ret == 0 && *line;) {
		size_t len = strcspn(line, "\n");
		char *next = line + len + (line[len] == '\n');
		struct buf path = BUF_INIT;

		line[len] = '\0';
		if (*line && *line != '#') {
			if (*line != '/')
				buf_addf(&path, "%s/", folder);
			buf_adds(&path, line);
			ret = add_objects(h, path.ptr, depth + 1, e);
		}
		buf_release(&path);
		line = next;
	}
	return ret;
}

/* The folder and its alternates, each with the path that it really has. */
static int add_objects(
	struct history *h, const char *folder, int depth, struct err *e)
{
	struct buf file = BUF_INIT, text = BUF_INIT;
	char *real = realpath(folder, NULL);
	int ret = 0;

	if (!real)
		return depth ? 0 : err_sys(e, "%s", folder);
	if (depth <= DEPTH_MAX && !is_known(h, real)) {
		strv_push(h->objects, real);
		buf_addf(&file, "%s/info/alternates", real);
		if (fs_read_file(AT_FDCWD, file.ptr, &text, ALTERNATES_MAX) ==
			0)
			ret = add_alternates(h, real, &text, depth, e);
		else if (errno != ENOENT)
			ret = err_sys(e, "%s", file.ptr);
	}
	free(real);
	buf_release(&file);
	buf_release(&text);
	return ret;
}

static int put_alternates(struct history *h, struct err *e)
{
	struct buf objects = BUF_INIT, text = BUF_INIT;
	size_t before = h->objects->n;
	int ret = ask_paths(h, &objects, e);

	if (ret == 0)
		ret = add_objects(h, objects.ptr, 0, e);
	for (size_t i = before; i < h->objects->n; i++)
		buf_addf(&text, "%s\n", h->objects->v[i]);
	if (ret == 0)
		ret = put(h, "objects/info/alternates", &text, e);
	buf_release(&objects);
	buf_release(&text);
	return ret;
}

static int put_shallow(struct history *h, struct err *e)
{
	struct buf text = BUF_INIT;
	int ret = 0;

	if (fs_read_file(AT_FDCWD, h->shallow.ptr, &text, SHALLOW_MAX) == 0)
		ret = put(h, "shallow", &text, e);
	else if (errno != ENOENT)
		ret = err_sys(e, "%s", h->shallow.ptr);
	buf_release(&text);
	return ret;
}

/* As a file of packed refs: one file, however many there are. */
static int put_tags(struct history *h, struct err *e)
{
	static const char *const argv[] = { "git", "for-each-ref",
		"--format=%(objectname) %(refname)", "refs/tags/", NULL };
	struct buf text = BUF_INIT;
	int ret = -1;

	buf_adds(&text, "# pack-refs with: sorted \n");
	if (git_run_lean(h->git_dir, argv, &text, TAGS_MAX, e) == 0)
		ret = put(h, "packed-refs", &text, e);
	buf_release(&text);
	return ret;
}

static int put_head(struct history *h, const char *commit, struct err *e)
{
	static const char config[] = "[core]\n"
				     "\trepositoryformatversion = 0\n"
				     "\tfilemode = true\n"
				     "\tbare = false\n"
				     "\tlogAllRefUpdates = false\n"
				     "[gc]\n"
				     "\tauto = 0\n";
	struct buf text = BUF_INIT;

	buf_addf(&text, "%s\n", commit);
	int ret = put(h, "HEAD", &text, e);
	buf_reset(&text);
	buf_adds(&text, config);
	if (ret == 0)
		ret = put(h, "config", &text, e);
	buf_release(&text);
	return ret;
}

/*
 * What the commit holds. No git looks at the workspace here: what .quire/ci has
 * made of it is not trusted, and this is outside of any sandbox. Where git is,
 * its working tree is; so it is in .git, which is as it was made above.
 */
static int make_index(
	const struct history *h, const char *commit, struct err *e)
{
	const char *const argv[] = { "git", "-C", h->path.ptr, "read-tree",
		commit, NULL };

	return git_run_lean(h->path.ptr, argv, NULL, 0, e) ? -1 : 0;
}

static int make_folders(struct history *h, int workspace, struct err *e)
{
	static const char *const folders[] = { ".git", ".git/objects",
		".git/objects/info", ".git/objects/pack", ".git/refs",
		".git/refs/tags", ".git/refs/heads" };

	if (fs_remove_tree(workspace, ".git") < 0)
		return err_sys(e, ".git: can't be removed");
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (mkdirat(workspace, folders[i], 0755) < 0)
			return err_sys(e, "%s", folders[i]);
	h->dot_git = openat(workspace, ".git",
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return h->dot_git < 0 ? err_sys(e, ".git") : 0;
}

static int fill(struct history *h, const char *commit, struct err *e)
{
	if (put_head(h, commit, e) < 0 || put_alternates(h, e) < 0 ||
		put_shallow(h, e) < 0 || put_tags(h, e) < 0)
		return -1;
	return make_index(h, commit, e);
}

int history_make(const char *workspace, const char *git_dir, const char *commit,
	struct strv *objects, struct err *e)
{
	struct history h = { .git_dir = git_dir,
		.dot_git = -1,
		.path = BUF_INIT,
		.shallow = BUF_INIT,
		.objects = objects };
	int fd = open(
		workspace, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int ret =
		fd < 0 ? err_sys(e, "%s", workspace) : make_folders(&h, fd, e);

	buf_addf(&h.path, "%s/.git", workspace);
	if (ret == 0)
		ret = fill(&h, commit, e);
	if (ret < 0)
		err_prefix(e, "no history for the workspace");
	if (h.dot_git >= 0)
		close(h.dot_git);
	if (fd >= 0)
		close(fd);
	buf_release(&h.path);
	buf_release(&h.shallow);
	return ret;
}
