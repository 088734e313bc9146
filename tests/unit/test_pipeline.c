/* The pipeline format: what is taken, and the line that says why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pipeline.h"

/* JSON with ' for ", to be readable here. */
static void parse(struct pipeline *p, const char *text)
{
	char *json = mem_strdup(text);
	struct err e = { 0 };

	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	*p = (struct pipeline){ 0 };
	if (pipeline_parse(p, json, strlen(json), &e) < 0)
		fail_msg("%s: %s", text, e.text);
	free(json);
}

static void assert_error(const char *text, const char *expected)
{
	char *json = mem_strdup(text);
	struct pipeline p = { 0 };
	struct err e = { 0 };

	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	if (pipeline_parse(&p, json, strlen(json), &e) == 0)
		fail_msg("taken: %s", text);
	assert_string_equal(e.text, expected);
	assert_null(p.jobs);
	free(json);
}

static void takes_the_whole_format(void **state)
{
	struct pipeline p;

	(void)state;
	parse(&p, "{'timeout': '30m', 'parallel': 1, 'history': false,"
		  "'env': {'CFLAGS': '-O2'}, 'jobs': ["
		  "{'id': 'build', 'run': ['./configure', 'make']},"
		  "{'id': 'test', 'needs': ['build'], 'timeout': '10m',"
		  " 'env': {'V': '1'}, 'run': 'make check'},"
		  "{'id': 'lint', 'allow-failure': true,"
		  " 'run': [['clang-tidy', 'my file.c', '']]},"
		  "{'id': 'release', 'needs': ['test', 'lint'],"
		  " 'when': {'tag': 'v*', 'branch': ['a', 'b'],"
		  " 'paths': ['src/**']}, 'run': '-x'}]}");
	assert_int_equal(p.timeout_ms, 30 * 60 * 1000);
	assert_int_equal(p.parallel, 1);
	assert_int_equal(p.n_env, 1);
	assert_string_equal(p.env[0].name, "CFLAGS");
	assert_string_equal(p.env[0].value, "-O2");
	assert_int_equal(p.n_jobs, 4);
	assert_int_equal(p.jobs[0].n_run, 2);
	assert_int_equal(p.jobs[0].run[0].shell, 1);
	assert_int_equal(p.jobs[0].run[0].argv.n, 4);
	assert_string_equal(p.jobs[0].run[0].argv.v[3], "./configure");
	assert_string_equal(p.jobs[0].run[1].text, "make");
	assert_int_equal(p.jobs[1].n_needs, 1);
	assert_int_equal(p.jobs[1].needs[0], 0);
	assert_int_equal(p.jobs[1].timeout_ms, 600000);
	assert_string_equal(p.jobs[1].env[0].value, "1");
	assert_int_equal(p.jobs[2].allow_failure, 1);
	assert_int_equal(p.jobs[2].run[0].shell, 0);
	assert_int_equal(p.jobs[2].run[0].argv.n, 3);
	assert_string_equal(p.jobs[2].run[0].text, "clang-tidy 'my file.c' ''");
	assert_int_equal(p.jobs[3].needs[1], 2);
	assert_int_equal(p.jobs[3].when.has_tag, 1);
	assert_int_equal(p.jobs[3].when.branch.n, 2);
	assert_string_equal(p.jobs[3].when.paths.v[0], "src/**");
	pipeline_release(&p);
}

