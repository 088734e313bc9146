#include "exec/forget.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/units.h"
#include "exec/adopt.h"
#include "exec/hookfile.h"
#include "exec/lock.h"
#include "store/run.h"

struct leaving {
	struct db *db;
	const struct home *home;
	const struct repo *repo;
	struct buf *done;
	struct strv moved; /* what is in runs/.pruned/ now */
};

/* Others that lie inside it, or borrow its objects, would go with it. */
static int check_alone(struct leaving *l, struct err *e)
{
	const char *dir = l->repo->git_dir;
	size_t n_repos;
	struct buf inside = BUF_INIT;
	struct repo *repos;
	int failed = 0;

	if (repo_list(l->db, &repos, &n_repos, e) < 0)
		return -1;
	buf_addf(&inside, "%s/", dir);
	for (size_t i = 0; i < n_repos && !failed; i++) {
		struct buf path = BUF_INIT, text = BUF_INIT;
		const char *other = repos[i].git_dir;

		if (!strcmp(other, dir))
			continue;
		failed = !strncmp(other, inside.ptr, inside.len);
		if (failed)
			err_set(e, EXIT_USAGE,
				"not deleted: %s lies inside it, at %s",
				repos[i].name, other);
		buf_addf(&path, "%s/objects/info/alternates", other);
		if (!failed &&
			fs_read_file(AT_FDCWD, path.ptr, &text, 1 << 20) == 0 &&
			strstr(text.ptr, inside.ptr)) {
			failed = 1;
			err_set(e, EXIT_USAGE,
				"not deleted: %s borrows its objects: %s",
				repos[i].name, path.ptr);
		}
		buf_release(&path);
		buf_release(&text);
	}
	repo_list_release(repos, n_repos);
	buf_release(&inside);
	return failed ? -1 : 0;
}

static int check_delete(struct leaving *l, struct err *e)
{
	if (!adopt_below_repos(l->home, l->repo->git_dir))
		return err_set(e, EXIT_USAGE,
			"not deleted: %s is not below %s/repos; without "
			"--delete it is forgotten",
			l->repo->git_dir, l->home->path);
	return check_alone(l, e);
}

static int check_idle(struct leaving *l, struct err *e)
{
	struct run_filter f = {
		.repo = l->repo->name, .state = "active", .limit = 1
	};
	struct run *runs;
	size_t n;

	if (run_list(l->db, &f, &runs, &n, e) < 0)
		return -1;
	if (n)
		err_set(e, EXIT_BUSY,
			"%.*s#%" PRId64 " is running: wait for it, or: quire "
			"cancel %s",
			(int)name_short_len(l->repo->name), l->repo->name,
			runs[0].number, runs[0].id);
	run_list_release(runs, n);
	return n ? -1 : 0;
}

/* So that nothing is claimed while the runs are being moved away. */
static int cancel_pending(struct leaving *l, struct err *e)
{
	struct run_edge edge = { .to = RUN_FAILED,
		.failure_kind = KIND_CANCELED,
		.reason = "its repository was removed" };
	struct run_filter f = {
		.repo = l->repo->name, .state = "pending", .limit = 100
	};
	struct run *runs;
	int failed = 0;
	size_t n;

	do {
		if (run_list(l->db, &f, &runs, &n, e) < 0)
			return -1;
		for (size_t i = 0; i < n && !failed; i++)
			failed = run_settle(l->db, runs[i].id, &edge, e) < 0;
		run_list_release(runs, n);
	} while (n && !failed);
	return failed ? -1 : 0;
}

