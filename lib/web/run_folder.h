/*
 * run_folder.h - the folder of a run, beneath the home.
 *
 * Its path is made of names that others chose: none of them is a path of its
 * own, and no symbolic link is followed on the way.
 */
#ifndef QUIRE_WEB_RUN_FOLDER_H
#define QUIRE_WEB_RUN_FOLDER_H

#include "base/home.h"

/* runs/<repo>/<run id>: good for openat(2) alone. -1 with errno: ENOENT where
 * there is none, ELOOP, EINVAL for a name that is no file name. */
int run_folder_open(const struct home *h, const char *repo, const char *run_id);
/* Opens for reading what is in it: folders' names and that of the file, ended
 * by NULL. It may turn out to be no file, which is not waited for. */
int run_folder_file(const struct home *h, const char *repo, const char *run_id,
	const char *const *names);

#endif
