/*
 * No query of the pages, the queue and the recorder grows with the number of
 * runs. Two proofs, over the very statements that the library runs: SQLite's
 * plan has no scan of runs and no sorting of them; and the steps of its
 * machine are as many at forty thousand runs as at two thousand, also where a
 * filter finds nothing, which is where a scan would show.
 */
#include "store_home.h"

#include "store/job.h"
#include "store/prune.h"
#include "store/ref.h"
#include "store/run_near.h"
#include "store/setting.h"
#include "store/tally.h"

#define FEW 2000
#define MANY 40000

#define MAX_STATEMENTS 256

/* What ran: each text once, with the steps of all its runs. */
struct watch {
	struct strv statements;
	int64_t steps[MAX_STATEMENTS];
};
static struct watch seen;

static int on_finished(unsigned type, void *arg, void *p, void *x)
{
	sqlite3_stmt *s = p;
	struct watch *w = arg;
	const char *text = sqlite3_sql(s);
	size_t i = 0;

	(void)type;
	(void)x;
	while (i < w->statements.n && strcmp(w->statements.v[i], text) != 0)
		i++;
	assert_true(i < MAX_STATEMENTS);
	if (i == w->statements.n)
		strv_push(&w->statements, text);
	w->steps[i] += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
	return 0;
}

static void watch(int on)
{
	must(sqlite3_trace_v2(store_db.conn, on ? SQLITE_TRACE_PROFILE : 0,
		on_finished, &seen));
}

/* Runs from..to-1: complete, of one ref and one pusher, but for a queue as
 * long as half of them. */
static void fill(int from, int to)
{
	sql("BEGIN;"
	    "WITH RECURSIVE i (n) AS (SELECT %d UNION ALL SELECT n + 1 FROM i"
	    " WHERE n < %d) INSERT INTO runs (id, repo, ref_name, sha,"
	    " pushed_at_ms, state, queued_at_ms, started_at_ms, finished_at_ms,"
	    " number, push_seq, pusher)"
	    " SELECT printf('%%08x-0000', n), 'a.git',"
	    " CASE WHEN n %% 2 THEN 'refs/heads/main' ELSE 'refs/heads/q' || n"
	    " END, 's' || n, n, CASE WHEN n %% 2 THEN 'complete' ELSE 'pending'"
	    " END, n, CASE WHEN n %% 2 THEN n END, CASE WHEN n %% 2 THEN n END,"
	    " n, n, 'ann' FROM i; COMMIT",
		from, to - 1);
}

static void list(const char *repo, const char *ref, const char *state,
	const char *pusher)
{
	struct run_filter f = { .repo = repo,
		.ref = ref,
		.state = state,
		.pusher = pusher,
		.limit = 20 };
	struct run *runs;
	size_t n;

	must(run_list(&store_db, &f, &runs, &n, &store_err));
	run_list_release(runs, n);
	f.before = 1000;
	must(run_list(&store_db, &f, &runs, &n, &store_err));
	run_list_release(runs, n);
	f.before = 0;
	f.after = 1000;
	must(run_list(&store_db, &f, &runs, &n, &store_err));
	run_list_release(runs, n);
}

/* All of them, with what is frequent, rare, and not there at all. */
static void all_lists(void)
{
	static const char *const repos[] = { NULL, "a.git", "none.git" };
	static const char *const refs[] = { NULL, "refs/heads/main",
		"refs/heads/q2", "none" };
	static const char *const states[] = { NULL, "pending", "active",
		"complete", "failed", "superseded" };
	static const char *const pushers[] = { NULL, "ann", "bob", "none" };

	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 4; k++)
			for (int l = 0; l < 6; l++)
				for (int m = 0; m < 4; m++)
					list(repos[i], refs[k], states[l],
						pushers[m]);
}

static void nobody(void *arg, const char *repo, const char *id)
{
	(void)arg;
	(void)repo;
	(void)id;
}