static int unhook(struct leaving *l, int *changed, struct err *e)
{
	struct stat st;

	*changed = 0;
	if (stat(l->repo->git_dir, &st) < 0 &&
		(errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (hookfile_remove(l->repo->git_dir, changed, e) < 0)
		return -1;
	if (*changed)
		buf_addf(l->done, "%s: hook removed\n", l->repo->name);
	return 0;
}

static void rehook(struct leaving *l)
{
	struct buf program = BUF_INIT;
	int changed;

	/* what failed before is what the user is told of */
	if (fs_sibling(&program, "quire-push", NULL) == 0)
		hookfile_install(l->repo->git_dir, l->home->path, program.ptr,
			&changed, NULL);
	buf_release(&program);
}

/* One run's directory; under its lock, which no supervisor holds any more. */
static int move_run(struct leaving *l, const char *id, struct err *e)
{
	struct buf from = BUF_INIT, to = BUF_INIT;
	int fd, taken, failed;

	taken = run_lock_take(l->home, l->repo->name, id, 0, &fd, e);
	if (taken < 0)
		return -1;
	if (!taken && errno != ENOENT)
		return err_set(e, EXIT_BUSY,
			"run %s is still being cleaned up after: try again",
			id);
	home_add_run_dir(&from, l->repo->name, id);
	buf_addf(&to, "runs/.pruned/%s", id);
	failed = renameat(l->home->fd, from.ptr, l->home->fd, to.ptr) < 0 &&
		 errno != ENOENT;
	if (failed)
		err_sys(e, "cannot move %s", from.ptr);
	else
		strv_push(&l->moved, to.ptr);
	if (taken)
		run_lock_release(fd);
	buf_release(&from);
	buf_release(&to);
	return failed ? -1 : 0;
}

/* The repository stays after all, and so do its runs. What cannot be moved now
 * reconcile puts back. */
static void move_runs_back(struct leaving *l)
{
	for (size_t i = 0; i < l->moved.n; i++) {
		struct buf to = BUF_INIT;

		home_add_run_dir(
			&to, l->repo->name, strrchr(l->moved.v[i], '/') + 1);
		(void)renameat2(l->home->fd, l->moved.v[i], l->home->fd, to.ptr,
			RENAME_NOREPLACE);
		buf_release(&to);
	}
}

static int move_runs(struct leaving *l, struct err *e)
{
	struct buf path = BUF_INIT;
	int failed = 0;
	struct dirent *d;
	DIR *dir;

	buf_addf(&path, "runs/%s", l->repo->name);
	dir = fs_opendir(l->home->fd, path.ptr, O_NOFOLLOW);
	buf_release(&path);
	if (!dir)
		return errno == ENOENT ? 0
				       : err_sys(e, "runs/%s", l->repo->name);
	if (fs_mkdirs(l->home->fd, "runs/.pruned", 0750) < 0) {
		err_sys(e, "runs/%s", l->repo->name);
		closedir(dir);
		return -1;
	}
	while (!failed && (errno = 0, d = readdir(dir)))
		if (*d->d_name != '.')
			failed = move_run(l, d->d_name, e) < 0;
	if (!failed && errno)
		failed = err_sys(e, "runs/%s", l->repo->name);
	closedir(dir);
	return failed ? -1 : 0;
}

/* top/NAME, if empty, and the folders above it that are empty then. */
static void remove_empty(struct leaving *l, const char *top, const char *name)
{
	struct buf path = BUF_INIT;
	size_t keep;

	buf_addf(&path, "%s/", top);
	keep = path.len;
	buf_adds(&path, name);
	while (path.len > keep &&
		(unlinkat(l->home->fd, path.ptr, AT_REMOVEDIR) == 0 ||
			errno == ENOENT)) {
		const char *slash = strrchr(path.ptr, '/');

		buf_setlen(&path, (size_t)(slash - path.ptr));
	}
	buf_release(&path);
}

static int remove_files(struct leaving *l, struct err *e)
{
	struct buf cache = BUF_INIT;
	int failed;

	buf_addf(&cache, "cache/%s", l->repo->name);
	failed = fs_remove_tree(l->home->fd, cache.ptr) < 0 &&
		 err_sys(e, "%s", cache.ptr);
	buf_release(&cache);
	for (size_t i = 0; i < l->moved.n && !failed; i++)
		failed = fs_remove_tree(l->home->fd, l->moved.v[i]) < 0 &&
			 err_sys(e, "%s", l->moved.v[i]);
	remove_empty(l, "runs", l->repo->name);
	remove_empty(l, "cache", l->repo->name);
	return failed ? -1 : 0;
}

/* Out of the way first, so that nobody sees half a repository. */
static int delete_repository(struct leaving *l, struct err *e)
{
	const char *dir = l->repo->git_dir;
	struct buf aside = BUF_INIT;
	struct stat st;
	char *parent;

	if (lstat(dir, &st) < 0 && errno == ENOENT)
		return 0;
	buf_addf(&aside, "%s/repos/.rm.%ld", l->home->path, (long)getpid());
	if (rename(dir, aside.ptr) < 0) {
		err_sys(e, "cannot move %s away", dir);
		buf_release(&aside);
		return -1;
	}
	if (fs_remove_tree(AT_FDCWD, aside.ptr) < 0) {
		err_sys(e, "%s", aside.ptr);
		buf_release(&aside);
		return -1;
	}
	buf_release(&aside);
	buf_addf(l->done, "%s: deleted\n", dir);
	parent = mem_strdup(adopt_below_repos(l->home, dir));
	if (strrchr(parent, '/')) {
		*strrchr(parent, '/') = '\0';
		remove_empty(l, "repos", parent);
	}
	free(parent);
	return 0;
}

static int forget(struct leaving *l, unsigned what, struct err *e)
{
	int unhooked, purge = !!(what & FORGET_PURGE);

	if (what & FORGET_DELETE && check_delete(l, e) < 0)
		return -1;
	if (check_idle(l, e) < 0 || unhook(l, &unhooked, e) < 0)
		return -1;
	if ((purge && (cancel_pending(l, e) < 0 || move_runs(l, e) < 0)) ||
		repo_remove(l->db, l->repo->name, purge, e) < 0) {
		move_runs_back(l);
		if (unhooked)
			rehook(l);
		return -1;
	}
	buf_addf(l->done, "%s: forgotten%s\n", l->repo->name,
		purge ? ", with its runs" : "");
	if (remove_files(l, e) < 0)
		return -1;
	return what & FORGET_DELETE ? delete_repository(l, e) : 0;
}

int forget_repo(struct db *db, const struct home *h, const struct repo *r,
	unsigned what, struct buf *done, struct err *e)
{
	struct leaving l = { db, h, r, done, STRV_INIT };
	int fd = -1, failed;

	if (what & FORGET_PURGE && reconcile_lock_take(h, 0, &fd, e) < 0)
		return -1;
	failed = forget(&l, what, e);
	reconcile_lock_release(fd);
	strv_release(&l.moved);
	return failed;
}

/* The process in ".new.<pid>" or ".rm.<pid>", or 0. */
static pid_t maker(const char *name)
{
	static const char *const starts[] = { ".new.", ".rm." };
	int64_t pid;

	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(starts[i]);

		if (!strncmp(name, starts[i], n) &&
			units_int(name + n, 1, INT32_MAX, &pid, NULL) == 0)
			return (pid_t)pid;
	}
	return 0;
}

int forget_sweep(const struct home *h, struct buf *done, struct err *e)
{
	DIR *dir = fs_opendir(h->fd, "repos", 0);
	struct dirent *d;
	int failed = 0;

	if (!dir)
		return err_sys(e, "%s/repos", h->path);
	while (!failed && (errno = 0, d = readdir(dir))) {
		pid_t pid = maker(d->d_name);

		if (!pid || kill(pid, 0) == 0 || errno != ESRCH)
			continue;
		failed = fs_remove_tree(dirfd(dir), d->d_name) < 0;
		if (!failed)
			buf_addf(done, "removed %s/repos/%s\n", h->path,
				d->d_name);
	}
	if (failed || errno)
		failed = err_sys(e, "%s/repos", h->path);
	closedir(dir);
	return failed;
}
