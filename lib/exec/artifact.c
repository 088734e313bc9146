#include "exec/artifact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/glob.h"
#include "base/mem.h"
#include "base/units.h"
#include "base/utf8.h"

#define MAX_LEVELS 100 /* of folders, each an open descriptor */
#define CHUNK (8 << 20) /* copied between two looks at stopped() */
#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct walk {
	const struct artifact_keep *k;
	int to; /* artifacts/, open; -1: not made yet */
	struct buf path; /* of where the walk is, below the workspace */
	char *matched; /* per glob: 1 a file, 2 a folder alone */
	int levels;
	struct err *e;
};

/* The path as a message has it; what is made plain is not found any more. */
static int fail_path(struct walk *w, const char *why)
{
	struct buf path = BUF_INIT, name = BUF_INIT;

	redact_add(&path, w->k->redactor, w->path.ptr, w->path.len);
	utf8_add_plain(&name, path.ptr, path.len, 0);
	err_set(w->e, EXIT_RED, "artifact %s: %s", name.ptr, why);
	buf_release(&path);
	buf_release(&name);
	return -1;
}

static int fail_errno(struct walk *w)
{
	int why = errno;

	fail_path(w, strerror(why));
	errno = why;
	return -1;
}

static int fail_rule(struct walk *w, const char *why)
{
	fail_path(w, why);
	errno = 0;
	return -1;
}

static int is_stopped(const struct walk *w)
{
	return w->k->stopped && w->k->stopped(w->k->arg);
}

/* What the copy loop of the kernel cannot do, for these two files. */
static int copy_by_hand(int from, int to, int64_t *left)
{
	size_t size = *left < CHUNK ? (size_t)*left : CHUNK;
	char *bytes = mem_resize(NULL, size, 1);
	ssize_t n;

	do
		n = read(from, bytes, size);
	while (n < 0 && errno == EINTR);
	int failed = n < 0 || (n > 0 && fs_write_all(to, bytes, (size_t)n) < 0);
	int why = errno;
	free(bytes);
	errno = why;
	if (failed)
		return -1;
	*left -= n;
	return n > 0;
}

/* The next part: 1, 0 at the end of the file, -1 with errno. */
static int copy_some(int from, int to, int64_t *left)
{
	size_t size = *left < CHUNK ? (size_t)*left : CHUNK;
	ssize_t n = copy_file_range(from, NULL, to, NULL, size, 0);

	if (n > 0) {
		*left -= n;
		return 1;
	}
	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0 && errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP &&
		errno != ENOSYS && errno != EPERM)
		return -1;
	/* 0 is the end, or a file system that makes its content as it is
	 * read */
	return copy_by_hand(from, to, left);
}

/* Takes the room that the file needs out of what its run may keep. */
static int reserve(struct walk *w, int64_t size)
{
	const struct artifact_keep *k = w->k;
	int64_t units = size / ARTIFACT_UNIT + 1;

	if (!k->max_bytes)
		return 0;
	if (units <= k->max_bytes / ARTIFACT_UNIT &&
		__atomic_add_fetch(k->used_bytes, units * ARTIFACT_UNIT,
			__ATOMIC_RELAXED) <= k->max_bytes)
		return 0;

	struct buf why = BUF_INIT;
	buf_adds(&why, "the run's artifacts are larger than maxArtifacts (");
	units_add_size(&why, k->max_bytes);
	buf_addc(&why, ')');
	fail_rule(w, why.ptr);
	buf_release(&why);
	return -1;
}

int artifact_make_folder(
	int dirfd, const char *path, mode_t mode, const char **name)
{
	int at = openat(dirfd, ".", FOLDER);
	const char *slash;

	for (; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		char *part = mem_strndup(path, (size_t)(slash - path));
		int below = -1;

		if (mkdirat(at, part, mode) == 0 || errno == EEXIST)
			below = openat(at, part, FOLDER);
		int why = errno;
		free(part);
		close(at);
		at = below;
		errno = why;
	}
	*name = path;
	return at;
}

