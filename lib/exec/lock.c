#include "exec/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"

#define LOCK_MODE 0640
#define DIR_MODE 0750

#define RECONCILE_WAIT_MS 60000
#define RECONCILE_LOOK_MS 50

/*
 * Takes the lock of path below dirfd. 1 taken, 0 held by another, -1 with
 * errno. A lock file that was renamed or replaced between our open and our
 * flock locks nothing that anybody else looks at: then it starts over.
 */
static int lock_path(int dirfd, const char *path, int flags, int *fd)
{
	for (;;) {
		struct stat held, named;

		*fd = openat(dirfd, path,
			O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, LOCK_MODE);
		if (*fd < 0)
			return -1;

		int failed;
		do
			failed = flock(*fd, LOCK_EX | LOCK_NB);
		while (failed && errno == EINTR);
		if (!failed && fstat(*fd, &held) == 0) {
			if (fstatat(dirfd, path, &named, AT_SYMLINK_NOFOLLOW)) {
				if (errno == ENOENT && (flags & O_CREAT)) {
					close(*fd);
					continue;
				}
			} else if (held.st_dev == named.st_dev &&
				   held.st_ino == named.st_ino) {
				return 1;
			} else {
				close(*fd);
				continue;
			}
		}

		int why = errno;
		close(*fd);
		*fd = -1;
		errno = why;
		return failed && why == EWOULDBLOCK ? 0 : -1;
	}
}

/* The copies of a descriptor that a child may hold between its fork and its
 * exec share the lock: only LOCK_UN frees it for certain. */
static void lock_drop(int fd)
{
	if (fd < 0)
		return;
	while (flock(fd, LOCK_UN) && errno == EINTR)
		;
	close(fd);
}

int slot_take(const struct home *h, int64_t max, int64_t *number, int *fd,
	struct err *e)
{
	if (mkdirat(h->fd, "slots", DIR_MODE) && errno != EEXIST)
		return err_sys(e, "%s/slots", h->path);

	for (int64_t n = 1; n <= max; n++) {
		struct buf path = BUF_INIT;
		int taken;

		buf_adds(&path, "slots/");
		buf_addi(&path, n);
		taken = lock_path(h->fd, path.ptr, O_CREAT, fd);
		if (taken < 0)
			err_sys(e, "%s/%s", h->path, path.ptr);
		buf_release(&path);
		if (taken) {
			*number = n;
			return taken;
		}
	}
	return 0;
}

void slot_release(int fd)
{
	lock_drop(fd);
}

/* With runs/ itself in place, these say that something is in the way of this
 * run's own path; waiting for a better host would not help it. */
static int is_own_fault(int error)
{
	return error == ENOTDIR || error == ENAMETOOLONG || error == ELOOP ||
	       error == EISDIR || error == EEXIST;
}

static int lock_failed(
	const struct home *h, const char *path, int error, struct err *e)
{
	errno = error;
	err_sys(e, "%s/%s", h->path, path);
	if (is_own_fault(error) && e)
		e->status = EXIT_INTERNAL;
	errno = error;
	return -1;
}

/*
 * ext4 makes files ten times slower in a block group where thousands were just
 * deleted, which is what happens here all day. With FS_TOPDIR_FL on the folder
 * that holds the runs, each run's folder gets a block group of its own, by a
 * hash of its name. Other file systems refuse the flag: no matter.
 */
