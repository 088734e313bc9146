/*
 * media_type.h - what a browser is told that an artifact is.
 *
 * It was made by whoever may push, and comes from the site's own address: what
 * is not known here to be harmless there is to be saved, not shown, and
 * nothing is ever called a script.
 */
#ifndef QUIRE_WEB_MEDIA_TYPE_H
#define QUIRE_WEB_MEDIA_TYPE_H

#include "base/buf.h"

/* By the suffix of the name. *shown: 1 in the browser, 0 to be saved. */
const char *media_type_of(const char *path, int *shown);
/*
 * The header Content-Disposition that has the last part of the path saved under
 * its name (RFC 6266): in ASCII, and where that is not all of it also encoded
 * as RFC 8187 has it.
 */
void media_add_attachment(struct buf *headers, const char *path);

#endif