static void says_where_it_is_wrong(void **state)
{
	(void)state;
	assert_error("[]", "a list, not an object");
	assert_error("{}", "no jobs");
	assert_error("{'jobs': []}", "jobs: an empty list");
	assert_error("{'jobs': {}}", "jobs: an object, not a list");
	assert_error("{'jobs': [3]}", "jobs[0]: a number, not an object");
	assert_error("{'job': []}", "job: unknown key (did you mean 'jobs'?)");
	assert_error("{'steps': []}", "steps: unknown key");
	assert_error("{'jobs': [{'id': 'a'}]}",
		"jobs[0]: no run: what is this job to do?");
	assert_error("{'jobs': [{'run': 'a'}]}", "jobs[0]: no id");
	assert_error("{'jobs': [{'id': 3, 'run': 'x'}]}",
		"jobs[0].id: a number, not a string");
	assert_error("{'jobs': [{'id': 'a', 'rum': 'x'}]}",
		"jobs[0].rum: unknown key (did you mean 'run'?)");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x', 'allow_failure': true}"
		     "]}",
		"jobs[0].allow_failure: unknown key (did you mean "
		"'allow-failure'?)");
	assert_error("{'jobs': [{'id': 'a', 'run': []}]}",
		"jobs[0].run: an empty list");
	assert_error("{'jobs': [{'id': 'a', 'run': ''}]}",
		"jobs[0].run: an empty command");
	assert_error("{'jobs': [{'id': 'a', 'run': true}]}",
		"jobs[0].run: true, not a command or a list of commands");
	assert_error("{'jobs': [{'id': 'a', 'run': ['x', []]}]}",
		"jobs[0].run[1]: an empty list");
	assert_error("{'jobs': [{'id': 'a', 'run': ['x', null]}]}",
		"jobs[0].run[1]: null, not a command (a string or a list of "
		"strings)");
	assert_error("{'jobs': [{'id': 'a', 'run': [['x', 3]]}]}",
		"jobs[0].run[0][1]: a number, not a string");
	assert_error("{'jobs': [{'id': 'a', 'run': [['']]}]}",
		"jobs[0].run[0]: the program's name is empty");
	assert_error("{'jobs': [{'id': 'a', 'run': 'a\\u0000b'}]}",
		"line 1, column 32: a string cannot hold a NUL character");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x', 'timeout': 90}]}",
		"jobs[0].timeout: a number, not a string");
	assert_error("{'timeout': 'soon', 'jobs': [{'id': 'a', 'run': 'x'}]}",
		"timeout: 'soon' is not a duration, as 90s, 30m or 2h");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x', 'allow-failure': 1}]}",
		"jobs[0].allow-failure: a number, not true or false");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x', 'when': 'main'}]}",
		"jobs[0].when: a string, not an object");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x',"
		     " 'when': {'branches': 'x'}}]}",
		"jobs[0].when.branches: unknown key (did you mean 'branch'?)");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x', 'when': {'tag': []}}]}",
		"jobs[0].when.tag: an empty list");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x', 'when': {'tag': 3}}]}",
		"jobs[0].when.tag: a number, not a glob or a list of globs");
}

static void ids_name_files(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "a b", "ä",
		/* 65 bytes */
		("a12345678901234567890123456789012345678901234567890123456789"
		 "01234") };
	static const char *const good[] = { "a", "...", "-", "A.b_c-9",
		("123456789012345678901234567890123456789012345678901234567890"
		 "1234") };
	struct pipeline p = { 0 };
	struct err e;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text),
			"{\"jobs\": [{\"id\": \"%s\", \"run\": \"x\"}]}",
			bad[i]);
		if (pipeline_parse(&p, text, strlen(text), &e) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(e.text, "jobs[0].id: '"));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(text, sizeof(text),
			"{\"jobs\": [{\"id\": \"%s\", \"run\": \"x\"}]}",
			good[i]);
		if (pipeline_parse(&p, text, strlen(text), &e) < 0)
			fail_msg("%s: %s", good[i], e.text);
		pipeline_release(&p);
	}
}

static void env_is_strings_with_names(void **state)
{
	(void)state;
	assert_error("{'env': [], 'jobs': [{'id': 'a', 'run': 'x'}]}",
		"env: a list, not an object");
	assert_error("{'env': {'V': 1}, 'jobs': [{'id': 'a', 'run': 'x'}]}",
		"env.V: a number, not a string");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x', 'env': {'A=B': ''}}]}",
		"jobs[0].env.A=B: not a name for a variable");
	assert_error("{'env': {'9': 'x'}, 'jobs': [{'id': 'a', 'run': 'x'}]}",
		"env.9: not a name for a variable");
	assert_error("{'env': {'QUIRE_RUN_ID': 'x'},"
		     " 'jobs': [{'id': 'a', 'run': 'x'}]}",
		"env.QUIRE_RUN_ID: set by quire itself");
}

