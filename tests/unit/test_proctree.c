/* What ends with proctree_end: everything, however it tries to stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/proctree.h"

/* A child that runs a shell script; waits until the script wrote a byte. */
static pid_t start(const char *script)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* a shell tells there which of its children was killed */
		if (!freopen("/dev/null", "w", stderr))
			_exit(127);
		dup2(ready[1], 1);
		close(ready[0]);
		close(ready[1]);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void assert_nothing_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void end_with(int grace_ms)
{
	struct err e = { 0 };

	assert_int_equal(proctree_end(grace_ms, NULL, NULL, &e), 0);
	assert_nothing_left();
}

static int make_subreaper(void **state)
{
	struct err e;

	(void)state;
	return proctree_subreaper(1, &e);
}

static void nothing_below_is_no_error(void **state)
{
	(void)state;
	end_with(PROCTREE_GRACE_MS);
}

static void note_exit(void *arg, int pid, int wait_status)
{
	int *seen = arg;

	if (pid == seen[0])
		seen[1] = wait_status;
}

static void tells_who_ended_and_how(void **state)
{
	struct err e = { 0 };
	int seen[2];

	(void)state;
	seen[0] =
		start("trap 'exit 7' TERM; echo; while :; do sleep 0.02; done");
	seen[1] = -1;
	assert_int_equal(proctree_end(5000, note_exit, seen, &e), 0);
	assert_true(WIFEXITED(seen[1]));
	assert_int_equal(WEXITSTATUS(seen[1]), 7);
	assert_nothing_left();
}

static void ends_one_that_ignores_term(void **state)
{
	(void)state;
	start("trap '' TERM; echo; while :; do sleep 1; done");
	end_with(50);
}

/* It is woken, so that it can end in its own way. */
static void ends_a_stopped_one(void **state)
{
	struct err e = { 0 };
	int seen[2], status = 0;

	(void)state;
	seen[0] = start("trap 'exit 7' TERM; echo; kill -STOP $$;"
			"while :; do sleep 0.02; done");
	seen[1] = -1;
	assert_int_equal(waitpid(seen[0], &status, WUNTRACED), seen[0]);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(proctree_end(5000, note_exit, seen, &e), 0);
	assert_true(WIFEXITED(seen[1]));
	assert_int_equal(WEXITSTATUS(seen[1]), 7);
	assert_nothing_left();
}

static void ends_a_daemon(void **state)
{
	(void)state;
	/* forked twice, in a session of its own, its parents gone */
	pid_t pid = start("(setsid sh -c 'trap \"\" TERM HUP; echo;"
			  " while :; do sleep 1; done' &) &");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* it is our child now, or will be when its parent has ended */
	end_with(50);
}

static void ends_a_whole_tree(void **state)
{
	(void)state;
	start("for i in 1 2 3 4 5; do (trap '' TERM; (sleep 1000 & sleep 1000)"
	      " & sleep 1000) & done; echo; wait");
	end_with(50);
}

/* Two trees to keep, each in a session of its own, as jobs are; one lost its
 * root; a process without a tree. */
static void ends_the_others_alone(void **state)
{
	static const char *const tree =
		"exec setsid sh -c 'sleep 1000 & echo; wait'";
	struct err e = { 0 };
	pid_t keep[2];

	(void)state;
	keep[0] = start(tree);
	pid_t dead = start(tree);
	keep[1] = start(tree);
	start("trap '' TERM; echo; while :; do sleep 1; done");
	kill(dead, SIGKILL);
	assert_int_equal(waitpid(dead, NULL, 0), dead);
	assert_int_equal(proctree_end_others(keep, 2, &e), 0);
	for (int i = 0; i < 2; i++) {
		char path[64], child[16] = "";

		assert_int_equal(waitpid(keep[i], NULL, WNOHANG), 0);
		snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
			(int)keep[i], (int)keep[i]);
		FILE *f = fopen(path, "r");
		assert_non_null(f);
		assert_non_null(fgets(child, sizeof(child), f));
		fclose(f);
		kill(keep[i], SIGKILL);
		assert_int_equal(waitpid(keep[i], NULL, 0), keep[i]);
		/* what it had is ours, and no other is */
		assert_int_equal(waitpid((pid_t)atoi(child), NULL, WNOHANG), 0);
		kill((pid_t)atoi(child), SIGKILL);
		assert_int_equal(
			waitpid((pid_t)atoi(child), NULL, 0), atoi(child));
	}
	assert_nothing_left();
}

