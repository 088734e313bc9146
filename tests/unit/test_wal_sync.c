/* When a commit syncs the WAL: once its lock is given back, and never not. */
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

static void open_counted(int defer, struct wal_sync **w)
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
	*w = defer ? wal_sync_defer(conn) : NULL;
	assert_int_equal(*w != NULL, defer);
}

static int syncs_of(const char *sql)
{
	counter.count = 0;
	assert_int_equal(sqlite3_exec(conn, sql, NULL, NULL, NULL), SQLITE_OK);
	return counter.count;
}

#define COMMIT "UPDATE counters SET value = value + 1"

static int checkpoint(int how)
{
	counter.count = 0;
	assert_int_equal(sqlite3_wal_checkpoint_v2(conn, NULL, how, NULL, NULL),
		SQLITE_OK);
	return counter.count;
}

static int syncs_afterwards(struct wal_sync *w)
{
	counter.count = 0;
	assert_int_equal(wal_sync_now(w), 0);
	return counter.count;
}

static void a_commit_is_synced_when_it_is_over(void **state)
{
	struct wal_sync *w;

	(void)state;
	db_close(&store_db);
	open_counted(0, &w);
	checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
	assert_int_equal(syncs_of(COMMIT), 2); /* what it is about */
	assert_int_equal(syncs_of(COMMIT), 1);
	sqlite3_close(conn);

	open_counted(1, &w);
	checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(syncs_of(COMMIT), 0);
		assert_int_equal(syncs_afterwards(w), 1);
		assert_true(counter.size_at_last > 4096); /* with the frames */
		assert_int_equal(syncs_afterwards(w), 0);
	}
	/* from its start again, over old frames: the header goes first */
	checkpoint(SQLITE_CHECKPOINT_RESTART);
	assert_int_equal(syncs_of(COMMIT), 1);
	assert_int_equal(syncs_afterwards(w), 1);
	/* nothing is copied to the database that the WAL might lose */
	assert_int_equal(syncs_of(COMMIT), 0);
	assert_int_equal(checkpoint(SQLITE_CHECKPOINT_PASSIVE), 1);
	assert_int_equal(syncs_afterwards(w), 0);
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
	assert_int_equal(wal_sync_now(store_db.wal_sync), 0);
	db_close(&store_db);
	/* another process finds it */
	must(db_open(&store_db, &store_home, DB_WRITE, &store_err));
	sqlite3_stmt *s =
		db_prep(&store_db, "SELECT value FROM counters", &store_err);
	assert_int_equal(db_step(&store_db, s, &store_err), 1);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	assert_int_equal(n, 7);
}

static void without_a_wal_there_is_nothing_to_put_off(void **state)
{
	sqlite3 *memory;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &memory), SQLITE_OK);
	assert_null(wal_sync_defer(memory));
	sqlite3_close(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_is_synced_when_it_is_over),
		cmocka_unit_test(a_push_commits_through_it),
		cmocka_unit_test(without_a_wal_there_is_nothing_to_put_off),
	};

	return cmocka_run_group_tests(tests, store_setup, store_leave);
}
