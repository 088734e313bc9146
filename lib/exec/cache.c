/*
 * What jobs keep between runs, and nobody used for long or that is too much:
 * by the settings cacheDays and cacheSize.
 *
 * A cache may hold millions of files, and jobs make it what it is: there is no
 * list of it. It is walked twice. The first time what is in it is summed up by
 * its age, in CACHE_AGES steps; that tells which of them have to go. The second
 * time what is as old as that goes, when it is met; of the step that need not
 * go as a whole, whatever is met first.
 *
 * To delete a cache is always safe, but half of a thing may be worse than
 * none: a folder that its owner may not write to (Go's module cache is made of
 * them) goes as a whole or stays. It is renamed before it is removed, so that
 * a crash leaves nothing that looks whole. Other folders go when all in them
 * has gone.
 *
 * What was used last is the later of access and change. File systems are
 * mounted with relatime as a rule, so an access is known to the day, and with
 * noatime not at all.
 *
 * No link is followed, no other file system entered. A repository that has an
 * active run is left for the next time; it is looked for again while the work
 * goes on, and what has been used since the first walk stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/fs_walk.h"
#include "base/units.h"
#include "exec/cache_age.h"
#include "exec/pass.h"
#include "store/setting.h"

#define STAMP "cache/.swept" /* when it was last done */
#define EVERY_S 3600
#define DAY_S 86400
#define MAX_LEVELS 100 /* a folder further down is one thing */
#define LOOK 256 /* removals between two looks for an active run */
#define ENTRY 4096 /* bytes that a file or folder takes at least */
#define GOING ".quire-going." /* renamed, to be removed */

/* What goes or stays: a file, a folder once it is empty, or one with all in
 * it. */
struct thing {
	int64_t used_s; /* last */
	int64_t bytes;
	enum { A_FILE, A_FOLDER, WHOLE } kind;
	int64_t own_s; /* when the folder was changed */
	int no_use; /* a job could not read all of it either */
};

struct sweep {
	struct pass *p;
	const char *repo;
	int top; /* the repository's cache */
	int64_t now_s;
	int64_t max_bytes, before_s; /* 0: no limit; used before may go */

	struct fs_walk walk;
	struct thing folders[MAX_LEVELS + 2]; /* where the walk is */
	size_t whole; /* the level of the one that goes whole; 0: none */

	struct cache_ages ages; /* of the first walk */
	int removes; /* the second */
	int age; /* what is older goes */
	int64_t excess; /* bytes: and so much of what has that age */
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

	if (bytes < ENTRY)
		bytes = ENTRY;
	return S_ISDIR(st->st_mode) || st->st_nlink < 2
		       ? bytes
		       : bytes / (int64_t)st->st_nlink;
}

static int is_going(const char *name)
{
	return !strncmp(name, GOING, strlen(GOING));
}

static int remove_whole(int folder, const char *name)
{
	struct buf going = BUF_INIT;

	if (!is_going(name))
		buf_adds(&going, GOING);
	buf_adds(&going, name);
	/* a name that would be too long goes under its own */
	int renamed = renameat(folder, name, folder, going.ptr) == 0;
	int rc = fs_remove_tree(folder, renamed ? going.ptr : name);
	int why = errno;
	buf_release(&going);
	errno = why;
	return rc;
}

