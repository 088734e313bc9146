/*
 * Runs whose supervisor is gone.
 *
 * A supervisor holds its run's lock from before the claim commits until the
 * row is terminal, no process is left and the workspace is removed. So a free
 * lock under an active row is an orphan, by definition, and a free lock under
 * a terminal row whose workspace is still there is one too, that got as far as
 * its last commit. Both are looked at again under the lock before anything is
 * done to them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/lock.h"
#include "exec/pass.h"
#include "exec/supervisor.h"

/*
 * What crashes leave behind is among the newest runs of a repository: looking
 * at these alone keeps a reconcile short where there are a million.
 */
#define LEFTOVER_NEWEST 500
#define LEFTOVER_DEPTH 32 /* of folders in a repository's name */

/*
 * The run's lock, also where somebody has removed it: then the folder above
 * the run's tells a removed run from a disk that is not mounted. 1 taken, 0
 * held by its supervisor, -1 not to be told (said already).
 */
static int lock_take(struct pass *p, const struct run *r, int *fd)
{
	const struct home *h = p->r->home;
	struct buf dir = BUF_INIT, name = BUF_INIT;
	struct stat st;
	struct err e;
	int taken;

	pass_add_run(&name, r);
	taken = run_lock_take(h, r->repo, r->id, 0, fd, &e);
	if (taken == 0 && errno == ENOENT) {
		buf_addf(&dir, "runs/%s", r->repo);
		if (fstatat(h->fd, dir.ptr, &st, 0)) {
			err_sys(&e, "%s/%s", h->path, dir.ptr);
			taken = -1;
		} else if (p->r->dry_run) {
			taken = 1;
		} else {
			taken = run_lock_take(h, r->repo, r->id, 1, fd, &e);
		}
	}
	if (taken < 0)
		pass_warn(p, "%s: %s; 'quire cancel %s' ends it", name.ptr,
			e.text, name.ptr);
	buf_release(&dir);
	buf_release(&name);
	return taken;
}

/* Under the lock. was is the row as it is now. */
static int salvage(struct pass *p, const struct run *was, struct err *e)
{
	int terminal = run_state_is_terminal(was->state);
	struct buf name = BUF_INIT;
	struct run now;
	enum run_state outcome;
	struct err why;
	int got = 0;

	pass_add_run(&name, was);
	if (p->r->dry_run) {
		pass_say(p,
			terminal ? "%s: would remove what it left behind"
				 : "%s: its supervisor is gone; would settle "
				   "it",
			name.ptr);
	} else if (supervise_salvage(p->db, p->r->home, was, &outcome, &why) <
		   0) {
		pass_warn(p, "%s: %s", name.ptr, why.text);
	} else if (terminal) {
		pass_say(p, "%s: removed what it left behind", name.ptr);
	} else if ((got = run_by_id(p->db, was->id, &now, e)) > 0) {
		pass_say(p, "%s: its supervisor is gone; %s%s%s%s", name.ptr,
			run_state_name(now.state), now.failure_kind ? " (" : "",
			now.failure_kind ? now.failure_kind : "",
			now.failure_kind ? ")" : "");
		run_release(&now);
	}
	buf_release(&name);
	return got < 0 ? -1 : 0;
}

/* Takes the lock, reads the row again under it, does what it asks for. */
static int settle(struct pass *p, const struct run *seen, struct err *e)
{
	struct run now;
	int fd = -1, got, rc = 0;

	if (lock_take(p, seen, &fd) <= 0)
		return 0;
	got = run_by_id(p->db, seen->id, &now, e);
	if (got < 0)
		rc = -1;
	else if (got > 0) {
		if (now.state != RUN_PENDING)
			rc = salvage(p, &now, e);
		run_release(&now);
	}
	if (fd >= 0)
		run_lock_release(fd);
	return rc;
}

/* Without runs/ no lock can be found, and its absence says nothing. */
static int runs_dir_is_there(struct pass *p)
{
	struct stat st;
	struct err e;

	if (fstatat(p->r->home->fd, "runs", &st, 0) == 0)
		return 1;
	err_sys(&e, "%s/runs", p->r->home->path);
	pass_warn(p, "%s", e.text);
	return 0;
}

