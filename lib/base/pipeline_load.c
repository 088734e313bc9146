#include "base/pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"

#define FOLDER ".quire"
#define STATIC_FILE ".quire/ci.json"
#define DYNAMIC_FILE ".quire/ci"

/* The open folder .quire, or -1. O_PATH | O_NOFOLLOW opens a link itself, so
 * that what is there can be told before it is used. */
static int open_folder(int dirfd, struct err *e)
{
	struct stat st;

	if (fstatat(dirfd, FOLDER, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
			       ? err_set(e, EXIT_USAGE,
					 "no " STATIC_FILE
					 " or executable " DYNAMIC_FILE " here")
			       : err_sys(e, FOLDER);
	if (S_ISLNK(st.st_mode))
		return err_set(e, EXIT_RED,
			FOLDER ": a symbolic link, which is not followed");
	if (!S_ISDIR(st.st_mode))
		return err_set(e, EXIT_RED, FOLDER ": not a folder");
	int fd = openat(
		dirfd, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, FOLDER);
	return fd;
}

/* What .quire holds under a name. */
enum there { THERE_NOT, THERE_FILE, THERE_PROGRAM, THERE_OTHER };

static int look_for(int folder, const char *name, enum there *is, struct err *e)
{
	struct stat st;

	*is = THERE_NOT;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, FOLDER "/%s", name);
	if (!S_ISREG(st.st_mode))
		*is = THERE_OTHER;
	else
		*is = st.st_mode & S_IXUSR ? THERE_PROGRAM : THERE_FILE;
	return 0;
}

static int open_static(int folder, struct err *e)
{
	/* not to hang on a FIFO */
	int fd = openat(folder, "ci.json",
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return err_set(e, EXIT_RED,
			STATIC_FILE ": a symbolic link, which is not followed");
	if (fd < 0)
		return err_sys(e, STATIC_FILE);
	if (fstat(fd, &st) < 0) {
		err_sys(e, STATIC_FILE);
	} else if (!S_ISREG(st.st_mode)) {
		err_set(e, EXIT_RED, STATIC_FILE ": not a regular file");
	} else if (st.st_size > PIPELINE_MAX_BYTES) {
		err_set(e, EXIT_RED,
			STATIC_FILE ": larger than %d bytes, the limit",
			PIPELINE_MAX_BYTES);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

static int load_static(struct pipeline *p, int folder, struct err *e)
{
	int fd = open_static(folder, e);
	struct buf text = BUF_INIT;
	int ret;

	if (fd < 0)
		return -1;
	if (fs_read_all(fd, &text, PIPELINE_MAX_BYTES) < 0) {
		ret = err_sys(e, STATIC_FILE);
	} else {
		ret = pipeline_parse(p, text.ptr, text.len, e);
		if (ret < 0)
			err_prefix(e, STATIC_FILE);
	}
	buf_release(&text);
	close(fd);
	return ret;
}

static int refuse(enum there program, struct err *e)
{
	static const char none[] =
		"no " STATIC_FILE " or executable " DYNAMIC_FILE " here";

	if (program == THERE_FILE)
		return err_set(e, EXIT_USAGE,
			"%s: " DYNAMIC_FILE
			" is no executable (chmod +x " DYNAMIC_FILE ")",
			none);
	if (program == THERE_OTHER)
		return err_set(e, EXIT_USAGE,
			"%s: " DYNAMIC_FILE " is a link or a folder, not a "
			"regular file",
			none);
	return err_set(e, EXIT_USAGE, "%s", none);
}

int pipeline_is_program(int dirfd, struct err *e)
{
	int folder = open_folder(dirfd, e);
	enum there program, text;

	if (folder < 0)
		return -1;
	int failed = look_for(folder, "ci", &program, e) < 0 ||
		     look_for(folder, "ci.json", &text, e) < 0;
	close(folder);
	if (failed)
		return -1;
	if (program == THERE_PROGRAM && text != THERE_NOT)
		return err_set(e, EXIT_RED,
			"both " STATIC_FILE " and " DYNAMIC_FILE
			" are there: keep one");
	if (program == THERE_PROGRAM || text != THERE_NOT)
		return program == THERE_PROGRAM;
	return refuse(program, e);
}

int pipeline_load(struct pipeline *p, int dirfd, struct err *e)
{
	int folder = open_folder(dirfd, e);

	if (folder < 0)
		return -1;
	int ret = load_static(p, folder, e);
	close(folder);
	return ret;
}
