/*
 * sandbox_etc.h - what of /etc a sandbox covers where root runs it.
 *
 * In a sandbox of root's, jobs have no capability, but files that root owns
 * are theirs all the same: the shadow file, private keys.
 */
#ifndef QUIRE_EXEC_SANDBOX_ETC_H
#define QUIRE_EXEC_SANDBOX_ETC_H

#include "base/buf.h"

/*
 * Appends to argv the options of bubblewrap that cover each file and folder
 * below path that not everybody may read, and to covers the folders. What
 * can't be looked at is covered.
 */
void sandbox_cover_private(
	struct strv *argv, struct strv *covers, const char *path);

#endif
