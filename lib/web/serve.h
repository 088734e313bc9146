/*
 * serve.h - one request, from the environment to the answer on a descriptor.
 *
 * The home is opened only for what needs it, the database only for reading,
 * and it is let go before the first byte of the answer is written: a slow
 * client must not keep the WAL from being cut.
 */
#ifndef QUIRE_WEB_SERVE_H
#define QUIRE_WEB_SERVE_H

#include "base/err.h"

/*
 * Answers. 0, or -1 with e filled with a line for the web server's error log:
 * the client then has got an error page, unless it could not be written to.
 */
int serve(int fd, struct err *e);

#endif
