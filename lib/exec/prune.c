/*
 * Runs that need not be kept any more, by the settings keepDays and keepRuns.
 *
 *	the run's lock is taken; its row is read again, under the lock
 *	runs/<repo>/<id> is renamed to runs/.pruned/<id>, durably
 *	the row is deleted, if it may go still; else the folder goes back
 *	the files are removed, the lock with them
 *
 * So a folder in .pruned without a row is a removal that was cut short, and is
 * removed; and one whose run may go by its row, too. Any other run gets its
 * folder back: it was to go with its repository, which then did not go. Who
 * moves folders there holds slots/reconcile.lock, so none of them is at work
 * when another looks.
 *
 * Nobody waits for pruning: it comes last, and ends after some runs or some
 * time; the next reconcile goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "exec/lock.h"
#include "exec/pass.h"
#include "exec/rundir.h"
#include "exec/supervisor.h"
#include "store/prune.h"

#define PRUNED "runs/.pruned"
#define MAX_RUNS 1000
#define MAX_MS 10000
#define MAX_STUCK 100
#define PAGE 100

/* What is left of the work that one reconcile does. */
struct budget {
	int runs;
	int stuck; /* of one repository: what may go and does not */
	int64_t until_ms;
};

static int is_spent(const struct budget *b)
{
	return b->runs <= 0 || b->stuck <= 0 || clock_mono_ms() > b->until_ms;
}

static struct budget make_budget(void)
{
	return (struct budget){ MAX_RUNS, MAX_STUCK, clock_mono_ms() + MAX_MS };
}

/* 1, 0, or -1: that cannot be told, and has been said. */
static int exists(struct pass *p, const char *path)
{
	int there = fs_exists(p->r->home->fd, path);

	if (there < 0)
		pass_warn_sys(p, path);
	return there;
}

/* Where a run's folder is, and where it goes. */
struct place {
	struct buf parent, dir, pruned;
};

static void place_of(struct place *at, const char *repo, const char *id)
{
	*at = (struct place){ BUF_INIT, BUF_INIT, BUF_INIT };
	buf_addf(&at->parent, "runs/%s", repo);
	home_add_run_dir(&at->dir, repo, id);
	buf_addf(&at->pruned, PRUNED "/%s", id);
}

static void place_release(struct place *at)
{
	buf_release(&at->parent);
	buf_release(&at->dir);
	buf_release(&at->pruned);
}

/* Durably, for the row must not go before its folder: that would stay for
 * ever, as one that nobody knows. -1 with errno. */
static int move_aside(struct pass *p, const struct place *at)
{
	int home = p->r->home->fd;

	if (fs_mkdirs(home, PRUNED, 0750) < 0 ||
		renameat(home, at->dir.ptr, home, at->pruned.ptr) < 0)
		return -1;
	return fs_sync(home, at->parent.ptr) < 0 || fs_sync(home, PRUNED) < 0
		       ? -1
		       : 0;
}

/* Not to where another folder is, and in one that may be gone. */
static void move_back(struct pass *p, const struct place *at)
{
	int home = p->r->home->fd;

	if (fs_mkdirs(home, at->parent.ptr, 0750) < 0 ||
		renameat2(home, at->pruned.ptr, home, at->dir.ptr,
			RENAME_NOREPLACE) < 0)
		pass_warn_sys(p, at->pruned.ptr);
}

/* Whether the folder of a run would be seen if there were one: not where a disk
 * is not mounted, which leaves runs/ without a single repository. */
static int is_runs_there(struct pass *p, const char *repo)
{
	struct buf path = BUF_INIT;
	struct dirent *entry;
	int found;
	DIR *d;

	buf_addf(&path, "runs/%s", repo);
	found = exists(p, path.ptr);
	buf_release(&path);
	if (found)
		return found > 0;
	d = fs_opendir(p->r->home->fd, "runs", 0);
	if (!d)
		return 0;
	while (!found && (entry = readdir(d)))
		found = entry->d_name[0] != '.';
	closedir(d);
	return found;
}

