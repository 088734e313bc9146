#include "exec/space.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/setting.h"

/* runs/ may be another file system; before the first run it may be missing. */
static int look(const struct home *h, struct statvfs *fs)
{
	int fd = openat(h->fd, "runs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed;

	if (fd < 0)
		return errno == ENOENT ? fstatvfs(h->fd, fs) : -1;
	failed = fstatvfs(fd, fs);
	int why = errno;
	close(fd);
	errno = why;
	return failed;
}

int space_few_inodes(const struct statvfs *fs)
{
	return fs->f_files && fs->f_favail < fs->f_files / 100 + 1;
}

int space_check(struct db *db, const struct home *h, struct err *e)
{
	struct statvfs fs;
	int64_t want;

	if (setting_get_int(db, NULL, "minFree", &want, e))
		return -1;
	if (look(h, &fs))
		return err_sys(e, "%s/runs", h->path);

	unsigned long long is = (unsigned long long)fs.f_bavail *
				(unsigned long long)fs.f_frsize;
	if (is < (unsigned long long)want)
		return err_set(e, EXIT_BUSY,
			"%s: %llu MB are free, and the setting minFree wants "
			"%lld MB; runs stay pending",
			h->path, is >> 20, (long long)(want >> 20));
	if (want && space_few_inodes(&fs))
		return err_set(e, EXIT_BUSY,
			"%s: %llu of %llu inodes are free, less than 1 %%: "
			"remove files; runs stay pending",
			h->path, (unsigned long long)fs.f_favail,
			(unsigned long long)fs.f_files);
	return 0;
}
