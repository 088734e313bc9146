/*
 * Files that ought to be gone: the workspaces of runs that have ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/pass.h"
#include "exec/rundir.h"

/*
 * What crashes leave behind is among the newest runs of a repository: looking
 * at these alone keeps a reconcile short where there are a million.
 */
#define LEFTOVER_NEWEST 500
#define LEFTOVER_DEPTH 32 /* of folders in a repository's name */

static int exists(int dirfd, const char *dir, const char *name)
{
	struct buf path = BUF_INIT;
	struct stat st;
	int there;

	buf_addf(&path, "%s/%s", dir, name);
	there = fstatat(dirfd, path.ptr, &st, AT_SYMLINK_NOFOLLOW) == 0;
	buf_release(&path);
	return there;
}

/* An id of ours, or whatever has a lock: ids of the older system differ. */
static int is_run_dir(int dirfd, const char *dir, const char *name)
{
	struct buf path = BUF_INIT;
	int is;

	if (strlen(name) == ID_SIZE - 1 && id_is_prefix(name))
		return 1;
	buf_addf(&path, "%s/%s", dir, name);
	is = exists(dirfd, path.ptr, "lock");
	buf_release(&path);
	return is;
}

/*
 * A run directory without a row is reported, and not by every reconcile: the
 * file `reported` in it remembers. It is all that is done to it.
 */
static void report_stray(struct pass *p, const char *dir)
{
	int home = p->r->home->fd, news, fd;
	struct buf path = BUF_INIT;

	buf_addf(&path, "%s/reported", dir);
	if (p->r->dry_run) {
		/* gone since it was listed: removed with its row */
		news = exists(home, dir, ".") && !exists(home, dir, "reported");
	} else {
		fd = openat(home, path.ptr,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			0640);
		news = fd >= 0 || (errno != EEXIST && errno != ENOENT);
		if ((fd < 0 && news) || (fd >= 0 && close(fd)))
			pass_warn_sys(p, path.ptr);
	}
	if (news)
		pass_say(p,
			"%s/%s: a run directory without a row; remove it "
			"if nobody misses it",
			p->r->home->path, dir);
	buf_release(&path);
}

/* One run directory: dir is "runs/<repo>". */
static int leftover(
	struct pass *p, const char *dir, const char *id, struct err *e)
{
	int home = p->r->home->fd;
	struct buf path = BUF_INIT;
	struct run r;
	int got, rc = 0;

	buf_addf(&path, "%s/%s", dir, id);
	got = run_by_id(p->db, id, &r, e);
	if (got < 0)
		rc = -1;
	else if (got == 0)
		report_stray(p, path.ptr);
	else if (run_state_is_terminal(r.state) &&
		 !rundir_is_clean(home, path.ptr))
		rc = orphan_settle(p, &r, e);
	if (got > 0)
		run_release(&r);
	buf_release(&path);
	return rc;
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

/* The newest run directories of a folder: ids begin with the time at which
 * they were given. */
struct newest {
	struct strv ids;
	int full; /* the first LEFTOVER_NEWEST of them are sorted */
};

static void newest_cut(struct newest *new)
{
	struct strv *ids = &new->ids;

	if (ids->n)
		qsort(ids->v, ids->n, sizeof(*ids->v), newest_first);
	while (ids->n > LEFTOVER_NEWEST) {
		free(ids->v[--ids->n]);
		ids->v[ids->n] = NULL;
		new->full = 1;
	}
}

static void newest_add(struct newest *new, const char *id)
{
	if (new->full && strcmp(id, new->ids.v[LEFTOVER_NEWEST - 1]) < 0)
		return;
	strv_push(&new->ids, id);
	if (new->ids.n == (size_t)2 * LEFTOVER_NEWEST)
		newest_cut(new);
}

/* Sorts the folders in dir into the newest runs, and what leads to further
 * repositories. 0, or -1 with errno. */
static int list_dir(
	int home, const char *dir, struct newest *runs, struct strv *below)
{
	DIR *d = fs_opendir(home, dir, 0);
	struct dirent *entry;

	if (!d)
		return -1;
	while (errno = 0, (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
			continue;
		if (is_run_dir(home, dir, entry->d_name))
			newest_add(runs, entry->d_name);
		else
			strv_push(below, entry->d_name);
	}
	int why = errno;
	closedir(d);
	newest_cut(runs);
	errno = why;
	return why ? -1 : 0;
}

static int walk(struct pass *p, const char *dir, int depth, struct err *e)
{
	struct newest runs = { 0 };
	struct strv below = STRV_INIT;
	int rc = 0;

	/* not a folder, or gone since its parent was read: nothing */
	if (list_dir(p->r->home->fd, dir, &runs, &below) < 0 &&
		errno != ENOTDIR && errno != ENOENT)
		pass_warn_sys(p, dir);
	for (size_t i = 0; i < runs.ids.n && rc == 0; i++)
		rc = leftover(p, dir, runs.ids.v[i], e);
	for (size_t i = 0; i < below.n && depth > 0 && rc == 0; i++) {
		struct buf path = BUF_INIT;

		buf_addf(&path, "%s/%s", dir, below.v[i]);
		rc = walk(p, path.ptr, depth - 1, e);
		buf_release(&path);
	}
	strv_release(&runs.ids);
	strv_release(&below);
	return rc;
}

int leftover_pass(struct pass *p, struct err *e)
{
	return walk(p, "runs", LEFTOVER_DEPTH, e);
}
