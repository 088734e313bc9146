#!/bin/sh
# What quire-run makes of a run: its outcome, its environment, what stays.
. "$(dirname "$0")/lib.sh"
plan 31

new_home
new_repo foo

# row NUMBER COLUMNS: of that run of foo
# dir NUMBER: its folder
# value NAME: of a variable in the environment that job env of run 1 printed
value() {
	text 1 env 1 | sed -n "s/^$1=//p"
}

pipeline foo '{"jobs":[{"id":"env","run":["env","pwd","umask","cat",
	"test -w $HOME && test -w $TMPDIR && test -w $QUIRE_CACHE",
	"cat README && touch left-over"]}]}' 'green & "fine"'
GIT_TRACE_X=leak LEAK=1 push foo >"$T/pushed"
wait_idle

check 'a green run is complete' 'test "$(state foo#1)" = complete'
check 'it was told to the pusher' 'grep "foo#1 queued for main" "$T/pushed"'
check 'its times are in order' \
	'test "$(row 1 "queued_at_ms <= started_at_ms
		AND started_at_ms <= finished_at_ms")" = 1'
check 'it says what confined it' 'test "$(row 1 sandbox)" = "${SANDBOX:-none}"'
check 'nothing is left of the workspace' \
	'wait_for "! test -e \"$(dir 1)/wake\"" &&
	test "$(ls "$(dir 1)")" = "$(printf \
		"events.jsonl\njobs\nlock\noutputs\nquire-ci.log")"'
check 'no variable comes from outside' \
	'text 1 env 1 | cut -d= -f1 | sort >"$T/names"
	printf "%s\n" CI HOME LANG PATH PWD QUIRE_BRANCH QUIRE_CACHE \
		QUIRE_JOB QUIRE_REF QUIRE_REPO QUIRE_RUN_ID \
		QUIRE_RUN_NUMBER QUIRE_SHA QUIRE_SUBJECT QUIRE_WORKSPACE \
		TMPDIR TRACEPARENT | sort >"$T/expected"
	grep -v -e QUIRE_PUSHER -e QUIRE_INPUTS -e QUIRE_OUTPUT "$T/names" |
		diff "$T/expected" -'
check 'the variables say what run it is' \
	'test "$(value QUIRE_RUN_ID)" = "$(row 1 id)" &&
	test "$(value QUIRE_RUN_NUMBER)" = 1 &&
	test "$(value QUIRE_REPO)" = foo.git &&
	test "$(value QUIRE_REF)" = refs/heads/main &&
	test "$(value QUIRE_BRANCH)" = main &&
	test "$(value QUIRE_SHA)" = "$(git -C foo rev-parse HEAD)" &&
	test "$(value QUIRE_SUBJECT)" = "green & \"fine\"" &&
	test "$(value TRACEPARENT)" = "$(row 1 traceparent)" &&
	test "$(value CI)" = true'
check 'HOME, TMPDIR and the workspace are its own' \
	'test "$(value HOME)" = "$(dir 1)/home" &&
	test "$(value TMPDIR)" = "$(dir 1)/tmp" &&
	test "$(value QUIRE_WORKSPACE)" = "$(dir 1)/workspace" &&
	test "$(text 1 env 2)" = "$(dir 1)/workspace"'
check 'a cache is there, and stays' \
	'test "$(value QUIRE_CACHE)" = "$QUIRE_HOME/cache/foo.git" &&
	test -d "$QUIRE_HOME/cache/foo.git"'
check 'files are made with the usual modes' \
	'test "$(text 1 env 3)" = 0022'
check 'standard input is empty' 'test -z "$(text 1 env 4)"'
check 'the first run of a ref has nothing to compare with' \
	'! text 1 env 1 | grep QUIRE_CHANGED'
check 'the stream ends with the end of the executor' \
	'tail -n 1 "$(dir 1)/events.jsonl" |
		grep "\"executor_exited\",\"status\":0"'

quire config foo env 'A=1 LANG=de_DE QUIRE_RUN_ID=x' >/dev/null
quire config foo path /usr/bin:/bin >/dev/null
mkdir foo/sub && echo 1 >foo/sub/new
git -C foo rm -q README
git -C foo add sub
pipeline foo '{"jobs":[{"id":"env","run":["env",
	"tr \"\\000\" \"\\n\" <$QUIRE_CHANGED","exit 3","echo never"]},
	{"id":"next","needs":["env"],"run":"true"}]}' red
old=$(git -C foo rev-parse HEAD~1)
push foo >/dev/null
wait_idle
check 'a red run has failed in its pipeline' \
	'test "$(row 2 state,failure_kind)" = "failed|pipeline-failure"'
