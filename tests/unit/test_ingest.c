#include "store_home.h"

#include "store/ingest.h"

static char run_id[ID_SIZE];
static int64_t base_ms; /* when the run started */

/* A live run, started at base_ms: long ago, so that events may follow. */
static int with_active_run(void **state)
{
	const struct run_edge go = { .to = RUN_ACTIVE };

	if (store_setup(state) < 0)
		return -1;
	add_repo("a.git");
	add_run("a.git", "refs/heads/main", run_id);
	base_ms = clock_now_ms() - 1000000;
	sql("UPDATE runs SET queued_at_ms = %lld", (long long)base_ms);
	must(db_begin(&store_db, &store_err));
	must(run_take_edge(&store_db, run_id, &go, base_ms, &store_err));
	must(db_commit(&store_db, &store_err));
	return 0;
}

/* A line at base_ms + after. */
static void line(struct buf *b, int after, const char *rest)
{
	buf_addf(
		b, "{\"at_ms\":%lld,%s}\n", (long long)(base_ms + after), rest);
}

static void give(struct ingest *in, const char *data)
{
	size_t used = 99;

	must(ingest_lines(
		&store_db, in, data, strlen(data), &used, &store_err));
	assert_int_equal(used, strlen(data));
}

/* The stream of a run with a good, a bad, a skipped and a waiting job. */
static void usual(struct buf *b)
{
	line(b, 1,
		"\"type\":\"pipeline\",\"timeout_ms\":5000,\"jobs\":["
		"{\"id\":\"build\",\"needs\":[]},"
		"{\"id\":\"lint\",\"needs\":[],\"allow_failure\":true},"
		"{\"id\":\"test\",\"needs\":[\"build\",\"lint\"]},"
		"{\"id\":\"late\",\"needs\":[]}]");
	line(b, 2, "\"type\":\"job_started\",\"job_id\":\"build\"");
	line(b, 3,
		"\"type\":\"sh_started\",\"job_id\":\"build\",\"n\":1,"
		"\"cmd\":\"./configure\"");
	line(b, 4,
		"\"type\":\"sh_finished\",\"job_id\":\"build\",\"n\":1,"
		"\"exit_code\":0");
	line(b, 4,
		"\"type\":\"sh_started\",\"job_id\":\"build\",\"n\":2,"
		"\"cmd\":\"make\"");
	line(b, 6,
		"\"type\":\"sh_finished\",\"job_id\":\"build\",\"n\":2,"
		"\"exit_code\":2");
	line(b, 6,
		"\"type\":\"job_finished\",\"job_id\":\"build\","
		"\"outcome\":\"failed\",\"reason\":\"no luck\"");
	line(b, 7,
		"\"type\":\"job_skipped\",\"job_id\":\"test\","
		"\"reason\":\"build failed\"");
	line(b, 8, "\"type\":\"job_started\",\"job_id\":\"lint\"");
	line(b, 8,
		"\"type\":\"job_finished\",\"job_id\":\"lint\","
		"\"outcome\":\"complete\"");
	line(b, 9, "\"type\":\"job_started\",\"job_id\":\"late\"");
	line(b, 9,
		"\"type\":\"sh_started\",\"job_id\":\"late\",\"n\":1,"
		"\"cmd\":\"sleep 9\"");
}

static char *all_rows(void)
{
	char query[512];

	/* times relative to the run's */
	snprintf(query, sizeof(query),
		"SELECT position, job_id, state, exit_code,"
		" started_at_ms - %lld, finished_at_ms - %lld, reason, needs,"
		" allow_failure FROM jobs ORDER BY position, job_id",
		(long long)base_ms, (long long)base_ms);
	char *jobs = rows_of(store_db.conn, query);
	snprintf(query, sizeof(query),
		"SELECT job_id, n, cmd, exit_code, started_at_ms - %lld,"
		" finished_at_ms - %lld FROM sh_events ORDER BY job_id, n",
		(long long)base_ms, (long long)base_ms);
	char *sh = rows_of(store_db.conn, query);
	struct buf both = BUF_INIT;
	buf_addf(&both, "%s%s", jobs, sh);
	free(jobs);
	free(sh);
	return buf_detach(&both);
}

