/*
 * Repositories and commits that are gone.
 *
 * Nothing can be run of them, so their live runs end as orphaned: but only if
 * two reconciles, one after the other, found them gone, since a repository may
 * be on its way from one place to another. A repository's first sighting is
 * kept in its row, a commit's as the file `missing` in the run's directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/gitcat.h"
#include "base/mem.h"
#include "exec/finished.h"
#include "exec/lock.h"
#include "exec/pass.h"

#define LIVE_PAGE 200 /* runs looked at in one go */

/* 1 there, 0 gone by evidence, -1 that cannot be told. */
static int look(const char *git_dir, struct err *e)
{
	struct buf parent = BUF_INIT;
	struct stat st;
	char *slash;
	int there = -1;

	if (stat(git_dir, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 1;
		return err_set(e, EXIT_BUSY, "%s: not a directory", git_dir);
	}
	if (errno != ENOENT)
		return err_sys(e, "%s", git_dir);
	buf_adds(&parent, git_dir);
	slash = strrchr(parent.ptr, '/');
	if (slash)
		buf_setlen(&parent,
			slash > parent.ptr ? (size_t)(slash - parent.ptr) : 1);
	if (slash && stat(parent.ptr, &st) == 0 && S_ISDIR(st.st_mode))
		there = 0;
	else
		err_set(e, EXIT_BUSY,
			"%s: not there, and neither is the directory above it "
			"(a disk that is not mounted?)",
			git_dir);
	buf_release(&parent);
	return there;
}

/* Ends one live run; what says which of the two is gone. */
static int orphan(
	struct pass *p, const struct run *r, const char *what, struct err *e)
{
	struct run_edge edge = {
		.to = RUN_FAILED,
		.failure_kind = KIND_ORPHANED,
	};
	struct buf name = BUF_INIT, reason = BUF_INIT;
	struct err why;
	int taken = 0;

	pass_add_run(&name, r);
	buf_addf(&reason, "its %s is gone", what);
	edge.reason = reason.ptr;
	if (p->r->dry_run)
		pass_say(p, "%s: %s; would end as orphaned", name.ptr,
			reason.ptr);
	else
		taken = run_settle(p->db, r->id, &edge, e);
	if (taken > 0) {
		run_wake(p->r->home, r->repo, r->id);
		pass_say(p, "%s: %s; failed (" KIND_ORPHANED ")", name.ptr,
			reason.ptr);
		if (finished_tell_unbegun(p->db, p->r->home, r->id, &why) < 0)
			pass_warn(p, "%s: nobody was told of its end: %s",
				name.ptr, why.text);
	}
	buf_release(&name);
	buf_release(&reason);
	return taken < 0 ? -1 : 0;
}

/* The file that remembers a commit's absence; -1 unless one was there. */
static int64_t marker_time(struct pass *p, const char *path)
{
	struct stat st;

	if (fstatat(p->r->home->fd, path, &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

static void marker_make(struct pass *p, const char *dir, const char *path)
{
	int home = p->r->home->fd;
	int fd = -1;

	if (fs_mkdirs(home, dir, 0750) == 0)
		fd = openat(home, path,
			O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0 || close(fd))
		pass_warn_sys(p, path);
}

/* What git said of one live run's commit. */
static int judge_commit(
	struct pass *p, const struct run *r, int missing, struct err *e)
{
	struct buf dir = BUF_INIT, path = BUF_INIT, name = BUF_INIT;
	int64_t since;
	int rc = 0;

	home_add_run_dir(&dir, r->repo, r->id);
	buf_addf(&path, "%s/missing", dir.ptr);
	since = marker_time(p, path.ptr);
	pass_add_run(&name, r);
	if (missing && since >= 0 && since < p->start_ms)
		rc = orphan(p, r, "commit", e);
	else if (missing && since < 0) {
		pass_say(p,
			"%s: its commit %s is not there; if it is not the "
			"next time, the run ends",
			name.ptr, r->sha);
		if (!p->r->dry_run)
			marker_make(p, dir.ptr, path.ptr);
	} else if (!missing && since >= 0 && !p->r->dry_run &&
		   unlinkat(p->r->home->fd, path.ptr, 0))
		pass_warn_sys(p, path.ptr);
	buf_release(&dir);
	buf_release(&path);
	buf_release(&name);
	return rc;
}

static int check_commits(struct pass *p, const struct repo *repo,
	const struct run *list, size_t n, struct err *e)
{
	struct gitcat_answer *answers = mem_zero(n * sizeof(*answers));
	const char **questions = mem_zero(n * sizeof(*questions));
	struct gitcat git = { 0 };
	struct err why;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		questions[i] = list[i].sha;
	if (gitcat_start(&git, repo->git_dir, &why) < 0 ||
		gitcat_ask(&git, questions, n, answers, &why) < 0)
		pass_warn(p, "%s: %s", repo->name, why.text);
	else
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = judge_commit(p, &list[i],
				answers[i].type == GITCAT_MISSING, e);
	gitcat_stop(&git);
	for (size_t i = 0; i < n; i++)
		buf_release(&answers[i].content);
	free(answers);
	free(questions);
	return rc;
}

/* The repository's runs in one live state, page by page. */
static int check_live(struct pass *p, const struct repo *repo,
	const char *state, int gone, struct err *e)
{
	struct run_filter filter = {
		.repo = repo->name,
		.state = state,
		.limit = LIVE_PAGE,
	};
	int is_pending = strcmp(state, "pending") == 0;
	int rc = 0, more = 1;

	while (more && rc == 0) {
		struct run *list;
		size_t n;

		if (run_list(p->db, &filter, &list, &n, e) < 0)
			return -1;
		more = n == LIVE_PAGE;
		if (n)
			filter.before = list[n - 1].number;
		for (size_t i = 0; i < n && is_pending && rc == 0; i++)
			rc = orphan_begun(p, &list[i], e);
		if (n && !gone && rc == 0)
			rc = check_commits(p, repo, list, n, e);
		for (size_t i = 0; i < n && gone && rc == 0; i++)
			rc = orphan(p, &list[i], "repository", e);
		run_list_release(list, n);
	}
	return rc;
}

static int check_both(
	struct pass *p, const struct repo *repo, int gone, struct err *e)
{
	if (check_live(p, repo, "pending", gone, e) < 0)
		return -1;
	return check_live(p, repo, "active", gone, e);
}

static int set_missing(
	struct pass *p, struct repo *repo, int64_t since_ms, struct err *e)
{
	if (p->r->dry_run)
		return 0;
	repo->missing_since_ms = since_ms;
	return repo_set_missing(p->db, repo->name, since_ms, e);
}

static int check_repo(struct pass *p, size_t i, struct err *e)
{
	struct repo *repo = &p->repos[i];
	struct err why;

	switch (look(repo->git_dir, &why)) {
	case 1:
		p->present[i] = 1;
		if (repo->missing_since_ms >= 0 &&
			set_missing(p, repo, -1, e) < 0)
			return -1;
		return check_both(p, repo, 0, e);
	case 0:
		if (repo->missing_since_ms < 0) {
			pass_say(p,
				"%s: %s is not there; if it is not the next "
				"time, its runs end; if it has moved: quire "
				"repo move %s DIR",
				repo->name, repo->git_dir, repo->name);
			return set_missing(p, repo, clock_now_ms(), e);
		}
		if (repo->missing_since_ms >= p->start_ms)
			return 0;
		return check_both(p, repo, 1, e);
	default:
		pass_warn(p, "%s: %s", repo->name, why.text);
		return 0;
	}
}

int missing_pass(struct pass *p, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < p->n_repos && rc == 0; i++)
		rc = check_repo(p, i, e);
	return rc;
}
