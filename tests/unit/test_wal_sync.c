/* How often a commit syncs the WAL, and that it always does before the end. */
#include "store_home.h"

#include "store/wal_sync.h"

static sqlite3 *conn;

/* Counts what reaches the VFS: below wal_sync, if that is in between. */
static struct {
	sqlite3_io_methods methods;
	int (*sync)(sqlite3_file *file, int flags);
	int count;
	sqlite3_int64 size_at_last;
} counter;

static int count_sync(sqlite3_file *file, int flags)
{
	counter.count++;
	assert_int_equal(counter.methods.xFileSize(file, &counter.size_at_last),
		SQLITE_OK);
	return counter.sync(file, flags);
}

static void open_counted(int merge, struct wal_sync **w)
{
	char path[128];
	sqlite3_file *file = NULL;
	int on = 1;

	snprintf(path, sizeof(path), "%s/quire.db", store_dir);
	assert_int_equal(sqlite3_open(path, &conn), SQLITE_OK);
	assert_int_equal(sqlite3_exec(conn,
				 "PRAGMA journal_mode=WAL;"
				 "PRAGMA synchronous=FULL;"
				 "PRAGMA wal_autocheckpoint=0;"
				 "SELECT * FROM counters",
				 NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_file_control(
				 conn, "main", SQLITE_FCNTL_PERSIST_WAL, &on),
		SQLITE_OK);
	assert_int_equal(sqlite3_file_control(conn, "main",
				 SQLITE_FCNTL_JOURNAL_POINTER, &file),
		SQLITE_OK);
	memcpy(&counter.methods, file->pMethods, sizeof(counter.methods));
	counter.sync = counter.methods.xSync;
	counter.methods.xSync = count_sync;
	file->pMethods = &counter.methods;
	*w = merge ? wal_sync_merge(conn) : NULL;
	assert_int_equal(*w != NULL, merge);
}

static int syncs_of(const char *sql)
{
	counter.count = 0;
	assert_int_equal(sqlite3_exec(conn, sql, NULL, NULL, NULL), SQLITE_OK);
	return counter.count;
}

#define COMMIT "UPDATE counters SET value = value + 1"

static void cut_to_nothing(void)
{
	assert_int_equal(sqlite3_wal_checkpoint_v2(conn, NULL,
				 SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL),
		SQLITE_OK);
}

static void an_empty_wal_is_synced_once(void **state)
{
	struct wal_sync *w;

	(void)state;
	db_close(&store_db);
	open_counted(0, &w);
	cut_to_nothing();
	assert_int_equal(syncs_of(COMMIT), 2); /* what it is about */
	sqlite3_close(conn);

	open_counted(1, &w);
	cut_to_nothing();
	assert_int_equal(syncs_of(COMMIT), 1);
	assert_true(counter.size_at_last > 4096); /* the frames are in it */
	assert_int_equal(syncs_of(COMMIT), 1);
	/* from its start again, over old frames: the header goes first */
	assert_int_equal(sqlite3_wal_checkpoint_v2(conn, NULL,
				 SQLITE_CHECKPOINT_RESTART, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(syncs_of(COMMIT), 2);
	sqlite3_close(conn);
	free(w);
}

static void a_push_commits_through_it(void **state)
{
	int64_t n;

	(void)state;
	must(db_open(&store_db, &store_home, DB_PUSH, &store_err));
	assert_non_null(store_db.wal_sync);
	must(db_begin(&store_db, &store_err));
	must(db_exec(&store_db, COMMIT, &store_err));
	must(db_commit(&store_db, &store_err));
	db_close(&store_db);
	/* another process finds it */
	must(db_open(&store_db, &store_home, DB_WRITE, &store_err));
	sqlite3_stmt *s =
		db_prep(&store_db, "SELECT value FROM counters", &store_err);
	assert_int_equal(db_step(&store_db, s, &store_err), 1);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	assert_int_equal(n, 5);
}

static void without_a_wal_there_is_nothing_to_merge(void **state)
{
	sqlite3 *memory;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &memory), SQLITE_OK);
	assert_null(wal_sync_merge(memory));
	sqlite3_close(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_wal_is_synced_once),
		cmocka_unit_test(a_push_commits_through_it),
		cmocka_unit_test(without_a_wal_there_is_nothing_to_merge),
	};

	return cmocka_run_group_tests(tests, store_setup, store_leave);
}