/* The run's lock. 1 taken, and *fd is -1 where it has no folder; 0 it is held,
 * or cannot be told. */
static int take_lock(
	struct pass *p, const struct run *r, const struct place *at, int *fd)
{
	const struct home *h = p->r->home;
	struct err e;
	int taken = run_lock_take(h, r->repo, r->id, 0, fd, &e), there;

	if (taken == 0 && errno == ENOENT) {
		there = exists(p, at->dir.ptr);
		if (there <= 0)
			return there == 0 && is_runs_there(p, r->repo);
		taken = p->r->dry_run
				? 1
				: run_lock_take(h, r->repo, r->id, 1, fd, &e);
	}
	if (taken < 0)
		pass_warn(p, "%s", e.text);
	return taken > 0;
}

static void say_what_goes(
	struct pass *p, const struct run *r, const struct prune_rule *rule)
{
	struct buf name = BUF_INIT;

	pass_add_run(&name, r);
	pass_say(p, "%s: would prune it: %s", name.ptr,
		r->number < rule->below
			? "newer ones are as many as keepRuns says"
			: "it ended before the days that keepDays says");
	buf_release(&name);
}

/* Whatever the crash of its supervisor has left goes first. 1 nothing is left,
 * 0 it could not be removed. */
static int clean(struct pass *p, const struct run *r, const struct place *at)
{
	int is_clean = rundir_is_clean(p->r->home->fd, at->dir.ptr);
	enum run_state state;
	struct err e;

	if (is_clean < 0)
		pass_warn_sys(p, at->dir.ptr);
	if (is_clean)
		return is_clean > 0;
	if (supervise_salvage(p->db, p->r->home, r, &state, &e) == 0)
		return 1;
	pass_warn(p, "%s", e.text);
	return 0;
}

/* Under its lock, with its folder; 1 gone, 0 not, -1. */
static int prune_dir(struct pass *p, const struct run *r,
	const struct place *at, const struct prune_rule *rule, struct err *e)
{
	int gone;

	if (!clean(p, r, at))
		return 0;
	if (move_aside(p, at) < 0) {
		pass_warn_sys(p, at->dir.ptr);
		if (exists(p, at->dir.ptr) == 0)
			move_back(p, at);
		return 0;
	}
	gone = prune_remove(p->db, r->id, rule, e);
	if (gone <= 0)
		move_back(p, at);
	else if (fs_remove_tree(p->r->home->fd, at->pruned.ptr) < 0)
		pass_warn_sys(p, at->pruned.ptr);
	return gone;
}

/* 1 it went (or would go), 0 it stays, -1. */
static int prune_run(struct pass *p, const struct run *r,
	const struct prune_rule *rule, struct err *e)
{
	struct place at;
	int fd, gone = 0;

	place_of(&at, r->repo, r->id);
	if (take_lock(p, r, &at, &fd)) {
		gone = prune_may_go(p->db, r->id, rule, e);
		if (gone > 0 && p->r->dry_run)
			say_what_goes(p, r, rule);
		else if (gone > 0 && fd >= 0)
			gone = prune_dir(p, r, &at, rule, e);
		else if (gone > 0)
			gone = prune_remove(p->db, r->id, rule, e);
		if (fd >= 0)
			run_lock_release(fd);
	}
	place_release(&at);
	return gone;
}

static int prune_page(struct pass *p, const struct strv *ids,
	const struct prune_rule *rule, struct budget *left, struct err *e)
{
	for (size_t i = 0; i < ids->n && !is_spent(left); i++) {
		struct run r;
		int gone = run_by_id(p->db, ids->v[i], &r, e);

		if (gone > 0) {
			gone = prune_run(p, &r, rule, e);
			run_release(&r);
		}
		if (gone < 0)
			return -1;
		if (gone)
			left->runs--;
		else
			left->stuck--;
	}
	return 0;
}

