#include "store_home.h"

#include "base/json.h"
#include "store/job.h"
#include "store/run_json.h"

static char run_id[ID_SIZE];

static int with_jobs(void **state)
{
	const struct run_new n = { .repo = "a.git",
		.ref = "refs/heads/m\xff",
		.sha = "abc",
		.trigger = "push",
		.subject = "a \"quoted\" \xc3\xa9\n",
		.pushed_at_ms = 5 };

	if (store_setup(state) < 0)
		return -1;
	add_repo("a.git");
	add_run_of(&n, run_id);
	settle(run_id, RUN_ACTIVE, NULL);
	sql("INSERT INTO jobs (run_id, job_id, state, started_at_ms,"
	    " finished_at_ms, exit_code, position, needs, allow_failure,"
	    " reason) VALUES"
	    " ('%s', 'z', 'failed', 10, 20, 3, 1, '', 1, 'why'),"
	    " ('%s', 'a', 'active', 15, NULL, 0, 2, 'z', 0, NULL),"
	    " ('%s', 'm', 'pending', NULL, NULL, NULL, 3, 'z a', 0, NULL)",
		run_id, run_id, run_id);
	sql("INSERT INTO sh_events (run_id, job_id, n, started_at_ms,"
	    " finished_at_ms, exit_code, cmd) VALUES"
	    " ('%s', 'z', 1, 10, 20, 3, 'x'),"
	    " ('%s', 'a', 2, 16, NULL, NULL, 'b\xfe'),"
	    " ('%s', 'a', 1, 15, 16, 0, 'a')",
		run_id, run_id, run_id);
	return 0;
}

static void jobs_come_in_pipeline_order(void **state)
{
	struct job_row *jobs;
	size_t n;

	(void)state;
	must(job_list(&store_db, run_id, &jobs, &n, &store_err));
	assert_int_equal(n, 3);
	assert_string_equal(jobs[0].id, "z");
	assert_string_equal(jobs[0].state, "failed");
	assert_int_equal(jobs[0].exit_code, 3);
	assert_int_equal(jobs[0].started_at_ms, 10);
	assert_int_equal(jobs[0].finished_at_ms, 20);
	assert_string_equal(jobs[0].reason, "why");
	assert_int_equal(jobs[0].allow_failure, 1);
	assert_int_equal(jobs[0].n_sh, 1);
	assert_string_equal(jobs[1].id, "a");
	assert_int_equal(jobs[1].finished_at_ms, -1);
	assert_int_equal(jobs[1].n_sh, 2);
	assert_int_equal(jobs[1].sh[0].n, 1);
	assert_string_equal(jobs[1].sh[0].cmd, "a");
	assert_int_equal(jobs[1].sh[0].exit_code, 0);
	assert_int_equal(jobs[1].sh[1].exit_code, -1);
	assert_int_equal(jobs[1].sh[1].finished_at_ms, -1);
	assert_string_equal(jobs[2].needs, "z a");
	assert_int_equal(jobs[2].exit_code, -1);
	assert_int_equal(jobs[2].n_sh, 0);
	assert_null(jobs[2].reason);
	job_list_release(jobs, n);
	must(job_list(&store_db, "none", &jobs, &n, &store_err));
	assert_int_equal(n, 0);
	assert_non_null(jobs);
	job_list_release(jobs, n);
}

/* The keys that other people's scripts rely on, in their order. */
static const char *const run_keys[] = { "id", "number", "repo", "ref", "sha",
	"state", "failure_kind", "reason", "trigger", "push_seq", "attempt",
	"previous_sha", "pusher", "subject", "author", "superseded_by",
	"rerun_of", "sandbox", "traceparent", "pushed_at_ms", "queued_at_ms",
	"started_at_ms", "finished_at_ms", "jobs" };

static void a_run_is_one_object(void **state)
{
	struct job_row *jobs;
	struct run r;
	size_t n, i = 0;

	(void)state;
	assert_int_equal(run_by_id(&store_db, run_id, &r, &store_err), 1);
	must(job_list(&store_db, run_id, &jobs, &n, &store_err));
	struct json_object *o = run_to_json(&r, jobs, n);
	json_object_object_foreach(o, key, value)
	{
		(void)value;
		assert_true(i < sizeof(run_keys) / sizeof(*run_keys));
		assert_string_equal(key, run_keys[i++]);
	}
	assert_int_equal(i, sizeof(run_keys) / sizeof(*run_keys));
	assert_string_equal(json_get_str(o, "id"), run_id);
	assert_string_equal(json_get_str(o, "repo"), "a.git");
	assert_string_equal(json_get_str(o, "ref"), "refs/heads/m\xef\xbf\xbd");
	assert_string_equal(
		json_get_str(o, "subject"), "a \"quoted\" \xc3\xa9\n");
	assert_string_equal(json_get_str(o, "state"), "active");
	assert_int_equal(json_get_int(o, "number", -1), 1);
	assert_int_equal(json_get_int(o, "pushed_at_ms", -1), 5);
	assert_null(json_object_object_get(o, "finished_at_ms"));
	assert_null(json_object_object_get(o, "pusher"));
	json_object_put(o);
	job_list_release(jobs, n);
	run_release(&r);
}

static void its_jobs_are_in_it(void **state)
{
	struct job_row *jobs;
	struct run r;
	size_t n;
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(run_by_id(&store_db, run_id, &r, &store_err), 1);
	must(job_list(&store_db, run_id, &jobs, &n, &store_err));
	struct json_object *o = run_to_json(&r, jobs, n);
	json_write(&b, json_object_object_get(o, "jobs"), 0);
	assert_string_equal(b.ptr,
		"[{\"id\":\"z\",\"state\":\"failed\",\"exit_code\":3,"
		"\"reason\":\"why\",\"needs\":[],\"allow_failure\":true,"
		"\"started_at_ms\":10,\"finished_at_ms\":20,\"sh\":[{\"n\":1,"
		"\"cmd\":\"x\",\"exit_code\":3,\"started_at_ms\":10,"
		"\"finished_at_ms\":20}]},"
		"{\"id\":\"a\",\"state\":\"active\",\"exit_code\":0,"
		"\"reason\":null,\"needs\":[\"z\"],\"allow_failure\":false,"
		"\"started_at_ms\":15,\"finished_at_ms\":null,\"sh\":["
		"{\"n\":1,\"cmd\":\"a\",\"exit_code\":0,\"started_at_ms\":15,"
		"\"finished_at_ms\":16},{\"n\":2,\"cmd\":\"b\xef\xbf\xbd\","
		"\"exit_code\":null,\"started_at_ms\":16,"
		"\"finished_at_ms\":null}]},"
		"{\"id\":\"m\",\"state\":\"pending\",\"exit_code\":null,"
		"\"reason\":null,\"needs\":[\"z\",\"a\"],"
		"\"allow_failure\":false,\"started_at_ms\":null,"
		"\"finished_at_ms\":null,\"sh\":[]}]");
	json_object_put(o);
	/* asked for without jobs, and with none */
	o = run_to_json(&r, NULL, 0);
	assert_false(json_object_object_get_ex(o, "jobs", NULL));
	json_object_put(o);
	o = run_to_json(&r, jobs, 0);
	assert_int_equal(
		json_object_array_length(json_object_object_get(o, "jobs")), 0);
	json_object_put(o);
	buf_release(&b);
	job_list_release(jobs, n);
	run_release(&r);
}

#define T(f) cmocka_unit_test_setup_teardown(f, with_jobs, store_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(jobs_come_in_pipeline_order),
		T(a_run_is_one_object),
		T(its_jobs_are_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
