#!/bin/sh
# A run that is superseded, canceled or out of time: no process outlives it.
. "$(dirname "$0")/lib.sh"
plan 22

new_home
new_repo foo

# alive PID: a zombie that nobody has reaped yet is not.
alive() {
	[ -e "/proc/$1/status" ] && ! grep -q '^State:.[ZX]' "/proc/$1/status"
}

all_alive() {
	[ "$(wc -l <"$T/pids")" -ge "$1" ] || return 1
	while read -r pid; do
		alive "$pid" || return 1
	done <"$T/pids"
}

none_alive() {
	while read -r pid; do
		! alive "$pid" || return 1
	done <"$T/pids"
}

kill_left() {
	while read -r pid; do
		kill -9 "$pid" 2>/dev/null
	done <"$T/pids"
}
at_end kill_left
: >"$T/pids"

# What is hard to stop: a daemon with a session of its own and no parent, one
# that ignores TERM, one that is stopped, and one in the background.
cat >foo/stubborn <<EOF
#!/bin/sh
(setsid sh -c 'echo \$\$ >>$T/pids; exec sleep 1000' &) &
(setsid sh -c 'trap "" TERM HUP INT; echo \$\$ >>$T/pids
	while :; do sleep 1000; done' &)
sh -c 'echo \$\$ >>$T/pids; kill -STOP \$\$; sleep 1000' &
(trap '' TERM; sleep 1000) &
echo \$! >>$T/pids
echo \$\$ >>$T/pids
touch $T/up
sleep 1000
EOF
chmod +x foo/stubborn
git -C foo add stubborn
SLOW='{"jobs":[{"id":"a","run":"./stubborn"},{"id":"b","run":"true"}]}'

# start_stubborn: pushes what was committed, and waits until all are up.
start_stubborn() {
	rm -f "$T/up"
	: >"$T/pids"
	push foo "${1:-main}" >/dev/null
	wait_for 'test -e "$T/up" && all_alive 5'
}

# over NUMBER: settled, and its lock given back.
over() {
	wait_for "test \"\$(row $1 finished_at_ms)\"" &&
		wait_for "flock -n '$(dir "$1")/lock' true"
}

pipeline foo "$SLOW" slow
start_stubborn
check 'a run of five stubborn processes is up' \
	'all_alive 5 && test "$(state foo#1)" = active'
pipeline foo '{"jobs":[{"id":"a","run":"true"}]}' quick
check 'a push supersedes it at once' \
	'push foo && test "$(state foo#1)" = superseded &&
	test "$(row 1 superseded_by)" = "$(row 2 id)"'
check 'all of its processes are ended' 'over 1 && none_alive'
check 'its jobs are aborted' \
	'test "$(sql "SELECT group_concat(jobs.state) FROM jobs
		JOIN runs ON runs.id = run_id WHERE number = 1")" = \
		aborted,aborted'
check 'its command has no end' \
	'test "$(sql "SELECT count(*) FROM sh_events JOIN runs
		ON runs.id = run_id WHERE number = 1
		AND sh_events.finished_at_ms IS NULL")" = 1'
check 'its workspace is gone' '! test -e "$(dir 1)/workspace"'
check 'the newer one runs after it' \
	'wait_idle && test "$(state foo#2)" = complete &&
	test "$(sql "SELECT a.finished_at_ms <= b.started_at_ms
		FROM runs a, runs b WHERE a.number = 1
		AND b.number = 2")" = 1'

pipeline foo "$SLOW" 'slow again'
start_stubborn
check 'a cancel ends it as well' \
	'quire cancel foo#3 >/dev/null && over 3 && none_alive'
check 'and says so' 'test "$(row 3 state,failure_kind)" = "failed|canceled"'
check 'its workspace is gone, too' '! test -e "$(dir 3)/workspace"'

git -C foo checkout -q -b branch
git -C foo commit -q --allow-empty -m 'on a branch'
start_stubborn branch
check 'deleting the ref ends it' \
	'git -C foo push -q origin :branch 2>/dev/null; over 4 && none_alive &&
	test "$(state foo#4)" = superseded'
git -C foo checkout -q main

# without a byte through the FIFO it looks at its row by itself
git -C foo commit -q --allow-empty -m 'without wake'
start_stubborn
rm -f "$(dir 5)/wake"
check 'nobody need wake it' \
	'quire cancel foo#5 >/dev/null && over 5 && none_alive'

quire config foo timeout 2s >/dev/null
git -C foo commit -q --allow-empty -m 'too slow'
start_stubborn
check 'its time limit ends it' \
	'over 6 && none_alive &&
	test "$(row 6 state,failure_kind)" = "failed|timeout"'
check 'and says which' 'row 6 reason | grep "time limit of 2"'
check 'nothing is left of it' \
	'! test -e "$(dir 6)/workspace" && ! test -e "$(dir 6)/home"'
quire config foo timeout 1h >/dev/null
pipeline foo '{"timeout":"2s","jobs":[{"id":"a","run":"./stubborn"}]}' \
	'too slow by itself'
start_stubborn
check "so does the pipeline's own" \
	'over 7 && none_alive &&
	test "$(row 7 state,failure_kind)" = "failed|timeout"'
pipeline foo '{"jobs":[{"id":"a","timeout":"1s","run":"./stubborn"},
	{"id":"b","run":"true"}]}' 'a slow job'
start_stubborn
check "a job's limit ends the job, not the run" \
	'over 8 && none_alive &&
	test "$(row 8 state,failure_kind)" = "failed|pipeline-failure" &&
	test "$(sql "SELECT group_concat(jobs.state) FROM jobs
		JOIN runs ON runs.id = run_id WHERE number = 8
		ORDER BY job_id")" = failed,complete'

# what a green run leaves running goes with it, too
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":\"setsid sh -c 'echo \$\$ \
>>$T/pids; exec sleep 1000' & while ! test -s $T/pids; do :; done\"}]}" daemon
: >"$T/pids"
push foo >/dev/null
check 'a daemon does not outlive a green run' \
	'over 9 && test "$(state foo#9)" = complete && test -s "$T/pids" &&
	none_alive'

# a hang-up: the supervisor is killed, the executor ends all below it
pipeline foo "$SLOW" 'the last'
start_stubborn
check 'a killed supervisor takes its run along' \
	'up() { sed -n "s/^PPid:.//p" "/proc/$1/status"; }
	runner=$(tail -n 1 "$T/pids")
	until grep -qx quire-run "/proc/$runner/comm"; do
		runner=$(up "$runner")
	done
	kill -9 "$runner" && wait_for none_alive'
check 'its run is settled by reconcile' \
	'quire-reconcile | grep foo#10 &&
	test "$(row 10 state)" = failed &&
	! test -e "$(dir 10)/workspace"'
check 'nothing else went wrong' \
	'! test -e "$QUIRE_HOME/quire-run.log"'
check 'nothing is left for reconcile' '! quire-reconcile 2>&1 | grep .'