static void read_one(int got, struct run *r)
{
	must(got);
	if (got)
		run_release(r);
}

static void nothing(void *arg, const char *repo, int64_t queued_at_ms)
{
	(void)arg;
	(void)repo;
	(void)queued_at_ms;
}

/* The figures; of the queue only for its plan, since that is counted. */
static void read_tallies(void)
{
	struct tally *tallies;
	size_t n;

	must(tally_list(&store_db, &tallies, &n, &store_err));
	assert_true(n > 0);
	tally_list_release(tallies, n);
	must(tally_live(&store_db, RUN_ACTIVE, nothing, NULL, &store_err));
}

#define MAIN "a.git", "refs/heads/main"

static void read_runs(void)
{
	struct run r;
	struct run_nears near;
	struct run *runs;
	struct job_row *jobs;
	enum run_state state;
	size_t n;

	read_one(run_by_id(&store_db, "00000001-0000", &r, &store_err), &r);
	read_one(run_by_number(&store_db, "a.git", 7, &r, &store_err), &r);
	read_one(run_resolve(&store_db, "00000007", &r, &store_err), &r);
	read_one(run_newest_of_ref(&store_db, MAIN, NULL, &r, &store_err), &r);
	read_one(run_newest_of_ref(&store_db, MAIN, "no", &r, &store_err), &r);
	read_one(run_of_tip(&store_db, MAIN, &r, &store_err), &r);
	read_one(run_last_complete(&store_db, MAIN, 1 << 30, &r, &store_err),
		&r);
	read_one(run_last_complete(&store_db, "a.git", "refs/heads/q2", 9, &r,
			 &store_err),
		&r);
	must(run_state_of(&store_db, "00000001-0000", &state, &store_err));
	r = (struct run){
		.repo = "a.git", .ref = "refs/heads/main", .push_seq = 7
	};
	must(run_near_read(&store_db, &r, &near, &store_err));
	assert_int_equal(near.n, 1);
	must(run_latest_by_repo(&store_db, &runs, &n, &store_err));
	run_list_release(runs, n);
	must(job_list(&store_db, "00000001-0000", &jobs, &n, &store_err));
	job_list_release(jobs, n);
}

/* What the index and the form of a list ask for. */
static void read_recent(void)
{
	struct run_recent recent;
	struct strv refs = STRV_INIT, pushers = STRV_INIT;

	must(run_recent(&store_db, "a.git", &recent, &store_err));
	run_recent_release(&recent);
	must(run_recent(&store_db, "none.git", &recent, &store_err));
	run_recent_release(&recent);
	assert_int_equal(run_has_ref(&store_db, MAIN, &store_err), 1);
	assert_int_equal(
		run_has_ref(&store_db, "a.git", "none", &store_err), 0);
	must(run_choices(&store_db, "a.git", &refs, &pushers, &store_err));
	strv_release(&refs);
	strv_release(&pushers);
}

static void use_queue(void)
{
	struct run r;
	struct run *runs;
	size_t n;
	int64_t count;

	read_one(run_next_pending(&store_db, 0, &r, &store_err), &r);
	read_one(run_next_pending(&store_db, 5, &r, &store_err), &r);
	must(run_ahead(&store_db, "000007ce-0000", &count, &store_err));
	must(run_count(&store_db, RUN_ACTIVE, &count, &store_err));
	must(run_list_active(&store_db, &runs, &n, &store_err));
	run_list_release(runs, n);
}

/* What is looked at for pruning: by a rule that takes a few, one that takes
 * nothing, and one whose walk begins among what is kept. */
