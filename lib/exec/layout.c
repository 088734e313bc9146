#include "exec/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "exec/adopt.h"

const char *const layout_folders[] = { "repos", "runs", "slots", "cache",
	"secrets", "hooks", NULL };

struct plan {
	const struct home *home;
	gid_t group; /* (gid_t)-1: as it is */
	int shared;
	int exact; /* modes are set, not only closed */
	struct buf *done;
};

mode_t layout_mode(const char *name, int shared)
{
	if (!strcmp(name, "secrets"))
		return 02700;
	/* what is in there runs as the home's owner */
	if (!strcmp(name, "hooks"))
		return 02750;
	if (!strncmp(name, "quire.db", 8))
		return shared ? 0660 : 0640;
	return shared ? 02770 : 02750;
}

int layout_is_shared(const struct home *h)
{
	struct stat st;

	return fstat(h->fd, &st) == 0 &&
	       (st.st_mode & (S_ISGID | S_IWGRP)) == (S_ISGID | S_IWGRP);
}

static int group_find(const char *name, gid_t *gid, struct err *e)
{
	struct group *g;
	char *end;
	unsigned long n;

	errno = 0;
	g = getgrnam(name);
	if (g) {
		*gid = g->gr_gid;
		return 0;
	}
	n = strtoul(name, &end, 10);
	if (*name >= '0' && *name <= '9' && !*end && n < (gid_t)-1) {
		*gid = (gid_t)n;
		return 0;
	}
	return err_set(e, EXIT_USAGE, "no group '%s'", name);
}

/* Sets group and mode of an entry of the home ("." is the home itself). */
static int own(const struct plan *p, const char *name, mode_t want, int made,
	struct err *e)
{
	int fd = p->home->fd, regroup;
	struct stat st;
	mode_t mode;

	if (fstatat(fd, name, &st, 0) < 0)
		return err_sys(e, "%s/%s", p->home->path, name);
	regroup = p->group != (gid_t)-1 && st.st_gid != p->group;
	if (regroup && fchownat(fd, name, (uid_t)-1, p->group, 0) < 0)
		return err_sys(e,
			"cannot give %s/%s to group %ld (its owner must be a "
			"member)",
			p->home->path, name, (long)p->group);
	mode = st.st_mode & 07777;
	/* setgid may have gone with the change of group: then set it again */
	if (!made && !regroup && (p->exact ? mode == want : !(mode & ~want)))
		return 0;
	if (fchmodat(fd, name, want, 0) < 0)
		return err_sys(
			e, "cannot set the mode of %s/%s", p->home->path, name);
	if (!made && (regroup || mode != want)) {
		int is_home = !strcmp(name, ".");

		buf_addf(p->done, "set mode %04o%s of %s%s%s\n", (unsigned)want,
			regroup ? " and group" : "", p->home->path,
			is_home ? "" : "/", is_home ? "" : name);
	}
	return 0;
}

static int make_folder(const struct plan *p, const char *name, struct err *e)
{
	struct stat st;
	int made = 0;

	if (mkdirat(p->home->fd, name, 0700) == 0) {
		made = 1;
		buf_addf(p->done, "made %s/%s\n", p->home->path, name);
	} else if (errno != EEXIST) {
		return err_sys(e, "cannot make %s/%s", p->home->path, name);
	}
	if (fstatat(p->home->fd, name, &st, 0) < 0)
		return err_sys(e, "%s/%s", p->home->path, name);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, EXIT_BUSY,
			"%s/%s is in the way: it is no folder", p->home->path,
			name);
	return own(p, name, layout_mode(name, p->shared), made, e);
}

/*
 * An empty file with the right mode before SQLite sees it: -wal and -shm take
 * their modes from it. mknod, since an open and close would drop the locks of
 * a connection to it.
 */
static int make_database(const struct plan *p, struct err *e)
{
	int made = 0;

	if (mknodat(p->home->fd, "quire.db", S_IFREG | 0600, 0) == 0) {
		made = 1;
		buf_addf(p->done, "made %s/quire.db\n", p->home->path);
	} else if (errno != EEXIST) {
		return err_sys(e, "cannot make %s/quire.db", p->home->path);
	}
	return own(p, "quire.db", layout_mode("quire.db", p->shared), made, e);
}

