/*
 * wal_sync.h - one sync for a commit into an empty WAL, instead of two.
 *
 * SQLite syncs the header of a WAL before it writes the first frames behind
 * it: were the old header to survive a power cut, it would make the old frames
 * that are not overwritten yet valid again. Behind the header of a WAL that
 * was cut to nothing there are no old frames: if the cut leaves frames without
 * a header, or with one and not all of them, nothing was committed, and
 * nobody was told that it was. So the sync of a file that is a header and no
 * more is left to the sync of the commit, which comes before the commit is
 * acknowledged. It is a third of a millisecond of every push.
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
struct wal_sync *wal_sync_merge(sqlite3 *conn);

#endif
