/*
 * Adopting and forgetting, killed at every system call that changes a file:
 * done once more, all is as it should be.
 *
 * The call under test runs in a traced child. The n-th of its changing system
 * calls is its last, for n from 1 until it ends by itself. What it started
 * (git) goes on, as it would in life, and is waited for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <linux/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "exec/adopt.h"
#include "exec/forget.h"
#include "exec/layout.h"
#include "exec/reconcile.h"
#include "store/ref.h"
#include "store/run.h"

#define MAX_POINTS 2000

/* In memory where that is to be had: a killed process needs no fsync. */
static char top[32];

static void sh(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void fine(int result, const struct err *e)
{
	if (result < 0)
		fail_msg("%s", e->text);
}

/* A home, a repository with two refs elsewhere, and one in the home. */
static int setup(void **state)
{
	struct buf done = BUF_INIT;
	struct home h;
	struct err e;
	int n;

	(void)state;
	snprintf(top, sizeof(top), "%s/quire-crash.XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(top) || chdir(top) < 0 ||
		prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L) < 0)
		return -1;
	setenv("HOME", top, 1);
	fine(layout_make(&h, "template", NULL, &done, &e), &e);
	fine(reconcile_migrate(&h, &n, &e), &e);
	home_close(&h);
	buf_release(&done);
	sh("git init -q --bare one.git && git init -q src && cd src &&"
	   " git -c user.name=x -c user.email=x@y commit -q --allow-empty"
	   " -m one && git push -q ../one.git HEAD:a HEAD:b &&"
	   " cp -a ../one.git ../one.template");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return chdir("/") == 0 && fs_remove_tree(AT_FDCWD, top) == 0 ? 0 : -1;
}

static void fresh(const char *template)
{
	char command[256];

	snprintf(command, sizeof(command),
		"rm -rf home one.git && cp -a %s home &&"
		" cp -a one.template one.git",
		template);
	sh(command);
}

static void open_home(struct home *h, struct db *db)
{
	struct err e;

	fine(home_open(h, "home", &e), &e);
	fine(db_open(db, h, DB_WRITE, &e), &e);
}

static void close_home(struct home *h, struct db *db)
{
	db_close(db);
	home_close(h);
}

/* What is called, and killed. 0 or -1. */
typedef int action(struct err *e);

static int changes(unsigned long nr)
{
	static const unsigned long calls[] = {
		SYS_write,
		SYS_pwrite64,
		SYS_writev,
		SYS_ftruncate,
		SYS_fsync,
		SYS_fdatasync,
		SYS_mkdirat,
		SYS_unlinkat,
		SYS_renameat2,
		SYS_fchmodat,
		SYS_fchmod,
		SYS_linkat,
		SYS_symlinkat,
		SYS_flock,
#ifdef SYS_rename /* where the kernel still has the older ones */
		SYS_mkdir,
		SYS_rmdir,
		SYS_unlink,
		SYS_rename,
		SYS_renameat,
		SYS_chmod,
		SYS_link,
		SYS_symlink,
		SYS_creat,
#endif
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i] == nr)
			return 1;
	return 0;
}

/* Lets the child go on to its n-th change; 1 killed there, 0 it ended well. */
static int kill_at(pid_t pid, int n)
{
	struct __ptrace_syscall_info info;
	int status, sig = 0;

	for (;;) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL,
					 (void *)(intptr_t)sig),
			0);
		while (waitpid(pid, &status, 0) < 0)
			assert_int_equal(errno, EINTR);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return 0;
		}
		assert_true(WIFSTOPPED(status));
		sig = WSTOPSIG(status);
		if (sig != (SIGTRAP | 0x80))
			continue;
		sig = 0;
		assert_true(ptrace(PTRACE_GET_SYSCALL_INFO, pid,
				    (void *)sizeof(info), &info) > 0);
		if (info.op != PTRACE_SYSCALL_INFO_ENTRY ||
			!changes((unsigned long)info.entry.nr) || --n)
			continue;
		kill(pid, SIGKILL);
		return 1;
	}
}

static int crash(action *act, int n)
{
	pid_t pid = fork();
	int status, killed;
	struct err e;

	assert_true(pid >= 0);
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(act(&e) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL,
				 (void *)PTRACE_O_TRACESYSGOOD),
		0);
	killed = kill_at(pid, n);
	while (waitpid(-1, &status, 0) > 0 || errno == EINTR)
		;
	return killed;
}

static int adopt_one(struct err *e)
{
	struct buf name = BUF_INIT;
	struct home h;
	struct db db;
	int result;

	open_home(&h, &db);
	result = adopt_repo(&db, &h, "one.git", NULL, &name, e);
	buf_release(&name);
	close_home(&h, &db);
	return result;
}

