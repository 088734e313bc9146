#include "exec/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "exec/adopt.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* 0, or -1 with errno: then names has what could be read. */
static int list(const struct scan *s, const char *path, struct strv *names)
{
	DIR *dir = fs_opendir(s->dirfd, path, 0);
	struct dirent *d;
	int why;

	if (!dir)
		return -1;
	while (errno = 0, d = readdir(dir))
		if (*d->d_name != '.')
			strv_push(names, d->d_name);
	why = errno;
	closedir(dir);
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
	errno = why;
	return why ? -1 : 0;
}

static void scan(const struct scan *s, struct buf *path, int depth);

static void scan_entry(const struct scan *s, struct buf *path, int depth)
{
	struct stat st, link;
	int is_git, is_link;

	if (fstatat(s->dirfd, path->ptr, &st, 0) ||
		fstatat(s->dirfd, path->ptr, &link, AT_SYMLINK_NOFOLLOW)) {
		/* a link to nowhere is none of ours */
		if (errno != ENOENT && errno != ELOOP)
			s->missed(s->arg, path->ptr);
		return;
	}
	if (!S_ISDIR(st.st_mode))
		return;
	is_link = S_ISLNK(link.st_mode);
	is_git = adopt_looks_like_git(s->dirfd, path->ptr);
	if (is_git < 0)
		s->missed(s->arg, path->ptr);
	else if (is_git)
		s->found(s->arg, path->ptr, is_link);
	else if (!is_link && depth < SCAN_MAX_DEPTH)
		scan(s, path, depth + 1);
}

/* A .git is a folder, or a file that names one. */
static int is_working_tree(const struct scan *s, struct buf *path)
{
	size_t len = path->len;
	int is;

	buf_adds(path, "/.git");
	is = fs_exists(s->dirfd, path->ptr) > 0;
	buf_setlen(path, len);
	return is;
}

static void scan(const struct scan *s, struct buf *path, int depth)
{
	struct strv names = STRV_INIT;
	size_t len = path->len;

	if (is_working_tree(s, path))
		return;
	if (list(s, path->ptr, &names) < 0)
		s->missed(s->arg, path->ptr);
	for (size_t i = 0; i < names.n; i++) {
		buf_addf(path, "%s%s", path->ptr[len - 1] == '/' ? "" : "/",
			names.v[i]);
		scan_entry(s, path, depth);
		buf_setlen(path, len);
	}
	strv_release(&names);
}

void scan_repositories(const struct scan *s, const char *path)
{
	struct buf at = BUF_INIT;

	buf_adds(&at, *path ? path : ".");
	scan(s, &at, 0);
	buf_release(&at);
}