static void expect(const char *want)
{
	char *got = all_rows();

	assert_string_equal(got, want);
	free(got);
}

static const char usual_rows[] =
	"1|build|failed|2|2|6|no luck||0\n"
	"2|lint|complete|-|8|8|-||1\n"
	"3|test|skipped|-|-|7|build failed|build lint|0\n"
	"4|late|active|-|9|-|-||0\n"
	"build|1|./configure|0|3|4\n"
	"build|2|make|2|4|6\n"
	"late|1|sleep 9|-|9|-\n";

static void events_become_rows(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;

	(void)state;
	ingest_init(&in, run_id);
	usual(&b);
	give(&in, b.ptr);
	expect(usual_rows);
	assert_int_equal(in.timeout_ms, 5000);
	assert_int_equal(in.finished, 0);
	assert_int_equal(in.bad_lines, 0);
	buf_release(&b);
	ingest_release(&in);
}

static void jobs_are_pending_before_they_start(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;

	(void)state;
	ingest_init(&in, run_id);
	line(&b, 1,
		"\"type\":\"pipeline\",\"jobs\":[{\"id\":\"b\",\"needs\":[]},"
		"{\"id\":\"a\",\"needs\":[\"b\"]}]");
	give(&in, b.ptr);
	expect("1|b|pending|-|-|-|-||0\n2|a|pending|-|-|-|-|b|0\n");
	buf_release(&b);
	ingest_release(&in);
}

/* With the same struct, with a new one, and from every line on. */
static void a_stream_may_come_again_from_any_point(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;

	(void)state;
	ingest_init(&in, run_id);
	usual(&b);
	give(&in, b.ptr);
	give(&in, b.ptr);
	expect(usual_rows);
	for (const char *p = b.ptr; *p; p = strchr(p, '\n') + 1) {
		struct ingest again;

		ingest_init(&again, run_id);
		give(&again, p);
		ingest_release(&again);
		expect(usual_rows);
	}
	buf_release(&b);
	ingest_release(&in);
}

/* However the bytes are cut. */
static void torn_pieces_wait_for_their_rest(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT, pending = BUF_INIT;
	size_t step = 1;

	(void)state;
	ingest_init(&in, run_id);
	usual(&b);
	for (size_t at = 0; at < b.len; at += step) {
		size_t used = 0;

		step = 1 + at * 31 % 97;
		if (at + step > b.len)
			step = b.len - at;
		buf_add(&pending, b.ptr + at, step);
		must(ingest_lines(&store_db, &in, pending.ptr, pending.len,
			&used, &store_err));
		buf_consume(&pending, used);
		assert_null(memchr(pending.ptr, '\n', pending.len));
	}
	assert_int_equal(pending.len, 0);
	expect(usual_rows);
	buf_release(&b);
	buf_release(&pending);
	ingest_release(&in);
}

static void bad_lines_cost_only_themselves(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;

	(void)state;
	ingest_init(&in, run_id);
	line(&b, 1, "\"type\":\"job_started\",\"job_id\":\"j\"");
	buf_adds(&b, "{\"at_ms\":1,\"type\":\"sh_sta\n");
	buf_adds(&b, "\n\xff\xfe\n[]\n{}\nnull\n");
	buf_add(&b, "\0\0\n", 3);
	line(&b, 2, "\"type\":\"moon_phase\",\"phase\":[1,{}]");
	line(&b, 3,
		"\"type\":\"sh_started\",\"job_id\":\"j\",\"n\":1,"
		"\"cmd\":\"true\",\"more\":{\"x\":[]}");
	size_t used;
	must(ingest_lines(&store_db, &in, b.ptr, b.len, &used, &store_err));
	assert_int_equal(used, b.len);
	assert_true(in.bad_lines >= 5);
	expect("1|j|active|-|1|-|-||0\nj|1|true|-|3|-\n");
	buf_release(&b);
	ingest_release(&in);
}

