/*
 * What jobs keep between runs, and nobody used for long or that is too much:
 * by the settings cacheDays and cacheSize.
 *
 * To delete a cache is always safe, but half of a thing may be worse than
 * none: a folder that its owner may not write to (Go's module cache is made of
 * them) goes as a whole or stays. It is renamed before it is removed, so that
 * a crash leaves nothing that looks whole.
 *
 * What was used last is the later of access and change. File systems are
 * mounted with relatime as a rule, so an access is known to the day, and with
 * noatime not at all.
 *
 * No link is followed, no other file system entered. A repository that has an
 * active run is left for the next time; it is looked for again while the work
 * goes on, and what has been used since it was listed stays.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/units.h"
#include "exec/pass.h"
#include "store/setting.h"

#define STAMP "cache/.swept" /* when it was last done */
#define EVERY_S 3600
#define DAY_S 86400
#define MAX_LEVELS 100 /* a folder further down is one thing */
#define LOOK 256 /* removals between two looks for an active run */
#define GOING ".quire-going." /* renamed, to be removed */

struct thing {
	char *path; /* below the repository's cache */
	int64_t used_s; /* last */
	int64_t bytes;
	int whole; /* a folder that goes with all in it */
};

struct sweep {
	struct pass *p;
	const char *repo;
	int top; /* the repository's cache */
	int64_t max_bytes, before_s; /* 0: no limit; used before may go */
	struct thing *things;
	size_t n, size;
	int64_t bytes; /* of all of them */
	struct buf path; /* of where the walk is */
	int levels;
	int64_t removed, removed_bytes;
};

static int64_t used_s(const struct stat *st)
{
	return st->st_atim.tv_sec > st->st_mtim.tv_sec ? st->st_atim.tv_sec
						       : st->st_mtim.tv_sec;
}

static int64_t bytes_of(const struct stat *st)
{
	int64_t bytes = (int64_t)st->st_blocks * 512;

	return S_ISDIR(st->st_mode) || st->st_nlink < 2
		       ? bytes
		       : bytes / (int64_t)st->st_nlink;
}

/* The entry that s->path names; returns its place. */
static size_t add(struct sweep *s, const struct stat *st, int whole)
{
	if (s->n == s->size) {
		s->size = s->size ? 2 * s->size : 256;
		s->things = mem_resize(s->things, s->size, sizeof(*s->things));
	}
	s->things[s->n] = (struct thing){ mem_strdup(s->path.ptr), used_s(st),
		bytes_of(st), whole };
	s->bytes += bytes_of(st);
	return s->n++;
}

static void walk(struct sweep *s, int folder, size_t whole);

static int is_whole(
	const struct sweep *s, const char *name, const struct stat *st)
{
	return (st->st_mode & 0700) != 0700 || s->levels == MAX_LEVELS ||
	       !strncmp(name, GOING, strlen(GOING));
}

/* whole: the thing that the entry is a part of; SIZE_MAX: none. */
static void walk_entry(
	struct sweep *s, int folder, const char *name, size_t whole)
{
	size_t mine = SIZE_MAX;
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (whole != SIZE_MAX) {
		struct thing *t = &s->things[whole];

		t->bytes += bytes_of(&st);
		s->bytes += bytes_of(&st);
		if (!S_ISDIR(st.st_mode) && used_s(&st) > t->used_s)
			t->used_s = used_s(&st);
	} else if (!S_ISDIR(st.st_mode)) {
		add(s, &st, 0);
		return;
	}
	if (!S_ISDIR(st.st_mode))
		return;
	if (whole == SIZE_MAX && is_whole(s, name, &st)) {
		mine = whole = add(s, &st, 1);
		s->things[mine].used_s = 0; /* the files in it tell */
	}
	int below = s->levels < MAX_LEVELS ? fs_open_beneath(folder, name) : -1;
	if (below >= 0) {
		walk(s, below, whole);
		close(below);
	}
	if (mine != SIZE_MAX && !s->things[mine].used_s)
		s->things[mine].used_s = st.st_mtim.tv_sec;
}

/* NOLINTNEXTLINE(misc-no-recursion): to MAX_LEVELS */
static void walk(struct sweep *s, int folder, size_t whole)
{
	DIR *d = fs_opendir(folder, ".", O_NOFOLLOW);
	size_t len = s->path.len;
	struct dirent *entry;
	struct stat st;
	int empty = 1;

	if (!d)
		return;
	s->levels++;
	while ((entry = readdir(d))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		empty = 0;
		buf_addf(&s->path, "%s%s", len ? "/" : "", entry->d_name);
		walk_entry(s, folder, entry->d_name, whole);
		buf_setlen(&s->path, len);
	}
	s->levels--;
	closedir(d);
	/* an empty folder is old when nothing was put into it for long */
	if (empty && len && whole == SIZE_MAX && fstat(folder, &st) == 0) {
		st.st_atim = st.st_mtim;
		add(s, &st, 1);
	}
}

static int oldest_first(const void *a, const void *b)
{
	const struct thing *x = a, *y = b;

	return x->used_s < y->used_s ? -1 : x->used_s > y->used_s;
}

