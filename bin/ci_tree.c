/*
 * Where quire-ci works, and what for.
 */
#include "ci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/evaluate.h"
#include "exec/proctree.h"

#define CHANGED_MAX (256 << 20)

int ci_open_folder(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "%s", path) : fd;
}

/* What the run is for, as the environment says. changed is the caller's. */
int ci_read_cause(struct executor_cause *c, struct buf *changed, struct err *e)
{
	const char *file = getenv("QUIRE_CHANGED");

	*c = (struct executor_cause){ getenv("QUIRE_BRANCH"),
		getenv("QUIRE_TAG"), NULL, 0 };
	if (!file)
		return 0;
	if (fs_read_file(AT_FDCWD, file, changed, CHANGED_MAX) < 0)
		return err_sys(e, "QUIRE_CHANGED: %s", file);
	c->changed = changed->ptr;
	c->changed_len = changed->len;
	return 0;
}

/* The open folder that holds .quire, from here up; the process moves there. */
static int find_top(struct err *e)
{
	struct stat st, here, above;

	for (;;) {
		if (fstatat(AT_FDCWD, ".quire", &st, AT_SYMLINK_NOFOLLOW) == 0)
			return ci_open_folder(".", e);
		if (stat(".", &here) < 0 || stat("..", &above) < 0 ||
			(here.st_dev == above.st_dev &&
				here.st_ino == above.st_ino) ||
			chdir("..") < 0)
			return err_set(e, EXIT_USAGE,
				"no .quire/ci.json or executable .quire/ci "
				"here or above (quire help pipeline)");
	}
}

int ci_enter_tree(int *top, struct err *e)
{
	*top = find_top(e);
	return *top < 0 ? -1 : 0;
}

int ci_load(const struct executor *x, const struct ci_options *o,
	struct pipeline *p, struct err *e)
{
	struct executor_result result;

	if (proctree_subreaper(1, e) < 0 ||
		evaluate(x, o->ci_timeout_ms, p, &result, e) < 0)
		return -1;
	if (result.outcome == EXECUTOR_SIGNAL)
		return err_set(e, 128 + result.signal, "interrupted");
	if (result.outcome == EXECUTOR_GREEN)
		return 0;
	errno = x->out->error;
	err_sys(e, "standard output");
	e->status = EXIT_RED;
	return -1;
}
