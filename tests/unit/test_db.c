#include "store_home.h"

#include <grp.h>
#include <sys/wait.h>

static off_t size_of(const char *name)
{
	struct stat st;

	return fstatat(store_home.fd, name, &st, 0) == 0 ? st.st_size : -1;
}

/* Some time after the last write, as a page mostly comes: file times tell
 * then, and an empty WAL is read past. */
static void let_stamps_age(void)
{
	const struct timespec then[2] = { { 1000000000, 0 },
		{ 1000000000, 0 } };

	assert_int_equal(utimensat(store_home.fd, "quire.db", then, 0), 0);
}

static void every_writer_is_set_up_alike(void **state)
{
	const enum db_mode modes[] = { DB_PUSH, DB_WRITE, DB_WRITE_CURRENT,
		DB_MIGRATE };

	(void)state;
	db_close(&store_db);
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		must(db_open(&store_db, &store_home, modes[i], &store_err));
		assert_rows("PRAGMA foreign_keys", "1\n");
		assert_rows("PRAGMA synchronous", "2\n");
		assert_rows("PRAGMA journal_mode", "wal\n");
		assert_rows("PRAGMA journal_size_limit", "0\n");
		assert_rows("PRAGMA wal_autocheckpoint",
			modes[i] == DB_PUSH ? "0\n" : "1000\n");
		db_close(&store_db);
		/* persistent, and cut to nothing */
		assert_int_equal(size_of("quire.db-wal"), 0);
		assert_true(size_of("quire.db-shm") >= 0);
	}
	must(db_open(&store_db, &store_home, DB_WRITE, &store_err));
}

static void a_database_out_of_wal_goes_back(void **state)
{
	(void)state;
	assert_rows("PRAGMA journal_mode = DELETE", "delete\n");
	db_close(&store_db);
	must(db_open(&store_db, &store_home, DB_WRITE, &store_err));
	assert_rows("PRAGMA journal_mode", "wal\n");
}

static void reads_an_idle_database_as_immutable(void **state)
{
	struct db reader;

	(void)state;
	add_repo("a.git");
	db_checkpoint(&store_db);
	assert_int_equal(size_of("quire.db-wal"), 0);
	let_stamps_age();
	must(db_open(&reader, &store_home, DB_READ, &store_err));
	assert_int_equal(reader.immutable, 1);
	assert_int_equal(db_read_stale(&reader), 0);
	/* written in the meantime: first to the WAL */
	add_repo("b.git");
	assert_true(size_of("quire.db-wal") > 0);
	assert_int_equal(db_read_stale(&reader), 1);
	/* and then from there to the file */
	db_checkpoint(&store_db);
	assert_int_equal(size_of("quire.db-wal"), 0);
	assert_int_equal(db_read_stale(&reader), 1);
	db_close(&reader);
}

static void a_read_only_transaction_leaves_no_trace(void **state)
{
	struct db reader;
	struct repo r;

	(void)state;
	add_repo("a.git");
	must(db_open(&reader, &store_home, DB_READ, &store_err));
	assert_int_equal(reader.immutable, 0);
	must(db_begin_read(&reader, &store_err));
	assert_int_equal(repo_by_name(&reader, "a.git", &r, &store_err), 1);
	repo_release(&r);
	/* what comes now is not seen, and is not in the way */
	add_repo("b.git");
	assert_int_equal(repo_by_name(&reader, "b.git", &r, &store_err), 0);
	must(db_commit(&reader, &store_err));
	assert_int_equal(repo_by_name(&reader, "b.git", &r, &store_err), 1);
	repo_release(&r);
	assert_int_equal(db_read_stale(&reader), 0);
	db_close(&reader);
}

/* Just written: the time of the file may not tell a second write, so the
 * reader goes through the (empty) WAL. */
static void a_fresh_stamp_is_not_trusted(void **state)
{
	const struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	struct db reader;

	(void)state;
	db_checkpoint(&store_db);
	assert_int_equal(size_of("quire.db-wal"), 0);
	/* the opening may take longer than the stamp is fresh */
	for (int i = 0; i < 100; i++) {
		assert_int_equal(
			utimensat(store_home.fd, "quire.db", now, 0), 0);
		must(db_open(&reader, &store_home, DB_READ, &store_err));
		int immutable = reader.immutable;
		db_close(&reader);
		if (!immutable)
			return;
	}
	fail_msg("was trusted every time");
}

static void a_wal_without_its_index_says_what_to_do(void **state)
{
	struct err e = { 0 };
	struct db reader;
	pid_t pid;
	int status;

	(void)state;
	db_close(&store_db);
	pid = fork();
	if (pid == 0) {
		must(db_open(&store_db, &store_home, DB_PUSH, &store_err));
		add_repo("a.git");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(unlinkat(store_home.fd, "quire.db-shm", 0), 0);
	assert_int_equal(db_open(&reader, &store_home, DB_READ, &e), -1);
	assert_int_equal(e.status, EXIT_BUSY);
	assert_non_null(strstr(e.text, "quire-reconcile"));
	assert_int_equal(size_of("quire.db-shm"), -1);
	/* which is this */
	must(db_open(&store_db, &store_home, DB_WRITE_CURRENT, &store_err));
	assert_rows("SELECT name FROM repos", "a.git\n");
	must(db_open(&reader, &store_home, DB_READ, &store_err));
	db_close(&reader);
}

/* Runs fn in a child as another user that is in no group of ours. Returns its
 * exit status, or -1 where there is no right to do so. */
static int as_nobody(int (*fn)(void))
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) < 0 || setgid(65534) < 0 ||
			setuid(65534) < 0)
			_exit(99);
		_exit(fn());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int read_a(void)
{
	struct db reader;
	struct repo r;
	int got;

	if (db_open(&reader, &store_home, DB_READ, &store_err) < 0) {
		fprintf(stderr, "%s\n", store_err.text);
		return 1;
	}
	got = repo_by_name(&reader, "a.git", &r, &store_err);
	if (got < 0)
		fprintf(stderr, "%s\n", store_err.text);
	return got == 1 ? 0 : 2;
}

