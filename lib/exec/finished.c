#include "exec/finished.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "exec/kick.h"
#include "exec/runhook.h"

int finished_owe(
	const struct home *h, const struct run *r, const struct rundir *d)
{
	int fd;

	if (!runhook_any(h, r->repo))
		return 0;
	fd = openat(d->fd, FINISHED_MARK,
		O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	return fd < 0 || close(fd) < 0 ? -1 : 0;
}

int finished_is_owed(int dirfd, const char *dir)
{
	struct buf path = BUF_INIT;
	int owed;

	buf_addf(&path, "%s/" FINISHED_MARK, dir);
	owed = fs_exists(dirfd, path.ptr);
	int why = errno;
	buf_release(&path);
	errno = why;
	return owed;
}

static int forget(const struct home *h, const struct run *r, struct err *e)
{
	struct buf path = BUF_INIT;
	int failed = 0;

	home_add_run_dir(&path, r->repo, r->id);
	buf_adds(&path, "/" FINISHED_MARK);
	if (unlinkat(h->fd, path.ptr, 0) < 0 && errno != ENOENT &&
		errno != ENOTDIR)
		failed = err_sys(e, "%s/%s", h->path, path.ptr);
	buf_release(&path);
	return failed;
}

static int tell(const struct home *h, const struct run *r, struct err *e)
{
	const char *const operands[] = { "--notify", r->id, NULL };
	int begun = 0;

	if (runhook_any(h, r->repo)) {
		begun = kick_with(h, operands, e);
		if (begun < 0)
			return -1;
	}
	return forget(h, r, e) < 0 ? -1 : begun;
}

static int tell_of(struct db *db, const struct home *h, const char *id,
	int only_unbegun, struct err *e)
{
	struct run r;
	int got;

	if (!home_is_owner(h) || kick_in_job())
		return 0;
	got = run_by_id(db, id, &r, e);
	if (got <= 0)
		return got;
	got = 0;
	if (run_state_is_terminal(r.state) &&
		!(only_unbegun && r.started_at_ms >= 0))
		got = tell(h, &r, e);
	run_release(&r);
	return got;
}

int finished_tell(
	struct db *db, const struct home *h, const char *id, struct err *e)
{
	return tell_of(db, h, id, 0, e);
}

int finished_tell_unbegun(
	struct db *db, const struct home *h, const char *id, struct err *e)
{
	return tell_of(db, h, id, 1, e);
}
