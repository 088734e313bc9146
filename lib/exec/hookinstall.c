#include "exec/hookfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/git.h"
#include "base/mem.h"

#define MAX_HOOK ((size_t)1 << 20)

int hookfile_is_inside(const char *path, const char *git_dir)
{
	char real[PATH_MAX], top[PATH_MAX];
	size_t n;

	if (!realpath(path, real))
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	if (!realpath(git_dir, top))
		return -1;
	n = strlen(top);
	return !strncmp(real, top, n) && (!real[n] || real[n] == '/');
}

int hookfile_folder(const char *git_dir, struct buf *path, struct err *e)
{
	static const char *const argv[] = { "git", "rev-parse", "--git-path",
		"hooks", NULL };
	struct buf out = BUF_INIT;
	int rc = git_run(git_dir, argv, &out, PATH_MAX, e);

	if (rc) {
		buf_release(&out);
		return rc > 0 ? err_prefix(e, "%s", git_dir) : -1;
	}
	if (out.len && out.ptr[out.len - 1] == '\n')
		buf_setlen(&out, out.len - 1);
	/* relative: to where git runs the hooks of a bare repository */
	if (*out.ptr != '/')
		buf_addf(path, "%s/", git_dir);
	buf_add(path, out.ptr, out.len);
	buf_release(&out);
	return 0;
}

static int refuse_shared(const char *git_dir, const char *dir,
	const char *program, const char *home, struct err *e)
{
	return err_set(e, EXIT_USAGE,
		"core.hooksPath is %s, outside the repository; its hooks are "
		"not quire's to change: add to %s/" HOOKFILE_NAME
		" the line: '%s' --home '%s'; then register it with: quire "
		"repo adopt --no-hook %s",
		dir, dir, program, home, git_dir);
}

