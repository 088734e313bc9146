/*
 * quire repo adopt --scan - every repository below a folder.
 *
 * They are all found before the first is adopted: links come last, so that a
 * repository that is there under its own name has that one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cmd_repo.h"
#include "exec/adopt.h"
#include "exec/scan.h"
#include "store/repo.h"

struct adoption {
	struct cmd_ctx *c;
	const char *top; /* links resolved */
	int no_hook;
	struct strv dirs, links;
	int n_failed;
	struct err *last; /* of n_failed: not printed yet */
};

/* The one before is printed: the last is the caller's. */
static void fail(struct adoption *a, const struct err *e)
{
	if (a->n_failed++)
		program_fail("quire repo", a->last);
	*a->last = *e;
	a->last->status = EXIT_RED;
}

static void found(void *arg, const char *path, int is_link)
{
	struct adoption *a = arg;

	strv_push(is_link ? &a->links : &a->dirs, path);
}

static void missed(void *arg, const char *path)
{
	struct err e;

	err_sys(&e, "%s", path);
	fail(arg, &e);
}

static void say(const char *dir, const char *what, const char *name)
{
	struct buf line = BUF_INIT;

	utf8_add_plain(&line, dir, strlen(dir), 0);
	buf_adds(&line, what);
	utf8_add_plain(&line, name, strlen(name), 0);
	printf("%s\n", line.ptr);
	buf_release(&line);
}

/* 1 it is registered, and that was said; 0 not; -1. */
static int is_known(struct adoption *a, const char *dir, struct err *e)
{
	char *real = realpath(dir, NULL);
	struct repo r = { 0 };
	int known;

	if (!real)
		return err_sys(e, "%s", dir);
	known = repo_by_git_dir(&a->c->db, real, &r, e);
	if (known > 0) {
		say(dir, ": is known as ", r.name);
		repo_release(&r);
	}
	free(real);
	return known;
}

/* Its path below the folder; one of the home's repos/ has that as its name. */
static const char *name_of(const struct adoption *a, const char *dir)
{
	size_t n = strlen(a->top);

	if (adopt_below_repos(&a->c->home, dir))
		return NULL;
	return dir + n + (a->top[n - 1] != '/');
}

static void adopt(struct adoption *a, const char *dir)
{
	struct buf name = BUF_INIT;
	struct err e;
	int known = is_known(a, dir, &e);

	if (known == 0)
		known = (a->no_hook ? adopt_hookless : adopt_repo)(&a->c->db,
			&a->c->home, dir, name_of(a, dir), &name, &e);
	if (name.len)
		say(dir, ": adopted as ", name.ptr);
	if (known < 0) {
		if (strncmp(e.text, dir, strlen(dir)) != 0)
			err_prefix(&e, "%s", dir);
		fail(a, &e);
	}
	buf_release(&name);
}

static int check_top(const char *dir, const char *real, struct err *e)
{
	int is_git = adopt_looks_like_git(AT_FDCWD, real);

	if (is_git < 0)
		return err_sys(e, "%s", dir);
	if (is_git)
		return err_set(e, EXIT_USAGE,
			"%s: is a repository itself: quire repo adopt %s", dir,
			dir);
	return 0;
}

int repo_scan(struct cmd_ctx *c, const char *dir, int no_hook, struct err *e)
{
	char *real = realpath(dir, NULL);
	struct adoption a = {
		.c = c,
		.top = real,
		.no_hook = no_hook,
		.dirs = STRV_INIT,
		.links = STRV_INIT,
		.last = e,
	};
	const struct scan s = { AT_FDCWD, found, missed, &a };

	if (!real && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, EXIT_USAGE, "%s: no such folder", dir);
	if (!real)
		return err_sys(e, "%s", dir);
	if (check_top(dir, real, e) < 0) {
		free(real);
		return -1;
	}
	scan_repositories(&s, real);
	for (size_t i = 0; i < a.dirs.n; i++)
		adopt(&a, a.dirs.v[i]);
	for (size_t i = 0; i < a.links.n; i++)
		adopt(&a, a.links.v[i]);
	if (!a.dirs.n && !a.links.n && !a.n_failed) {
		err_set(e, EXIT_RED, "%s: there is no repository below it",
			dir);
		a.n_failed = 1;
	}
	strv_release(&a.dirs);
	strv_release(&a.links);
	free(real);
	return a.n_failed ? -1 : 0;
}