/* Each line of the stream lost in turn: what is around it is still there. */
static void any_one_line_may_be_lost(void **state)
{
	struct buf b = BUF_INIT;
	size_t lines = 0;

	usual(&b);
	for (const char *p = b.ptr; *p; p = strchr(p, '\n') + 1) {
		const char *end = strchr(p, '\n') + 1;
		struct buf cut = BUF_INIT;
		struct ingest in;

		store_leave(state);
		with_active_run(state);
		buf_reset(&b);
		usual(&b); /* the base has moved */
		buf_add(&cut, b.ptr, (size_t)(p - b.ptr));
		buf_adds(&cut, end);
		ingest_init(&in, run_id);
		give(&in, cut.ptr);
		/* the job of the lost line at least began */
		assert_rows("SELECT count(*) BETWEEN 3 AND 4,"
			    " count(*) FILTER (WHERE state <> 'pending') >= 3"
			    " FROM jobs",
			"1|1\n");
		assert_rows("SELECT count(*) >= 2 FROM sh_events", "1\n");
		ingest_release(&in);
		buf_release(&cut);
		lines++;
	}
	assert_int_equal(lines, 12);
	buf_release(&b);
}

static void what_was_not_announced_appears(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;

	(void)state;
	ingest_init(&in, run_id);
	line(&b, 1, "\"type\":\"job_started\",\"job_id\":\"a\"");
	line(&b, 2,
		"\"type\":\"sh_started\",\"job_id\":\"b\",\"n\":1,"
		"\"cmd\":\"x\"");
	line(&b, 3,
		"\"type\":\"sh_finished\",\"job_id\":\"c\",\"n\":2,"
		"\"exit_code\":7");
	line(&b, 4,
		"\"type\":\"job_finished\",\"job_id\":\"d\","
		"\"outcome\":\"failed\"");
	line(&b, 5,
		"\"type\":\"job_skipped\",\"job_id\":\"e\","
		"\"reason\":\"r\"");
	line(&b, 6,
		"\"type\":\"job_finished\",\"job_id\":\"a\","
		"\"outcome\":\"perhaps\"");
	/* announced late: gets its place and its needs */
	line(&b, 7,
		"\"type\":\"pipeline\",\"jobs\":[{\"id\":\"c\",\"needs\":[\"x\"]"
		"}]");
	give(&in, b.ptr);
	expect("1|a|active|-|1|-|-||0\n"
	       "1|c|active|7|3|-|-|x|0\n"
	       "2|b|active|-|2|-|-||0\n"
	       "4|d|failed|-|4|4|-||0\n"
	       "5|e|skipped|-|-|5|r||0\n"
	       "b|1|x|-|2|-\n"
	       "c|2||7|3|3\n");
	buf_release(&b);
	ingest_release(&in);
}

static void missing_numbers_count_as_they_come(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;

	(void)state;
	line(&b, 1, "\"type\":\"job_started\",\"job_id\":\"j\"");
	for (int i = 0; i < 3; i++) {
		/* in the same millisecond */
		line(&b, 2,
			"\"type\":\"sh_started\",\"job_id\":\"j\","
			"\"cmd\":\"true\"");
		line(&b, 2,
			"\"type\":\"sh_finished\",\"job_id\":\"j\","
			"\"exit_code\":0");
	}
	line(&b, 3,
		"\"type\":\"sh_started\",\"job_id\":\"j\",\"cmd\":\"false\"");
	line(&b, 4,
		"\"type\":\"sh_finished\",\"job_id\":\"j\",\"exit_code\":1");
	static const char want[] = "1|j|active|1|1|-|-||0\n"
				   "j|1|true|0|2|2\nj|2|true|0|2|2\n"
				   "j|3|true|0|2|2\nj|4|false|1|3|4\n";
	for (int i = 0; i < 2; i++) {
		ingest_init(&in, run_id);
		give(&in, b.ptr);
		expect(want);
		give(&in, b.ptr);
		expect(want);
		ingest_release(&in);
	}
	/* from the last command on, by one who has not seen its job start */
	const char *last = strstr(b.ptr, "false");
	while (last[-1] != '\n')
		last--;
	ingest_init(&in, run_id);
	give(&in, last);
	expect(want);
	ingest_release(&in);
	buf_release(&b);
}

