#!/bin/sh
# Several jobs at a time: that they overlap is proved by jobs that wait for
# each other, never by a clock.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 20
. "$ROOT/tests/system/exec.sh"

# What the jobs run is in scripts of these names, in PATH. `await COMMAND`
# waits until that succeeds.
mkdir "$T/bin"
PATH=$T/bin:$PATH
script() {
	{ echo '#!/bin/sh' && cat; } >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}
script await <<'E'
n=0
until eval "$1"; do
	n=$((n + 1))
	[ $n -lt 1000 ] || exit 1
	sleep 0.01
done >/dev/null 2>&1
E

# order TYPE...: the jobs of these events, in order
order() {
	grep -E "\"type\":\"($1)\"" "$T/events" |
		sed 's/.*"type":"job_\([a-z]\)[a-z]*","job_id":"\([^"]*\)".*/\1\2/' |
		tr '\n' ' '
}
# jobs N COMMAND: jobs 1 to N that all run it
jobs() {
	for i in $(seq "$1"); do
		printf '%s{"id": "%s", "run": "%s"}' "$sep" "$i" "$2"
		sep=,
	done
}
# several PARALLEL N COMMAND [TIMEOUT]
several() {
	printf '{"parallel": %s, "timeout": "%s", "jobs": [' "$1" "${4:-0}"
	jobs "$2" "$3"
	echo ']}'
}

script meet <<'E'
touch "$QUIRE_JOB.here"
await 'ls 1.here 2.here 3.here' || exit 1
E
check 'jobs wait for each other, and all end' '
	ci "$(several 3 3 meet)" && outcome success &&
	same "$(order job_started)" "s1 s2 s3 "'
script alone <<'E'
mkdir busy && sleep 0.02 && rmdir busy
E
check 'without parallel none overlaps another' '
	ci "{\"jobs\": [$(jobs 9 alone)]}" && outcome success &&
	same "$(order "job_started|job_finished")" \
		"$(for i in $(seq 9); do printf "s$i f$i "; done)"'
script few <<'E'
mkdir -p in
touch "in/$QUIRE_JOB"
ls in >"seen.$QUIRE_JOB"
sleep 0.02
rm "in/$QUIRE_JOB"
E
check 'no more than parallel run at a time' '
	ci "$(several 4 24 few)" && outcome success &&
	for i in $(seq 24); do
		test "$(wc -l <"$T/w/seen.$i")" -le 4 || exit 1
	done'
script crowd <<'E'
touch "$QUIRE_JOB.in"
await 'test $(ls *.in | wc -l) = 64' || exit 1
E
check 'sixty-four may' 'ci "$(several 64 64 crowd)" && outcome success'
order='{"parallel": 2, "jobs": [
	{"id": "x", "needs": ["b"], "run": "touch x"},
	{"id": "a", "run": "await \"ls c\""},
	{"id": "b", "run": "touch b"},
	{"id": "c", "run": "ls x && touch c"}]}'
check 'a place that is free is taken by the first in the file that is ready' '
	ci "$order" && outcome success &&
	same "$(order "job_started|job_finished" | cut -d" " -f1-6)" \
		"sa sb fb sx fx sc"'
