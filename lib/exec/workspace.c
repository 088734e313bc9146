#include "exec/workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "exec/checkout.h"

/* What the walker gathers. Folders stay until the end: the names in chunks
 * point into their objects. */
struct walk {
	struct checkout *c;
	struct objects *o;
	struct attributes attributes;
	struct buf info; /* $GIT_DIR/info/attributes */
	struct checkout_folder **folders; /* made; those from next on unread */
	size_t n_folders, next, folders_size;
	struct checkout_file *links; /* made when all else is there */
	size_t n_links, links_size;
	size_t n_entries;
};

static void walk_release(struct walk *w)
{
	for (size_t i = 0; i < w->n_folders; i++) {
		git_odb_object_free(w->folders[i]->object);
		free(w->folders[i]->path);
		free(w->folders[i]);
	}
	free(w->folders);
	free(w->links);
	attributes_release(&w->attributes);
	buf_release(&w->info);
}

static struct checkout_folder *add_folder(
	struct walk *w, char *path, const struct attr_scope *scope)
{
	struct checkout_folder *folder = mem_zero(sizeof(*folder));

	if (w->n_folders == w->folders_size) {
		w->folders_size = w->folders_size ? w->folders_size * 2 : 64;
		w->folders = mem_resize(w->folders, w->folders_size,
			sizeof(struct checkout_folder *));
	}
	folder->path = path;
	folder->scope = scope;
	w->folders[w->n_folders++] = folder;
	return folder;
}

static void add_link(struct walk *w, const struct checkout_file *link)
{
	if (w->n_links == w->links_size) {
		w->links_size = w->links_size ? w->links_size * 2 : 16;
		w->links =
			mem_resize(w->links, w->links_size, sizeof(*w->links));
	}
	w->links[w->n_links++] = *link;
}

/* "path: why", the status that the tree or the system deserves. */
static int entry_failed(const struct checkout_file *f, struct err *e)
{
	struct buf path = BUF_INIT;
	int why = errno;

	checkout_add_path(&path, f->folder, f->entry.name);
	if (why == EEXIST)
		err_set(e, EXIT_INTERNAL, "%s: the commit holds it twice",
			path.ptr);
	else
		err_sys(e, "%s", path.ptr);
	if (why == ENAMETOOLONG)
		e->status = EXIT_INTERNAL;
	buf_release(&path);
	errno = why;
	return -1;
}

static int make_folder(
	struct walk *w, int dirfd, const struct checkout_file *f, struct err *e)
{
	struct buf path = BUF_INIT;

	if (mkdirat(dirfd, f->entry.name, 0777))
		return entry_failed(f, e);
	if (f->entry.kind == TREE_SUBMODULE)
		return 0;
	checkout_add_path(&path, f->folder, f->entry.name);

	struct checkout_folder *made =
		add_folder(w, buf_detach(&path), f->folder->scope);
	git_oid_fromraw(&made->tree, f->entry.oid);
	return 0;
}

/* The .gitattributes of the folder being read, before any of its files. */
static int read_attributes(
	struct walk *w, struct checkout_folder *folder, struct err *e)
{
	const char *at = git_odb_object_data(folder->object);
	const char *end = at + git_odb_object_size(folder->object);
	struct tree_entry entry;
	int more;

	while ((more = tree_next(&at, end, &entry, e)) > 0)
		if ((entry.kind == TREE_FILE ||
			    entry.kind == TREE_EXECUTABLE) &&
			strcmp(entry.name, ".gitattributes") == 0) {
			git_odb_object *blob;
			git_oid oid;

			git_oid_fromraw(&oid, entry.oid);
			blob = objects_read(w->o, &oid, GIT_OBJECT_BLOB,
				".gitattributes", e);
			if (!blob)
				return -1;
			const char *text = git_odb_object_data(blob);
			size_t len = git_odb_object_size(blob);
			if (!*folder->path)
				attributes_macros(&w->attributes, text, len);
			folder->scope = attributes_scope(
				&w->attributes, folder->scope, text, len);
			git_odb_object_free(blob);
		}
	/* these may use the macros of the commit */
	if (!*folder->path)
		folder->scope = attributes_scope(&w->attributes, folder->scope,
			w->info.ptr, w->info.len);
	errno = 0;
	return more;
}

static int walk_entries(struct walk *w, struct checkout_folder *folder,
	int dirfd, struct err *e)
{
	const char *at = git_odb_object_data(folder->object);
	const char *end = at + git_odb_object_size(folder->object);
	struct checkout_chunk chunk = { .n = 0 };
	struct checkout_file f = { .folder = folder };

	while (tree_next(&at, end, &f.entry, e) > 0) {
		if (checkout_is_over(w->c))
			return 0;
		if (++w->n_entries > CHECKOUT_MAX_ENTRIES) {
			errno = 0;
			return err_set(e, EXIT_INTERNAL,
				"the commit holds more than %d files",
				CHECKOUT_MAX_ENTRIES);
		}
		switch (f.entry.kind) {
		case TREE_FOLDER:
		case TREE_SUBMODULE:
			if (make_folder(w, dirfd, &f, e))
				return -1;
			break;
		case TREE_SYMLINK:
			add_link(w, &f);
			break;
		case TREE_FILE:
		case TREE_EXECUTABLE:
			chunk.files[chunk.n++] = f;
			if (chunk.n == CHECKOUT_CHUNK) {
				checkout_put(w->c, w->o, &chunk);
				chunk.n = 0;
			}
			break;
		}
	}
	if (chunk.n)
		checkout_put(w->c, w->o, &chunk);
	return 0;
}

