/*
 * space.h - whether the home has the space that a run wants.
 */
#ifndef QUIRE_EXEC_SPACE_H
#define QUIRE_EXEC_SPACE_H

#include <sys/statvfs.h>

#include "base/err.h"
#include "base/home.h"
#include "store/db.h"

/* 0 if what the owner can still fill, where the runs are, is at least the
 * setting minFree, and that not 0 without inodes for it; else -1 and EXIT_BUSY,
 * with a line that has both figures. */
int space_check(struct db *db, const struct home *h, struct err *e);
/* Less than 1 % are free, where the file system has a number of them. */
int space_few_inodes(const struct statvfs *fs);

#endif
