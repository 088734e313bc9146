/*
 * runurl.h - where the pages show a run.
 */
#ifndef QUIRE_EXEC_RUNURL_H
#define QUIRE_EXEC_RUNURL_H

#include <stdint.h>

#include "base/buf.h"

/* Appends <url>/<repo>/ci/<number>; url is the setting `url`. A repository's
 * name may hold bytes that end a URL where a terminal looks for one: they are
 * encoded. Nothing if url is "". */
void runurl_add(
	struct buf *b, const char *url, const char *repo, int64_t number);

#endif