static int prune_repo(
	struct pass *p, const char *repo, struct budget *left, struct err *e)
{
	struct prune_rule rule;
	int64_t behind = INT64_MIN;
	struct err why;
	int rc = 0, more = 1;

	if (!is_runs_there(p, repo))
		return 0;
	left->stuck = MAX_STUCK;
	if (prune_rule_of(p->db, repo, clock_now_ms(), &rule, &why) < 0) {
		pass_warn(p, "%s: %s", repo, why.text);
		return 0;
	}
	while (more && rc == 0 && !is_spent(left)) {
		struct strv ids = STRV_INIT;

		rc = prune_list(p->db, repo, &rule, &behind, PAGE, &ids, e);
		more = ids.n == PAGE;
		if (rc == 0)
			rc = prune_page(p, &ids, &rule, left, e);
		strv_release(&ids);
	}
	return rc;
}

int prune_pass(struct pass *p, struct err *e)
{
	struct budget left = make_budget();
	struct strv repos = STRV_INIT;
	int rc = run_repos(p->db, &repos, e);

	for (size_t i = 0; i < repos.n && rc == 0 && left.runs > 0; i++)
		rc = prune_repo(p, repos.v[i], &left, e);
	strv_release(&repos);
	return rc;
}

/* The files of a run that has no row any more. */
static void finish(struct pass *p, const char *path)
{
	if (p->r->dry_run)
		pass_say(p, "%s: would finish its removal", path);
	else if (fs_remove_tree(p->r->home->fd, path) < 0)
		pass_warn_sys(p, path);
	else
		pass_say(p, "%s: finished its removal", path);
}

/* There is a row. Where that has a folder again, this one is of no use. */
static int finish_row(struct pass *p, const struct run *r, struct err *e)
{
	struct prune_rule rule;
	struct place at;
	struct err why;
	int there, gone, rc = 0;

	place_of(&at, r->repo, r->id);
	there = exists(p, at.dir.ptr);
	if (there < 0)
		goto out;
	if (there)
		gone = 1;
	else if (prune_rule_of(p->db, r->repo, clock_now_ms(), &rule, &why) < 0)
		gone = 0;
	else if (p->r->dry_run)
		gone = prune_may_go(p->db, r->id, &rule, e);
	else
		gone = prune_remove(p->db, r->id, &rule, e);
	if (gone < 0)
		rc = -1;

	if (gone > 0)
		finish(p, at.pruned.ptr);
	else if (gone == 0 && p->r->dry_run)
		pass_say(p, "%s: would put it back", at.pruned.ptr);
	else if (gone == 0)
		move_back(p, &at);
out:
	place_release(&at);
	return rc;
}

/* The names in runs/.pruned. -1 with errno. */
static int list_pruned(struct pass *p, struct strv *names)
{
	DIR *d = fs_opendir(p->r->home->fd, PRUNED, O_NOFOLLOW);
	struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : -1;
	while (errno = 0, (entry = readdir(d)))
		if (!fs_is_dots(entry->d_name))
			strv_push(names, entry->d_name);
	int why = errno;
	closedir(d);
	errno = why;
	return why ? -1 : 0;
}

int pruned_pass(struct pass *p, struct err *e)
{
	struct budget left = make_budget();
	struct strv names = STRV_INIT;
	int rc = 0;

	if (list_pruned(p, &names) < 0)
		pass_warn_sys(p, PRUNED);
	for (size_t i = 0; i < names.n && rc == 0 && !is_spent(&left); i++) {
		struct run r;
		int got = run_by_id(p->db, names.v[i], &r, e);

		left.runs--;
		if (got < 0) {
			rc = -1;
		} else if (got == 0) {
			struct buf path = BUF_INIT;

			buf_addf(&path, PRUNED "/%s", names.v[i]);
			finish(p, path.ptr);
			buf_release(&path);
		} else {
			rc = finish_row(p, &r, e);
			run_release(&r);
		}
	}
	strv_release(&names);
	return rc;
}