static void checks_the_graph(void **state)
{
	(void)state;
	assert_error("{'jobs': [{'id': 'a', 'run': 'x'},"
		     " {'id': 'b', 'run': 'x'}, {'id': 'a', 'run': 'x'}]}",
		"jobs[2].id: 'a' is the id of jobs[0] too");
	assert_error("{'jobs': [{'id': 'build', 'run': 'x'},"
		     " {'id': 'b', 'run': 'x'}, {'id': 'c', 'run': 'x',"
		     " 'needs': ['biuld']}]}",
		"jobs[2].needs[0]: no job 'biuld' (did you mean 'build'?)");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x', 'needs': ['zzzz']}]}",
		"jobs[0].needs[0]: no job 'zzzz'");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x', 'needs': 'a'}]}",
		"jobs[0].needs: a string, not a list");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x', 'needs': []}]}",
		"jobs[0].needs: an empty list");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x'},"
		     " {'id': 'b', 'run': 'x', 'needs': ['a', 'a']}]}",
		"jobs[1].needs[1]: 'a' is there twice");
	assert_error("{'jobs': [{'id': 'a', 'run': 'x', 'needs': ['a']}]}",
		"jobs[0].needs: a cycle: a -> a");
	assert_error("{'jobs': [{'id': 'c', 'run': 'x', 'needs': ['a']},"
		     "{'id': 'a', 'run': 'x', 'needs': ['b']},"
		     "{'id': 'b', 'run': 'x', 'needs': ['a']}]}",
		"jobs[1].needs: a cycle: a -> b -> a");
}

/* A job with these keys; its errors are below "jobs[0].". */
static void assert_job_error(const char *keys, const char *expected)
{
	struct buf text = BUF_INIT, path = BUF_INIT;

	buf_addf(&text, "{'jobs': [{'id': 'a', 'run': 'x', %s}]}", keys);
	buf_addf(&path, "jobs[0].%s", expected);
	assert_error(text.ptr, path.ptr);
	buf_release(&text);
	buf_release(&path);
}

static void takes_what_the_whole_is_to_have(void **state)
{
	struct pipeline p;

	(void)state;
	parse(&p, "{'jobs': [{'id': 'a', 'run': 'x'}]}");
	assert_int_equal(p.parallel, 1);
	assert_int_equal(p.history, 0);
	pipeline_release(&p);
	parse(&p, "{'parallel': 64, 'history': true,"
		  " 'jobs': [{'id': 'a', 'run': 'x'}]}");
	assert_int_equal(p.parallel, 64);
	assert_int_equal(p.history, 1);
	pipeline_release(&p);
	assert_error("{'parallel': 0, 'jobs': [{'id': 'a', 'run': 'x'}]}",
		"parallel: must be from 1 to 64");
	assert_error("{'parallel': 65, 'jobs': [{'id': 'a', 'run': 'x'}]}",
		"parallel: must be from 1 to 64");
	assert_error("{'parallel': 1.5, 'jobs': [{'id': 'a', 'run': 'x'}]}",
		"parallel: a number, not a whole number");
	assert_error("{'history': 1, 'jobs': [{'id': 'a', 'run': 'x'}]}",
		"history: a number, not true or false");
}

static void secrets_are_names_of_files(void **state)
{
	struct pipeline p;

	(void)state;
	parse(&p, "{'jobs': [{'id': 'a', 'run': 'x', 'env': {'A': ''},"
		  " 'secrets': {'TOKEN': 'upload-token', 'K': 'a.b_C9'}}]}");
	assert_int_equal(p.jobs[0].n_secrets, 2);
	assert_string_equal(p.jobs[0].secrets[0].name, "TOKEN");
	assert_string_equal(p.jobs[0].secrets[0].value, "upload-token");
	assert_string_equal(p.jobs[0].secrets[1].name, "K");
	assert_string_equal(p.jobs[0].secrets[1].value, "a.b_C9");
	pipeline_release(&p);
	assert_job_error("'secrets': ['x']", "secrets: a list, not an object");
	assert_job_error(
		"'secrets': {'T': 1}", "secrets.T: a number, not a string");
	assert_job_error("'secrets': {'1T': 'x'}",
		"secrets.1T: not a name for a variable");
	assert_job_error("'secrets': {'QUIRE_REF': 'x'}",
		"secrets.QUIRE_REF: set by quire itself");
	assert_job_error("'secrets': {'T': '../x'}",
		"secrets.T: '../x' is no name for a secret: 1 to 64 of "
		"A-Z a-z 0-9 . _ -, no . first");
	assert_job_error("'secrets': {'T': '.x'}",
		"secrets.T: '.x' is no name for a secret: 1 to 64 of "
		"A-Z a-z 0-9 . _ -, no . first");
	assert_job_error("'secrets': {'T': ''}",
		"secrets.T: '' is no name for a secret: 1 to 64 of "
		"A-Z a-z 0-9 . _ -, no . first");
	assert_job_error("'secrets': {'T': 'x'}, 'env': {'U': '', 'T': 'y'}",
		"secrets.T: in env too");
}

