#include "exec/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "exec/cgroup.h"

int rundir_open(struct rundir *d, const struct home *h, const struct run *r,
	struct err *e)
{
	struct buf rel = BUF_INIT, path = BUF_INIT;

	home_add_run_dir(&rel, r->repo, r->id);
	home_add(&path, h, rel.ptr);
	buf_release(&rel);
	d->path = buf_detach(&path);
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->fd < 0) {
		err_sys(e, "%s", d->path);
		int why = errno;
		free(d->path);
		d->path = NULL;
		errno = why;
		return -1;
	}
	return 0;
}

void rundir_close(struct rundir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	free(d->path);
	*d = (struct rundir){ NULL, -1 };
}

/* For the owner alone, and without the home's setgid bit. */
static int make_private(struct rundir *d, const char *name, struct err *e)
{
	if ((mkdirat(d->fd, name, 0700) && errno != EEXIST) ||
		fchmodat(d->fd, name, 0700, 0))
		return err_sys(e, "%s/%s", d->path, name);
	return 0;
}

int rundir_prepare(struct rundir *d, int *wake, struct err *e)
{
	*wake = -1;
	if (unlinkat(d->fd, "wake", 0) && errno != ENOENT)
		return err_sys(e, "%s/wake", d->path);
	/* whoever may write to the database may wake */
	if (mkfifoat(d->fd, "wake", 0660) || fchmodat(d->fd, "wake", 0660, 0) ||
		(*wake = openat(d->fd, "wake",
			 O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)) < 0)
		return err_sys(e, "%s/wake", d->path);
	return make_private(d, "home", e) || make_private(d, "tmp", e) ? -1 : 0;
}

int rundir_append(struct rundir *d, const char *name)
{
	return openat(d->fd, name,
		O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
}

/* What goes with the run. */
static const char *const passing[] = { "workspace", "home", "tmp", "changed",
	"cgroup", "inputs", "wake" };

#define N_PASSING (sizeof(passing) / sizeof(passing[0]))

int rundir_clean(struct rundir *d, struct err *e)
{
	const char *id = strrchr(d->path, '/');
	int failed = 0;

	if (id)
		cgroup_clear(d->fd, id + 1);
	for (size_t i = 0; i < N_PASSING; i++)
		if (fs_remove_tree(d->fd, passing[i]) && !failed)
			failed = err_sys(e, "%s/%s: can't be removed", d->path,
				passing[i]);
	return failed;
}

int rundir_is_begun(const struct home *h, const struct run *r, struct err *e)
{
	struct buf path = BUF_INIT;
	int begun;

	home_add_run_dir(&path, r->repo, r->id);
	buf_adds(&path, "/events.jsonl");
	begun = fs_exists(h->fd, path.ptr);
	if (begun < 0)
		err_sys(e, "%s/%s", h->path, path.ptr);
	buf_release(&path);
	return begun;
}

int rundir_is_clean(int dirfd, const char *dir)
{
	struct buf path = BUF_INIT;
	int there = 0;

	for (size_t i = 0; there == 0 && i < N_PASSING; i++) {
		buf_reset(&path);
		buf_addf(&path, "%s/%s", dir, passing[i]);
		there = fs_exists(dirfd, path.ptr);
	}
	int why = errno;
	buf_release(&path);
	errno = why;
	return there < 0 ? -1 : !there;
}
