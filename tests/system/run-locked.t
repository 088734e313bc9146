#!/bin/sh
# The database is locked for some seconds around the end of a run: that costs
# the run time, and nothing else.
. "$(dirname "$0")/lib.sh"
plan 9

new_home
new_repo foo

jobs() {
	sql "SELECT group_concat(job_id || ' ' || jobs.state) FROM jobs
		JOIN runs ON runs.id = run_id WHERE number = $1"
}

events() {
	echo "$QUIRE_HOME/runs/foo.git/$(row "$1" id)/events.jsonl"
}

# lock_database: a write transaction of 8 s, from now on.
lock_database() {
	rm -f "$T/locked"
	{
		printf '%s\n' '.timeout 10000' 'BEGIN IMMEDIATE;' \
			".shell touch $T/locked"
		sleep 8
		echo 'COMMIT;'
	} | sqlite3 "$QUIRE_HOME/quire.db" &
	wait_for 'test -e "$T/locked"'
}

# its last job waits for us, so that the end is within the lock
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":[
	\"echo \$\$ >$T/pid; until test -e $T/go; do sleep 0.1; done\",
	\"true\"]},{\"id\":\"b\",\"needs\":[\"a\"],\"run\":\"true\"}]}"

start_run() {
	rm -f "$T/go" "$T/pid"
	push foo >/dev/null
	wait_for 'test -s "$T/pid"' && wait_for \
		"test \"\$(jobs $1)\" = 'a active,b pending'"
}

start_run 1
lock_database
touch "$T/go"
check 'quire-ci ends while the database is locked' \
	'wait_for "grep executor_exited \"$(events 1)\"" &&
	test "$(row 1 state)" = active'
wait
check 'the run is green all the same' \
	'wait_idle && test "$(row 1 state)" = complete'
check 'so are its jobs' 'test "$(jobs 1)" = "a complete,b complete"'
check 'their commands have ends' \
	'test "$(sql "SELECT count(*) FROM sh_events
		WHERE exit_code = 0")" = 3'
check 'the log of troubles has one line about it' \
	'test "$(grep -c locked "$QUIRE_HOME/quire-run.log")" = 1'
check 'nothing is left for reconcile' '! quire-reconcile 2>&1 | grep .'

# the same, and its supervisor is lost while it waits
git -C foo commit -q --allow-empty -m again
start_run 2
up() {
	sed -n 's/^PPid:.//p' "/proc/$1/status"
}
runner=$(cat "$T/pid")
until grep -qx quire-run "/proc/$runner/comm"; do
	runner=$(up "$runner")
done
lock_database
touch "$T/go"
wait_for 'grep executor_exited "$(events 2)"'
kill -9 "$runner"
wait_for 'flock -n "${dir=$(dirname "$(events 2)")}/lock" true'
check 'reconcile waits, too, and settles by the record' \
	'quire-reconcile | grep "foo#2: .*complete"'
check 'it is green' 'test "$(row 2 state)" = complete'
check 'its jobs are' 'test "$(jobs 2)" = "a complete,b complete"'
wait
