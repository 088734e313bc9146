#include "exec/adopt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/git.h"
#include "base/mem.h"
#include "base/name.h"
#include "exec/hookfile.h"
#include "exec/layout.h"
#include "store/ref.h"
#include "store/repo.h"

int adopt_looks_like_git(int dirfd, const char *dir)
{
	static const char *const parts[] = { "HEAD", "objects", "refs" };
	struct buf path = BUF_INIT;
	struct stat st;
	int there = 1;

	for (size_t i = 0; i < 3 && there == 1; i++) {
		buf_reset(&path);
		buf_addf(&path, "%s/%s", dir, parts[i]);
		/* HEAD may be a dangling link, of an old kind of symref */
		if (fstatat(dirfd, path.ptr, &st, AT_SYMLINK_NOFOLLOW))
			there = errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	}
	int why = errno;
	buf_release(&path);
	errno = why;
	return there;
}

static int check_bare(const char *dir, const char *real, struct err *e)
{
	static const char *const argv[] = { "git", "rev-parse",
		"--is-bare-repository", NULL };
	struct buf out = BUF_INIT;
	struct stat st;
	int bare = adopt_looks_like_git(AT_FDCWD, real), status;

	if (bare < 0)
		return err_sys(e, "%s", dir);
	if (!bare) {
		buf_addf(&out, "%s/.git", real);
		bare = stat(out.ptr, &st) == 0;
		buf_release(&out);
		if (bare)
			return err_set(e, EXIT_USAGE,
				"%s: a working tree, not a bare repository, "
				"which git clone --bare makes of one",
				dir);
		return err_set(e, EXIT_USAGE,
			"%s: not a git repository (with --scan, all below it)",
			dir);
	}
	if (adopt_check_format(real, e) < 0)
		return -1;
	status = git_run(real, argv, &out, 64, e);
	bare = status == 0 && !strcmp(out.ptr, "true\n");
	buf_release(&out);
	if (status < 0)
		return err_prefix(e, "%s", dir);
	if (status > 0)
		return err_set(e, EXIT_USAGE, "%s: not a git repository", dir);
	if (!bare)
		return err_set(e, EXIT_USAGE, "%s: not a bare repository", dir);
	return 0;
}

const char *adopt_below_repos(const struct home *h, const char *git_dir)
{
	struct buf path = BUF_INIT;
	const char *rest = NULL;
	char *repos;
	size_t n;

	home_add(&path, h, "repos");
	repos = realpath(path.ptr, NULL);
	buf_release(&path);
	n = repos ? strlen(repos) : 0;
	if (n && !strncmp(git_dir, repos, n) && git_dir[n] == '/')
		rest = git_dir + n + 1;
	free(repos);
	return rest;
}

static void last_component(struct buf *out, const char *path)
{
	size_t end = strlen(path), start;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (start = end; start && path[start - 1] != '/';)
		start--;
	buf_add(out, path + start, end - start);
}

static void default_name(struct buf *out, const struct home *h, const char *dir,
	const char *real)
{
	const char *below = adopt_below_repos(h, real);
	struct buf last = BUF_INIT;

	last_component(&last, dir);
	if (below) {
		buf_reset(&last);
		buf_adds(&last, below);
	} else if (fs_is_dots(last.ptr)) {
		buf_reset(&last);
		last_component(&last, real);
	}
	name_add_full(out, last.ptr);
	buf_release(&last);
}

/* 1: adopted already as this; 0: both are free; -1: one is taken. */
static int check_free(struct db *db, const char *name, const char *real,
	struct repo *r, struct err *e)
{
	int found = repo_by_git_dir(db, real, r, e);

	if (found < 0)
		return -1;
	if (found) {
		if (!strcmp(r->name, name))
			return 1;
		err_set(e, EXIT_USAGE, "%s: adopted already, as %s", real,
			r->name);
		repo_release(r);
		return -1;
	}
	found = repo_by_name(db, name, r, e);
	if (found <= 0)
		return found;
	err_set(e, EXIT_USAGE,
		"%s: the name is in use, by %s: give another one, or, if that "
		"has moved: quire repo move %s %s",
		name, r->git_dir, name, real);
	repo_release(r);
	return -1;
}

static int install_hook(
	const struct home *h, const char *git_dir, struct err *e)
{
	struct buf program = BUF_INIT;
	int failed, changed;

	failed = fs_sibling(&program, "quire-push", e) < 0 ||
		 hookfile_install(git_dir, h->path, program.ptr, &changed, e) <
			 0;
	buf_release(&program);
	if (failed && access(git_dir, W_OK) < 0 && errno == EACCES)
		err_set(e, EXIT_BUSY,
			"%s: the hook cannot be installed: the home's owner "
			"may not write there",
			git_dir);
	return failed ? -1 : 0;
}

/* Row, hook, baseline. */
static int take_in(struct db *db, const struct home *h, const char *name,
	const char *real, int hook, struct err *e)
{
	struct repo r = { 0 };
	int known = check_free(db, name, real, &r, e);
	int failed;

	if (known < 0)
		return -1;
	if (!known && repo_add(db, name, real, e) < 0)
		return -1;
	if (hook && install_hook(h, real, e) < 0) {
		if (known)
			repo_release(&r);
		else
			repo_remove(db, name, 0, NULL);
		return -1;
	}
	if (!known) {
		known = repo_by_name(db, name, &r, e);
		if (known == 0)
			err_set(e, EXIT_BUSY, "%s: removed meanwhile", name);
		if (known <= 0)
			return -1;
	}
	failed = !r.baseline && ref_baseline(db, &r, e) < 0;
	repo_release(&r);
	return failed ? -1 : 0;
}