static void look_for_prunable(void)
{
	const struct prune_rule rules[] = { { 100, INT64_MIN },
		{ INT64_MIN, 100 }, { 1, 1 }, { 50, 200 } };
	struct prune_rule rule;
	struct strv repos = STRV_INIT;

	must(run_repos(&store_db, &repos, &store_err));
	strv_release(&repos);
	must(prune_rule_of(&store_db, "a.git", 0, &rule, &store_err));
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct strv ids = STRV_INIT;
		int64_t behind = 0;

		must(prune_list(&store_db, "a.git", &rules[i], &behind, 30,
			&ids, &store_err));
		strv_release(&ids);
	}
	must(prune_may_go(&store_db, "00000001-0000", &rules[0], &store_err));
	must(prune_may_go(&store_db, "000007cf-0000", &rules[0], &store_err));
	/* of the tip's commit, which is looked for */
	must(prune_may_go(&store_db, "00000003-0000", &rules[0], &store_err));
	must(prune_remove(&store_db, "000007cf-0000", &rules[0], &store_err));
}

/* A push as it is recorded and run, taken back at the end. */
static void live_a_run(void)
{
	const struct run_new new = { .repo = "a.git",
		.ref = "refs/heads/main",
		.sha = "s",
		.trigger = "push",
		.pusher = "ann" };
	const struct run_new again = { .repo = "a.git",
		.ref = "refs/heads/main",
		.sha = "s",
		.trigger = "rerun",
		.rerun_of = "00000001-0000" };
	const struct run_edge go = { .to = RUN_ACTIVE };
	const struct run_edge end = { .to = RUN_COMPLETE };
	char id[ID_SIZE];
	int64_t number;

	must(db_begin(&store_db, &store_err));
	must(run_insert(&store_db, &new, id, &number, &store_err));
	must(run_supersede(
		&store_db, MAIN, 1 << 30, id, 0, nobody, NULL, &store_err));
	must(run_insert(&store_db, &again, id, &number, &store_err));
	assert_int_equal(run_take_edge(&store_db, id, &go, 1, &store_err), 1);
	assert_int_equal(run_take_edge(&store_db, id, &end, 1, &store_err), 1);
	db_rollback(&store_db);
}

static void exercise(void)
{
	all_lists();
	read_runs();
	read_recent();
	use_queue();
	look_for_prunable();
	read_tallies();
	live_a_run();
}

/* Makes /srv/a.git of the other tests real: one commit on main. */
static void make_repository(void)
{
	static const char script[] =
		"set -e; cd '%s'; export GIT_CONFIG_NOSYSTEM=1 HOME=\"$PWD\";"
		" git init -q --bare a.git; mkdir w; cd w; git init -q .;"
		" mkdir .quire; echo '{}' >.quire/ci.json; git add .;"
		" git -c user.name=t -c user.email=t@t commit -qm one;"
		" git push -q ../a.git HEAD:refs/heads/main";
	char command[1024];

	snprintf(command, sizeof(command), script, store_dir);
	assert_int_equal(system(command), 0);
}

static void record(void)
{
	struct repo repo;
	struct gitcat git = { 0 };
	struct ref_move *moves;
	size_t n;

	assert_int_equal(
		repo_by_name(&store_db, "r.git", &repo, &store_err), 1);
	must(ref_baseline(&store_db, &repo, &store_err));
	sql("DELETE FROM refs WHERE repo = 'r.git'");
	must(ref_drift(&store_db, &repo, &moves, &n, &store_err));
	assert_int_equal(n, 1);
	must(gitcat_start(&git, repo.git_dir, &store_err));
	const struct recording r = {
		.db = &store_db, .repo = &repo, .git = &git, .trigger = "drift"
	};
	must(ref_record(&r, moves, n, &store_err));
	assert_int_equal(moves[0].result, MOVE_QUEUED);
	gitcat_stop(&git);
	ref_moves_release(moves, n);
	repo_release(&repo);
}