static void spread_below(int dirfd, const char *path)
{
	int fd = openat(
		dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int flags;

	if (fd < 0)
		return;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 &&
		!(flags & FS_TOPDIR_FL)) {
		flags |= FS_TOPDIR_FL;
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	close(fd);
}

/* runs/<repo>/<id> */
static int make_run_dir(const struct home *h, const char *path)
{
	struct buf parent = BUF_INIT;
	int failed;

	buf_add(&parent, path, (size_t)(strrchr(path, '/') - path));
	spread_below(h->fd, parent.ptr);
	failed = mkdirat(h->fd, path, DIR_MODE) && errno != EEXIST;
	if (failed && errno == ENOENT) {
		failed = fs_mkdirs(h->fd, parent.ptr, DIR_MODE);
		if (!failed) {
			spread_below(h->fd, parent.ptr);
			failed = mkdirat(h->fd, path, DIR_MODE) &&
				 errno != EEXIST;
		}
	}
	int why = errno;
	buf_release(&parent);
	errno = why;
	return failed ? -1 : 0;
}

int run_lock_take(const struct home *h, const char *repo, const char *run_id,
	int make, int *fd, struct err *e)
{
	struct buf path = BUF_INIT;
	struct stat st;
	int taken = -1;

	*fd = -1;
	if (mkdirat(h->fd, "runs", DIR_MODE) && errno != EEXIST)
		return err_sys(e, "%s/runs", h->path);
	if (fstatat(h->fd, "runs", &st, 0))
		return err_sys(e, "%s/runs", h->path);
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return err_sys(e, "%s/runs", h->path);
	}

	home_add_run_dir(&path, repo, run_id);
	if (make && make_run_dir(h, path.ptr)) {
		lock_failed(h, path.ptr, errno, e);
		goto out;
	}
	buf_adds(&path, "/lock");
	taken = lock_path(h->fd, path.ptr, make ? O_CREAT : 0, fd);
	if (taken < 0 && errno == ENOENT && !make)
		taken = 0;
	else if (taken < 0)
		lock_failed(h, path.ptr, errno, e);
out:;
	int why = errno;
	buf_release(&path);
	errno = why;
	return taken;
}

void run_lock_release(int fd)
{
	lock_drop(fd);
}

/* The time of a new file says that a reconcile has come to its end. It has
 * not, yet. A descriptor, or -1 with errno. */
static int make_reconcile_lock(const struct home *h)
{
	static const struct timespec never[2] = { { 0, 0 }, { 0, 0 } };
	int fd = openat(h->fd, RECONCILE_LOCK,
		O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);

	if (fd >= 0 && futimens(fd, never)) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

int reconcile_lock_take(
	const struct home *h, int dry_run, int *fd, struct err *e)
{
	static const char path[] = RECONCILE_LOCK;
	int64_t until = clock_mono_ms() + RECONCILE_WAIT_MS;

	/* a home of the older system has none */
	if (!dry_run && mkdirat(h->fd, "slots", DIR_MODE) && errno != EEXIST)
		return err_sys(e, "%s/slots", h->path);
	do {
		*fd = openat(h->fd, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (*fd < 0 && errno == ENOENT && dry_run)
			return 0;
		if (*fd < 0 && errno == ENOENT)
			*fd = make_reconcile_lock(h);
	} while (*fd < 0 && errno == EEXIST); /* another made it just now */
	if (*fd < 0)
		return err_sys(e, "%s/%s", h->path, path);
	while (flock(*fd, LOCK_EX | LOCK_NB)) {
		int late = clock_mono_ms() > until;

		if ((errno == EWOULDBLOCK && !late) || errno == EINTR) {
			clock_sleep_ms(RECONCILE_LOOK_MS);
			continue;
		}
		if (errno == EWOULDBLOCK)
			err_set(e, EXIT_BUSY,
				"another quire-reconcile is still at work");
		else
			err_sys(e, "%s/%s", h->path, path);
		close(*fd);
		*fd = -1;
		return -1;
	}
	return 0;
}

void reconcile_lock_release(int fd)
{
	lock_drop(fd);
}

void run_wake(const struct home *h, const char *repo, const char *run_id)
{
	struct buf path = BUF_INIT;
	struct stat st;

	home_add_run_dir(&path, repo, run_id);
	buf_adds(&path, "/wake");
	/* Opened for both ways: so a supervisor that ends right now costs this
	 * process no SIGPIPE, only a byte that nobody reads. */
	int fd = openat(
		h->fd, path.ptr, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	buf_release(&path);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)) {
		/* a FIFO that is full wakes its reader anyhow */
		ssize_t n = write(fd, "", 1);
		(void)n;
	}
	close(fd);
}