static void ends_one_that_forks_all_the_time(void **state)
{
	(void)state;
	/* each process lives just long enough to start the next */
	pid_t pid = fork();
	if (pid == 0) {
		setsid();
		signal(SIGTERM, SIG_IGN);
		for (;;) {
			pid_t next = fork();
			if (next > 0)
				_exit(0);
		}
	}
	assert_true(pid > 0);
	end_with(20);
}

static void spares_itself_and_its_group(void **state)
{
	struct err e = { 0 };

	(void)state;
	/* an unmoved child is in our group; we must outlive its end */
	start("echo; sleep 1000");
	end_with(0);
	assert_int_equal(proctree_signal(SIGKILL, &e), 0);
}

static void ends_marked_ones_and_no_others(void **state)
{
	struct err e = { 0 };
	int count = -1, status = 0;

	(void)state;
	pid_t other = start("export QUIRE_RUN_ID=run-12; exec sh -c 'echo;"
			    " sleep 1000'");
	pid_t marked = start("export QUIRE_RUN_ID=run-1; exec sh -c \"trap ''"
			     " TERM; echo; while :; do sleep 0.1; done\"");
	/* signalled, not reaped: that is up to the parent */
	pid_t ender = fork();
	if (ender == 0) {
		int ret = proctree_end_marked("run-1", 50, &count, &e);
		_exit(ret == 0 && count >= 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(ender, &status, 0), ender);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(marked, &status, 0), marked);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(waitpid(other, &status, WNOHANG), 0);
	end_with(0);
}

static void no_marked_ones_is_no_error(void **state)
{
	struct err e = { 0 };
	int count = -1;

	(void)state;
	assert_int_equal(
		proctree_end_marked("nobody-has-this", 400, &count, &e), 0);
	assert_int_equal(count, 0);
}

/* With one descriptor to spare /proc can be listed, and nothing in it read:
 * that says nothing of who is left. */
static void what_cannot_be_read_is_not_gone(void **state)
{
	struct err e = { 0 };
	int count = -1, status = 0;

	(void)state;
	start("export QUIRE_RUN_ID=run-1; exec sh -c 'echo; sleep 1000'");
	pid_t ender = fork();
	if (ender == 0) {
		int next = dup(0);
		struct rlimit files = { (rlim_t)next + 1, (rlim_t)next + 1 };

		close(next);
		if (setrlimit(RLIMIT_NOFILE, &files))
			_exit(2);
		_exit(proctree_end_marked("run-1", 50, &count, &e) == -1 ? 0
									 : 1);
	}
	assert_int_equal(waitpid(ender, &status, 0), ender);
	assert_int_equal(status, 0);
	end_with(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_below_is_no_error),
		cmocka_unit_test(tells_who_ended_and_how),
		cmocka_unit_test(ends_one_that_ignores_term),
		cmocka_unit_test(ends_a_stopped_one),
		cmocka_unit_test(ends_a_daemon),
		cmocka_unit_test(ends_a_whole_tree),
		cmocka_unit_test(ends_the_others_alone),
		cmocka_unit_test(ends_one_that_forks_all_the_time),
		cmocka_unit_test(spares_itself_and_its_group),
		cmocka_unit_test(ends_marked_ones_and_no_others),
		cmocka_unit_test(no_marked_ones_is_no_error),
		cmocka_unit_test(what_cannot_be_read_is_not_gone),
	};

	return cmocka_run_group_tests_name(
		"proctree", tests, make_subreaper, NULL);
}
