/*
 * Files that ought to be gone: the workspaces of runs that have ended, and the
 * mark of those whose end has not been told.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/finished.h"
#include "exec/pass.h"
#include "exec/rundir.h"

/*
 * What crashes leave behind is among the newest runs of a repository, as a
 * rule: these are looked at every time. All others get their turn, some
 * thousand a reconcile, so that it is short where there are a million, and none
 * is forgotten.
 */
#define LEFTOVER_NEWEST 500
#define LEFTOVER_TURN 2000
#define LEFTOVER_DEPTH 32 /* of folders in a repository's name */
/* The last one that had its turn, as "<id>/<folder>"; empty: the first is next.
 * Whatever stands there, the turns go round. */
#define LEFTOVER_MARK "slots/leftover.mark"

/* An id of ours, or whatever has a lock: ids of the older system differ. */
static int is_run_dir(int dirfd, const char *dir, const char *name)
{
	struct buf path = BUF_INIT;
	int is;

	if (strlen(name) == ID_SIZE - 1 && id_is_prefix(name))
		return 1;
	buf_addf(&path, "%s/%s/lock", dir, name);
	is = fs_exists(dirfd, path.ptr) > 0;
	buf_release(&path);
	return is;
}

/* For a dry run: not reported yet, and not gone since it was listed, removed
 * with its row. */
static int is_news(int home, const char *dir)
{
	struct buf path = BUF_INIT;
	int news;

	buf_addf(&path, "%s/reported", dir);
	news = fs_exists(home, dir) > 0 && fs_exists(home, path.ptr) == 0;
	buf_release(&path);
	return news;
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
		news = is_news(home, dir);
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
	int got, is_clean, rc = 0;

	buf_addf(&path, "%s/%s", dir, id);
	got = run_by_id(p->db, id, &r, e);
	if (got < 0) {
		rc = -1;
	} else if (got == 0) {
		report_stray(p, path.ptr);
	} else if (run_state_is_terminal(r.state)) {
		is_clean = rundir_is_clean(home, path.ptr);
		if (is_clean > 0) {
			int owed = finished_is_owed(home, path.ptr);

			is_clean = owed < 0 ? -1 : !owed;
		}
		if (is_clean < 0)
			pass_warn_sys(p, path.ptr);
		else if (!is_clean)
			rc = orphan_settle(p, &r, e);
	}
	if (got > 0)
		run_release(&r);
	buf_release(&path);
	return rc;
}

/* The first `max` of the names that are added, in the order that compare says:
 * more than twice as many are never kept. */
struct firsts {
	struct strv names;
	size_t max;
	int (*compare)(const void *a, const void *b); /* as for qsort */
	int full; /* the first max of them are sorted */
};

static void firsts_cut(struct firsts *f)
{
	struct strv *names = &f->names;

	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), f->compare);
	while (names->n > f->max) {
		free(names->v[--names->n]);
		names->v[names->n] = NULL;
		f->full = 1;
	}
}

static void firsts_add(struct firsts *f, const char *name)
{
	if (f->full && f->compare(&name, &f->names.v[f->max - 1]) > 0)
		return;
	strv_push(&f->names, name);
	if (f->names.n == 2 * f->max)
		firsts_cut(f);
}

