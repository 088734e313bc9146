/*
 * run_folder.h - the folder of a run, beneath the home.
 *
 * Its path is made of names that others chose: it is opened folder by folder,
 * and no symbolic link is followed on the way.
 */
#ifndef QUIRE_WEB_RUN_FOLDER_H
#define QUIRE_WEB_RUN_FOLDER_H

#include "base/home.h"

/* runs/<repo>/<run id>: good for openat(2) alone. -1 with errno: ENOENT where
 * there is none, ELOOP, EINVAL for a name that is no file name. */
int run_folder_open(const struct home *h, const char *repo, const char *run_id);
/* Opens what is named in the folder dirfd, itself no link, and closes that. */
int run_folder_step(int dirfd, const char *name, int flags);

#endif
