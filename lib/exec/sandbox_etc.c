#include "exec/sandbox_etc.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"

static void cover_file(struct strv *argv, const char *path)
{
	/* a device, and so one that can't be opened in a sandbox's mount */
	strv_push(argv, "--ro-bind");
	strv_push(argv, "/dev/null");
	strv_push(argv, path);
}

static void cover_folder(
	struct strv *argv, struct strv *covers, const char *path)
{
	strv_push(argv, "--tmpfs");
	strv_push(argv, path);
	strv_push(covers, path);
}

static void look_at(struct strv *argv, struct strv *covers, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0 || S_ISLNK(st.st_mode))
		return;
	if (S_ISDIR(st.st_mode))
		sandbox_cover_private(argv, covers, path);
	else if (!(st.st_mode & S_IROTH))
		cover_file(argv, path);
}

void sandbox_cover_private(
	struct strv *argv, struct strv *covers, const char *path)
{
	struct buf below = BUF_INIT;
	struct dirent *entry;
	struct stat st;
	DIR *dir = fs_opendir(AT_FDCWD, path, O_NOFOLLOW);

	if (!dir || fstat(dirfd(dir), &st) < 0 || !(st.st_mode & S_IXOTH)) {
		cover_folder(argv, covers, path);
		if (dir)
			closedir(dir);
		return;
	}
	while ((entry = readdir(dir))) {
		if (fs_is_dots(entry->d_name))
			continue;
		buf_reset(&below);
		buf_addf(&below, "%s/%s", path, entry->d_name);
		look_at(argv, covers, below.ptr);
	}
	closedir(dir);
	buf_release(&below);
}
