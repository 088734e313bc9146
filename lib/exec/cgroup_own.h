/*
 * cgroup_own.h - the control group that this process is in, and whether it was
 * given to its user.
 *
 * systemd marks what it delegates by an extended attribute of the group,
 * user.delegate or trusted.delegate; so can anybody else who may. Without
 * systemd, that the group belongs to a user other than root is a mark, too,
 * since somebody has to have given it to him. Root may write to all groups, and
 * this means nothing: there the attribute is needed, or else cron and whatever
 * else is in the group would be moved with us. The top of all groups is never
 * ours.
 */
#ifndef QUIRE_EXEC_CGROUP_OWN_H
#define QUIRE_EXEC_CGROUP_OWN_H

#include "base/buf.h"

/* Appends the path of the group's folder; -1: there is no cgroup v2. */
int cgroup_own_path(struct buf *path);
/* Of /proc/PID/cgroup, the group in cgroup v2, a part of the text that is
 * ended there; NULL. */
char *cgroup_own_group(char *text);
/* The folder at path, which is open as group: 1, 0. */
int cgroup_is_delegated(const char *path, int group);

#endif
