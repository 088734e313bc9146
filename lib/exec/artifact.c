#include "exec/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/fs_walk.h"
#include "base/glob.h"
#include "base/mem.h"
#include "base/units.h"
#include "base/utf8.h"

#define MAX_PATH 4095 /* bytes below the workspace: what can be opened */
#define SHOWN 300 /* of a path in a message */
#define CHUNK (8 << 20) /* copied between two looks at stopped() */
#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct walk {
	const struct artifact_keep *k;
	int to; /* artifacts/, open; -1: not made yet */
	struct buf path; /* of where the walk is, below the workspace */
	struct glob_parts *globs, parts; /* of the path */
	char *matched; /* per glob: 1 a file, 2 a folder alone */
	struct err *e;
};

/* The path as a message has it; what is made plain is not found any more. */
static int fail_path(struct walk *w, const char *why)
{
	struct buf path = BUF_INIT, name = BUF_INIT;

	redact_add(&path, w->k->redactor, w->path.ptr, w->path.len);
	utf8_add_plain(&name, path.ptr, path.len, 0);
	if (name.len > SHOWN) {
		size_t len = SHOWN;

		while ((name.ptr[len] & 0xc0) == 0x80)
			len--;
		buf_setlen(&name, len);
		buf_adds(&name, "...");
	}
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

/* What the path takes in an event, as JSON. */
static int64_t path_bytes(const struct buf *path)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < path->len; i++) {
		unsigned char c = (unsigned char)path->ptr[i];

		bytes += c < ' ' ? 6 : c == '"' || c == '\\' ? 2 : 1;
	}
	return bytes;
}

/* Takes the room that the file needs out of what its run may keep. */
static int reserve(struct walk *w, int64_t size)
{
	const struct artifact_keep *k = w->k;
	int64_t units =
		size / ARTIFACT_UNIT + 1 +
		(size % ARTIFACT_UNIT + path_bytes(&w->path)) / ARTIFACT_UNIT;

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
		more = fs_copy_some(from, to, CHUNK, &left);
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

/* Of two jobs one may keep what is a folder to the other. */
static void fail_copy(struct walk *w)
{
	if (errno == EISDIR)
		fail_rule(w,
			"a folder with artifacts of another job has this path: "
			"give one of them another");
	else if (errno == ENOTDIR && w->to >= 0)
		fail_rule(w,
			"an artifact of another job has the path of a folder "
			"that this one is in: give one of them another");
	else
		fail_errno(w);
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
		fail_copy(w);
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
		if (!glob_parts_match(&w->globs[i], &w->parts))
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
		if (glob_parts_below(&w->globs[i], &w->parts))
			return 1;
	return 0;
}

static int check_length(struct walk *w)
{
	return w->path.len > MAX_PATH
		       ? fail_rule(w, "its path is longer than 4095 bytes")
		       : 0;
}

/* The entry that w->path names: 1, it is a folder and entered. */
static int walk_entry(struct walk *w, struct fs_walk *at)
{
	glob_split(&w->parts, w->path.ptr);
	if (S_ISREG(at->st.st_mode)) {
		if (!match(w, 1))
			return 0;
		return check_length(w) < 0 ? -1
					   : keep_file(w, at->fd, at->name);
	}
	if (!S_ISDIR(at->st.st_mode))
		return 0;
	match(w, 2);
	if (!may_hold(w))
		return 0;
	if (check_length(w) < 0)
		return -1;
	if (fs_walk_enter(at) == 0)
		return 1;
	return errno == ENOENT || errno == EXDEV ? 0 : fail_errno(w);
}

/* The path of the folder that the walk is in now. */
static void leave_folder(struct walk *w)
{
	const char *slash = strrchr(w->path.ptr, '/');

	buf_setlen(&w->path, slash ? (size_t)(slash - w->path.ptr) : 0);
}

static int walk_some(struct walk *w, struct fs_walk *at)
{
	size_t len = w->path.len;
	int what = fs_walk_next(at);

	if (what < 0)
		return fail_errno(w);
	if (what == FS_WALK_LEFT)
		leave_folder(w);
	if (what != FS_WALK_ENTRY)
		return what;
	buf_addf(&w->path, "%s%s", len ? "/" : "", at->name);
	int entered = walk_entry(w, at);
	if (entered < 1)
		buf_setlen(&w->path, len);
	return entered < 0 ? -1 : what;
}

static int walk_all(struct walk *w)
{
	struct fs_walk at;
	int more = 1;

	if (fs_walk_open(&at, w->k->workspace_fd, 0) < 0)
		return fail_errno(w);
	while (more > 0 && !is_stopped(w))
		more = walk_some(w, &at);
	fs_walk_close(&at);
	return more < 0 ? -1 : 0;
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

static void split_globs(struct walk *w)
{
	size_t n = w->k->globs->n;

	w->matched = mem_zero(n + 1);
	w->globs = mem_zero((n + 1) * sizeof(*w->globs));
	for (size_t i = 0; i < n; i++) {
		w->globs[i].text = (struct buf)BUF_INIT;
		glob_split(&w->globs[i], w->k->globs->v[i]);
	}
}

static void release(struct walk *w)
{
	for (size_t i = 0; i < w->k->globs->n; i++)
		glob_parts_release(&w->globs[i]);
	free(w->globs);
	free(w->matched);
	glob_parts_release(&w->parts);
	buf_release(&w->path);
	if (w->to >= 0)
		close(w->to);
}

int artifact_keep(
	const struct artifact_keep *k, struct buf *unmatched, struct err *e)
{
	struct walk w = { .k = k,
		.to = -1,
		.path = BUF_INIT,
		.parts = { BUF_INIT },
		.e = e };

	split_globs(&w);
	int rc = walk_all(&w);
	int why = errno;
	if (rc == 0 && !is_stopped(&w))
		add_unmatched(&w, unmatched);
	release(&w);
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