static int write_a(void)
{
	struct db writer;
	struct err e = { 0 };

	if (db_open(&writer, &store_home, DB_PUSH, &e) == 0)
		return 1;
	return e.status == EXIT_BUSY && strstr(e.text, "may not write") ? 0 : 2;
}

static void reading_is_all_that_a_reader_needs(void **state)
{
	(void)state;
	add_repo("a.git");
	/* a writer is there and the WAL has frames */
	int r = as_nobody(read_a);
	if (r < 0)
		skip();
	assert_int_equal(r, 0);
	assert_int_equal(as_nobody(write_a), 0);
	/* idle */
	db_close(&store_db);
	let_stamps_age();
	assert_int_equal(as_nobody(read_a), 0);
	assert_int_equal(as_nobody(write_a), 0);
}

static int push_and_die(void)
{
	must(db_open(&store_db, &store_home, DB_PUSH, &store_err));
	add_repo("a.git");
	return 0;
}

/* Frames in the WAL, and no process that has the database open. */
static void reads_what_a_dead_writer_left(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	db_close(&store_db);
	pid = fork();
	if (pid == 0)
		_exit(push_and_die());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(size_of("quire.db-wal") > 0);
	int r = as_nobody(read_a);
	if (r < 0)
		skip();
	assert_int_equal(r, 0);
	/* an index that is of no use: only a writer could make it anew */
	int fd = openat(store_home.fd, "quire.db-shm", O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(as_nobody(read_a), 0);
}

static void a_push_gives_up_where_others_wait(void **state)
{
	struct db push;
	struct err e = { 0 };
	pid_t pid;
	int status;

	(void)state;
	must(db_begin(&store_db, &store_err));
	pid = fork();
	if (pid == 0) {
		if (db_open(&push, &store_home, DB_PUSH, &e) < 0)
			_exit(1);
		if (db_begin(&push, &e) == 0)
			_exit(2);
		_exit(e.status == EXIT_BUSY ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	db_rollback(&store_db);
}

static void a_path_may_have_any_bytes(void **state)
{
	char path[128];
	struct home h;
	struct db db;

	(void)state;
	snprintf(path, sizeof(path), "%s/a b?c#d%%20e&f=\xff'\"", store_dir);
	assert_int_equal(mkdir(path, 0755), 0);
	must(home_open(&h, path, &store_err));
	int fd = openat(h.fd, "quire.db", O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	close(fd);
	must(db_open(&db, &h, DB_MIGRATE, &store_err));
	must(migrate_run(&db, &store_err));
	must(repo_add(&db, "x.git", "/x", &store_err));
	db_close(&db);
	for (int immutable = 0; immutable < 2; immutable++) {
		const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
		struct repo r;

		if (immutable)
			assert_int_equal(
				utimensat(h.fd, "quire.db", old, 0), 0);
		must(db_open(&db, &h, DB_READ, &store_err));
		if (immutable)
			assert_int_equal(db.immutable, 1);
		assert_int_equal(repo_by_name(&db, "x.git", &r, &store_err), 1);
		repo_release(&r);
		db_close(&db);
	}
	home_close(&h);
}

static void kept_statements_are_made_once(void **state)
{
	static const char one[] = "SELECT ?1";
	static char texts[40][32];
	sqlite3_stmt *s = db_stmt(&store_db, one, &store_err);

	(void)state;
	assert_non_null(s);
	for (int i = 0; i < 40; i++) {
		/* every text is another pointer, and stays */
		snprintf(texts[i], sizeof(texts[i]), "SELECT %d", i);
		assert_non_null(db_stmt(&store_db, texts[i], &store_err));
	}
	assert_ptr_equal(db_stmt(&store_db, one, &store_err), s);
	db_bind_text(s, 1, "x");
	assert_int_equal(db_step(&store_db, s, &store_err), 1);
	db_done(s);
	assert_int_equal(db_step(&store_db, s, &store_err), 1);
	assert_int_equal(sqlite3_column_type(s, 0), SQLITE_NULL);
	db_done(s);
}

static void errors_tell_the_hosts_faults_from_ours(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(
		db_exec(&store_db, "INSERT INTO repos (name) VALUES ('a')", &e),
		-1);
	assert_int_equal(e.status, EXIT_INTERNAL);
	sql("PRAGMA max_page_count = 1");
	assert_int_equal(
		db_exec(&store_db,
			"CREATE TABLE t AS SELECT randomblob(999999)", &e),
		-1);
	assert_int_equal(e.status, EXIT_BUSY);
	assert_non_null(strstr(e.text, "full"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_writer_is_set_up_alike),
		T(a_database_out_of_wal_goes_back),
		T(reads_an_idle_database_as_immutable),
		T(a_read_only_transaction_leaves_no_trace),
		T(a_fresh_stamp_is_not_trusted),
		T(a_wal_without_its_index_says_what_to_do),
		T(reading_is_all_that_a_reader_needs),
		T(reads_what_a_dead_writer_left),
		T(a_push_gives_up_where_others_wait),
		T(a_path_may_have_any_bytes),
		T(kept_statements_are_made_once),
		T(errors_tell_the_hosts_faults_from_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
