/*
 * history.h - a .git for a workspace: HEAD detached at the commit, all tags,
 * the history by alternates.
 *
 * Nothing of the repository is written to, or copied but its tags and the mark
 * of where a shallow one ends. The index is that of the commit and knows no
 * file's time or size: the first git that refreshes it (status, diff, describe
 * --dirty) finds the tree unchanged. That is not done here, since the tree is
 * not trusted: no git that is run here looks at it, nor has anybody's
 * configuration.
 */
#ifndef QUIRE_EXEC_HISTORY_H
#define QUIRE_EXEC_HISTORY_H

#include "base/buf.h"
#include "base/err.h"

/*
 * workspace is its absolute path, git_dir that of the repository, commit a full
 * object id. What is there as .git is replaced. Appends the folders of objects
 * that a job has to see to objects. -1 with what could not be done.
 */
int history_make(const char *workspace, const char *git_dir, const char *commit,
	struct strv *objects, struct err *e);

#endif
