/*
 * wal_sync.h - the sync of a hook's commit, after its lock is given back.
 *
 * A sync takes a third of a millisecond on an idle host, and a hundred times
 * that where fifty pushes write at once; and SQLite does it while it holds the
 * write lock, so that all wait for each. Here it is put off until the commit
 * is over: the lock is held for the writing alone, and of many syncs at a time
 * the file system makes few. What SQLite promises stays: a pusher is told, and
 * quire-run kicked, only after the sync; whoever commits in between syncs what
 * was written before as well; and a checkpoint syncs the WAL before it copies.
 * So a power cut takes a commit that nobody was told of, or none, and it never
 * takes one out of the middle.
 *
 * The header of a WAL is another matter: SQLite syncs it before it writes the
 * first frames behind it, since were the old header to survive a power cut, it
 * would make the old frames that are not overwritten yet valid again. That is
 * left as it is, except for a WAL that was cut to nothing: it has no old
 * frames. If a power cut leaves frames without a header, or with one and not
 * all of them, nothing was committed.
 */
#ifndef QUIRE_STORE_WAL_SYNC_H
#define QUIRE_STORE_WAL_SYNC_H

#include <sqlite3.h>

struct wal_sync;

/*
 * For a connection whose WAL is open (it has read something). NULL if there is
 * none or no memory, which only costs the time. The result lives as long as
 * the connection: free(3) it after the close.
 */
struct wal_sync *wal_sync_defer(sqlite3 *conn);
/* After a commit: the sync that was put off; of NULL or without one, nothing.
 * 0, or the errno of its failure: then the commit stands, for every process of
 * this host, and the disk may have it or not. A second try would say nothing:
 * the kernel tells an error once, and forgets what it could not write. */
int wal_sync_now(struct wal_sync *w);

#endif