int orphan_pass(struct pass *p, struct err *e)
{
	struct run *list;
	size_t n;
	int rc = 0;

	if (run_list_active(p->db, &list, &n, e) < 0)
		return -1;
	if (n && runs_dir_is_there(p))
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = settle(p, &list[i], e);
	run_list_release(list, n);
	return rc;
}

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
		pass_say(p,
			"%s/%s: a run directory without a row; remove it "
			"if nobody misses it",
			p->r->home->path, path.ptr);
	else if (run_state_is_terminal(r.state) &&
		 (exists(home, path.ptr, "workspace") ||
			 exists(home, path.ptr, "home") ||
			 exists(home, path.ptr, "tmp")))
		rc = settle(p, &r, e);
	if (got > 0)
		run_release(&r);
	buf_release(&path);
	return rc;
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

/* Sorts the folders in dir into runs and what leads to further repositories.
 * 0, or -1 with errno. */
static int list_dir(
	int home, const char *dir, struct strv *runs, struct strv *below)
{
	int fd = openat(home, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!d) {
		int why = errno;
		if (fd >= 0)
			close(fd);
		errno = why;
		return -1;
	}
	while (errno = 0, (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
			continue;
		if (is_run_dir(home, dir, entry->d_name))
			strv_push(runs, entry->d_name);
		else
			strv_push(below, entry->d_name);
	}
	int why = errno;
	closedir(d);
	errno = why;
	return why ? -1 : 0;
}

static int walk(struct pass *p, const char *dir, int depth, struct err *e)
{
	struct strv runs = STRV_INIT, below = STRV_INIT;
	int rc = 0;

	if (list_dir(p->r->home->fd, dir, &runs, &below) < 0) {
		/* not a folder, or gone since its parent was read: nothing */
		if (errno != ENOTDIR && errno != ENOENT) {
			struct err why;

			err_sys(&why, "%s/%s", p->r->home->path, dir);
			pass_warn(p, "%s", why.text);
		}
	} else if (runs.n) {
		/* ids begin with the time at which they were given */
		qsort(runs.v, runs.n, sizeof(*runs.v), newest_first);
	}
	for (size_t i = 0; i < runs.n && i < LEFTOVER_NEWEST && rc == 0; i++)
		rc = leftover(p, dir, runs.v[i], e);
	for (size_t i = 0; i < below.n && depth > 0 && rc == 0; i++) {
		struct buf path = BUF_INIT;

		buf_addf(&path, "%s/%s", dir, below.v[i]);
		rc = walk(p, path.ptr, depth - 1, e);
		buf_release(&path);
	}
	strv_release(&runs);
	strv_release(&below);
	return rc;
}

/*
 * runs/.pruned/ holds what is being removed: moved there before its row goes,
 * deleted after. Without a row it is the rest of a removal that was cut short;
 * with one, whoever removes it has not got so far, or has to be asked again.
 */
static int prune_rest(struct pass *p, const char *id, struct err *e)
{
	struct buf path = BUF_INIT;
	struct run r;
	struct err why;
	int got = run_by_id(p->db, id, &r, e);

	if (got > 0)
		run_release(&r);
	if (got)
		return got < 0 ? -1 : 0;
	buf_addf(&path, "runs/.pruned/%s", id);
	if (p->r->dry_run) {
		pass_say(p, "%s: would finish its removal", path.ptr);
	} else if (fs_remove_tree(p->r->home->fd, path.ptr) < 0) {
		err_sys(&why, "%s/%s", p->r->home->path, path.ptr);
		pass_warn(p, "%s", why.text);
	} else {
		pass_say(p, "%s: finished its removal", path.ptr);
	}
	buf_release(&path);
	return 0;
}

static int pruned(struct pass *p, struct err *e)
{
	struct strv all = STRV_INIT;
	int rc = 0;

	if (list_dir(p->r->home->fd, "runs/.pruned", &all, &all) == 0)
		for (size_t i = 0; i < all.n && rc == 0; i++)
			rc = prune_rest(p, all.v[i], e);
	strv_release(&all);
	return rc;
}

int leftover_pass(struct pass *p, struct err *e)
{
	if (walk(p, "runs", LEFTOVER_DEPTH, e) < 0)
		return -1;
	return pruned(p, e);
}