/* 1 gone, 0 stays: something is in it, -1 with errno. */
static int remove_thing(const struct fs_walk *w, const struct thing *t)
{
	if (t->kind == WHOLE)
		return remove_whole(w->fd, w->name) < 0 ? -1 : 1;
	if (unlinkat(w->fd, w->name, t->kind == A_FOLDER ? AT_REMOVEDIR : 0) ==
			0 ||
		errno == ENOENT)
		return 1;
	return errno == ENOTEMPTY || errno == EEXIST ? 0 : -1;
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

/* Whether the thing goes that the walk has the name of. */
static int has_to_go(const struct sweep *s, const struct thing *t)
{
	int age = cache_age(s->now_s - t->used_s);

	return t->no_use || is_going(s->walk.name) || t->used_s < s->before_s ||
	       age > s->age || (age == s->age && s->excess > 0);
}

static int say_errno(const struct sweep *s, const char *name)
{
	pass_warn(s->p, "cache/%s: %s: %s", s->repo, name, strerror(errno));
	return 1;
}

/* As what follows: 0; 1, nothing further is to be done here; -1 with e. */
static int sweep_thing(struct sweep *s, const struct thing *t, struct err *e)
{
	int64_t age_s = s->now_s - t->used_s;
	int gone = 1;

	if (!s->removes) {
		cache_ages_add(&s->ages, age_s, t->bytes);
		return 0;
	}
	if (!has_to_go(s, t))
		return 0;
	if (!s->p->r->dry_run) {
		int busy = s->removed % LOOK ? 0
					     : has_active_run(s->p, s->repo, e);
		if (busy)
			return busy;
		gone = remove_thing(&s->walk, t);
	}
	if (gone < 0)
		return say_errno(s, s->walk.name);
	if (gone) {
		if (cache_age(age_s) == s->age)
			s->excess -= t->bytes;
		s->removed++;
		s->removed_bytes += t->bytes;
	}
	return 0;
}

static void take_later(struct thing *t, int64_t used_s)
{
	if (used_s > t->used_s)
		t->used_s = used_s;
}

static int meet_file(struct sweep *s, struct err *e)
{
	struct fs_walk *w = &s->walk;
	struct thing *in = &s->folders[s->whole ? s->whole : w->n];
	struct thing file = { used_s(&w->st), bytes_of(&w->st), A_FILE, 0, 0 };

	take_later(in, file.used_s);
	if (!s->whole)
		return sweep_thing(s, &file, e);
	in->bytes += file.bytes;
	return 0;
}

static int leave_folder(struct sweep *s, struct err *e)
{
	struct thing *t;

	if (s->whole && s->whole <= s->walk.n)
		return 0; /* a part of what goes as a whole */
	t = &s->folders[s->walk.n + 1];
	s->whole = 0;
	if (!t->used_s)
		t->used_s = t->own_s;
	take_later(t - 1, t->used_s);
	return sweep_thing(s, t, e);
}

static int meet_folder(struct sweep *s, struct err *e)
{
	struct fs_walk *w = &s->walk;
	size_t level = w->n + 1;
	int64_t own_s = w->st.st_mtim.tv_sec;

	if (s->whole) {
		s->folders[s->whole].bytes += bytes_of(&w->st);
	} else if ((w->st.st_mode & 0700) != 0700 || w->n == MAX_LEVELS ||
		   is_going(w->name)) {
		/* the files in it tell when it was used */
		s->folders[level] =
			(struct thing){ 0, bytes_of(&w->st), WHOLE, own_s, 0 };
		s->whole = level;
	} else {
		s->folders[level] = (struct thing){ own_s, bytes_of(&w->st),
			A_FOLDER, own_s, 0 };
	}
	if (fs_walk_enter(w) == 0)
		return 0;
	if (errno == ENOENT || errno == EXDEV) {
		if (s->whole == level)
			s->whole = 0;
		return 0;
	}
	if (errno != EACCES && errno != ENAMETOOLONG)
		return say_errno(s, w->name);
	if (!s->whole)
		s->folders[level].kind = WHOLE;
	s->folders[s->whole ? s->whole : level].no_use = 1;
	return s->whole && s->whole < level ? 0 : leave_folder(s, e);
}

static int sweep_entry(struct sweep *s, int what, struct err *e)
{
	if (what == FS_WALK_LEFT)
		return leave_folder(s, e);
	if (what == FS_WALK_ENTRY)
		return S_ISDIR(s->walk.st.st_mode) ? meet_folder(s, e)
						   : meet_file(s, e);
	if (errno != EACCES || !s->whole)
		return say_errno(s, "can't be read");
	s->folders[s->whole].no_use = 1;
	return 0;
}

/* One of the two walks. */
static int walk(struct sweep *s, struct err *e)
{
	int what, rc = 0;

	if (fs_walk_open(&s->walk, s->top, MAX_LEVELS) < 0)
		return say_errno(s, "can't be read");
	s->whole = 0;
	while (rc == 0 && (what = fs_walk_next(&s->walk)) != FS_WALK_END)
		rc = sweep_entry(s, what, e);
	fs_walk_close(&s->walk);
	return rc;
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
	int rc = walk(s, e);

	if (rc == 0) {
		s->age = cache_ages_cut(&s->ages, s->max_bytes, &s->excess);
		s->removes = 1;
		rc = walk(s, e);
	}
	say_what_goes(s);
	return rc < 0 ? -1 : 0;
}

static int sweep_repo(struct pass *p, const char *repo, struct err *e)
{
	struct sweep s = { .p = p, .repo = repo };
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
	s.now_s = clock_now_ms() / 1000;
	if (days)
		s.before_s = s.now_s - days * DAY_S;
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