static int adopt(struct db *db, const struct home *h, const char *dir,
	const char *name, int hook, struct buf *out, struct err *e)
{
	char *real = realpath(dir, NULL);
	struct buf full = BUF_INIT;
	int failed;

	if (!real && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, EXIT_USAGE,
			"%s: no such repository; one that is not there yet is "
			"made by quire repo new",
			dir);
	if (!real)
		return err_sys(e, "%s", dir);
	if (name)
		name_add_full(&full, name);
	else
		default_name(&full, h, dir, real);
	failed = check_bare(dir, real, e) < 0 || name_check(full.ptr, e) < 0 ||
		 take_in(db, h, full.ptr, real, hook, e) < 0;
	if (!failed)
		buf_add(out, full.ptr, full.len);
	buf_release(&full);
	free(real);
	return failed ? -1 : 0;
}

int adopt_repo(struct db *db, const struct home *h, const char *dir,
	const char *name, struct buf *out, struct err *e)
{
	return adopt(db, h, dir, name, 1, out, e);
}

int adopt_hookless(struct db *db, const struct home *h, const char *dir,
	const char *name, struct buf *out, struct err *e)
{
	return adopt(db, h, dir, name, 0, out, e);
}

int adopt_move(struct db *db, const struct home *h, const char *name,
	const char *dir, int hook, struct err *e)
{
	char *real = realpath(dir, NULL);
	int failed;

	if (!real && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, EXIT_USAGE, "%s: no such repository", dir);
	if (!real)
		return err_sys(e, "%s", dir);
	/* the row first: a hook whose repository is unknown loses its push */
	failed = check_bare(dir, real, e) < 0 ||
		 repo_move(db, name, real, e) < 0 ||
		 (hook && install_hook(h, real, e) < 0);
	free(real);
	return failed ? -1 : 0;
}

/* git init in repos/.new.<pid>, which no name can be. */
static int init_aside(
	const struct home *h, int repos, const char *aside, struct err *e)
{
	struct buf path = BUF_INIT;
	const char *argv[] = { "git", "init", "-q", "--bare",
		layout_is_shared(h) ? "--shared=group" : "--shared=umask", NULL,
		NULL };
	struct buf out = BUF_INIT;
	int status;

	if (fs_remove_tree(repos, aside) < 0)
		return err_sys(e, "%s/repos/%s", h->path, aside);
	buf_addf(&path, "%s/repos/%s", h->path, aside);
	argv[5] = path.ptr;
	status = git_run(NULL, argv, &out, 4096, e);
	buf_release(&out);
	buf_release(&path);
	if (status > 0)
		return err_set(
			e, EXIT_BUSY, "git init failed (exit %d)", status);
	return status;
}

static int move_in(int repos, const char *aside, const char *name,
	mode_t folder, struct err *e)
{
	const char *slash = strrchr(name, '/');
	int failed = 0;

	if (slash) {
		char *parent = mem_strndup(name, (size_t)(slash - name));

		failed = fs_mkdirs(repos, parent, folder) < 0;
		free(parent);
	}
	if (!failed)
		failed = renameat2(repos, aside, repos, name,
				 RENAME_NOREPLACE) < 0;
	if (failed && errno == EEXIST)
		return err_set(e, EXIT_USAGE,
			"%s is there already; to take it in: quire repo adopt",
			name);
	return failed ? err_sys(e, "cannot make %s", name) : 0;
}

static int check_unused(struct db *db, const char *name, struct err *e)
{
	struct repo r = { 0 };
	int found;

	if (name_check(name, e) < 0)
		return -1;
	found = repo_by_name(db, name, &r, e);
	if (found > 0)
		err_set(e, EXIT_USAGE, "%s: the name is in use, by %s", name,
			r.git_dir);
	repo_release(&r);
	return found ? -1 : 0;
}

/* Made beside its place, then moved there whole. */
static int make_repository(
	const struct home *h, const char *name, struct err *e)
{
	mode_t folder = layout_is_shared(h) ? 0770 : 0750;
	char aside[32];
	int repos, failed;

	snprintf(aside, sizeof(aside), ".new.%ld", (long)getpid());
	repos = openat(h->fd, "repos", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (repos < 0)
		return err_sys(e, "%s/repos", h->path);
	failed = init_aside(h, repos, aside, e) < 0 ||
		 move_in(repos, aside, name, folder, e) < 0;
	/* what failed is told; what is left of it, quire init removes */
	if (failed)
		fs_remove_tree(repos, aside);
	close(repos);
	return failed ? -1 : 0;
}

int adopt_new(struct db *db, const struct home *h, const char *name,
	struct buf *out, struct err *e)
{
	struct buf full = BUF_INIT, path = BUF_INIT;
	int failed;

	name_add_full(&full, name);
	buf_addf(&path, "%s/repos/%s", h->path, full.ptr);
	failed = check_unused(db, full.ptr, e) < 0 ||
		 make_repository(h, full.ptr, e) < 0 ||
		 adopt(db, h, path.ptr, full.ptr, 1, out, e) < 0;
	buf_release(&path);
	buf_release(&full);
	return failed ? -1 : 0;
}