static void the_first_end_counts(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;

	(void)state;
	ingest_init(&in, run_id);
	usual(&b);
	line(&b, 20,
		"\"type\":\"sh_finished\",\"job_id\":\"build\",\"n\":1,"
		"\"exit_code\":9");
	line(&b, 20,
		"\"type\":\"job_finished\",\"job_id\":\"build\","
		"\"outcome\":\"complete\"");
	line(&b, 20, "\"type\":\"job_started\",\"job_id\":\"build\"");
	line(&b, 20,
		"\"type\":\"job_skipped\",\"job_id\":\"late\","
		"\"reason\":\"x\"");
	give(&in, b.ptr);
	expect(usual_rows);
	buf_release(&b);
	ingest_release(&in);
}

static void times_are_clamped(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;

	(void)state;
	ingest_init(&in, run_id);
	line(&b, -500, "\"type\":\"job_started\",\"job_id\":\"j\"");
	line(&b, 50,
		"\"type\":\"sh_started\",\"job_id\":\"j\",\"n\":1,"
		"\"cmd\":\"x\"");
	line(&b, 20,
		"\"type\":\"sh_finished\",\"job_id\":\"j\",\"n\":1,"
		"\"exit_code\":0");
	line(&b, -900,
		"\"type\":\"job_finished\",\"job_id\":\"j\","
		"\"outcome\":\"complete\"");
	give(&in, b.ptr);
	/* nor does a job end before its commands, or one of these begin before
	 * the one before it has ended */
	expect("1|j|complete|0|0|50|-||0\nj|1|x|0|50|50\n");
	/* the future and no time at all are now */
	buf_reset(&b);
	line(&b, 999999999, "\"type\":\"job_started\",\"job_id\":\"k\"");
	buf_adds(&b, "{\"type\":\"job_started\",\"job_id\":\"l\"}\n");
	give(&in, b.ptr);
	int64_t now_ms = clock_now_ms();
	char want[64];
	sql("DELETE FROM sh_events; DELETE FROM jobs WHERE job_id = 'j'");
	snprintf(want, sizeof(want), "2|1\n");
	char query[256];
	snprintf(query, sizeof(query),
		"SELECT count(*), min(started_at_ms) > %lld AND"
		" max(started_at_ms) <= %lld FROM jobs",
		(long long)now_ms - 60000, (long long)now_ms);
	assert_rows(query, want);
	buf_release(&b);
	ingest_release(&in);
}

static void nothing_happens_under_an_ended_run(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;
	char *before, *after;

	(void)state;
	ingest_init(&in, run_id);
	usual(&b);
	give(&in, b.ptr);
	settle(run_id, RUN_SUPERSEDED, NULL);
	before = all_rows();
	assert_non_null(strstr(before, "late|aborted"));
	assert_non_null(strstr(before, "sleep 9|-|9|-"));
	buf_reset(&b);
	line(&b, 20,
		"\"type\":\"sh_finished\",\"job_id\":\"late\",\"n\":1,"
		"\"exit_code\":0");
	line(&b, 20,
		"\"type\":\"job_finished\",\"job_id\":\"late\","
		"\"outcome\":\"complete\"");
	line(&b, 21, "\"type\":\"job_started\",\"job_id\":\"more\"");
	line(&b, 21,
		"\"type\":\"sh_started\",\"job_id\":\"build\",\"n\":3,"
		"\"cmd\":\"x\"");
	line(&b, 22,
		"\"type\":\"pipeline\",\"jobs\":[{\"id\":\"z\",\"needs\":[]}]");
	line(&b, 23, "\"type\":\"job_skipped\",\"job_id\":\"y\"");
	line(&b, 24, "\"type\":\"run_finished\",\"outcome\":\"success\"");
	give(&in, b.ptr);
	after = all_rows();
	assert_string_equal(before, after);
	/* what it said of itself is heard all the same */
	assert_int_equal(in.success, 1);
	free(before);
	free(after);
	buf_release(&b);
	ingest_release(&in);
}

/* Nor does a run that is not there break anything. */
static void a_run_that_is_gone_is_no_error(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;

	(void)state;
	ingest_init(&in, "no-such-run");
	usual(&b);
	give(&in, b.ptr);
	assert_rows("SELECT count(*) FROM jobs", "0\n");
	buf_release(&b);
	ingest_release(&in);
}

