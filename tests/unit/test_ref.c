/* The recorder: its lines, refs as they stand, and all or nothing. */
#include "store_home.h"

#include "base/git.h"
#include "base/gitcat.h"
#include "base/reftip.h"
#include "exec/pusher.h"
#include "store/ref.h"

#define ZERO "0000000000000000000000000000000000000000"
#define ONE "1111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222"

static char git_dir[128];
static struct repo repo;
static char tips[3][OID_SIZE]; /* commits: the first has no pipeline */

static void sh(const char *script)
{
	struct buf b = BUF_INIT;

	buf_addf(&b, "cd %s && %s", store_dir, script);
	assert_int_equal(system(b.ptr), 0);
	buf_release(&b);
}

static void read_tip(const char *ref, char oid[OID_SIZE])
{
	const char *argv[] = { "git", "rev-parse", ref, NULL };
	struct buf b = BUF_INIT;

	must(git_run(git_dir, argv, &b, 4096, &store_err));
	assert_true(b.len > OID_SIZE - 1);
	memcpy(oid, b.ptr, OID_SIZE - 1);
	oid[OID_SIZE - 1] = '\0';
	buf_release(&b);
}

static int with_git(void **state)
{
	if (store_setup(state) < 0)
		return -1;
	snprintf(git_dir, sizeof(git_dir), "%s/r.git", store_dir);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	unsetenv("GIT_DIR");
	sh("git init -q -b b0 w && cd w && git config user.name T && "
	   "git config user.email t@x && git commit -q --allow-empty -m zero "
	   "&& git branch b1 && mkdir .quire && echo '{}' >.quire/ci.json && "
	   "git add . && git checkout -q b1 && git commit -qm one && "
	   "git checkout -q -b b2 && git commit -q --allow-empty -m two && "
	   "git clone -q --bare . ../r.git && cd .. && rm -rf w");
	must(repo_add(&store_db, "r.git", git_dir, &store_err));
	read_tip("refs/heads/b0", tips[0]);
	read_tip("refs/heads/b1", tips[1]);
	read_tip("refs/heads/b2", tips[2]);
	assert_int_equal(
		repo_by_name(&store_db, "r.git", &repo, &store_err), 1);
	return 0;
}

static int without_git(void **state)
{
	repo_release(&repo);
	return store_leave(state);
}

/* ---- lines ---- */

static void check_lines(const char *text, size_t good, const char *error)
{
	struct ref_move *moves;
	struct err e = { 0 };
	size_t n;
	int rc = ref_moves_parse(text, strlen(text), &moves, &n, &e);

	assert_int_equal(rc, error ? -1 : 0);
	assert_int_equal(n, good);
	if (error && !strstr(e.text, error))
		fail_msg("'%s' does not say '%s'", e.text, error);
	ref_moves_release(moves, n);
}