static int plan_of(const char *text, struct buf *plan)
{
	struct buf q = BUF_INIT;
	sqlite3_stmt *s = NULL;

	buf_addf(&q, "EXPLAIN QUERY PLAN %s", text);
	if (sqlite3_prepare_v2(store_db.conn, q.ptr, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", q.ptr, sqlite3_errmsg(store_db.conn));
	while (sqlite3_step(s) == SQLITE_ROW)
		buf_addf(plan, "%s\n", (const char *)sqlite3_column_text(s, 3));
	assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
	buf_release(&q);
	return strstr(plan->ptr, " runs") || strstr(plan->ptr, " newest");
}

/* A scan of the queue's own index, or of the active runs', is none of runs. */
static int grows(const char *plan)
{
	const char *p = plan;

	if (strstr(plan, "TEMP B-TREE") || strstr(plan, "SCAN newest"))
		return 1;
	for (; (p = strstr(p, "SCAN runs")); p++) {
		size_t len = strcspn(p, "\n");

		if (!memmem(p, len, "INDEX runs_queue", 16) &&
			!memmem(p, len, "INDEX runs_active", 17))
			return 1;
	}
	return 0;
}

static int is_planned(const char *text)
{
	return !strncmp(text, "SELECT", 6) || !strncmp(text, "INSERT", 6) ||
	       !strncmp(text, "UPDATE", 6) || !strncmp(text, "DELETE", 6);
}

static void set_up(void)
{
	add_repo("a.git");
	add_repo("b.git");
	fill(1, FEW);
	sql("INSERT INTO refs (repo, ref_name, oid, sha, seen_at_ms)"
	    " VALUES ('a.git', 'refs/heads/main', 'x', 'never', 1)");
	must(sqlite3_trace_v2(
		store_db.conn, SQLITE_TRACE_PROFILE, on_finished, &seen));
}

static void plans_have_no_scan_and_no_sort(void **state)
{
	char git_dir[128];
	size_t of_runs = 0, bad = 0;

	(void)state;
	set_up();
	make_repository();
	snprintf(git_dir, sizeof(git_dir), "%s/a.git", store_dir);
	must(repo_add(&store_db, "r.git", git_dir, &store_err));
	watch(1);
	record();
	exercise();
	must(tally_live(&store_db, RUN_PENDING, nothing, NULL, &store_err));
	watch(0);
	for (size_t i = 0; i < seen.statements.n; i++) {
		const char *text = seen.statements.v[i];
		struct buf plan = BUF_INIT;

		if (is_planned(text) && plan_of(text, &plan)) {
			of_runs++;
			if (grows(plan.ptr)) {
				fprintf(stderr, "%s\n%s\n", text, plan.ptr);
				bad++;
			}
		}
		buf_release(&plan);
	}
	assert_int_equal(bad, 0);
	/* or this has proved nothing */
	assert_in_range(of_runs, 40, MAX_STATEMENTS);
	strv_release(&seen.statements);
}

static void steps_are_as_many_at_twenty_times_the_runs(void **state)
{
	int64_t few[MAX_STATEMENTS];
	int bad = 0;

	(void)state;
	set_up();
	watch(1);
	exercise();
	memset(seen.steps, 0, sizeof(seen.steps));
	exercise();
	memcpy(few, seen.steps, sizeof(few));
	watch(0);
	fill(FEW, MANY);
	watch(1);
	memset(seen.steps, 0, sizeof(seen.steps));
	exercise();
	watch(0);
	for (size_t i = 0; i < seen.statements.n; i++) {
		if (seen.steps[i] <= few[i] + few[i] / 10 + 20)
			continue;
		fprintf(stderr, "%lld steps became %lld: %s\n",
			(long long)few[i], (long long)seen.steps[i],
			seen.statements.v[i]);
		bad++;
	}
	assert_int_equal(bad, 0);
	assert_in_range(seen.statements.n, 40, MAX_STATEMENTS);
	strv_release(&seen.statements);
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(plans_have_no_scan_and_no_sort),
		T(steps_are_as_many_at_twenty_times_the_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
