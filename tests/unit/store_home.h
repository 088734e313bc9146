/*
 * store_home.h - for tests of the store: a home of its own with a database,
 * and SQL that has to succeed, or has to fail.
 */
#ifndef QUIRE_TESTS_STORE_HOME_H
#define QUIRE_TESTS_STORE_HOME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/home.h"
#include "store/db.h"
#include "store/migrate.h"
#include "store/repo.h"
#include "store/run.h"

static char store_dir[64];
static struct home store_home;
static struct db store_db;
static struct err store_err;

/* A call that may not fail; shows its error if it does. */
#define must(call)                                                 \
	do {                                                       \
		store_err.text[0] = '\0';                          \
		if ((call) < 0)                                    \
			fail_msg("%s: %s", #call, store_err.text); \
	} while (0)

/* An empty folder as home. */
static int store_enter(void **state)
{
	(void)state;
	snprintf(store_dir, sizeof(store_dir), "/tmp/quire-test.XXXXXX");
	if (!mkdtemp(store_dir) || chmod(store_dir, 0755) < 0)
		return -1;
	return home_open(&store_home, store_dir, &store_err);
}

static int store_leave(void **state)
{
	(void)state;
	if (store_db.conn)
		db_close(&store_db);
	home_close(&store_home);
	return fs_remove_tree(AT_FDCWD, store_dir);
}

static inline void store_touch(const char *name)
{
	int fd = openat(store_home.fd, name, O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	close(fd);
}

static inline void store_make(void)
{
	store_touch("quire.db");
	must(db_open(&store_db, &store_home, DB_MIGRATE, &store_err));
	must(migrate_run(&store_db, &store_err));
	db_close(&store_db);
	must(db_open(&store_db, &store_home, DB_WRITE, &store_err));
}

/* A home with a database of this version, open as DB_WRITE. */
static inline int store_setup(void **state)
{
	if (store_enter(state) < 0)
		return -1;
	store_make();
	return 0;
}

static inline void sql(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
static inline void sql(const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	char *why = NULL;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	if (sqlite3_exec(store_db.conn, b.ptr, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", b.ptr, why);
	buf_release(&b);
}

/* The statement must be refused with a message that holds want. */
static inline void sql_refused(const char *want, const char *statement)
{
	char *why = NULL;

	if (sqlite3_exec(store_db.conn, statement, NULL, NULL, &why) ==
		SQLITE_OK)
		fail_msg("went through: %s", statement);
	if (!strstr(why, want))
		fail_msg("%s: '%s' is not '%s'", statement, why, want);
	sqlite3_free(why);
}

/* All rows as text: columns joined by '|', rows by '\n', NULL as "-". */
static inline char *rows_of(sqlite3 *conn, const char *query)
{
	struct buf b = BUF_INIT;
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(conn, query, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", query, sqlite3_errmsg(conn));
	while (sqlite3_step(s) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(s); i++) {
			const unsigned char *text = sqlite3_column_text(s, i);

			buf_addf(&b, "%s%s", i ? "|" : "",
				text ? (const char *)text : "-");
		}
		buf_addc(&b, '\n');
	}
	if (sqlite3_finalize(s) != SQLITE_OK)
		fail_msg("%s: %s", query, sqlite3_errmsg(conn));
	return buf_detach(&b);
}

static inline void assert_rows(const char *query, const char *want)
{
	char *got = rows_of(store_db.conn, query);

	assert_string_equal(got, want);
	free(got);
}

/* A registered repository, and a run of it by way of the library. */
static inline void add_repo(const char *name)
{
	char git_dir[256];

	snprintf(git_dir, sizeof(git_dir), "/srv/%s", name);
	must(repo_add(&store_db, name, git_dir, &store_err));
}

static inline int64_t add_run_of(const struct run_new *n, char id[ID_SIZE])
{
	int64_t number = 0;

	must(db_begin(&store_db, &store_err));
	must(run_insert(&store_db, n, id, &number, &store_err));
	must(db_commit(&store_db, &store_err));
	return number;
}

static inline int64_t add_run(
	const char *repo, const char *ref, char id[ID_SIZE])
{
	const struct run_new n = {
		.repo = repo,
		.ref = ref,
		.sha = "1111111111111111111111111111111111111111",
		.git_dir = "/srv/x",
		.trigger = "push",
		.pushed_at_ms = 1000,
	};

	return add_run_of(&n, id);
}

static inline int settle(const char *id, enum run_state to, const char *kind)
{
	const struct run_edge edge = { .to = to, .failure_kind = kind };
	int r = run_settle(&store_db, id, &edge, &store_err);

	if (r < 0)
		fail_msg("settle: %s", store_err.text);
	return r;
}

#endif