static void lines_are_split(void **state)
{
	struct ref_move *moves;
	struct err e;
	size_t n;
	static const char text[] = ZERO " " ONE " refs/heads/a\n" ONE " " TWO
					" refs/tags/\xff\xfe";

	(void)state;
	assert_int_equal(
		ref_moves_parse(text, sizeof(text) - 1, &moves, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(moves[0].old_oid, ZERO);
	assert_string_equal(moves[0].new_oid, ONE);
	assert_string_equal(moves[0].ref, "refs/heads/a");
	assert_string_equal(moves[1].new_oid, TWO);
	assert_string_equal(moves[1].ref, "refs/tags/\xff\xfe");
	ref_moves_release(moves, n);
}

static void bad_lines_are_told(void **state)
{
	static const char *const bad[] = { "\n", "x\n", ZERO "\n",
		ZERO " " ONE "\n", ZERO " " ONE " \n",
		ZERO " " ONE " heads/a\n", ZERO " " ONE " refs/heads/a b\n",
		ZERO "  " ONE " refs/heads/a\n",
		ZERO " " ONE "  refs/heads/a\n",
		"0" ZERO " " ONE " refs/heads/a\n",
		ZERO " 1" ONE " refs/heads/a\n",
		ZERO " " ONE " refs/heads/a\r\n",
		"ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD " ONE
		" refs/heads/a\n" };

	(void)state;
	check_lines("", 0, NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check_lines(bad[i], 0, "line 1 ");
	check_lines(ZERO " " ONE " refs/heads/a\nx\n" ZERO " " ONE
			 " refs/heads/b\ny\n",
		2, "line 2 ");
	check_lines("000000000000000000000000" ZERO
		    " 000000000000000000000000" ONE " refs/heads/a\n",
		0, "SHA-256");
}

/* Whatever is cut off or changed, it ends, and within the buffer. */
static void lines_of_any_bytes_end(void **state)
{
	static const char line[] = ZERO " " ONE " refs/heads/a\n";
	struct ref_move *moves;
	struct err e;
	size_t n;

	(void)state;
	for (size_t len = 0; len < sizeof(line); len++) {
		for (int byte = 0; byte < 256; byte += 5) {
			char *copy = malloc(len ? len : 1);

			memcpy(copy, line, len);
			if (len)
				copy[len - 1] = (char)byte;
			(void)ref_moves_parse(copy, len, &moves, &n, &e);
			ref_moves_release(moves, n);
			free(copy);
		}
	}
}

static void names_of_refs(void **state)
{
	static const char *const good[] = { "refs/heads/a", "refs/a",
		"refs/heads/a/b", "refs/heads/@", "refs/heads/-x",
		"refs/heads/a.b", "refs/heads/\xc3\xa9\xff",
		"refs/heads/a@b{c}", "refs/heads/$(x);'\"&|<>" };
	static const char *const bad[] = { "", "refs", "refs/", "HEAD",
		"refs/heads/", "refs//a", "refs/heads/..", "refs/heads/a..b",
		"refs/heads/.a", "refs/heads/a.", "refs/heads/a/../b",
		"refs/heads/a b", "refs/heads/a\tb", "refs/heads/a\nb",
		"refs/heads/a\x7f", "refs/heads/a@{1}", "refs/heads/a~1",
		"refs/heads/a^", "refs/heads/a:b", "refs/heads/a?",
		"refs/heads/*", "refs/heads/[a]", "refs/heads/a\\b",
		"/refs/heads/a", "refs/./a" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!reftip_name_is_valid(good[i], strlen(good[i])))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (reftip_name_is_valid(bad[i], strlen(bad[i])))
			fail_msg("taken: %s", bad[i]);
	assert_false(reftip_name_is_valid("refs/heads/a\0b", 14));
}

/* ---- refs as they stand ---- */

static void tips_are_read(void **state)
{
	static const char *const names[] = { "refs/heads/b1", "refs/heads/p",
		"refs/heads/no", "refs/heads/sym", "refs/heads/dangling",
		"refs/heads/bad", "refs/heads/empty", "refs/heads/loop",
		"refs/heads/out", "refs/heads/link", "refs/heads/six",
		"refs/heads/five", "refs/heads/b1/below", "refs/heads/dir" };
	enum { N = sizeof(names) / sizeof(*names) };
	struct reftip t[N];
	struct gitcat g = { 0 };

	(void)state;
	sh("cd r.git && git update-ref refs/heads/p b2 && "
	   "git pack-refs --all && git update-ref refs/heads/b1 b1 && "
	   "git update-ref -d refs/heads/b1 && "
	   "git update-ref refs/heads/b1 b2~1 && "
	   "git update-ref refs/tags/refs/heads/no b1 && "
	   "echo 'ref: refs/heads/b1' >refs/heads/sym && "
	   "printf 'ref:  refs/heads/none' >refs/heads/dangling && "
	   "echo nonsense >refs/heads/bad && : >refs/heads/empty && "
	   "echo 'ref: refs/heads/loop' >refs/heads/loop && "
	   "echo 'ref: refs/../../x' >refs/heads/out && "
	   "ln -s refs/heads/b1 refs/heads/link && "
	   "echo 'ref: refs/heads/five' >refs/heads/six && "
	   "echo 'ref: refs/heads/four' >refs/heads/five && "
	   "echo 'ref: refs/heads/three' >refs/heads/four && "
	   "echo 'ref: refs/heads/two' >refs/heads/three && "
	   "echo 'ref: refs/heads/sym' >refs/heads/two && "
	   "mkdir -p refs/heads/dir/empty");
	must(gitcat_start(&g, git_dir, &store_err));
	must(reftip_read(&g, names, N, t, &store_err));
	gitcat_stop(&g);

	assert_string_equal(t[0].oid, tips[1]);
	assert_string_equal(t[1].oid, tips[2]); /* packed */
	assert_true(t[2].known);
	assert_string_equal(t[2].oid, ""); /* not refs/tags/refs/heads/no */
	assert_string_equal(t[3].oid, tips[1]);
	assert_string_equal(t[3].ref, "refs/heads/b1");
	assert_true(t[4].known);
	assert_string_equal(t[4].ref, "refs/heads/none");
	assert_string_equal(t[4].oid, "");
	for (int i = 5; i <= 8; i++) /* bad, empty, loop, out */
		assert_false(t[i].known);
	assert_string_equal(t[9].oid, tips[1]);
	assert_string_equal(t[9].ref, "refs/heads/b1");
	assert_false(t[10].known); /* six levels */
	assert_string_equal(t[11].oid, tips[1]); /* five */
	assert_true(t[12].known);
	assert_string_equal(t[12].oid, "");
	assert_true(t[13].known);
	assert_string_equal(t[13].oid, "");
	reftip_release(t, N);
	sh("cd r.git/refs/heads && rm -rf bad empty loop out six five four "
	   "three two dangling sym link dir && cd ../.. && "
	   "git update-ref -d refs/tags/refs/heads/no && "
	   "git update-ref -d refs/heads/p");
}

/* ---- recording ---- */

static void set_move(struct ref_move *m, const char *ref, const char *old_oid,
	const char *new_oid)
{
	memset(m, 0, sizeof(*m));
	m->ref = (char *)ref;
	memcpy(m->old_oid, old_oid, OID_SIZE);
	memcpy(m->new_oid, new_oid, OID_SIZE);
}

static int record(struct ref_move *moves, size_t n, const char *trigger)
{
	struct gitcat g = { 0 };
	struct recording r = {
		.db = &store_db,
		.repo = &repo,
		.git = &g,
		.trigger = trigger,
	};
	int rc;

	must(gitcat_start(&g, git_dir, &store_err));
	rc = ref_record(&r, moves, n, &store_err);
	gitcat_stop(&g);
	return rc;
}

static char *state_now(void)
{
	return rows_of(store_db.conn,
		"SELECT id, state FROM runs UNION ALL"
		" SELECT ref_name || oid, run_id FROM refs UNION ALL"
		" SELECT name, refs_gen || ' ' || last_number FROM repos"
		" UNION ALL SELECT name, value FROM counters");
}

static int refuse_commit(void *arg)
{
	(void)arg;
	return 1;
}

struct cut {
	long left; /* operations of SQLite until it is cut off */
	int begun;
};

/* Once, so that the rollback comes through; and not between the moment that a
 * commit is done and the end of its statement, where nothing can fail. */
static int interrupt(void *arg)
{
	struct cut *cut = arg;

	if (!sqlite3_get_autocommit(store_db.conn))
		cut->begun = 1;
	else if (cut->begun)
		return 0;
	return cut->left-- == 0;
}

/* Cut off at every point in turn, it has recorded all or nothing. */
static void it_is_all_or_nothing(void **state)
{
	struct ref_move moves[3];
	long point, tried = 0;
	int rc = -1;

	(void)state;
	sql("INSERT INTO refs VALUES ('r.git', 'refs/heads/gone', '" ONE
	    "', NULL, NULL, 0)");
	char *before = state_now();
	for (point = 0; rc < 0; point += 3, tried++) {
		assert_true(point < 100000);
		struct cut cut = { .left = point };

		set_move(&moves[0], "refs/heads/b1", ZERO, tips[1]);
		set_move(&moves[1], "refs/heads/b2", ZERO, tips[2]);
		set_move(&moves[2], "refs/heads/gone", ONE, ZERO);
		sqlite3_progress_handler(store_db.conn, 1, interrupt, &cut);
		rc = record(moves, 3, "push");
		sqlite3_progress_handler(store_db.conn, 0, NULL, NULL);
		if (!rc)
			break;
		assert_true(*store_err.text);
		char *now = state_now();
		assert_string_equal(now, before);
		free(now);
		for (int i = 0; i < 3; i++)
			assert_int_equal(moves[i].result, MOVE_NOT_RECORDED);
	}
	assert_true(tried > 50);
	assert_int_equal(moves[0].result, MOVE_QUEUED);
	assert_int_equal(moves[1].result, MOVE_QUEUED);
	assert_int_equal(moves[1].ahead, 1);
	assert_int_equal(moves[2].result, MOVE_DELETED);
	free(before);

	/* and if the commit itself fails */
	before = state_now();
	sh("cd r.git && git update-ref refs/heads/b1 b2");
	set_move(&moves[0], "refs/heads/b1", tips[1], tips[2]);
	sqlite3_commit_hook(store_db.conn, refuse_commit, NULL);
	assert_int_equal(record(moves, 1, "push"), -1);
	sqlite3_commit_hook(store_db.conn, NULL, NULL);
	assert_int_equal(moves[0].result, MOVE_NOT_RECORDED);
	char *after = state_now();
	assert_string_equal(after, before);
	free(after);
	free(before);
	must(record(moves, 1, "push"));
	assert_int_equal(moves[0].result, MOVE_QUEUED);
}

static void drift_is_what_differs(void **state)
{
	struct ref_move *moves;
	size_t n;

	(void)state;
	sql("DELETE FROM refs");
	must(ref_baseline(&store_db, &repo, &store_err));
	assert_int_equal(repo.baseline, 1);
	must(ref_drift(&store_db, &repo, &moves, &n, &store_err));
	assert_int_equal(n, 0);
	ref_moves_release(moves, n);

	sh("cd r.git && git update-ref refs/heads/a0 b1 && "
	   "git update-ref refs/heads/zz b1 && "
	   "git update-ref refs/heads/b1 b0 && "
	   "git update-ref -d refs/heads/b2");
	must(ref_drift(&store_db, &repo, &moves, &n, &store_err));
	assert_int_equal(n, 4);
	assert_string_equal(moves[0].ref, "refs/heads/a0");
	assert_string_equal(moves[0].old_oid, ZERO);
	assert_string_equal(moves[0].new_oid, tips[2]);
	assert_string_equal(moves[1].ref, "refs/heads/b1");
	assert_string_equal(moves[1].old_oid, tips[2]);
	assert_string_equal(moves[1].new_oid, tips[0]);
	assert_string_equal(moves[2].ref, "refs/heads/b2");
	assert_string_equal(moves[2].new_oid, ZERO);
	assert_string_equal(moves[3].ref, "refs/heads/zz");

	/* what has moved on since is left for the next look */
	sh("cd r.git && git update-ref refs/heads/a0 b0");
	must(record(moves, n, "drift"));
	assert_int_equal(moves[0].result, MOVE_PASSED);
	assert_int_equal(moves[1].result, MOVE_NO_PIPELINE);
	assert_int_equal(moves[2].result, MOVE_DELETED);
	assert_int_equal(moves[3].result, MOVE_QUEUED);
	ref_moves_release(moves, n);
	must(ref_drift(&store_db, &repo, &moves, &n, &store_err));
	assert_int_equal(n, 1);
	assert_string_equal(moves[0].ref, "refs/heads/a0");
	ref_moves_release(moves, n);

	must(ref_forget(&store_db, "r.git", &store_err));
	must(ref_drift(&store_db, &repo, &moves, &n, &store_err));
	assert_int_equal(n, 4);
	ref_moves_release(moves, n);
}

static void a_forgotten_repository_is_an_error(void **state)
{
	struct repo other = { .name = (char *)"x.git", .git_dir = git_dir };
	struct repo kept = repo;
	struct ref_move m;
	struct err e = { 0 };

	(void)state;
	set_move(&m, "refs/heads/b1", ZERO, tips[0]);
	repo = other;
	assert_int_equal(record(&m, 1, "push"), -1);
	assert_non_null(strstr(store_err.text, "not registered"));
	assert_int_equal(store_err.status, EXIT_USAGE);
	assert_int_equal(ref_baseline(&store_db, &repo, &e), -1);
	repo = kept;
}

/* ---- what is told ---- */

static void check_told(
	const struct ref_move *m, const char *url, const char *want)
{
	struct repo r = { .name = (char *)"work/f\xc3\xb6 o.git" };
	struct buf b = BUF_INIT;

	assert_int_equal(pusher_tell(&b, &r, m, url), m->result == MOVE_QUEUED);
	assert_string_equal(b.ptr, want);
	buf_release(&b);
}

static void pushers_are_told(void **state)
{
	struct ref_move m = { .ref = (char *)"refs/heads/a\x1b[m\xff",
		.number = 42,
		.result = MOVE_QUEUED };

	(void)state;
	check_told(&m, "",
		"quire: work/f\xc3\xb6 o#42 queued for a?[m\xef\xbf\xbd\n");
	m.ref = (char *)"refs/tags/v1";
	m.ahead = 2;
	check_told(&m, "https://h/q//",
		"quire: work/f\xc3\xb6 o#42 queued for v1 (2 ahead)  "
		"https://h/q/work/f%C3%B6%20o/ci/42\n");
	m.result = MOVE_SEEN;
	check_told(&m, "https://h", "");
	m.result = MOVE_NOT_WATCHED;
	check_told(&m, "https://h", "");
	m.result = MOVE_DELETED;
	check_told(&m, "https://h", "");
	m.result = MOVE_NO_PIPELINE;
	check_told(&m, "https://h", "");
	m.result = MOVE_SKIPPED;
	check_told(&m, "https://h", "quire: v1: skipped, as asked\n");
	m.result = MOVE_NOT_SKIPPED;
	check_told(&m, "",
		"quire: work/f\xc3\xb6 o#42 for v1 is not skipped: "
		"quire-reconcile was faster\n");
	m.result = MOVE_NO_PIPELINE;
	m.hint = "why";
	check_told(&m, "https://h", "quire: v1: why: no run\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_split),
		cmocka_unit_test(bad_lines_are_told),
		cmocka_unit_test(lines_of_any_bytes_end),
		cmocka_unit_test(names_of_refs),
		cmocka_unit_test(tips_are_read),
		cmocka_unit_test(it_is_all_or_nothing),
		cmocka_unit_test(drift_is_what_differs),
		cmocka_unit_test(a_forgotten_repository_is_an_error),
		cmocka_unit_test(pushers_are_told),
	};

	return cmocka_run_group_tests(tests, with_git, without_git);
}
