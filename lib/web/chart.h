/*
 * chart.h - how long the runs of a list took: a bar each, the newest at the
 * right, each a link to its run. What failed has a foot below the line, what
 * goes on is an outline, what never began a stub. A bar that the scale has no
 * room for is broken near its top.
 */
#ifndef QUIRE_WEB_CHART_H
#define QUIRE_WEB_CHART_H

#include "web/page.h"

/* runs, newest first, all of one repository; nothing for a handful, or if none
 * has begun. The words below it say the same to who does not see it. */
void chart(struct page *p, const struct run *runs, size_t n);

#endif
