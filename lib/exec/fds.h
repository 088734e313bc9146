/*
 * fds.h - which descriptors a process has: no other than it is to have.
 */
#ifndef QUIRE_EXEC_FDS_H
#define QUIRE_EXEC_FDS_H

#include <stddef.h>

/* Every descriptor from fd up will close on exec. */
void fds_cloexec_from(int fd);
/* Closes every descriptor from 3 up but these (of which some may be -1). */
void fds_close_all_but(const int *keep, size_t n);

#endif