/* That of the walk's path, below artifacts/. -1 with errno. */
static int open_target_folder(struct walk *w, const char **name)
{
	if (w->to < 0) {
		if (fs_mkdirs(w->k->run_dir_fd, ARTIFACT_FOLDER, 0750) < 0 ||
			(w->to = openat(w->k->run_dir_fd, ARTIFACT_FOLDER,
				 FOLDER)) < 0)
			return -1;
	}
	return artifact_make_folder(w->to, w->path.ptr, 0750, name);
}

static int make_target(struct walk *w)
{
	const char *name;
	int folder = open_target_folder(w, &name);
	int to = -1;

	if (folder < 0)
		return -1;
	/* never into the file that another job keeps under this name */
	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
		to = openat(folder, name,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	int why = errno;
	close(folder);
	errno = why;
	return to;
}

static void remove_target(struct walk *w)
{
	const char *name;
	int why = errno;
	int folder = open_target_folder(w, &name);

	if (folder >= 0) {
		unlinkat(folder, name, 0);
		close(folder);
	}
	errno = why;
}

/* Copies what the file had when it was opened, and no more. 1 kept, 0 stopped,
 * -1 with errno. */
static int copy_file(struct walk *w, int from, const struct stat *st)
{
	int64_t left = st->st_size;
	int more = 1;
	int to = make_target(w);

	if (to < 0)
		return -1;
	while (left > 0 && more > 0 && !is_stopped(w))
		more = copy_some(from, to, &left);
	int stopped = left > 0 && more > 0;
	if (more >= 0 && fchmod(to, st->st_mode & 0100 ? 0755 : 0644) < 0)
		more = -1;
	if (close(to) < 0)
		more = -1;
	if (more < 0 || stopped)
		remove_target(w);
	else
		w->k->kept(w->k->arg, w->path.ptr, st->st_size - left);
	return more < 0 ? -1 : !stopped;
}

static int is_utf8(const struct buf *b)
{
	for (size_t i = 0; i < b->len;) {
		size_t n = utf8_len(b->ptr + i, b->len - i);

		if (!n)
			return 0;
		i += n;
	}
	return 1;
}

static int tells_secret(const struct walk *w)
{
	struct buf path = BUF_INIT;

	redact_add(&path, w->k->redactor, w->path.ptr, w->path.len);
	int tells = path.len != w->path.len ||
		    memcmp(path.ptr, w->path.ptr, path.len) != 0;
	buf_release(&path);
	return tells;
}

static int keep_file(struct walk *w, int folder, const char *name)
{
	struct stat st;

	/* an event could not name it */
	if (!is_utf8(&w->path))
		return fail_rule(w, "its name is not UTF-8");
	if (tells_secret(w))
		return fail_rule(w, "its path holds the value of a secret");
	/* a FIFO that came in its place would hang an open that waits */
	int from = openat(folder, name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (from < 0) /* gone, or a link by now: it was not to be kept */
		return errno == ENOENT || errno == ELOOP ? 0 : fail_errno(w);
	int rc = fstat(from, &st);
	if (rc == 0 && S_ISREG(st.st_mode)) {
		if (reserve(w, st.st_size) < 0) {
			close(from);
			errno = 0; /* it has said why */
			return -1;
		}
		rc = copy_file(w, from, &st);
	}
	if (rc < 0)
		fail_errno(w);
	int why = errno;
	close(from);
	errno = why;
	return rc < 0 ? -1 : 0;
}

/* Marks the globs that match the path; whether one does. */
static int match(struct walk *w, char mark)
{
	int found = 0;

	for (size_t i = 0; i < w->k->globs->n; i++) {
		if (!glob_path(w->k->globs->v[i], w->path.ptr))
			continue;
		found = 1;
		if (w->matched[i] != 1)
			w->matched[i] = mark;
	}
	return found;
}

static int may_hold(const struct walk *w)
{
	for (size_t i = 0; i < w->k->globs->n; i++)
		if (glob_path_below(w->k->globs->v[i], w->path.ptr))
			return 1;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted. -1 with errno. */
static int read_names(int folder, struct strv *names)
{
	DIR *d = fs_opendir(folder, ".", O_NOFOLLOW);
	struct dirent *entry;

	if (!d)
		return -1;
	while (errno = 0, (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			strv_push(names, entry->d_name);
	int why = errno;
	closedir(d);
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
	errno = why;
	return why ? -1 : 0;
}

static int walk_folder(struct walk *w, int folder);

/* The entry that w->path names. */
static int walk_entry(struct walk *w, int folder, const char *name)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail_errno(w);
	if (S_ISREG(st.st_mode))
		return match(w, 1) ? keep_file(w, folder, name) : 0;
	if (!S_ISDIR(st.st_mode))
		return 0;
	match(w, 2);
	if (!may_hold(w))
		return 0;
	if (w->levels == MAX_LEVELS)
		return fail_rule(w, "too many folders deep");
	int below = openat(folder, name, FOLDER);
	if (below < 0)
		return errno == ENOENT || errno == ELOOP || errno == ENOTDIR
			       ? 0
			       : fail_errno(w);
	int rc = walk_folder(w, below);
	int why = errno;
	close(below);
	errno = why;
	return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): to MAX_LEVELS */
static int walk_folder(struct walk *w, int folder)
{
	struct strv names = STRV_INIT;
	size_t len = w->path.len;
	int rc = 0;

	w->levels++;
	if (read_names(folder, &names) < 0)
		rc = fail_errno(w);
	for (size_t i = 0; i < names.n && rc == 0 && !is_stopped(w); i++) {
		buf_addf(&w->path, "%s%s", len ? "/" : "", names.v[i]);
		rc = walk_entry(w, folder, names.v[i]);
		buf_setlen(&w->path, len);
	}
	int why = errno;
	strv_release(&names);
	w->levels--;
	errno = why;
	return rc;
}

static void add_unmatched(const struct walk *w, struct buf *unmatched)
{
	for (size_t i = 0; i < w->k->globs->n; i++) {
		const char *glob = w->k->globs->v[i];

		if (w->matched[i] == 1)
			continue;
		if (unmatched->len)
			buf_adds(unmatched, "; ");
		buf_addf(unmatched, "artifacts: no file matches '%s'", glob);
		if (w->matched[i] == 2)
			buf_addf(unmatched,
				", a folder: '%s/**' would be all "
				"in it",
				glob);
	}
}

int artifact_keep(
	const struct artifact_keep *k, struct buf *unmatched, struct err *e)
{
	struct walk w = { .k = k, .to = -1, .path = BUF_INIT, .e = e };

	w.matched = mem_zero(k->globs->n + 1);
	int rc = walk_folder(&w, k->workspace_fd);
	int why = errno;
	if (rc == 0 && !is_stopped(&w))
		add_unmatched(&w, unmatched);
	if (w.to >= 0)
		close(w.to);
	buf_release(&w.path);
	free(w.matched);
	errno = why;
	return rc;
}

int64_t *artifact_count_new(void)
{
	void *place = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return place == MAP_FAILED ? NULL : place;
}

void artifact_count_free(int64_t *used_bytes)
{
	if (used_bytes)
		munmap(used_bytes, sizeof(*used_bytes));
}

/* The part of a path before the next slash, opened below at, which is closed.
 */
static int enter(int at, const char *part, size_t len, int flags)
{
	char *name = mem_strndup(part, len);
	int below = -1;

	if (!len || !strcmp(name, ".") || !strcmp(name, ".."))
		errno = ENOENT;
	else
		below = openat(at, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags);
	int why = errno == ELOOP || errno == ENOTDIR ? ENOENT : errno;
	free(name);
	close(at);
	errno = why;
	return below;
}

int artifact_open(int run_dir_fd, const char *path)
{
	int at = openat(run_dir_fd, ARTIFACT_FOLDER, FOLDER);
	const char *slash;
	struct stat st;

	for (; at >= 0 && (slash = strchr(path, '/')); path = slash + 1)
		at = enter(at, path, (size_t)(slash - path), O_DIRECTORY);
	if (at >= 0)
		at = enter(at, path, strlen(path), 0);
	if (at >= 0 && (fstat(at, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(at);
		errno = ENOENT;
		return -1;
	}
	return at;
}
