/*
 * gitenv.h - how every git that quire starts is started.
 *
 * Nothing of the caller's GIT_* variables gets through: a hook's GIT_DIR is
 * ".", a user's GIT_WORK_TREE or GIT_CONFIG_PARAMETERS are about something
 * else. GIT_DIR is absolute, because only then git takes a repository that
 * another uid owns.
 */
#ifndef QUIRE_BASE_GITENV_H
#define QUIRE_BASE_GITENV_H

#include <sys/types.h>

#include "base/buf.h"

enum gitenv_kind {
	/*
	 * For plumbing that needs no configuration but the repository's: PATH
	 * and what is needed to find the objects. Reads no file that it need
	 * not.
	 */
	GITENV_LEAN,
	/* The caller's environment without its GIT_*: the user's and the
	 * system's configuration count (core.hooksPath, init.defaultBranch). */
	GITENV_USER,
};

/*
 * Appends NAME=VALUE strings. git_dir is absolute, or NULL for none. Both
 * kinds see objects as they are (no replace refs), fetch nothing, ask nobody
 * for a password, and speak English. GIT_OBJECT_DIRECTORY and
 * GIT_ALTERNATE_OBJECT_DIRECTORIES are handed on from a hook of the very same
 * repository only.
 */
void gitenv_add(struct strv *env, enum gitenv_kind kind, const char *git_dir);

/*
 * Starts git with the arguments (argv[0] is "git") and that environment, its
 * descriptors 0 to 2 being copies of fds (fds[0] -1: /dev/null), and signals
 * as a program expects them: the caller may ignore or block some. 0 with the
 * pid, or an error number.
 */
int gitenv_spawn(pid_t *pid, const char *const *argv, enum gitenv_kind kind,
	const char *git_dir, const int fds[3]);

#endif
