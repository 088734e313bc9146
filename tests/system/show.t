#!/bin/sh
# quire show: one run.
. "$(dirname "$0")/lib.sh"
plan 13

new_home
new_repo foo
pipeline foo '{"jobs":[
	{"id":"build","run":["true","echo built"]},
	{"id":"test","needs":["build"],"run":["true","exit 3","true"]},
	{"id":"after","needs":["test"],"run":"true"}]}' 'The subject'
push foo >/dev/null
wait_idle
pipeline foo '{"jobs":[{"id":"build","run":"true"}]}' 'green'
push foo >/dev/null
wait_idle
# shellcheck disable=SC2034 # used in the checks
id=$(sql "SELECT id FROM runs WHERE number = 1")

check 'a failed run: exit status 1' \
	'quire show foo#1 >"$T/out"; test $? = 1'
check 'its head says what it was for' \
	'head -n 1 "$T/out" | grep "^foo#1  failed  main" &&
	grep "subject .*The subject" "$T/out" &&
	grep "commit .*$(git -C "$T/foo" rev-parse main~)" "$T/out" &&
	grep "author .*Tess Test <tess@example.org>" "$T/out" &&
	grep "trigger .*push" "$T/out"'
check 'its jobs, and their commands' \
	'grep "^build  complete" "$T/out" && grep " 2  echo built" "$T/out" &&
	grep "^test  failed" "$T/out" &&
	grep " 2  exit 3 .* exit 3$" "$T/out" &&
	grep "^after  skipped" "$T/out"'
check 'a command that never began is not there' \
	'! grep " 3  true" "$T/out"'
check 'a run that is green: exit status 0' 'quire show foo#2'
check 'by id, and by the start of one' \
	'{ quire show "$id"; test $? = 1; } &&
	{ quire show "$(echo "$id" | cut -c 1-35)"; test $? = 1; }'
check 'the same from JSON, with the same exit status' \
	'quire show foo#1 --json >"$T/json"; test $? = 1 &&
	python3 -c "
import json, sys
run = json.load(open(sys.argv[1]))
for key in \"id number repo ref sha state failure_kind trigger\".split():
	assert run[key], key
for key in \"pushed queued started finished\".split():
	assert run[key + \"_at_ms\"] > 1e12, key
assert run[\"repo\"] == \"foo.git\" and run[\"number\"] == 1
assert [j[\"id\"] for j in run[\"jobs\"]] == [\"build\", \"test\", \"after\"]
assert [j[\"state\"] for j in run[\"jobs\"]] == \
	[\"complete\", \"failed\", \"skipped\"]
assert [j[\"exit_code\"] for j in run[\"jobs\"]] == [0, 3, None]
assert [(s[\"n\"], s[\"cmd\"], s[\"exit_code\"])
	for s in run[\"jobs\"][1][\"sh\"]] == [(1, \"true\", 0), (2, \"exit 3\", 3)]
assert run[\"jobs\"][0][\"sh\"][1][\"finished_at_ms\"] >= \
	run[\"jobs\"][0][\"sh\"][1][\"started_at_ms\"]
" "$T/json"'
check 'a run without jobs has an empty list of them' \
	'sql "INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,
	queued_at_ms, number, push_seq) VALUES ('\''feed-1'\'', '\''foo.git'\'',
	'\''refs/heads/main'\'', '\''x'\'', 1, '\''pending'\'', 1, 99, 99)" &&
	quire show foo#99 --json | tr -d " \n\t" | grep "\"jobs\":\[\]"'
check 'a pending run: exit status 0' \
	'quire show feed-1 | head -n 1 | grep "^foo#99  pending  main$" &&
	quire cancel foo#99'
check 'a kind of failure that is none of the pipeline stands in the head' \
	'quire show foo#99 | head -n 1 | grep "failed (canceled)"'
check 'what is no run, and what is none of these' \
	'for run in foo#7 foo nothing#1 "" 0123abcd; do
	quire show "$run" 2>"$T/err" >&2; test $? = 2 || exit 1; done'
check 'the line says so' \
	'quire show foo#7 2>&1 | grep "^quire show: .*foo#7"'
check 'usage' \
	'quire show 2>/dev/null; test $? = 2 &&
	{ quire show foo#1 foo#2 2>/dev/null; test $? = 2; } &&
	quire show --help | grep usage'
