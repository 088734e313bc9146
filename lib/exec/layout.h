/*
 * layout.h - making a home: its folders, its database, who may do what there.
 *
 * A plain home is its owner's, and its group reads: folders 2750, the database
 * 0640. A shared one has several pushers, all of one group: 2770 and 0660,
 * everything setgid. secrets/ is the owner's alone in both.
 */
#ifndef QUIRE_EXEC_LAYOUT_H
#define QUIRE_EXEC_LAYOUT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/home.h"

/*
 * Makes what is missing of the home dir (NULL: $QUIRE_HOME or the default),
 * parents included, all but the content of the database: quire.db is an empty
 * file then, which migrate_run() fills. Safe to repeat at any point. A home
 * that has a database keeps its modes, unless group says that it becomes
 * shared; what is made new there is made alike. Appends a line to done for
 * each thing made or changed. Refuses a git repository and another's home.
 */
int layout_make(
	const char *dir, const char *group, struct buf *done, struct err *e);
/*
 * Checks, and makes if need be, quire.db-wal and quire.db-shm, with the mode
 * and group of quire.db. Called when no connection of this process is open.
 */
int layout_wal(const struct home *h, struct err *e);
/* Whether members of its group may push into repositories of the home. */
int layout_is_shared(const struct home *h);

#endif