static void fifty_commands_are_fifty_rows(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;

	(void)state;
	ingest_init(&in, run_id);
	line(&b, 1, "\"type\":\"job_started\",\"job_id\":\"j\"");
	for (int i = 1; i <= 50; i++) {
		buf_addf(&b,
			"{\"at_ms\":%lld,\"type\":\"sh_started\","
			"\"job_id\":\"j\",\"n\":%d,\"cmd\":\"true\"}\n"
			"{\"at_ms\":%lld,\"type\":\"sh_finished\","
			"\"job_id\":\"j\",\"n\":%d,\"exit_code\":0}\n",
			(long long)base_ms, i, (long long)base_ms, i);
	}
	give(&in, b.ptr);
	assert_rows("SELECT count(*), min(n), max(n), sum(exit_code)"
		    " FROM sh_events",
		"50|1|50|0\n");
	buf_release(&b);
	ingest_release(&in);
}

/* A batch that cannot be stored leaves no trace, and may be given again. */
static void a_failed_batch_may_be_given_again(void **state)
{
	struct ingest in;
	struct buf b = BUF_INIT;
	struct err e = { 0 };
	size_t used = 9;

	(void)state;
	ingest_init(&in, run_id);
	line(&b, 1, "\"type\":\"job_started\",\"job_id\":\"j\"");
	line(&b, 2, "\"type\":\"sh_started\",\"job_id\":\"j\",\"cmd\":\"one\"");
	give(&in, b.ptr);
	buf_reset(&b);
	line(&b, 3, "\"type\":\"sh_started\",\"job_id\":\"j\",\"cmd\":\"two\"");
	line(&b, 4, "\"type\":\"job_started\",\"job_id\":\"refused\"");
	sql("CREATE TRIGGER full BEFORE INSERT ON jobs"
	    " WHEN NEW.job_id = 'refused' BEGIN"
	    " SELECT RAISE (ABORT, 'no room'); END");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			ingest_lines(&store_db, &in, b.ptr, b.len, &used, &e),
			-1);
		assert_non_null(strstr(e.text, "no room"));
		assert_int_equal(used, 0);
		assert_int_equal(sqlite3_get_autocommit(store_db.conn), 1);
		expect("1|j|active|-|1|-|-||0\nj|1|one|-|2|-\n");
	}
	sql("DROP TRIGGER full");
	give(&in, b.ptr);
	expect("1|j|active|-|1|-|-||0\n2|refused|active|-|4|-|-||0\n"
	       "j|1|one|-|2|-\nj|2|two|-|3|-\n");
	buf_release(&b);
	ingest_release(&in);
}

static void outcome(const char *stream, enum run_state to, const char *kind,
	const char *reason)
{
	struct ingest in;
	struct run_edge edge;

	ingest_init(&in, run_id);
	give(&in, stream);
	ingest_outcome(&in, &edge);
	assert_int_equal(edge.to, to);
	if (kind)
		assert_string_equal(edge.failure_kind, kind);
	else
		assert_null(edge.failure_kind);
	if (reason)
		assert_string_equal(edge.reason, reason);
	else
		assert_null(edge.reason);
	ingest_release(&in);
}

#define FINISHED(outcome) \
	"{\"at_ms\":1,\"type\":\"run_finished\",\"outcome\":\"" outcome "\"}\n"
#define FINISHED_WHY(outcome, why)                                      \
	"{\"at_ms\":1,\"type\":\"run_finished\",\"outcome\":\"" outcome \
	"\",\"reason\":\"" why "\"}\n"
#define EXITED(status, signal)                                         \
	"{\"at_ms\":1,\"type\":\"executor_exited\",\"status\":" status \
	",\"signal\":" signal "}\n"