/* The home's path as home_open() finds it, without slashes behind. */
static char *home_path(const char *dir)
{
	size_t n;

	if (!dir) {
		dir = getenv("QUIRE_HOME");
		if (!dir || !*dir)
			dir = HOME_DEFAULT;
	}
	for (n = strlen(dir); n > 1 && dir[n - 1] == '/';)
		n--;
	return mem_strndup(dir, n);
}

/* The folder itself, with its parents. *made says if it was not there. */
static int make_home(const char *path, int *made, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct buf parent = BUF_INIT;
	int failed = 0;

	*made = mkdir(path, 0700) == 0;
	if (!*made && errno == ENOENT && slash > path) {
		buf_add(&parent, path, (size_t)(slash - path));
		failed = fs_mkdirs(AT_FDCWD, parent.ptr, 0755) < 0;
		if (!failed)
			*made = mkdir(path, 0700) == 0;
		buf_release(&parent);
	}
	if (*made || (!failed && errno == EEXIST))
		return 0;
	err_sys(e, "cannot make %s", path);
	if (errno == EACCES)
		err_set(e, EXIT_BUSY,
			"cannot make %s: permission denied; let root make it "
			"(install -d -o USER %s), or name another folder",
			path, path);
	return -1;
}

int layout_make(struct home *h, const char *dir, const char *group,
	struct buf *done, struct err *e)
{
	struct plan p = { h, (gid_t)-1, 0, 0, done };
	struct stat st;
	int made = 0, failed, is_git;
	char *path;

	if (group && group_find(group, &p.group, e) < 0)
		return -1;
	path = home_path(dir);
	if (strchr(path, '\n')) {
		free(path);
		return err_set(e, EXIT_USAGE,
			"a line break in the path of a home: no hook can hold "
			"it");
	}
	if (!*path || (*path != '/' && !dir))
		failed = home_open(h, dir, e); /* says why not */
	else
		failed = make_home(path, &made, e) < 0 ||
			 home_open(h, path, e) < 0;
	free(path);
	if (failed)
		return -1;
	if (made)
		buf_addf(done, "made %s\n", h->path);
	is_git = adopt_looks_like_git(h->fd, ".");
	if (is_git < 0) {
		err_sys(e, "%s", h->path);
		goto fail;
	}
	if (is_git) {
		err_set(e, EXIT_USAGE,
			"%s is a git repository, and no home for quire",
			h->path);
		goto fail;
	}
	if (home_need_owner(h, e) < 0)
		goto fail;
	p.shared = group || layout_is_shared(h);
	p.exact = group || fstatat(h->fd, "quire.db", &st, 0) < 0;
	if (own(&p, ".", layout_mode(".", p.shared), made, e) < 0)
		goto fail;
	for (size_t i = 0; layout_folders[i]; i++)
		if (make_folder(&p, layout_folders[i], e) < 0)
			goto fail;
	if (make_database(&p, e) < 0)
		goto fail;
	return 0;
fail:
	home_close(h);
	return -1;
}

int layout_wal(const struct home *h, struct err *e)
{
	static const char *const names[] = { "quire.db-wal", "quire.db-shm" };
	struct stat db, st;

	if (fstatat(h->fd, "quire.db", &db, 0) < 0)
		return err_sys(e, "%s/quire.db", h->path);
	for (size_t i = 0; i < 2; i++) {
		if (fstatat(h->fd, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(e, "%s/%s", h->path, names[i]);
		if (st.st_gid != db.st_gid &&
			fchownat(h->fd, names[i], (uid_t)-1, db.st_gid, 0) < 0)
			return err_sys(e, "cannot set the group of %s/%s",
				h->path, names[i]);
		if ((st.st_mode & 07777) != (db.st_mode & 07777) &&
			fchmodat(h->fd, names[i], db.st_mode & 07777, 0) < 0)
			return err_sys(e, "cannot set the mode of %s/%s",
				h->path, names[i]);
	}
	return 0;
}