/* The folder of the hooks, made if it is missing. A descriptor, or -1. */
static int open_hooks(const char *git_dir, const char *program,
	const char *home, struct err *e)
{
	struct buf path = BUF_INIT;
	struct stat st;
	size_t n = strlen(git_dir);
	int fd = -1, inside;

	if (hookfile_folder(git_dir, &path, e) < 0)
		goto out;
	if (lstat(path.ptr, &st) && errno == ENOENT &&
		!strncmp(path.ptr, git_dir, n) && path.ptr[n] == '/' &&
		!strstr(path.ptr + n, "/..") &&
		fs_mkdirs(AT_FDCWD, path.ptr, 0777) < 0) {
		err_sys(e, "%s", path.ptr);
		goto out;
	}
	inside = hookfile_is_inside(path.ptr, git_dir);
	if (inside < 0) {
		err_sys(e, "%s", path.ptr);
		goto out;
	}
	if (!inside) {
		refuse_shared(git_dir, path.ptr, program, home, e);
		goto out;
	}
	fd = open(path.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err_sys(e, "%s", path.ptr);
out:
	buf_release(&path);
	return fd;
}

enum hook_kind { HOOK_NONE, HOOK_OURS, HOOK_OTHER };

/* 1, 0, -1 */
static int has_chain(int dir, const char *git_dir, struct err *e)
{
	int has = fs_exists(dir, HOOKFILE_CHAIN);

	return has < 0 ? err_sys(e, "%s: " HOOKFILE_CHAIN, git_dir) : has;
}

/* What stands there now; for ours also hf. A link is another's hook, whatever
 * it leads to. -1 on error. */
static int look(int dir, const char *git_dir, struct hookfile *hf,
	struct stat *st, struct err *e)
{
	struct buf path = BUF_INIT;
	struct err why;
	int rc;

	*hf = (struct hookfile){ 0 };
	if (fstatat(dir, HOOKFILE_NAME, st, AT_SYMLINK_NOFOLLOW)) {
		if (errno == ENOENT)
			return HOOK_NONE;
		return err_sys(e, "%s: " HOOKFILE_NAME, git_dir);
	}
	if (S_ISDIR(st->st_mode))
		return err_set(e, EXIT_USAGE,
			"%s: its hook " HOOKFILE_NAME " is a folder", git_dir);
	if (!S_ISREG(st->st_mode))
		return HOOK_OTHER;
	buf_addf(&path, "/proc/self/fd/%d/" HOOKFILE_NAME, dir);
	rc = hookfile_read(hf, path.ptr, &why);
	buf_release(&path);
	if (rc < 0 && why.status == EXIT_INTERNAL) {
		/* damaged: written anew, with the chain that there is */
		rc = has_chain(dir, git_dir, e);
		if (rc < 0)
			return -1;
		if (rc)
			hf->chain = mem_strdup(HOOKFILE_CHAIN);
		return HOOK_OURS;
	}
	if (rc < 0)
		return err_set(e, why.status, "%s: %s", git_dir, why.text);
	return rc ? HOOK_OURS : HOOK_OTHER;
}

/*
 * Gives the old hook its second name, before ours takes the first one: so that
 * there is a hook at any time. Both names of one file are a half-made
 * installation.
 */
static int keep_old(
	int dir, const char *git_dir, const struct stat *old, struct err *e)
{
	struct stat st;

	if (!fstatat(dir, HOOKFILE_CHAIN, &st, AT_SYMLINK_NOFOLLOW)) {
		if (st.st_dev == old->st_dev && st.st_ino == old->st_ino)
			return 0;
		return err_set(e, EXIT_USAGE,
			"%s: has both a hook " HOOKFILE_NAME
			" that is not quire's and an older " HOOKFILE_CHAIN
			": make one of them",
			git_dir);
	}
	if (errno != ENOENT)
		return err_sys(e, "%s: " HOOKFILE_CHAIN, git_dir);
	if (!linkat(dir, HOOKFILE_NAME, dir, HOOKFILE_CHAIN, 0))
		return 0;
	/* no hard links here: then there is a moment without a hook */
	if (!renameat(dir, HOOKFILE_NAME, dir, HOOKFILE_CHAIN))
		return 0;
	return err_sys(e, "%s: " HOOKFILE_CHAIN, git_dir);
}

/* Turns push options on where nobody decided about them; sets *set if so. */
static int config_set(const char *git_dir, int *set, struct err *e)
{
	static const char *const get[] = { "git", "config", "--get",
		HOOKFILE_CONFIG, NULL };
	static const char *const add[] = { "git", "config", HOOKFILE_CONFIG,
		"true", NULL };
	int rc = git_run(git_dir, get, NULL, 4096, e);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return 0; /* on or off: as it is configured */
	if (git_run(git_dir, add, NULL, 4096, e))
		return err_prefix(e, "%s", git_dir);
	*set = 1;
	return 0;
}

static int is_same(int dir, const struct stat *st, const struct buf *text)
{
	struct buf old = BUF_INIT;
	int same = fs_read_file(dir, HOOKFILE_NAME, &old, MAX_HOOK) == 0 &&
		   old.len == text->len &&
		   !memcmp(old.ptr, text->ptr, old.len) &&
		   (st->st_mode & 0111) == 0111;

	buf_release(&old);
	return same;
}

static int write_hook(int dir, const char *git_dir, const struct hookfile *hf,
	const char *program, const struct stat *old, int *changed,
	struct err *e)
{
	struct buf text = BUF_INIT;
	int rc = hookfile_add_text(&text, hf, program, e);

	if (!rc && !(old && is_same(dir, old, &text))) {
		rc = fs_replace_file(
			dir, HOOKFILE_NAME, text.ptr, text.len, 0755);
		if (rc < 0)
			err_sys(e, "%s: " HOOKFILE_NAME, git_dir);
		else
			*changed = 1;
	}
	buf_release(&text);
	return rc;
}

int hookfile_install(const char *git_dir, const char *home, const char *program,
	int *changed, struct err *e)
{
	struct hookfile hf;
	struct stat st;
	int rc = -1, chain = 0, dir = open_hooks(git_dir, program, home, e);

	*changed = 0;
	if (dir < 0)
		return -1;
	int kind = look(dir, git_dir, &hf, &st, e);
	if (kind < 0)
		goto out;
	if (kind == HOOK_OTHER && keep_old(dir, git_dir, &st, e) < 0)
		goto out;
	/* alone there: an installation was killed between its two renames */
	if (kind == HOOK_NONE && (chain = has_chain(dir, git_dir, e)) < 0)
		goto out;
	if (kind == HOOK_OTHER || chain)
		hf.chain = mem_strdup(HOOKFILE_CHAIN);
	if (config_set(git_dir, &hf.config_set, e) < 0)
		goto out;
	free(hf.home);
	hf.home = mem_strdup(home);
	rc = write_hook(dir, git_dir, &hf, program,
		kind == HOOK_OURS ? &st : NULL, changed, e);
out:
	hookfile_release(&hf);
	close(dir);
	return rc;
}

static int config_unset(const char *git_dir, struct err *e)
{
	static const char *const argv[] = { "git", "config", "--unset",
		HOOKFILE_CONFIG, NULL };
	int rc = git_run(git_dir, argv, NULL, 4096, e);

	/* 5: it is not set any more, which is as well */
	return rc == 0 || rc == 5 ? 0 : err_prefix(e, "%s", git_dir);
}

int hookfile_remove(const char *git_dir, int *changed, struct err *e)
{
	struct hookfile hf = { 0 };
	struct buf path = BUF_INIT;
	struct stat st;
	int rc = -1, dir = -1;

	*changed = 0;
	if (hookfile_folder(git_dir, &path, e) < 0)
		goto out;
	dir = open(path.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		rc = errno == ENOENT ? 0 : err_sys(e, "%s", path.ptr);
		goto out;
	}
	/* in a shared folder hookfile_install() wrote nothing */
	int kind = hookfile_is_inside(path.ptr, git_dir);
	if (kind < 0)
		err_sys(e, "%s", path.ptr);
	else
		kind = kind ? look(dir, git_dir, &hf, &st, e) : HOOK_OTHER;
	if (kind != HOOK_OURS) {
		rc = kind < 0 ? -1 : 0;
		goto out;
	}
	if (hf.config_set && config_unset(git_dir, e) < 0)
		goto out;
	rc = hf.chain ? renameat(dir, hf.chain, dir, HOOKFILE_NAME) : -1;
	if (rc < 0 && (!hf.chain || errno == ENOENT))
		rc = unlinkat(dir, HOOKFILE_NAME, 0);
	if (rc < 0)
		err_sys(e, "%s: " HOOKFILE_NAME, git_dir);
	else
		*changed = 1;
out:
	hookfile_release(&hf);
	buf_release(&path);
	if (dir >= 0)
		close(dir);
	return rc;
}