/* 0 gone, or used since it was listed; -1 with errno. */
static int remove_thing(struct sweep *s, const struct thing *t)
{
	const char *slash = strrchr(t->path, '/');
	const char *name = slash ? slash + 1 : t->path;
	char *parent = slash ? mem_strndup(t->path, (size_t)(slash - t->path))
			     : mem_strdup(".");
	int folder = fs_open_beneath(s->top, parent), rc = 0;
	struct buf going = BUF_INIT;
	struct stat st;

	free(parent);
	if (folder < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		rc = errno == ENOENT ? 0 : -1;
	} else if (!t->whole) {
		if (used_s(&st) <= t->used_s && unlinkat(folder, name, 0) < 0 &&
			errno != ENOENT)
			rc = -1;
	} else {
		if (strncmp(name, GOING, strlen(GOING)) != 0)
			buf_adds(&going, GOING);
		buf_adds(&going, name);
		/* a name that would be too long goes under its own */
		if (renameat(folder, name, folder, going.ptr) < 0)
			going.len = 0;
		rc = fs_remove_tree(folder, going.len ? going.ptr : name);
	}
	int why = errno;
	buf_release(&going);
	close(folder);
	errno = why;
	return rc;
}

/* 1 yes, 0 no, -1. */
static int has_active_run(struct pass *p, const char *repo, struct err *e)
{
	struct run *list;
	size_t n;
	int found = 0;

	if (run_list_active(p->db, &list, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		found |= !strcmp(list[i].repo, repo);
	run_list_release(list, n);
	return found;
}

static int may_go(const struct sweep *s, const struct thing *t)
{
	const char *slash = strrchr(t->path, '/');

	return t->used_s < s->before_s ||
	       (s->max_bytes && s->bytes > s->max_bytes) ||
	       !strncmp(slash ? slash + 1 : t->path, GOING, strlen(GOING));
}

/* Oldest first, until what is left may stay. */
static int remove_old(struct sweep *s, struct err *e)
{
	int busy = 0;

	if (s->n)
		qsort(s->things, s->n, sizeof(*s->things), oldest_first);
	for (size_t i = 0; i < s->n && !busy; i++) {
		const struct thing *t = &s->things[i];

		if (!may_go(s, t))
			continue;
		if (!s->p->r->dry_run && s->removed % LOOK == 0)
			busy = has_active_run(s->p, s->repo, e);
		if (busy)
			break;
		if (!s->p->r->dry_run && remove_thing(s, t) < 0) {
			pass_warn(s->p, "cache/%s/%s: %s", s->repo, t->path,
				strerror(errno));
			return 0;
		}
		s->bytes -= t->bytes;
		s->removed++;
		s->removed_bytes += t->bytes;
	}
	return busy < 0 ? -1 : 0;
}

static void say_what_goes(const struct sweep *s)
{
	struct buf name = BUF_INIT;

	pass_add_repo(&name, s->repo);
	if (s->p->r->dry_run && s->removed)
		pass_say(s->p,
			"%s: would remove %lld MB from its cache, what was "
			"used least",
			name.ptr, (long long)(s->removed_bytes >> 20));
	buf_release(&name);
}

static int sweep_folder(struct sweep *s, struct err *e)
{
	walk(s, s->top, SIZE_MAX);
	int rc = remove_old(s, e);
	if (rc == 0)
		say_what_goes(s);
	for (size_t i = 0; i < s->n; i++)
		free(s->things[i].path);
	free(s->things);
	buf_release(&s->path);
	return rc;
}

static int sweep_repo(struct pass *p, const char *repo, struct err *e)
{
	struct sweep s = { .p = p, .repo = repo, .path = BUF_INIT };
	struct buf path = BUF_INIT;
	struct err why;
	int64_t days;
	int rc = has_active_run(p, repo, e);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (setting_get_int(p->db, repo, "cacheSize", &s.max_bytes, &why) < 0 ||
		setting_get_int(p->db, repo, "cacheDays", &days, &why) < 0) {
		pass_warn(p, "%s: %s", repo, why.text);
		return 0;
	}
	if (days)
		s.before_s = clock_now_ms() / 1000 - days * DAY_S;
	if (!days && !s.max_bytes)
		return 0;
	buf_addf(&path, "cache/%s", repo);
	s.top = openat(p->r->home->fd, path.ptr,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s.top >= 0) {
		rc = sweep_folder(&s, e);
		close(s.top);
	} else if (errno != ENOENT) {
		pass_warn_sys(p, path.ptr);
	}
	buf_release(&path);
	return rc;
}

static int is_due(struct pass *p)
{
	struct stat st;

	return fstatat(p->r->home->fd, STAMP, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	       st.st_mtim.tv_sec + EVERY_S <= clock_now_ms() / 1000 ||
	       st.st_mtim.tv_sec > clock_now_ms() / 1000;
}

static void stamp(struct pass *p)
{
	int fd = openat(p->r->home->fd, STAMP,
		O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);

	/* no cache folder: nothing to be swept either */
	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || futimens(fd, NULL) < 0)
		pass_warn_sys(p, STAMP);
	if (fd >= 0)
		close(fd);
}

int cache_pass(struct pass *p, struct err *e)
{
	struct strv repos = STRV_INIT;
	int rc = 0;

	if (!is_due(p))
		return 0;
	rc = run_repos(p->db, &repos, e);
	for (size_t i = 0; i < repos.n && rc == 0; i++)
		rc = sweep_repo(p, repos.v[i], e);
	strv_release(&repos);
	if (rc == 0 && !p->r->dry_run)
		stamp(p);
	return rc;
}
