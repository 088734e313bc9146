#include "exec/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"

int scratch_make(struct scratch *s, struct err *e)
{
	const char *below = getenv("TMPDIR");
	struct buf path = BUF_INIT;

	/* a relative one would mean another folder for each that reads it */
	if (!below || *below != '/')
		below = "/tmp";
	buf_addf(&path, "%s/quire-ci.XXXXXX", below);
	*s = (struct scratch){ NULL, -1 };
	if (!mkdtemp(path.ptr)) {
		buf_release(&path);
		return err_sys(e, "%s: no folder can be made", below);
	}
	s->path = buf_detach(&path);
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->fd >= 0)
		return 0;
	err_sys(e, "%s", s->path);
	(void)rmdir(s->path);
	free(s->path);
	s->path = NULL;
	return -1;
}

int scratch_remove(struct scratch *s, struct err *e)
{
	int ret = 0;

	if (!s->path)
		return 0;
	if (fs_remove_tree(AT_FDCWD, s->path) < 0)
		ret = err_sys(e, "%s: can't be removed", s->path);
	close(s->fd);
	free(s->path);
	*s = (struct scratch){ NULL, -1 };
	return ret;
}