static int64_t count(struct db *db, const char *sql)
{
	struct err e;
	sqlite3_stmt *s = db_prep(db, sql, &e);
	int64_t n;

	assert_non_null(s);
	assert_int_equal(db_step(db, s, &e), 1);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

static void adopting(void **state)
{
	int n;

	(void)state;
	for (n = 1;; n++) {
		struct home h;
		struct db db;
		struct err e;
		int killed;

		assert_true(n < MAX_POINTS);
		fresh("template");
		killed = crash(adopt_one, n);
		fine(adopt_one(&e), &e);
		open_home(&h, &db);
		assert_int_equal(count(&db, "SELECT count(*) FROM repos"
					    " WHERE baseline = 1"),
			1);
		assert_int_equal(count(&db, "SELECT count(*) FROM refs"), 2);
		assert_int_equal(count(&db, "SELECT count(*) FROM runs"), 0);
		close_home(&h, &db);
		sh("grep -q '^# home' one.git/hooks/post-receive &&"
		   " test -x one.git/hooks/post-receive");
		if (!killed)
			break;
	}
	print_message("killed at %d points\n", n - 1);
}

static int new_two(struct err *e)
{
	struct buf name = BUF_INIT;
	struct home h;
	struct db db;
	int result;

	open_home(&h, &db);
	result = adopt_new(&db, &h, "two", &name, e);
	buf_release(&name);
	close_home(&h, &db);
	return result;
}

static int adopt_two(struct err *e)
{
	struct buf name = BUF_INIT;
	struct home h;
	struct db db;
	int result;

	open_home(&h, &db);
	result = adopt_repo(&db, &h, "home/repos/two.git", NULL, &name, e);
	buf_release(&name);
	close_home(&h, &db);
	return result;
}

/* Once it can be seen it is whole, and adopting it is what is left to do. */
static void making(void **state)
{
	int n;

	(void)state;
	for (n = 1;; n++) {
		struct home h;
		struct db db;
		struct err e;
		int killed;

		assert_true(n < MAX_POINTS);
		fresh("template");
		killed = crash(new_two, n);
		if (access("home/repos/two.git", F_OK) == 0)
			fine(adopt_two(&e), &e);
		else
			fine(new_two(&e), &e);
		open_home(&h, &db);
		assert_int_equal(count(&db, "SELECT count(*) FROM repos"
					    " WHERE baseline = 1"),
			1);
		close_home(&h, &db);
		sh("git -C home/repos/two.git rev-parse --git-dir >/dev/null"
		   " && test -x home/repos/two.git/hooks/post-receive");
		if (!killed)
			break;
	}
	print_message("killed at %d points\n", n - 1);
}

/* As quire repo rm does it; a repository that is not there is forgotten. */
static int forget_two(struct err *e)
{
	struct buf done = BUF_INIT;
	struct repo r = { 0 };
	struct home h;
	struct db db;
	int result;

	open_home(&h, &db);
	result = repo_by_name(&db, "two.git", &r, e);
	if (result > 0)
		result = forget_repo(
			&db, &h, &r, FORGET_PURGE | FORGET_DELETE, &done, e);
	repo_release(&r);
	buf_release(&done);
	close_home(&h, &db);
	return result;
}

static void with_runs(void)
{
	struct run_edge edges[] = { { .to = RUN_ACTIVE },
		{ .to = RUN_COMPLETE } };
	struct home h;
	struct db db;
	struct err e;

	open_home(&h, &db);
	for (int i = 0; i < 3; i++) {
		struct run_new r = { .repo = "two.git",
			.ref = "refs/heads/a",
			.sha = "00",
			.git_dir = "/x",
			.trigger = "push" };
		char id[ID_SIZE], command[256];
		int64_t number;

		fine(db_begin(&db, &e), &e);
		fine(run_insert(&db, &r, id, &number, &e), &e);
		fine(db_commit(&db, &e), &e);
		for (size_t k = 0; i < 2 && k < 2; k++)
			fine(run_settle(&db, id, &edges[k], &e), &e);
		snprintf(command, sizeof(command),
			"d=home/runs/two.git/%s && mkdir -p $d/jobs && :>$d/lock",
			id);
		sh(command);
	}
	close_home(&h, &db);
}

/* Either it is still known with its hook or without, and forgetting it again
 * ends it, or it is gone: then no row and no run is left. */
static void forgetting(void **state)
{
	struct err e;
	int n;

	(void)state;
	fresh("template");
	fine(new_two(&e), &e);
	with_runs();
	sh("mv home with-runs");
	for (n = 1;; n++) {
		struct home h;
		struct db db;
		int killed;

		assert_true(n < MAX_POINTS);
		fresh("with-runs");
		killed = crash(forget_two, n);
		fine(forget_two(&e), &e);
		open_home(&h, &db);
		assert_int_equal(count(&db, "SELECT count(*) FROM repos"), 0);
		assert_int_equal(count(&db, "SELECT count(*) FROM runs"), 0);
		close_home(&h, &db);
		/* no logs where a run would look for its own */
		sh("test -z \"$(find home/runs -path '*/two.git/*')\"");
		if (!killed)
			break;
	}
	sh("test ! -e home/repos/two.git && test -z \"$(ls home/runs/.pruned)\"");
	print_message("killed at %d points\n", n - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adopting),
		cmocka_unit_test(making),
		cmocka_unit_test(forgetting),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