check 'its jobs and commands are rows' \
	'test "$(sql "SELECT job_id, jobs.state, exit_code FROM jobs
		JOIN runs ON runs.id = run_id WHERE number = 2
		ORDER BY job_id")" = "$(printf "env|failed|3\nnext|skipped|")" &&
	test "$(sql "SELECT group_concat(exit_code) FROM sh_events
		JOIN runs ON runs.id = run_id WHERE number = 2")" = 0,0,3'
check 'the settings env and path reach jobs' \
	'text 2 env 1 >"$T/env" && grep -x A=1 "$T/env" &&
	grep -x LANG=de_DE "$T/env" && grep -x PATH=/usr/bin:/bin "$T/env"'
check 'but take nothing from the run' \
	'grep -x "QUIRE_RUN_ID=$(row 2 id)" "$T/env" &&
	test "$(grep -c "^QUIRE_RUN_ID=" "$T/env")" = 1'
check 'it knows what was there before' \
	'grep -x "QUIRE_PREVIOUS_SHA=$old" "$T/env"'
check 'it knows what has changed since the last complete run' \
	'test "$(text 2 env 2)" = "$(printf \
		"%s\n" .quire/ci.json README sub/new)"'
quire config --unset foo env >/dev/null 2>&1 || quire config foo env '' \
	>/dev/null

git -C foo rm -q sub/new
pipeline foo '{"jobs":[{"id":"env","run":
	"tr \"\\000\" \"\\n\" <$QUIRE_CHANGED"}]}' 'green again'
push foo >/dev/null
wait_idle
check 'a failed run is not what later ones are compared with' \
	'test "$(text 3 env 1)" = "$(printf "%s\n" .quire/ci.json README)"'
git -C foo tag v1
push foo v1 >/dev/null
wait_idle
check 'a tag has a tag, no branch' \
	'tail -n 1 "$(dir 4)/events.jsonl" >/dev/null &&
	test "$(row 4 ref_name)" = refs/tags/v1'

pipeline foo '{"jobs":[{"id":"a","need":["b"],"run":"true"}]}' bad
push foo >/dev/null
wait_idle
check 'a bad pipeline fails the run, and the row says why' \
	'test "$(row 5 state,failure_kind)" = "failed|pipeline-failure" &&
	row 5 reason | grep "jobs\[0\].*need"'
check 'the pusher was not held: the push stands' \
	'test "$(git -C "$QUIRE_HOME/repos/foo.git" rev-parse main)" = \
		"$(git -C foo rev-parse HEAD)"'

pipeline foo '{"jobs":[{"id":"a","run":"touch up; sleep 1000"}]}' 'is killed'
push foo >/dev/null
wait_for 'test -e "$(dir 6)/workspace/up"'
# quire-ci is the parent of the process that stands for the job
executor=$(pgrep -of "^quire-ci exec .*/$(row 6 id)")
kill -9 "$executor"
wait_idle
check 'a killed executor is a crash' \
	'test "$(row 6 state,failure_kind)" = "failed|process-crashed"'
check 'the row says how it ended' 'row 6 reason | grep -i "signal 9\|kill"'
check 'its jobs are aborted' \
	'test "$(sql "SELECT jobs.state FROM jobs JOIN runs
		ON runs.id = run_id WHERE number = 6")" = aborted'

check 'fifty commands are fifty rows and fifty logs' \
	'pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":[$(
		i=1; while [ $i -lt 50 ]; do printf "\"true\","
		i=$((i + 1)); done)\"true\"]}]}" fifty &&
	push foo && wait_idle && test "$(state foo#7)" = complete &&
	test "$(sql "SELECT count(*) FROM sh_events JOIN runs
		ON runs.id = run_id WHERE number = 7 AND exit_code = 0")" = 50 &&
	test "$(find "$(dir 7)/jobs/a" -name "sh-*.log" | wc -l)" = 50'
check 'the queue found empty, the write-ahead log is short' \
	'wait_for "! test -s \"$QUIRE_HOME/quire.db-wal\""'
check 'nothing went wrong' '! test -e "$QUIRE_HOME/quire-run.log"'
check 'nothing is left for reconcile' '! quire-reconcile 2>&1 | grep .'
check '--help and --version' \
	'quire-run --help | grep "^usage: quire-run" &&
	quire-run --version | grep "^quire-run [0-9]" &&
	{ quire-run --nonsense 2>/dev/null; test $? = 2; } &&
	{ quire-run operand 2>/dev/null; test $? = 2; }'
