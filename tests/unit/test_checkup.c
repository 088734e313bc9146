#include "store_home.h"

#include "store/checkup.h"
#include "store/setting.h"

static struct db look;

static int leave(void **state)
{
	db_close(&look);
	return store_leave(state);
}

/* The home's database, as quire doctor has it. */
static void open_look(void)
{
	db_close(&look);
	must(db_open(&look, &store_home, DB_LOOK, &store_err));
}

static int judged(int *version, int *ours)
{
	open_look();
	return checkup_version(&look, version, ours, &store_err);
}

static void any_version_is_opened_and_judged(void **state)
{
	int version, ours;

	(void)state;
	assert_int_equal(judged(&version, &ours), 0);
	assert_int_equal(version, migrate_current());
	assert_true(ours);

	sql("PRAGMA user_version = 9999");
	assert_int_equal(judged(&version, &ours), -1);
	assert_int_equal(version, 9999);
	assert_true(ours);

	sql("PRAGMA application_id = 7");
	assert_int_equal(judged(&version, &ours), -1);
	assert_false(ours);

	sql("PRAGMA application_id = 0");
	sql("PRAGMA user_version = 3");
	assert_int_equal(judged(&version, &ours), 1);
	assert_int_equal(version, 3);
	/* and nothing was migrated by it */
	assert_rows("PRAGMA user_version", "3\n");
}

static void it_makes_no_files(void **state)
{
	(void)state;
	db_close(&store_db);
	assert_int_equal(unlinkat(store_home.fd, "quire.db-wal", 0), 0);
	assert_int_equal(unlinkat(store_home.fd, "quire.db-shm", 0), 0);
	open_look();
	assert_int_equal(checkup_is_wal(&look, &store_err), 1);
	db_close(&look);
	assert_int_equal(faccessat(store_home.fd, "quire.db-wal", F_OK, 0), -1);
	assert_int_equal(faccessat(store_home.fd, "quire.db-shm", F_OK, 0), -1);
}

static void the_journal_is_what_the_file_says(void **state)
{
	(void)state;
	open_look();
	assert_int_equal(checkup_is_wal(&look, &store_err), 1);
	db_close(&look);
	sql("PRAGMA journal_mode = DELETE");
	open_look();
	assert_int_equal(checkup_is_wal(&look, &store_err), 0);
}

static void pages_are_whole_or_not(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	open_look();
	assert_int_equal(checkup_pages(&look, 0, &b, &store_err), 0);
	assert_int_equal(checkup_pages(&look, 1, &b, &store_err), 0);
	assert_int_equal(b.len, 0);
	/* an index that lacks a row, which the thorough one alone sees */
	add_repo("a.git");
	sql("PRAGMA writable_schema = ON;"
	    "CREATE TABLE t (x); INSERT INTO t VALUES (1);"
	    "INSERT INTO sqlite_master SELECT 'index', 'i', 't', rootpage,"
	    " 'CREATE INDEX i ON t (x)' FROM sqlite_master"
	    " WHERE name = 'runs_queue';"
	    "DELETE FROM sqlite_master WHERE name = 'runs_queue'");
	open_look();
	assert_int_equal(checkup_pages(&look, 0, &b, &store_err), 0);
	assert_int_equal(checkup_pages(&look, 1, &b, &store_err), 1);
	assert_non_null(strstr(b.ptr, "index i"));
	assert_null(strchr(b.ptr, '\n'));
	buf_release(&b);
}

static void references_to_nothing_are_counted(void **state)
{
	int64_t n = -1;

	(void)state;
	open_look();
	must(checkup_references(&look, &n, &store_err));
	assert_int_equal(n, 0);
	sql("PRAGMA foreign_keys = OFF;"
	    "INSERT INTO refs (repo, ref_name, oid, seen_at_ms)"
	    " VALUES ('x.git', 'r', 'o', 1), ('y.git', 'r', 'o', 1)");
	open_look();
	must(checkup_references(&look, &n, &store_err));
	assert_int_equal(n, 2);
}

static void list(void *arg, const char *repo, int registered, const char *key,
	const char *value)
{
	buf_addf(arg, "%s|%d|%s|%s\n", repo, registered, key, value);
}

static void stored_values_are_listed_whatever_they_are(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	add_repo("a.git");
	must(setting_set(&store_db, "a.git", "timeout", "1h", &store_err));
	sql("INSERT INTO settings VALUES ('', 'nonsense', x'3132'),"
	    " ('gone.git', 'env', ''), ('', 'seeded', 'on')");
	open_look();
	must(checkup_settings(&look, list, &b, &store_err));
	assert_string_equal(b.ptr, "|1|nonsense|12\n"
				   "a.git|1|timeout|1h\n"
				   "gone.git|0|env|\n");
	buf_release(&b);
}

static void stored_values_are_judged(void **state)
{
	const struct setting_key *size = setting_find("maxLog", NULL);
	const struct setting_key *text = setting_find("kick", NULL);

	(void)state;
	assert_int_equal(setting_check_stored(size, "1M", &store_err), 0);
	assert_int_equal(setting_check_stored(size, "lots", &store_err), -1);
	assert_non_null(strstr(store_err.text, "setting maxLog: "));
	assert_int_equal(setting_check_stored(text, "a\nb", &store_err), 0);
}

static void dropped_triggers_are_put_back(void **state)
{
	struct buf b = BUF_INIT;
	char *before, *after;
	static const char all[] =
		"SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
		" ORDER BY name";

	(void)state;
	before = rows_of(store_db.conn, all);
	assert_int_equal(migrate_mend_triggers(&store_db, &b, &store_err), 0);
	sql("DROP TRIGGER runs_insert");
	sql("CREATE TRIGGER mine AFTER INSERT ON repos BEGIN SELECT 1; END");
	assert_int_equal(migrate_mend_triggers(&store_db, &b, &store_err), 1);
	assert_string_equal(b.ptr, "runs_insert");
	sql("DROP TRIGGER mine"); /* it is still there */
	after = rows_of(store_db.conn, all);
	assert_string_equal(before, after);
	free(before);
	free(after);
	buf_release(&b);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, store_setup, leave)
	const struct CMUnitTest tests[] = {
		T(any_version_is_opened_and_judged),
		T(it_makes_no_files),
		T(the_journal_is_what_the_file_says),
		T(pages_are_whole_or_not),
		T(references_to_nothing_are_counted),
		T(stored_values_are_listed_whatever_they_are),
		T(stored_values_are_judged),
		T(dropped_triggers_are_put_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
