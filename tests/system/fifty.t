#!/bin/sh
# Every command has a row and a log of its own, however alike they are and
# however fast they follow one another.

. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/web.sh"

# fifty COMMAND: a list of fifty of it, each N in it turned into its number.
fifty() {
	for n in $(seq 50); do
		echo "\"$1\"" | sed "s/N/$n/"
	done | paste -sd,
}

# logs RUN: the folder with the logs of its job.
logs() {
	echo "$QUIRE_HOME/runs/foo.git/$(sql "SELECT id FROM runs
		WHERE number = $1")/jobs/a"
}

# rows RUN: its commands as "n|exit_code|cmd", in order.
rows() {
	sql "SELECT n, exit_code, cmd FROM sh_events WHERE run_id = (SELECT id
		FROM runs WHERE number = $1) ORDER BY n"
}

plan 10

new_home
new_repo foo
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":[$(fifty true)]}]}"
push foo >/dev/null
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":[$(fifty 'echo is N')]}]}"
wait_idle
push foo >/dev/null
wait_idle

check 'a run of fifty commands ends green' 'test "$(state foo#1)" = complete'
check 'it has fifty rows, numbered from 1, all green' \
	'seq 50 | sed "s/$/|0|true/" >"$T/want" &&
	rows 1 | diff "$T/want" -'
check 'each began when the one before it had ended' \
	'test "$(sql "SELECT count(*) FROM sh_events x JOIN sh_events y
		USING (run_id, job_id) WHERE y.n = x.n + 1 AND
		y.started_at_ms < x.finished_at_ms")" = 0'
check 'it has fifty logs, and nothing beside them' \
	'ls "$(logs 1)" | sort -V >"$T/got" &&
	seq 50 | sed "s/.*/sh-&.log/" | diff - "$T/got"'
check 'a command that says nothing has an empty log' \
	'! find "$(logs 1)" -type f -size +0 | grep .'
check 'fifty commands that talk are fifty rows' \
	'test "$(rows 2 | wc -l)" = 50'
check 'each log holds the line of its own command' \
	'for n in $(seq 50); do
		test "$(cut -d" " -f2- "$(logs 2)/sh-$n.log")" = \
			"stdout F is $n" || exit 1
	done'
check 'quire show counts fifty' \
	'test "$(quire show foo#2 | grep -c "echo is")" = 50'
check 'quire log tells them apart' \
	'test "$(quire log foo#2 a 37)" = "is 37"'

web_start
check 'so does the page of each' \
	'for n in 1 37 50; do
		test "$(page_as_user "/foo/ci/2/a/$n.txt")" = "is $n" || exit 1
	done'
