#include "exec/takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/commit.h"
#include "base/fs.h"
#include "base/gitcat.h"
#include "exec/adopt.h"
#include "exec/scan.h"
#include "store/legacy.h"
#include "store/repo.h"

struct walk {
	struct db *db;
	const struct home *home;
	struct takeover *t;
	int only_survey;
	int missed; /* by a fault of the host's: there may be more to take */
};

void takeover_release(struct takeover *t)
{
	buf_release(&t->done);
	buf_release(&t->left);
}

/* What its HEAD has for a pipeline, and whether a hook was there before. */
static void look_closer(struct walk *w, const char *name, const char *git_dir)
{
	const char *question = "HEAD:.quire";
	struct gitcat_answer a = { .content = BUF_INIT };
	struct gitcat g = { 0 };
	struct buf chained = BUF_INIT;
	struct err e;

	if (gitcat_start(&g, git_dir, &e) < 0 ||
		gitcat_ask(&g, &question, 1, &a, &e) < 0)
		buf_addf(&w->t->left, "%s: %s\n", name, e.text);
	else if (pipeline_kind_of(&a) == PIPELINE_FENNEL)
		buf_addf(&w->t->left,
			"%s: .quire/ci.fnl is not run any more: write "
			".quire/ci.json\n",
			name);
	gitcat_stop(&g);
	buf_release(&a.content);

	buf_addf(&chained, "%s/hooks/post-receive.before-quire", git_dir);
	if (access(chained.ptr, F_OK) == 0)
		buf_addf(&w->t->left,
			"%s: the hook that was there still runs, after "
			"quire's; if it is the older\nsystem's, remove %s\n",
			name, chained.ptr);
	buf_release(&chained);
}

static void take(struct walk *w, const char *name, const char *dir)
{
	struct buf full = BUF_INIT;
	struct err e;

	if (adopt_repo(w->db, w->home, dir, name, &full, &e) < 0) {
		buf_addf(&w->t->left, "%s: not registered: %s\n", name, e.text);
		/* a disk's error looks to SQLite like a damaged file */
		if (e.status == EXIT_BUSY || e.status == EXIT_INTERNAL)
			w->missed = 1;
	} else {
		buf_addf(&w->t->done,
			"registered %s, its refs as seen, its hook\n",
			full.ptr);
		look_closer(w, full.ptr, dir);
	}
	buf_release(&full);
}

static void survey(struct walk *w, const char *name, const char *dir)
{
	char *real = realpath(dir, NULL);
	struct repo r = { 0 };
	struct err e;
	int known = real ? repo_by_git_dir(w->db, real, &r, &e) : 0;

	if (known < 0)
		buf_addf(&w->t->left, "%s: %s\n", name, e.text);
	else if (!known)
		buf_addf(&w->t->left,
			"%s: not registered; to do so: quire repo adopt %s\n",
			name, dir);
	repo_release(&r);
	free(real);
}

static void found_repository(void *arg, const char *path, int is_link)
{
	const char *name = path + strlen("repos/");
	struct buf dir = BUF_INIT;
	struct walk *w = arg;

	(void)is_link;
	home_add(&dir, w->home, path);
	if (w->only_survey)
		survey(w, name, dir.ptr);
	else
		take(w, name, dir.ptr);
	buf_release(&dir);
}

static void miss_folder(void *arg, const char *path)
{
	struct walk *w = arg;

	buf_addf(&w->t->left, "%s: %s\n", path, strerror(errno));
	w->missed = 1;
}

/* Whether it came to all that is there. */
static int walk_repos(struct db *db, const struct home *h, struct takeover *t,
	int only_survey)
{
	struct walk w = {
		.db = db, .home = h, .t = t, .only_survey = only_survey
	};
	const struct scan s = { h->fd, found_repository, miss_folder, &w };

	scan_repositories(&s, "repos");
	return !w.missed;
}

void takeover_survey(struct db *db, const struct home *h, struct takeover *t)
{
	walk_repos(db, h, t, 1);
}

static int is_ours(const char *name)
{
	static const char *const ours[] = { ".", "..", "quire.db",
		"quire.db-wal", "quire.db-shm", "quire-run.log",
		"quire-run.log.old", "run-finished.log", "run-finished.log.old",
		"repos", "runs", "slots", "cache", "secrets", "hooks" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (!strcmp(name, ours[i]))
			return 1;
	return 0;
}

static void list_unknown(const struct home *h, struct takeover *t)
{
	DIR *dir = fs_opendir(h->fd, ".", 0);
	struct dirent *d;

	if (!dir) {
		buf_addf(&t->left, "%s: %s\n", h->path, strerror(errno));
		return;
	}
	while ((d = readdir(dir)))
		if (!is_ours(d->d_name))
			buf_addf(&t->left,
				"%s/%s: not known here, left alone\n", h->path,
				d->d_name);
	closedir(dir);
}

int takeover_finish(
	struct db *db, const struct home *h, struct takeover *t, struct err *e)
{
	int64_t tokens;

	if (!walk_repos(db, h, t, 0))
		return err_set(e, EXIT_BUSY,
			"%s/repos: not all repositories could be registered; "
			"run quire init again",
			h->path);
	if (legacy_count_tokens(db, &tokens, e) < 0)
		return -1;
	if (tokens)
		buf_addf(&t->left,
			"run_token (runs: %" PRId64 "): kept, of no use here\n",
			tokens);
	list_unknown(h, t);
	return legacy_unmark(db, e);
}