static void the_recorded_end_is_the_edge(void **state)
{
	(void)state;
	outcome(FINISHED("success") EXITED("0", "0"), RUN_COMPLETE, NULL, NULL);
	outcome(FINISHED("pipeline-failure") EXITED("0", "0"), RUN_FAILED,
		KIND_PIPELINE_FAILURE, NULL);
	outcome(FINISHED_WHY("pipeline-failure", "jobs[0]: no run")
			EXITED("0", "0"),
		RUN_FAILED, KIND_PIPELINE_FAILURE, "jobs[0]: no run");
	outcome("{\"type\":\"run_finished\",\"cause\":\"disk-full\","
		"\"outcome\":\"pipeline-failure\"}\n" EXITED("0", "0"),
		RUN_FAILED, KIND_DISK_FULL, NULL);
	outcome("{\"type\":\"run_finished\",\"cause\":\"unheard-of\","
		"\"outcome\":\"pipeline-failure\"}\n" EXITED("0", "0"),
		RUN_FAILED, KIND_PIPELINE_FAILURE, NULL);
	outcome(EXITED("0", "0"), RUN_FAILED, KIND_PROCESS_CRASHED,
		"quire-ci ended without an outcome");
	outcome(EXITED("70", "0"), RUN_FAILED, KIND_PROCESS_CRASHED,
		"quire-ci exited with status 70");
	outcome(FINISHED("success") EXITED("3", "0"), RUN_FAILED,
		KIND_PROCESS_CRASHED, "quire-ci exited with status 3");
	outcome(FINISHED("success") EXITED("-1", "9"), RUN_FAILED,
		KIND_PROCESS_CRASHED, "quire-ci was killed by signal 9");
	outcome("{\"type\":\"executor_exited\",\"status\":-1,\"signal\":9,"
		"\"cause\":\"timeout\",\"reason\":\"out of time\"}\n",
		RUN_FAILED, KIND_TIMEOUT, "out of time");
	outcome(FINISHED("success"), RUN_FAILED, KIND_ORPHANED,
		"its supervisor was lost");
	outcome("", RUN_FAILED, KIND_ORPHANED, "its supervisor was lost");
	/* no rows, no transaction */
	assert_rows("SELECT count(*) FROM jobs", "0\n");
}

/* What the run as a whole came to is known though another writer is in the way,
 * also of a batch that is given up; and it is noted once. */
static void a_locked_database_hides_no_outcome(void **state)
{
	static const char stream[] =
		"{\"at_ms\":1,\"type\":\"job_started\",\"job_id\":\"j\"}\n"
		"no event\n" FINISHED("success") EXITED("0", "0") "torn";
	size_t whole = strlen(stream) - strlen("torn"), used = 9;
	struct run_edge edge;
	struct ingest in;
	struct db other;
	struct err e;

	(void)state;
	must(db_open(&other, &store_home, DB_WRITE, &store_err));
	must(db_begin(&other, &store_err));
	db_wait_ms(&store_db, 0);
	ingest_init(&in, run_id);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ingest_lines(&store_db, &in, stream,
					 strlen(stream), &used, &e),
			-1);
		assert_int_equal(e.status, EXIT_BUSY);
		assert_int_equal(used, 0);
		assert_int_equal(in.bad_lines, 1);
		ingest_outcome(&in, &edge);
		assert_int_equal(edge.to, RUN_COMPLETE);
	}
	assert_int_equal(ingest_give_up(&in), whole);
	assert_int_equal(ingest_give_up(&in), 0);
	db_rollback(&other);
	db_close(&other);
	must(ingest_lines(
		&store_db, &in, stream, strlen(stream), &used, &store_err));
	assert_int_equal(used, whole);
	assert_rows("SELECT job_id FROM jobs", "j\n");
	ingest_release(&in);
}

#define T(f) cmocka_unit_test_setup_teardown(f, with_active_run, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(events_become_rows),
		T(jobs_are_pending_before_they_start),
		T(a_stream_may_come_again_from_any_point),
		T(torn_pieces_wait_for_their_rest),
		T(bad_lines_cost_only_themselves),
		T(any_one_line_may_be_lost),
		T(what_was_not_announced_appears),
		T(missing_numbers_count_as_they_come),
		T(the_first_end_counts),
		T(times_are_clamped),
		T(nothing_happens_under_an_ended_run),
		T(a_run_that_is_gone_is_no_error),
		T(fifty_commands_are_fifty_rows),
		T(a_failed_batch_may_be_given_again),
		T(the_recorded_end_is_the_edge),
		T(a_locked_database_hides_no_outcome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