static void artifacts_lie_in_the_workspace(void **state)
{
	struct pipeline p;

	(void)state;
	parse(&p, "{'jobs': [{'id': 'a', 'run': 'x',"
		  " 'artifacts': ['dist/**', '..a', 'a..', './x']}]}");
	assert_int_equal(p.jobs[0].artifacts.n, 4);
	assert_string_equal(p.jobs[0].artifacts.v[0], "dist/**");
	pipeline_release(&p);
	assert_job_error("'artifacts': '/x'",
		"artifacts: begins at /, not at the top of the workspace");
	assert_job_error("'artifacts': 3",
		"artifacts: a number, not a glob or a list of globs");
	assert_job_error("'artifacts': []", "artifacts: an empty list");
	assert_job_error("'artifacts': ['a', 3]",
		"artifacts[1]: a number, not a string");
	assert_job_error("'artifacts': ['']", "artifacts[0]: an empty glob");
	assert_job_error("'artifacts': ['a', '/etc/passwd']",
		"artifacts[1]: begins at /, not at the top of the workspace");
	assert_job_error("'artifacts': ['..']",
		"artifacts[0]: '..' leads out of the workspace");
	assert_job_error("'artifacts': ['a/../b']",
		"artifacts[0]: '..' leads out of the workspace");
	assert_job_error("'artifacts': ['a/..']",
		"artifacts[0]: '..' leads out of the workspace");
}

static void resources_are_more_than_nothing(void **state)
{
	struct pipeline p;

	(void)state;
	parse(&p, "{'jobs': [{'id': 'a', 'run': 'x'}, {'id': 'b', 'run': 'x',"
		  " 'resources': {'memory': '512M', 'cpus': 0.5,"
		  " 'processes': 64}}, {'id': 'c', 'run': 'x',"
		  " 'resources': {'cpus': 2}}]}");
	assert_int_equal(p.jobs[0].resources.memory_bytes, 0);
	assert_int_equal(p.jobs[0].resources.cpus_milli, 0);
	assert_int_equal(p.jobs[0].resources.processes, 0);
	assert_int_equal(p.jobs[1].resources.memory_bytes, 512 << 20);
	assert_int_equal(p.jobs[1].resources.cpus_milli, 500);
	assert_int_equal(p.jobs[1].resources.processes, 64);
	assert_int_equal(p.jobs[2].resources.cpus_milli, 2000);
	pipeline_release(&p);
	assert_job_error("'resources': []", "resources: a list, not an object");
	assert_job_error(
		"'resources': {'ram': '1G'}", "resources.ram: unknown key");
	assert_job_error("'resources': {'memory': 512}",
		"resources.memory: a number, not a string");
	assert_job_error("'resources': {'memory': 'much'}",
		"resources.memory: 'much' is not a size, as 512K, 64M or 1G");
	assert_job_error("'resources': {'memory': '0'}",
		"resources.memory: must be more than 0");
	assert_job_error("'resources': {'cpus': '2'}",
		"resources.cpus: a string, not a number");
	assert_job_error("'resources': {'cpus': 0}",
		"resources.cpus: must be from 0.01 to 4096");
	assert_job_error("'resources': {'cpus': -1}",
		"resources.cpus: must be from 0.01 to 4096");
	assert_job_error("'resources': {'cpus': 1e999}",
		"resources.cpus: must be from 0.01 to 4096");
	assert_job_error("'resources': {'processes': 1.5}",
		"resources.processes: a number, not a whole number");
	assert_job_error("'resources': {'processes': 0}",
		"resources.processes: must be from 1 to 4194304");
	assert_job_error("'resources': {'processes': 99999999999999999999}",
		"resources.processes: must be from 1 to 4194304");
}