static int ascending(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Ids begin with the time at which they were given. */
static int newest_first(const void *a, const void *b)
{
	return ascending(b, a);
}

/* One walk over all run directories. */
struct walk {
	struct pass *p;
	struct buf mark; /* as it was */
	/* as "<id>/<folder>": */
	struct firsts turn; /* behind the mark */
	struct strv look; /* the newest, then these as well */
};

static void add_to_turn(struct walk *w, const char *dir, const char *id)
{
	struct buf key = BUF_INIT;

	/* of a million most are told by this alone */
	if (strncmp(id, w->mark.ptr, strlen(id)) < 0)
		return;
	buf_addf(&key, "%s/%s", id, dir);
	if (strcmp(key.ptr, w->mark.ptr) > 0)
		firsts_add(&w->turn, key.ptr);
	buf_release(&key);
}

/* Sorts the folders in dir into the newest runs, and what leads to further
 * repositories. 0, or -1 with errno. */
static int list_dir(struct walk *w, const char *dir, struct firsts *newest,
	struct strv *below)
{
	int home = w->p->r->home->fd;
	DIR *d = fs_opendir(home, dir, 0);
	struct dirent *entry;

	if (!d)
		return -1;
	while (errno = 0, (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
			continue;
		if (is_run_dir(home, dir, entry->d_name)) {
			firsts_add(newest, entry->d_name);
			add_to_turn(w, dir, entry->d_name);
		} else {
			strv_push(below, entry->d_name);
		}
	}
	int why = errno;
	closedir(d);
	firsts_cut(newest);
	errno = why;
	return why ? -1 : 0;
}

static void walk(struct walk *w, const char *dir, int depth)
{
	struct firsts newest = { STRV_INIT, LEFTOVER_NEWEST, newest_first, 0 };
	struct strv below = STRV_INIT;

	/* not a folder, or gone since its parent was read: nothing */
	if (list_dir(w, dir, &newest, &below) < 0 && errno != ENOTDIR &&
		errno != ENOENT)
		pass_warn_sys(w->p, dir);
	for (size_t i = 0; i < newest.names.n; i++)
		strv_pushf(&w->look, "%s/%s", newest.names.v[i], dir);
	for (size_t i = 0; i < below.n && depth > 0; i++) {
		struct buf path = BUF_INIT;

		buf_addf(&path, "%s/%s", dir, below.v[i]);
		walk(w, path.ptr, depth - 1);
		buf_release(&path);
	}
	strv_release(&newest.names);
	strv_release(&below);
}

/* One that is among the newest, and has its turn, is looked at once. */
static int look_at_all(struct walk *w, struct err *e)
{
	struct strv *look = &w->look;
	int rc = 0;

	for (size_t i = 0; i < w->turn.names.n; i++)
		strv_push(look, w->turn.names.v[i]);
	if (look->n)
		qsort(look->v, look->n, sizeof(*look->v), ascending);
	for (size_t i = 0; i < look->n && rc == 0; i++) {
		struct buf id = BUF_INIT;
		const char *dir = strchr(look->v[i], '/');

		if (i && !strcmp(look->v[i], look->v[i - 1]))
			continue;
		buf_add(&id, look->v[i], (size_t)(dir - look->v[i]));
		rc = leftover(w->p, dir + 1, id.ptr, e);
		buf_release(&id);
	}
	return rc;
}

static void mark_read(struct walk *w)
{
	int home = w->p->r->home->fd;

	if (fs_read_file(home, LEFTOVER_MARK, &w->mark, PATH_MAX) == 0 ||
		errno == ENOENT)
		return;
	pass_warn_sys(w->p, LEFTOVER_MARK);
	/* not what any run has: so it is written anew */
	buf_reset(&w->mark);
	buf_addc(&w->mark, '/');
}

/* A home with no more runs than have their turn at once never has the file. */
static void mark_write(struct walk *w)
{
	const struct strv *names = &w->turn.names;
	const char *next =
		names->n == w->turn.max ? names->v[names->n - 1] : "";
	int fd, failed;

	if (w->p->r->dry_run || strcmp(next, w->mark.ptr) == 0)
		return;
	fd = openat(w->p->r->home->fd, LEFTOVER_MARK,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	failed = fd < 0 || fs_write_all(fd, next, strlen(next)) < 0;
	if (failed)
		pass_warn_sys(w->p, LEFTOVER_MARK);
	if (fd >= 0 && close(fd) && !failed)
		pass_warn_sys(w->p, LEFTOVER_MARK);
}

int leftover_pass(struct pass *p, struct err *e)
{
	struct walk w = {
		.p = p,
		.mark = BUF_INIT,
		.turn = { STRV_INIT, LEFTOVER_TURN, ascending, 0 },
		.look = STRV_INIT,
	};
	int rc;

	mark_read(&w);
	walk(&w, "runs", LEFTOVER_DEPTH);
	firsts_cut(&w.turn);
	rc = look_at_all(&w, e);
	if (rc == 0)
		mark_write(&w);
	strv_release(&w.turn.names);
	strv_release(&w.look);
	buf_release(&w.mark);
	return rc;
}
