#include "exec/usage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#define FIRST_MS 2000
#define AGAIN_MS 1000 /* from the end of a walk to the next */
#define SLICE_NS 4000000
#define SHARE 50 /* of the time, one part */
#define ENTRIES 32 /* between two looks at the clock */

/* The tops of the walk; '.' is the workspace. */
static const char *const tops[] = { "w.", "rhome", "rtmp" };

void usage_init(
	struct usage *u, int64_t max_bytes, int workspace_fd, int run_dir_fd)
{
	*u = (struct usage){ .max_bytes = max_bytes,
		.workspace_fd = workspace_fd,
		.run_dir_fd = run_dir_fd,
		.folders = STRV_INIT };
	if (max_bytes)
		u->next_ms = clock_mono_ms() + FIRST_MS;
}

static void close_folder(struct usage *u)
{
	if (u->open)
		closedir(u->open);
	free(u->name);
	u->open = NULL;
	u->name = NULL;
}

void usage_release(struct usage *u)
{
	close_folder(u);
	strv_release(&u->folders);
	u->next_ms = 0;
}

/* The next folder that can be read; 0: there is none. */
static int open_next(struct usage *u)
{
	while (!u->open && u->folders.n) {
		char *name = u->folders.v[--u->folders.n];
		int top = *name == 'w' ? u->workspace_fd : u->run_dir_fd;
		int fd = top < 0 ? -1 : fs_open_beneath(top, name + 1);

		u->folders.v[u->folders.n] = NULL;
		if (fd >= 0 && !(u->open = fdopendir(fd)))
			close(fd);
		if (u->open)
			u->name = name;
		else
			free(name); /* gone meanwhile */
	}
	return u->open != NULL;
}

static void count(struct usage *u, const char *name)
{
	struct stat st;

	if (fstatat(dirfd(u->open), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		strv_pushf(&u->folders, "%s/%s", u->name, name);
		u->bytes += (int64_t)st.st_blocks * 512;
	} else {
		u->bytes += (int64_t)st.st_blocks * 512 /
			    (st.st_nlink > 1 ? (int64_t)st.st_nlink : 1);
	}
}

/* 0: the walk is at its end. */
static int count_some(struct usage *u)
{
	for (int i = 0; i < ENTRIES; i++) {
		struct dirent *entry;

		if (!open_next(u))
			return 0;
		entry = readdir(u->open);
		if (!entry)
			close_folder(u);
		else if (strcmp(entry->d_name, ".") != 0 &&
			 strcmp(entry->d_name, "..") != 0)
			count(u, entry->d_name);
	}
	return 1;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int usage_look(struct usage *u)
{
	int64_t begin = now_ns(), took;
	int more;

	if (!u->next_ms || begin / 1000000 < u->next_ms)
		return 0;
	if (!u->open && !u->folders.n) {
		u->bytes = 0;
		for (size_t i = 0; i < sizeof(tops) / sizeof(*tops); i++)
			strv_push(&u->folders, tops[i]);
	}
	do {
		more = count_some(u);
		took = now_ns() - begin;
	} while (more && u->bytes <= u->max_bytes && took < SLICE_NS);
	if (u->bytes > u->max_bytes)
		return 1;
	int64_t pause = took * (SHARE - 1) / 1000000;
	if (!more && pause < AGAIN_MS)
		pause = AGAIN_MS;
	u->next_ms = (begin + took) / 1000000 + pause + 1;
	return 0;
}
