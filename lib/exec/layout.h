/*
 * layout.h - making a home: its folders, its database file, and who may do
 * what there.
 *
 * A plain home is its owner's, and its group reads: folders 2750, the database
 * 0640. A shared one has several pushers, all of one group: 2770 and 0660,
 * everything setgid. In both secrets/ is the owner's alone, and hooks/, whose
 * programs run as him, is his to write to.
 *
 * A home is shared if its folder is setgid and its group may write to it. In a
 * home that is there already, what is more open than this is closed, and what
 * an operator has closed stays closed.
 */
#ifndef QUIRE_EXEC_LAYOUT_H
#define QUIRE_EXEC_LAYOUT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"

/*
 * Makes what is missing of the home dir (NULL: $QUIRE_HOME or the default),
 * parents included, and opens it. quire.db may be an empty file then, which
 * migrate_run() fills. Safe to repeat from any point. group makes it shared;
 * NULL leaves a shared one as it is. Appends a line to done for each thing
 * made or changed. Refuses a git repository (EXIT_USAGE) and another's home.
 */
int layout_make(struct home *h, const char *dir, const char *group,
	struct buf *done, struct err *e);
/*
 * The last step: quire.db-wal and quire.db-shm are there and have the mode
 * and group of quire.db, so that a reader needs to make nothing. Called when
 * a connection for writing has been open, and none is now.
 */
int layout_wal(const struct home *h, struct err *e);
int layout_is_shared(const struct home *h);

/* The folders of a home, ended by NULL; and the mode of one ("." is the home
 * itself), or of the files of the database ("quire.db"). */
extern const char *const layout_folders[];
mode_t layout_mode(const char *name, int shared);

#endif
