#include "exec/usage.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"

#define FIRST_MS 2000
#define AGAIN_MS 1000 /* from the end of a walk to the next */
#define SLICE_NS 4000000
#define SHARE 50 /* of the time, one part */
#define ENTRIES 32 /* between two looks at the clock */
#define MOVED 10 /* walks in a row may be lost to folders that move */

/* What is measured; the workspace is itself. */
static const char *const tops[] = { ".", "home", "tmp" };

#define N_TOPS (sizeof(tops) / sizeof(*tops))

void usage_init(
	struct usage *u, int64_t max_bytes, int workspace_fd, int scratch_fd)
{
	*u = (struct usage){ .max_bytes = max_bytes,
		.workspace_fd = workspace_fd,
		.scratch_fd = scratch_fd,
		.top = N_TOPS };
	if (max_bytes)
		u->next_ms = clock_mono_ms() + FIRST_MS;
}

void usage_release(struct usage *u)
{
	fs_walk_close(&u->walk);
	u->next_ms = 0;
}

/* errno, in words for whoever wrote the pipeline. */
static int fail(struct err *e)
{
	const char *why = strerror(errno);

	if (errno == ESTALE)
		why = "folders are moved about in it all the time";
	else if (errno == EACCES)
		why = "a folder in it is closed to its owner";
	else if (errno == ENAMETOOLONG)
		why = "its folders are too deep";
	return err_set(e, EXIT_RED, "the workspace can't be measured: %s", why);
}

/* What could not be read or entered: 0 if that is to be borne. */
static int look_past(struct usage *u)
{
	/* a mount point, as a job may have it in its sandbox, is not of the
	 * run's disk space */
	if (errno == ENOENT || errno == EXDEV)
		return 0;
	if (errno != EACCES)
		return -1;
	u->closed = 1;
	if (!u->closed_ms)
		u->closed_ms = clock_mono_ms();
	return clock_mono_ms() - u->closed_ms < USAGE_CLOSED_MS ? 0 : -1;
}

/* Begins with one of the trees. */
static int open_top(struct usage *u)
{
	int top = u->top ? u->scratch_fd : u->workspace_fd;

	if (top < 0)
		return 0;
	int fd = fs_open_beneath(top, tops[u->top]);
	if (fd < 0)
		return look_past(u);
	int rc = fs_walk_open(&u->walk, fd, 0);
	int why = errno;
	close(fd);
	errno = why;
	return rc < 0 ? look_past(u) : 0;
}

static void count(struct usage *u)
{
	const struct stat *st = &u->walk.st;
	int64_t bytes = (int64_t)st->st_blocks * 512;

	if (bytes < USAGE_ENTRY)
		bytes = USAGE_ENTRY;
	if (!S_ISDIR(st->st_mode) && st->st_nlink > 1)
		bytes /= (int64_t)st->st_nlink;
	u->bytes += bytes;
}

/* One entry: 1, 0 at the end of the tree, -1. */
static int count_one(struct usage *u)
{
	int what = fs_walk_next(&u->walk);

	if (what == FS_WALK_END)
		return 0;
	if (what < 0)
		return look_past(u) < 0 ? -1 : 1;
	if (what == FS_WALK_LEFT)
		return 1;
	count(u);
	if (S_ISDIR(u->walk.st.st_mode) && fs_walk_enter(&u->walk) < 0)
		return look_past(u) < 0 ? -1 : 1;
	return 1;
}

/* 1; 0: the walk is at its end; -1. */
static int count_some(struct usage *u)
{
	for (int i = 0; i < ENTRIES; i++) {
		int more = count_one(u);

		if (more < 0)
			return -1;
		if (more)
			continue;
		fs_walk_close(&u->walk);
		if (++u->top == N_TOPS)
			return 0;
		if (open_top(u) < 0)
			return -1;
	}
	return 1;
}

static int begin(struct usage *u)
{
	u->bytes = 0;
	u->closed = 0;
	u->top = 0;
	return open_top(u);
}

static void end(struct usage *u)
{
	u->moved = 0;
	if (!u->closed)
		u->closed_ms = 0;
}

/* A folder in which it was has been moved: begins again, if it was not so all
 * the time. */
static int begin_again(struct usage *u)
{
	if (errno != ESTALE || ++u->moved > MOVED)
		return -1;
	fs_walk_close(&u->walk);
	return begin(u) < 0 ? -1 : 1;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int usage_look(struct usage *u, struct err *e)
{
	int64_t start = now_ns(), took;
	int more;

	if (!u->next_ms || start / 1000000 < u->next_ms)
		return 0;
	if (u->top == N_TOPS && begin(u) < 0)
		return fail(e);
	do {
		more = count_some(u);
		if (more < 0)
			more = begin_again(u);
		if (more < 0)
			return fail(e);
		took = now_ns() - start;
	} while (more && u->bytes <= u->max_bytes && took < SLICE_NS);
	if (u->bytes > u->max_bytes)
		return 1;
	if (!more)
		end(u);
	int64_t pause = took * (SHARE - 1) / 1000000;
	if (!more && pause < AGAIN_MS)
		pause = AGAIN_MS;
	u->next_ms = (start + took) / 1000000 + pause + 1;
	return 0;
}
