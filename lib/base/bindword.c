#include "base/bindword.h"

#include <string.h>

#define BLANKS " \t\n"
#define RW ":rw"

int bindword_take_rw(struct buf *word)
{
	size_t len = strlen(RW);

	if (word->len <= len || strcmp(word->ptr + word->len - len, RW) != 0)
		return 0;
	buf_setlen(word, word->len - len);
	return 1;
}

/* Whether the folder is one that no sandbox could do with the host's of. */
static int is_own(const char *path)
{
	static const char *const own[] = { "/dev", "/proc", "/tmp" };

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (strcmp(path, own[i]) == 0)
			return 1;
	return strncmp(path, "/proc/", 6) == 0;
}

/* No `.` or empty component either: paths are compared as they are. */
static int has_odd_component(const char *path)
{
	while (*path == '/') {
		size_t len = strcspn(path + 1, "/");

		if (len == 0 || (len == 1 && path[1] == '.') ||
			(len == 2 && path[1] == '.' && path[2] == '.'))
			return 1;
		path += len + 1;
	}
	return 0;
}

static int check(const char *path, struct err *e)
{
	if (*path != '/')
		return err_set(e, EXIT_USAGE,
			"'%s' is no absolute path, as PATH or PATH:rw", path);
	if (!path[1])
		return err_set(e, EXIT_USAGE,
			"'/' would show everything; name what jobs need");
	if (has_odd_component(path))
		return err_set(e, EXIT_USAGE,
			"'%s': write it without '.', '..' and extra slashes",
			path);
	if (is_own(path))
		return err_set(e, EXIT_USAGE,
			"'%s': a sandbox has one of its own", path);
	return 0;
}

int bindword_next(const char **at, struct buf *word, struct err *e)
{
	const char *start = *at + strspn(*at, BLANKS);
	size_t len = strcspn(start, BLANKS);
	struct buf path = BUF_INIT;
	int ret;

	buf_reset(word);
	*at = start + len;
	if (!len)
		return 0;
	buf_add(word, start, len);
	buf_add(&path, start, len);
	bindword_take_rw(&path);
	ret = check(path.ptr, e) < 0 ? -1 : 1;
	buf_release(&path);
	return ret;
}