static void syntax_errors_have_line_and_column(void **state)
{
	static const char *const texts[] = { "", "{\n  \"jobs\": [\n  ,]}",
		"{\"jobs\": [{\"id\": \"a\", \"run\": \"x\"}]} x",
		"{'jobs': []}", "{\"jobs\": [{\"id\": \"a\", // no\n}]}" };
	struct pipeline p = { 0 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(
			pipeline_parse(&p, texts[i], strlen(texts[i]), &e), -1);
		if (!strstr(e.text, "line ") || !strstr(e.text, "column "))
			fail_msg("no place in: %s", e.text);
	}
	pipeline_parse(&p, texts[1], strlen(texts[1]), &e);
	assert_non_null(strstr(e.text, "line 3, column 3"));
}

static void refuses_a_huge_file(void **state)
{
	char *text = mem_alloc(PIPELINE_MAX_BYTES + 1);
	struct pipeline p = { 0 };
	struct err e;

	(void)state;
	memset(text, ' ', PIPELINE_MAX_BYTES + 1);
	assert_int_equal(
		pipeline_parse(&p, text, PIPELINE_MAX_BYTES + 1, &e), -1);
	assert_string_equal(e.text, "larger than 1048576 bytes, the limit");
	free(text);
}

static void a_long_chain_is_no_trouble(void **state)
{
	struct buf text = BUF_INIT;
	struct pipeline p = { 0 };
	struct err e = { 0 };
	int n = 20000;

	(void)state;
	/* the last needs the one before it, and so on: deep, not wide */
	buf_adds(&text, "{\"jobs\":[");
	for (int i = 0; i < n; i++)
		buf_addf(&text,
			"%s{\"id\":\"%d\",\"run\":\"x\",\"needs\":[\"%d\"]}",
			i ? "," : "", i, i + 1);
	size_t open = text.len;
	buf_addf(&text, ",{\"id\":\"%d\",\"run\":\"x\"}]}", n);
	assert_int_equal(pipeline_parse(&p, text.ptr, text.len, &e), 0);
	assert_int_equal(p.jobs[0].needs[0], 1);
	pipeline_release(&p);

	buf_setlen(&text, open);
	buf_addf(
		&text, ",{\"id\":\"%d\",\"run\":\"x\",\"needs\":[\"0\"]}]}", n);
	assert_int_equal(pipeline_parse(&p, text.ptr, text.len, &e), -1);
	assert_non_null(strstr(e.text, "jobs[0].needs: a cycle: 0 -> 1 -> "));
	buf_release(&text);
}

static void assert_when(const char *when, const char *branch, const char *tag,
	const char *changed, size_t len, const char *why)
{
	struct pipeline p;
	struct buf text = BUF_INIT, reason = BUF_INIT;

	buf_addf(
		&text, "{'jobs': [{'id': 'a', 'run': 'x', 'when': %s}]}", when);
	parse(&p, text.ptr);
	int matches = when_matches(
		&p.jobs[0].when, branch, tag, changed, len, &reason);
	assert_string_equal(reason.ptr, why);
	assert_int_equal(matches, *why == '\0');
	pipeline_release(&p);
	buf_release(&text);
	buf_release(&reason);
}

static void when_lets_run_what_matches(void **state)
{
	static const char changed[] = "src/a.c\0doc/b.txt";

	(void)state;
	assert_when("{}", NULL, NULL, NULL, 0, "");
	assert_when("{'branch': 'main'}", "main", NULL, NULL, 0, "");
	assert_when("{'branch': 'main'}", "dev", NULL, NULL, 0,
		"branch is 'dev', not main");
	assert_when("{'branch': ['main', 'release/*']}", "release/a/b", NULL,
		NULL, 0, "");
	assert_when("{'branch': ['main', 'release/*']}", "dev", NULL, NULL, 0,
		"branch is 'dev', not main, release/*");
	assert_when("{'tag': 'v*'}", "main", NULL, NULL, 0,
		"there is no tag, only for v*");
	assert_when("{'tag': 'v*'}", NULL, "v1.0", NULL, 0, "");
	assert_when("{'paths': 'src/**'}", "main", NULL, NULL, 0, "");
	assert_when("{'paths': 'src/**'}", "main", NULL, changed,
		sizeof(changed), "");
	assert_when("{'paths': ['*.c', 'lib/**']}", "main", NULL, changed,
		sizeof(changed), "no change in *.c, lib/**");
	assert_when("{'paths': 'src/**'}", "main", NULL, "", 0,
		"no change in src/**");
	assert_when("{'branch': 'main', 'paths': 'lib/**'}", "main", NULL,
		changed, sizeof(changed), "no change in lib/**");
}

