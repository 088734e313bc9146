/*
 * sandbox.h - what a job sees of the machine: the arguments of bubblewrap.
 *
 * A job sees, read-only, the system: /usr, /etc, and /bin, /sbin and /lib* as
 * they are; a few devices in /dev; the processes of its sandbox in /proc; and
 * what is listed here, at the same paths as outside. /tmp is its run's own.
 * Everything else does not exist. What is in memory, /dev/shm and a fresh /tmp
 * or home, has a size. It has no capability and gains none, and namespaces of
 * its own for users, processes, IPC, the host's name, control groups, and the
 * network where that is off; then it has a loopback interface and nothing else.
 *
 * A namespace for users can be made by anybody, and gives who makes it all
 * capabilities in it: he mounts, and reaches parts of the kernel that were
 * meant for root. So jobs may make none. Where bubblewrap can't forbid that (it
 * is set-user-ID, or users have no namespaces at all), `nests` does without.
 *
 * Three rules keep what is hidden hidden, since what jobs may write to they
 * may also prepare for the next job:
 *	- a folder of hide that lies below something shown is covered, before
 *	  the run's own folders appear in it;
 *	- a bind that jobs may write to has neither a hidden folder nor another
 *	  bind below it;
 *	- where a path of the run lies below /tmp, /tmp is not the run's folder
 *	  but an empty one that goes with the job.
 */
#ifndef QUIRE_EXEC_SANDBOX_H
#define QUIRE_EXEC_SANDBOX_H

#include "base/buf.h"
#include "base/err.h"

/* All paths are absolute; NULL where there is none. */
struct sandbox {
	const char *init; /* the executable that becomes the init; not seen */
	const char *workspace; /* read-write, where commands start */
	const char *home, *tmp; /* read-write: HOME, TMPDIR and /tmp */
	int fresh; /* home and tmp are empty, and in memory */
	const char *cache; /* read-write */
	const char *changed; /* read-only */
	struct strv
		objects; /* read-only: a repository's, and its alternates' */
	const char *output; /* read-write: the job's own */
	const char *inputs; /* read-only: the job's own */
	struct strv binds; /* as base/bindword.h has them: PATH or PATH:rw */
	struct strv hide; /* folders */
	int no_network;
	int nests; /* jobs may make namespaces, if the system lets them */
};

/*
 * Appends bubblewrap's arguments, from its own name to "--"; what runs in it
 * comes behind. -1 with the bind that can't be done.
 */
int sandbox_argv(struct strv *argv, const struct sandbox *s, struct err *e);
/* Whether the binds can be: as above. */
int sandbox_check_binds(
	const struct strv *binds, const struct strv *hide, struct err *e);
/* The path of bubblewrap: from PATH, or where systems have it. */
int sandbox_find(struct buf *path, struct err *e);
/*
 * Runs `true` in a sandbox as a job would have it, and waits for it, for ten
 * seconds at most. -1 with why it does not work and what can be done. nests
 * (NULL: not asked): whether jobs may make namespaces in it.
 */
int sandbox_try(int *nests, struct err *e);

#endif
