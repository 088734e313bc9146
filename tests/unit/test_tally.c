/*
 * test_tally.c - what has ended is counted once, in the class of its duration,
 * by every way that a run may end.
 */
#include "store_home.h"

#include "store/tally.h"

#define TALLIES                                             \
	"SELECT repo, state, class, runs, duration_ms FROM" \
	" tallies ORDER BY repo, state, class"

static void take(const char *id, enum run_state to, int64_t now_ms)
{
	const struct run_edge edge = { .to = to,
		.failure_kind = to == RUN_FAILED ? KIND_TIMEOUT : NULL };

	must(db_begin(&store_db, &store_err));
	/* the trigger's row is none of the caller's changes */
	assert_int_equal(
		run_take_edge(&store_db, id, &edge, now_ms, &store_err), 1);
	must(db_commit(&store_db, &store_err));
}

static void a_run_is_counted_when_it_ends(void **state)
{
	char id[ID_SIZE];

	(void)state;
	add_repo("a.git");
	add_run("a.git", "m", id);
	assert_rows(TALLIES, "");
	sql("UPDATE runs SET subject = 'x', state = state");
	int64_t at = clock_now_ms() + 1000;
	take(id, RUN_ACTIVE, at);
	assert_rows(TALLIES, "");
	take(id, RUN_COMPLETE, at + 10000);
	assert_rows(TALLIES, "a.git|complete|94|1|10000\n");
	/* and never again */
	sql("UPDATE runs SET subject = 'y', state = 'complete'");
	assert_rows(TALLIES, "a.git|complete|94|1|10000\n");
	sql("DELETE FROM runs");
	assert_rows(TALLIES, "a.git|complete|94|1|10000\n");
}

static void what_never_started_has_no_duration(void **state)
{
	char id[ID_SIZE];

	(void)state;
	add_repo("a.git");
	add_run("a.git", "m", id);
	assert_int_equal(settle(id, RUN_FAILED, KIND_CANCELED), 1);
	add_run("a.git", "m", id);
	assert_int_equal(settle(id, RUN_SUPERSEDED, NULL), 1);
	assert_rows(TALLIES, "a.git|failed||1|0\na.git|superseded||1|0\n");
}

static void end_after(int number, int64_t ms)
{
	sql("INSERT OR REPLACE INTO runs (id, repo, ref_name, sha,"
	    " pushed_at_ms, state, queued_at_ms, started_at_ms,"
	    " finished_at_ms, number, push_seq) VALUES ('r%d', 'a.git', 'm',"
	    " 's', 1, 'complete', 1, 1, %lld, %d, %d)",
		number, (long long)(1 + ms), number, number);
}

/* How many runs took at most so long, by the tallies. */
static int64_t count_within(int64_t ms)
{
	struct tally *list;
	int64_t runs = 0;
	size_t n;

	must(tally_list(&store_db, &list, &n, &store_err));
	for (size_t i = 0; i < n; i++) {
		if (list[i].within_ms <= ms)
			runs += list[i].runs;
	}
	tally_list_release(list, n);
	return runs;
}

/* Durations on both sides of every bound. */
static void every_bound_parts_two_classes(void **state)
{
	int number = 0;

	(void)state;
	end_after(++number, 0);
	for (int64_t ten = 1; ten <= 1000000000; ten *= 10) {
		for (int digit = 1; digit <= 9; digit++) {
			end_after(++number, digit * ten);
			assert_int_equal(count_within(digit * ten), number);
			end_after(++number, digit * ten + 1);
			assert_int_equal(count_within(digit * ten), number - 1);
		}
	}
	assert_rows(
		"SELECT sum(runs) = count(*) OR sum(runs) FROM tallies", "1\n");
	assert_rows("SELECT sum(runs) FROM tallies", "181\n");
}

static void a_migration_comes_to_the_same(void **state)
{
	int number = 0;
	char *want;

	(void)state;
	for (int64_t ms = 0; ms < 20000000; ms = ms * 3 / 2 + 1)
		end_after(++number, ms);
	sql("INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,"
	    " queued_at_ms, finished_at_ms, number, push_seq) VALUES"
	    " ('s', 'a.git', 'm', 's', 1, 'superseded', 1, 1, 99, 99)");
	want = rows_of(store_db.conn, TALLIES);
	for (int i = 0; i < migrations_count; i++) {
		if (strcmp(migrations[i].name, "0009_tallies") != 0)
			continue;
		sql("DROP TABLE tallies");
		sql("%s", migrations[i].sql);
	}
	assert_rows(TALLIES, want);
	free(want);
}

static void the_list_is_what_the_table_holds(void **state)
{
	struct tally *list;
	size_t n;

	(void)state;
	sql("INSERT INTO tallies VALUES ('b.git', 'failed', '15', 3, 50000),"
	    " ('a.git', 'superseded', '', 1, 0)");
	must(tally_list(&store_db, &list, &n, &store_err));
	assert_int_equal(n, 2);
	assert_string_equal(list[0].repo, "a.git");
	assert_int_equal(list[0].state, RUN_SUPERSEDED);
	assert_int_equal(list[0].within_ms, -1);
	assert_string_equal(list[1].repo, "b.git");
	assert_int_equal(list[1].runs, 3);
	assert_int_equal(list[1].within_ms, 20000);
	assert_int_equal(list[1].duration_ms, 50000);
	tally_list_release(list, n);
	sql("UPDATE tallies SET class = 'x'");
	assert_int_equal(tally_list(&store_db, &list, &n, &store_err), -1);
}

static void note(void *arg, const char *repo, int64_t queued_at_ms)
{
	struct buf *b = arg;

	buf_addf(b, "%s %d\n", repo, queued_at_ms > 1700000000000);
}

static void what_is_live_is_told_of(void **state)
{
	struct buf pending = BUF_INIT, active = BUF_INIT;
	char a[ID_SIZE], b[ID_SIZE], c[ID_SIZE];

	(void)state;
	add_repo("a.git");
	add_repo("b.git");
	add_run("a.git", "m", a);
	add_run("b.git", "m", b);
	add_run("a.git", "m", c);
	assert_int_equal(settle(b, RUN_ACTIVE, NULL), 1);
	must(tally_live(&store_db, RUN_PENDING, note, &pending, &store_err));
	must(tally_live(&store_db, RUN_ACTIVE, note, &active, &store_err));
	assert_string_equal(pending.ptr, "a.git 1\na.git 1\n");
	assert_string_equal(active.ptr, "b.git 1\n");
	buf_release(&pending);
	buf_release(&active);
}

static void a_purge_begins_anew_and_a_removal_does_not(void **state)
{
	char id[ID_SIZE];

	(void)state;
	add_repo("a.git");
	add_run("a.git", "m", id);
	must(repo_remove(&store_db, "a.git", 0, &store_err));
	assert_rows(TALLIES, "a.git|failed||1|0\n");
	add_repo("a.git");
	add_repo("b.git");
	add_run("b.git", "m", id);
	assert_int_equal(settle(id, RUN_SUPERSEDED, NULL), 1);
	must(repo_remove(&store_db, "a.git", 1, &store_err));
	assert_rows(TALLIES, "b.git|superseded||1|0\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_run_is_counted_when_it_ends),
		T(what_never_started_has_no_duration),
		T(every_bound_parts_two_classes),
		T(a_migration_comes_to_the_same),
		T(the_list_is_what_the_table_holds),
		T(what_is_live_is_told_of),
		T(a_purge_begins_anew_and_a_removal_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
