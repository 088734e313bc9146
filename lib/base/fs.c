#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int fs_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int fs_read_all(int fd, struct buf *b, size_t max)
{
	size_t start = b->len;

	for (;;) {
		size_t room = b->size > b->len + 1 ? b->size - b->len - 1 : 0;

		if (room < 4096) {
			buf_grow(b, 8192);
			room = b->size - b->len - 1;
		}
		ssize_t n = read(fd, b->ptr + b->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n < 0)
				buf_setlen(b, start);
			return (int)n;
		}
		buf_setlen(b, b->len + (size_t)n);
		if (b->len - start > max) {
			buf_setlen(b, start);
			errno = EFBIG;
			return -1;
		}
	}
}

static int close_keeping_errno(int fd)
{
	int saved = errno;

	close(fd); /* the failure before it is the one that counts */
	errno = saved;
	return -1;
}

int fs_read_file(int dirfd, const char *path, struct buf *b, size_t max)
{
	struct stat st;
	/* O_NONBLOCK: a FIFO put there must not hold us up */
	int fd = openat(dirfd, path,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return close_keeping_errno(fd);
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return close_keeping_errno(fd);
	}
	if (st.st_size > 0 && (uintmax_t)st.st_size <= max)
		buf_grow(b, (size_t)st.st_size + 4096);
	if (fs_read_all(fd, b, max) < 0)
		return close_keeping_errno(fd);
	close(fd); /* only read from */
	return 0;
}

int fs_replace_file(
	int dirfd, const char *path, const void *data, size_t len, mode_t mode)
{
	struct buf temporary = BUF_INIT;
	int status = -1;

	buf_addf(&temporary, "%s.%ld.new", path, (long)getpid());
	/* what lies there is of a dead process that had our number */
	if (unlinkat(dirfd, temporary.ptr, 0) < 0 && errno != ENOENT)
		goto out;
	int fd = openat(dirfd, temporary.ptr,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		goto out;
	if (fs_write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0 ||
		fsync(fd) < 0)
		close_keeping_errno(fd);
	else if (close(fd) == 0 &&
		 renameat(dirfd, temporary.ptr, dirfd, path) == 0)
		status = 0;
	if (status < 0) {
		int saved = errno;

		unlinkat(dirfd, temporary.ptr, 0); /* best effort */
		errno = saved;
	}
out:
	buf_release(&temporary);
	return status;
}

int fs_sync(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	int failed;

	if (fd < 0)
		return -1;
	failed = fsync(fd);
	if (failed)
		close_keeping_errno(fd);
	else
		failed = close(fd);
	return failed;
}

int fs_exists(int dirfd, const char *path)
{
	struct stat st;

	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

DIR *fs_opendir(int dirfd, const char *path, int flags)
{
	int fd =
		openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close_keeping_errno(fd);
	return dir;
}

static int make_folder(int dirfd, const char *path, mode_t mode)
{
	struct stat st;

	if (mkdirat(dirfd, path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return 0;
	errno = ENOTDIR;
	return -1;
}

int fs_mkdirs(int dirfd, const char *path, mode_t mode)
{
	if (make_folder(dirfd, path, mode) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;

	struct buf part = BUF_INIT;
	int status = 0;
	const char *p = path;

	for (;;) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		if (!p[strspn(p, "/")])
			break; /* the last component */
		buf_reset(&part);
		buf_add(&part, path, (size_t)(p - path));
		/* a link on the way there is the operator's; only the last
		 * component has to be a folder of its own */
		if (mkdirat(dirfd, part.ptr, mode) < 0 && errno != EEXIST) {
			status = -1;
			break;
		}
	}
	int saved = errno;
	buf_release(&part);
	errno = saved;
	return status < 0 ? -1 : make_folder(dirfd, path, mode);
}

int fs_self_dir(struct buf *b, struct err *e)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	if (n < 0)
		return err_sys(e, "/proc/self/exe: cannot read");
	/* a replaced executable has " (deleted)" behind its name */
	const char *slash = memrchr(path, '/', (size_t)n);
	if (!slash || n == (ssize_t)sizeof(path))
		return err_set(e, EXIT_INTERNAL,
			"/proc/self/exe: does not name this program");
	buf_add(b, path, slash == path ? 1 : (size_t)(slash - path));
	return 0;
}

int fs_sibling(struct buf *b, const char *program, struct err *e)
{
	if (fs_self_dir(b, e) < 0)
		return -1;
	buf_addc(b, '/');
	buf_adds(b, program);
	return 0;
}

static int set_flag(int fd, int get, int set, int flag, int on)
{
	int flags = fcntl(fd, get);

	if (flags < 0)
		return -1;
	int wanted = on ? flags | flag : flags & ~flag;
	if (wanted == flags)
		return 0;
	return fcntl(fd, set, wanted) < 0 ? -1 : 0;
}

int fs_set_cloexec(int fd, int on)
{
	return set_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, on);
}

int fs_set_nonblock(int fd, int on)
{
	return set_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, on);
}
