/*
 * sparkline.h - the newest runs of a repository in one glance: a bar each, the
 * newest at the right, its height the duration (by the root, up to four times
 * what is usual, so that short ones show beside long ones), its colour the
 * state. What failed has a foot
 * below the line as well, so that it is not told by the colour alone; a
 * reader who sees none of it is told the numbers.
 */
#ifndef QUIRE_WEB_SPARKLINE_H
#define QUIRE_WEB_SPARKLINE_H

#include "base/buf.h"
#include "store/run.h"

void sparkline(struct buf *b, const struct run_recent *recent, int64_t now_ms);

#endif