static int walk_folder(
	struct walk *w, struct checkout_folder *folder, struct err *e)
{
	int dirfd, failed, why;

	folder->object = objects_read(w->o, &folder->tree, GIT_OBJECT_TREE,
		*folder->path ? folder->path : "the commit's tree", e);
	if (!folder->object)
		return -1;
	/* reads every entry once: what is malformed makes no files at all */
	if (read_attributes(w, folder, e))
		return -1;
	dirfd = checkout_open_folder(w->c->root, folder->path);
	if (dirfd < 0) {
		err_sys(e, "%s", folder->path);
		if (errno == ENAMETOOLONG)
			e->status = EXIT_INTERNAL;
		return -1;
	}
	failed = walk_entries(w, folder, dirfd, e);
	why = errno;
	close(dirfd);
	errno = why;
	return failed;
}

/* The administrator's own attributes, for every folder. */
static int read_info_attributes(struct walk *w, struct err *e)
{
	struct buf path = BUF_INIT;
	int failed = 0;

	buf_addf(&path, "%s/info/attributes", w->c->git_dir);
	if (fs_read_file(AT_FDCWD, path.ptr, &w->info, 1 << 20) &&
		errno != ENOENT && errno != ENOTDIR)
		failed = err_sys(e, "%s", path.ptr);
	int why = errno;
	buf_release(&path);
	errno = why;
	attributes_macros(&w->attributes, w->info.ptr, w->info.len);
	return failed;
}

static int walk_all(struct walk *w, const git_oid *tree, struct err *e)
{
	if (read_info_attributes(w, e))
		return -1;
	add_folder(w, mem_strdup(""), NULL)->tree = *tree;
	while (w->next < w->n_folders && !checkout_has_failed(w->c))
		if (walk_folder(w, w->folders[w->next++], e))
			return -1;
	return 0;
}

static int make_link(
	struct walk *w, const struct checkout_file *f, struct err *e)
{
	git_odb_object *blob;
	struct buf target = BUF_INIT;
	git_oid oid;
	int failed;

	git_oid_fromraw(&oid, f->entry.oid);
	blob = objects_read(w->o, &oid, GIT_OBJECT_BLOB, f->entry.name, e);
	if (!blob)
		return -1;
	buf_add(&target, git_odb_object_data(blob), git_odb_object_size(blob));
	git_odb_object_free(blob);
	if (!target.len || strlen(target.ptr) != target.len) {
		err_set(e, EXIT_INTERNAL,
			"%s: a symbolic link that leads to no path",
			f->entry.name);
		buf_release(&target);
		errno = 0;
		return -1;
	}

	int dirfd = checkout_open_folder(w->c->root, f->folder->path);
	failed = dirfd < 0 || symlinkat(target.ptr, dirfd, f->entry.name);
	if (failed)
		entry_failed(f, e);
	int why = errno;
	if (dirfd >= 0)
		close(dirfd);
	buf_release(&target);
	errno = why;
	return failed ? -1 : 0;
}

/* Files by both threads, then links by this one: when a link is made, nothing
 * is left to be written through it. */
static int fill(struct walk *w, const git_oid *tree, struct err *e)
{
	if (walk_all(w, tree, e))
		checkout_fail(w->c, e);
	checkout_finish(w->c, w->o);
	if (checkout_result(w->c, e))
		return -1;
	for (size_t i = 0; i < w->n_links && !checkout_is_over(w->c); i++)
		if (make_link(w, &w->links[i], e))
			return -1;
	return checkout_result(w->c, e);
}

/* The home's folders hand their group down; a build that packs its files wants
 * the usual modes. */
static int make_root(const char *path, struct err *e)
{
	struct stat st;
	int fd = -1;

	if (mkdir(path, 0777) == 0)
		fd = open(
			path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", path);
	if (fstat(fd, &st) || fchmod(fd, st.st_mode & 0777)) {
		err_sys(e, "%s", path);
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

int workspace_lay_out(const char *git_dir, const char *sha, const char *path,
	int (*is_over)(void *arg), void *arg, struct err *e)
{
	int root = make_root(path, e), failed = -1, why;

	if (root < 0)
		return -1;

	struct checkout *c = mem_alloc(sizeof(*c));
	struct walk w = {
		.c = c, .attributes = ATTRIBUTES_INIT, .info = BUF_INIT
	};
	struct objects o;
	git_oid tree;
	checkout_init(c, git_dir, root, is_over, arg);
	if (objects_open(&o, git_dir, e) == 0) {
		w.o = &o;
		failed = objects_commit(&o, sha, &c->commit, &tree, e) ||
			 fill(&w, &tree, e);
		why = errno;
		walk_release(&w);
		objects_close(&o);
	} else {
		why = errno;
	}
	checkout_destroy(c);
	free(c);
	close(root);
	errno = why;
	return failed ? -1 : 0;
}