/* What a run is for, against every kind of `when`: 1 it runs. */
static const struct {
	const char *when;
	int main, release, dev, v1, none; /* branches, a tag, another ref */
} refs[] = {
	{ "{}", 1, 1, 1, 1, 1 },
	{ "{'branch': 'main'}", 1, 0, 0, 0, 0 },
	{ "{'branch': 'mai'}", 0, 0, 0, 0, 0 },
	{ "{'branch': '*'}", 1, 1, 1, 0, 0 },
	{ "{'branch': 'release/*'}", 0, 1, 0, 0, 0 },
	/* with no flags, '*' and '?' match '/' as well */
	{ "{'branch': 'rel*'}", 0, 1, 0, 0, 0 },
	{ "{'branch': 'release?1/x'}", 0, 1, 0, 0, 0 },
	{ "{'branch': '[dm]*'}", 1, 0, 1, 0, 0 },
	{ "{'branch': ['dev', 'main']}", 1, 0, 1, 0, 0 },
	{ "{'branch': 'refs/heads/main'}", 0, 0, 0, 0, 0 },
	{ "{'tag': '*'}", 0, 0, 0, 1, 0 },
	{ "{'tag': 'v[0-9]*'}", 0, 0, 0, 1, 0 },
	{ "{'tag': ['w*', 'v1.0']}", 0, 0, 0, 1, 0 },
	{ "{'tag': 'v'}", 0, 0, 0, 0, 0 },
	/* all that are given: no run is for both */
	{ "{'branch': '*', 'tag': '*'}", 0, 0, 0, 0, 0 },
	{ "{'branch': 'main', 'paths': 'src/**'}", 1, 0, 0, 0, 0 },
	{ "{'branch': 'main', 'paths': 'lib/**'}", 0, 0, 0, 0, 0 },
	{ "{'tag': 'v*', 'paths': ['lib/**', 'src/**/*.c']}", 0, 0, 0, 1, 0 },
	{ "{'paths': '*.c'}", 0, 0, 0, 0, 0 },
	{ "{'paths': '**/*.c'}", 1, 1, 1, 1, 1 },
	{ "{'paths': 'src/*/a.c'}", 1, 1, 1, 1, 1 },
	{ "{'paths': 'src'}", 0, 0, 0, 0, 0 },
	{ "{'paths': 'src/**/**'}", 1, 1, 1, 1, 1 },
};

static void when_is_a_table(void **state)
{
	static const char changed[] = "src/x/a.c";
	struct buf text = BUF_INIT, why = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(refs) / sizeof(*refs); i++) {
		const struct {
			const char *branch, *tag;
			int runs;
		} runs[] = {
			{ "main", NULL, refs[i].main },
			{ "release/1/x", NULL, refs[i].release },
			{ "dev", NULL, refs[i].dev },
			{ NULL, "v1.0", refs[i].v1 },
			{ NULL, NULL, refs[i].none },
		};
		struct pipeline p;

		buf_reset(&text);
		buf_addf(&text,
			"{'jobs': [{'id': 'a', 'run': 'x', 'when': %s}]}",
			refs[i].when);
		parse(&p, text.ptr);
		for (size_t k = 0; k < sizeof(runs) / sizeof(*runs); k++)
			if (when_matches(&p.jobs[0].when, runs[k].branch,
				    runs[k].tag, changed, sizeof(changed),
				    &why) != runs[k].runs)
				fail_msg("%s, column %zu", refs[i].when, k + 1);
		pipeline_release(&p);
	}
	buf_release(&text);
	buf_release(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_whole_format),
		cmocka_unit_test(says_where_it_is_wrong),
		cmocka_unit_test(ids_name_files),
		cmocka_unit_test(env_is_strings_with_names),
		cmocka_unit_test(checks_the_graph),
		cmocka_unit_test(takes_what_the_whole_is_to_have),
		cmocka_unit_test(secrets_are_names_of_files),
		cmocka_unit_test(artifacts_lie_in_the_workspace),
		cmocka_unit_test(resources_are_more_than_nothing),
		cmocka_unit_test(syntax_errors_have_line_and_column),
		cmocka_unit_test(refuses_a_huge_file),
		cmocka_unit_test(a_long_chain_is_no_trouble),
		cmocka_unit_test(when_lets_run_what_matches),
		cmocka_unit_test(when_is_a_table),
	};

	return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