check 'a job starts when its needs are done, not when a whole layer is' '
	ci "{\"parallel\": 2, \"jobs\": [
		{\"id\": \"slow\", \"run\": [[\"await\", \"ls late\"]]},
		{\"id\": \"a\", \"run\": \"true\"},
		{\"id\": \"b\", \"needs\": [\"a\"], \"run\": \"touch late\"}]}" &&
	outcome success'
script bad <<'E'
await 'ls here' || exit 1
exit 1
E
script good <<'E'
touch here
await 'grep -q job_skipped $T/events' || exit 1
E
export T
check 'a failure skips what needs it while the others run on' '
	ci "{\"parallel\": 2, \"jobs\": [
		{\"id\": \"bad\", \"run\": \"bad\"},
		{\"id\": \"good\", \"run\": \"good\"},
		{\"id\": \"next\", \"needs\": [\"bad\"], \"run\": \"touch never\"},
		{\"id\": \"last\", \"needs\": [\"good\"], \"run\": \"true\"}]}" &&
	outcome pipeline-failure && job_is good complete &&
	job_is last complete && test ! -e "$T/w/never"'
script talk <<'E'
yes "$QUIRE_JOB" | head -n 100000
E
check 'each log has the output of its job, whole' '
	ci "$(several 4 4 talk)" &&
	for j in 1 2 3 4; do
		same "$(text $j 1 | uniq -c | tr -d " ")" "100000$j" || exit 1
	done'
check 'shown to a person, no line of one job is in the middle of another' '
	cd "$T/w" && quire-ci run >"$T/shown" &&
	same "$(grep -c "^\([1-4]\) | \1$" "$T/shown")" 400000 &&
	same "$(grep -c " | " "$T/shown")" 400000'

# a job's own process is killed: the parent of its commands
script killed <<'E'
setsid sh -c 'trap "" TERM; while :; do sleep 1; done' >/dev/null 2>&1 &
echo $! >a.pid
kill -9 "$PPID"
sleep 1000
E
script witness <<'E'
sleep 1000 &
await 'ls a.pid' || exit 1
await '! kill -0 $(cat a.pid)' || exit 1
kill -0 $! && touch alive
E
check 'a job whose process is killed has failed, and leaves nothing' '
	ci "{\"parallel\": 2, \"jobs\": [{\"id\": \"a\", \"run\": [[\"killed\"]]},
		{\"id\": \"b\", \"run\": \"witness\"}]}" &&
	job_is a failed && grep "was killed by signal 9" "$T/events" &&
	! kill -0 "$(cat "$T/w/a.pid")"'
check 'the others have lost nothing, not even what they left in the background' \
	'job_is b complete && test -e "$T/w/alive"'
script killed-together <<'E'
setsid sleep 1000 >/dev/null 2>&1 &
touch "$QUIRE_JOB.in"
await 'ls 1.in 2.in 3.in 4.in' || exit 1
kill -9 "$PPID"
sleep 1000
E
script count <<'E'
sleep 1000 &
await 'test $(grep -c "killed by signal 9" $T/events) = 4' || exit 1
kill -0 $!
E
check 'several such at once' '
	ci "{\"parallel\": 8, \"jobs\": [$(for i in 1 2 3 4; do
		printf "{\"id\": \"$i\", \"run\": [[\"killed-together\"]]},"; done)
		{\"id\": \"b\", \"run\": \"count\"}]}" &&
	job_is b complete && same "$(grep -c "\"outcome\":\"failed\"" "$T/events")" 4'

# limits of time, and the end
script late <<'E'
echo $$ >a.pid
exec sleep 1000
E
check 'a job out of time leaves the others alone' '
	ci "{\"parallel\": 2, \"jobs\": [
		{\"id\": \"a\", \"timeout\": \"200ms\", \"run\": \"late\"},
		{\"id\": \"b\", \"run\": \"witness\"}]}" &&
	job_is a failed && job_is b complete &&
	grep "timed out after 200ms" "$T/events"'
script stay <<'E'
setsid sh -c '
	trap "" TERM
	echo $$ >"$T/pids/$QUIRE_JOB.new"
	mv "$T/pids/$QUIRE_JOB.new" "$T/pids/$QUIRE_JOB"
	while :; do sleep 0.1; done' &
sleep 1000
E
fresh() { rm -rf "$T/pids" && mkdir "$T/pids"; }
all_in() { ls "$T/pids/1" "$T/pids/2" "$T/pids/3"; }
all_gone() {
	test ! -e "$T/pids/4" && for p in 1 2 3; do
		! kill -0 "$(cat "$T/pids/$p")" || return 1
	done
}
check 'the limit of the whole ends all that run' '
	ci "{}"; fresh; several 3 4 stay 2s >"$T/w/.quire/ci.json"; cd "$T/w" &&
	status 1 quire-ci run >"$T/shown" 2>"$T/err" &&
	grep "timed out after 2s" "$T/err" && all_in && all_gone'
check 'so does a signal' '
	ci "{}"; fresh; several 3 4 stay >"$T/w/.quire/ci.json"
	quire-ci exec --workspace "$T/w" --run-dir "$T/r" <"$T/hold" \
		>"$T/events" 2>"$T/err" & quire_ci=$!
	wait_for all_in && kill -TERM $quire_ci
	status 143 wait $quire_ci && all_gone'
check 'and the end of the supervisor' '
	mkfifo "$T/leash"; fresh
	quire-ci exec --workspace "$T/w" --run-dir "$T/r" <"$T/leash" \
		>"$T/events" 2>"$T/err" & quire_ci=$!
	exec 9>"$T/leash"; wait_for all_in && exec 9>&-
	status 75 wait $quire_ci && all_gone'

# the rows
new_home
new_repo foo
quire config env "T=$T" >/dev/null
quire config path "$PATH" >/dev/null
states() { sql "SELECT group_concat(state) FROM
	(SELECT state FROM jobs WHERE run_id = '$(row "$1" id)' ORDER BY job_id)"; }
check 'their rows are live at the same time' '
	fresh; pipeline foo "$(several 3 4 stay)" && push foo && wait_for all_in &&
	wait_for "test \$(states 1) = active,active,active,pending"'
check 'cancelled, all are aborted, and nothing is left' '
	quire cancel foo#1 && wait_for all_gone && wait_idle &&
	same "$(states 1)" aborted,aborted,aborted,aborted'
check 'out of time, too' '
	fresh; pipeline foo "$(several 3 4 stay 3s)" && push foo &&
	wait_for all_in && wait_idle && wait_for all_gone &&
	same "$(row 2 "state, failure_kind")" "failed|timeout" &&
	same "$(states 2)" aborted,aborted,aborted,aborted'
check 'a run of many small jobs keeps every row' '
	pipeline foo "$(several 16 200 true)" && push foo && wait_idle 60 &&
	same "$(state foo#3)" complete &&
	same "$(states 3 | tr , "\n" | sort | uniq -c | tr -d " ")" 200complete'
