#!/bin/sh
# Whatever of a run is killed, one quire-reconcile puts it right by what is on
# the disk; what is alive, or can't be seen, it leaves alone.
. "$(dirname "$0")/lib.sh"
plan 37

new_home
new_repo foo
# jobs in every state there is: done, red, skipped, at work, waiting
pipeline foo "{\"jobs\":[
	{\"id\":\"done\",\"run\":[\"true\",\"echo \$\$ >>$T/began\"]},
	{\"id\":\"red\",\"run\":[\"true\",\"exit 3\"]},
	{\"id\":\"skipped\",\"needs\":[\"red\"],\"run\":\"true\"},
	{\"id\":\"slow\",\"run\":[\"true\",
		\"(setsid sleep 1000 &) & touch $T/up; exec sleep 1000\"]},
	{\"id\":\"late\",\"needs\":[\"slow\"],\"run\":\"true\"}]}"
commit=$(git -C foo rev-parse HEAD)
n=0

# jobs NUMBER: each with its state and exit code, in order
jobs() {
	sql "SELECT job_id, jobs.state, exit_code FROM jobs
		JOIN runs ON runs.id = run_id WHERE number = $1
		ORDER BY position" | tr '\n' ' '
}

commands() {
	sql "SELECT job_id, n, exit_code FROM sh_events
		JOIN runs ON runs.id = run_id WHERE number = $1
		ORDER BY job_id, n" | tr '\n' ' '
}

LIVE='done|complete|0 red|failed|3 skipped|skipped| slow|active|0 late|pending| '
ENDED='done|complete|0 red|failed|3 skipped|skipped| slow|aborted|0 late|aborted| '
COMMANDS='done|1|0 done|2|0 red|1|0 red|2|3 slow|1|0 slow|2| '

# begin: a further run, until all of its jobs but two have ended
begin() {
	n=$((n + 1))
	rm -f up
	git -C foo push -qf origin "$commit:refs/heads/b$n" >/dev/null 2>&1
	wait_for 'test -e up' && wait_for "test '$(printf %s "$LIVE")' = \"\$(jobs $n)\""
}

# of NAME: the processes of this home that are called so
of() {
	for p in $(survivors); do
		[ "$(cat "/proc/$p/comm")" != "$1" ] || echo "$p"
	done 2>/dev/null
}

executors() {
	for p in $(of quire-ci); do
		! tr '\0' ' ' <"/proc/$p/cmdline" | grep -q "^quire-ci exec" ||
			echo "$p"
	done
}

# crash PID...: SIGKILL to all at once, and wait until they are gone
crash() {
	kill -STOP "$@"
	kill -9 "$@"
	for pid; do
		wait_for "! grep -q '^State:.[^ZX]' /proc/$pid/status" || return 1
	done
}

ps_of() {
	grep -lzsF "QUIRE_RUN_ID=$(row "$1" id)" /proc/[0-9]*/environ
}

# settled NUMBER KIND: as it should be after a reconcile
settled() {
	test "$(row "$1" state,failure_kind)" = "failed|$2" &&
		test "$(jobs "$1")" = "$ENDED" &&
		test "$(commands "$1")" = "$COMMANDS" &&
		test -z "$(ps_of "$1")" && ! test -e "$(dir "$1")/workspace" &&
		! test -e "$(dir "$1")/home" &&
		flock -n "$(dir "$1")/lock" true
}

# what the database says of everything that a reconcile may touch
rows() {
	sql 'SELECT id, state, failure_kind, "trigger" FROM runs ORDER BY id;
		SELECT run_id, job_id, state FROM jobs ORDER BY run_id, job_id;
		SELECT name, missing_since_ms FROM repos ORDER BY name;
		SELECT repo, ref_name, oid FROM refs ORDER BY repo, ref_name'
}

begin
check 'while a run goes on its jobs are seen pending, active, and ended' \
	'test "$(jobs 1)" = "$LIVE" && test "$(commands 1)" = "$COMMANDS"'
# shellcheck disable=SC2046 # a word a pid
crash $(of quire-run)
wait_for 'test -z "$(survivors)"'
check 'a killed supervisor: one reconcile settles its run' \
	'quire-reconcile | grep "foo#1: its supervisor is gone; failed (orphaned)" &&
	settled 1 orphaned'
check 'all six states of a job have been there' '
	test "$(sql "SELECT group_concat(state) FROM (SELECT DISTINCT state
		FROM jobs ORDER BY state)"),active,pending" = \
		aborted,complete,failed,skipped,active,pending'

begin
# shellcheck disable=SC2046
crash $(executors)
check 'a killed executor: its supervisor sees to it' '
	wait_for "test \"\$(row 2 state)\" = failed" &&
	wait_for "flock -n \"$(dir 2)/lock\" true" &&
	settled 2 process-crashed && ! quire-reconcile 2>&1 | grep .'

begin
# shellcheck disable=SC2046
crash $(of quire-run) $(of quire-ci)
check 'both, with all that quire-ci is made of: the jobs live on' \
	'test "$(row 3 state)" = active && test "$(ps_of 3)"'
check 'until one reconcile ends them' \
	'quire-reconcile | grep "foo#3: " && settled 3 orphaned'

# everything at once, with two runs at work and one that waits
quire config maxRuns 2
begin
begin
git -C foo checkout -q -b quick
pipeline foo '{"jobs":[{"id":"a","run":"true"}]}' quick >/dev/null
push foo quick >/dev/null
n=6
# shellcheck disable=SC2046
crash $(survivors)
check 'all processes of the home: nothing of it is alive' \
	'test -z "$(survivors)" && test "$(row 4 state)" = active &&
	test "$(row 5 state)" = active && test "$(row 6 state)" = pending'
quire-reconcile >said
check 'one reconcile settles all' \
	'grep "foo#4: .*orphaned" said && grep "foo#5: .*orphaned" said &&
	settled 4 orphaned && settled 5 orphaned'
check 'and kicks: what waited is run' \
	'wait_idle && test "$(row 6 state)" = complete'
check 'then there is nothing to do' '! quire-reconcile 2>&1 | grep .'
quire config maxRuns 1

# events that were written and not taken in
n=7
rm -f up
git -C foo checkout -q --detach "$commit"
pipeline foo "{\"jobs\":[
	{\"id\":\"first\",\"run\":\"touch $T/one; until test -e $T/go; do sleep 0.05; done\"},
	{\"id\":\"second\",\"run\":[\"true\",\"exit 7\"]},
	{\"id\":\"slow\",\"run\":\"touch $T/up; exec sleep 1000\"}]}" >/dev/null
git -C foo push -q origin HEAD:refs/heads/b7 2>/dev/null
wait_for 'test "$(jobs 7)" = "first|active| second|pending| slow|pending| "'
{
	printf '%s\n' '.timeout 10000' 'BEGIN IMMEDIATE;' ".shell touch $T/locked"
	until test -e unlock; do sleep 0.05; done
} | sqlite3 "$QUIRE_HOME/quire.db" &
locker=$!
wait_for 'test -e locked'
touch go
wait_for 'test -e up && grep "\"sh_started\",\"job_id\":\"slow\"" "$(dir 7)/events.jsonl"'
# shellcheck disable=SC2046
crash $(survivors | grep -vxF "$(of sqlite3)")
touch unlock
wait $locker
check 'a supervisor that could not take in its events dies' \
	'test "$(jobs 7)" = "first|active| second|pending| slow|pending| "'
check 'reconcile takes in what is on the disk' '
	quire-reconcile | grep "foo#7: .*orphaned" &&
	test "$(jobs 7)" = "first|complete|0 second|failed|7 slow|aborted| "'
check 'and the commands with it' '
	test "$(commands 7)" = "first|1|0 second|1|0 second|2|7 slow|1| "'

# a run that has ended for its row, and not for its processes
n=7
begin
supervisor=$(of quire-run)
kill -STOP "$supervisor"
quire cancel foo#8 >/dev/null
# shellcheck disable=SC2046
crash "$supervisor" $(of quire-ci)
check 'a supervisor that dies behind the end of its row leaves a lot' \
	'test "$(row 8 state,failure_kind)" = "failed|canceled" &&
	test "$(ps_of 8)" && test -e "$(dir 8)/workspace"'
check 'reconcile ends its processes and removes its workspace' '
	quire-reconcile | grep "foo#8: removed" && settled 8 canceled'

# slow is not dead
begin
supervisor=$(of quire-run)
kill -STOP "$supervisor"
rows >before
ps_of 9 >processes
check 'a supervisor that is stopped is alive: its run is left alone' '
	for i in 1 2 3; do quire-reconcile 2>&1 || exit 1; done >said
	! test -s said && rows | cmp - before && ps_of 9 | cmp - processes'
check 'by a dry run and by quire init as well' \
	'quire-reconcile -n >said 2>&1; ! test -s said && quire init &&
	rows | cmp - before && ps_of 9 | cmp - processes'

# what can't be seen is no evidence: one run live, one that waits
git -C foo push -q origin quick:refs/heads/waits 2>/dev/null
n=10
rows >before
# blind ERRNO FIRST STEP WHEN: quire-reconcile, with openat() failing
blind() {
	blind_at=$2
	while :; do
		strace -qq -o trace -e trace=openat,openat2 \
			-e "inject=openat,openat2:error=$1:when=$blind_at$4" \
			quire-reconcile >said 2>&1
		blind_status=$?
		rows | cmp - before && ps_of 9 | cmp - processes || return 1
		grep -q INJECTED trace || return 0
		case $blind_status in
		0 | 70 | 75 | 127) ;;
		*) return 1 ;;
		esac
		blind_at=$((blind_at + $3))
	done
}
kill -CONT "$supervisor"
if strace -o /dev/null true 2>/dev/null; then
	check 'EIO for one call after the other' 'blind EIO 1 3 ""'
	check 'EACCES for all from one on' 'blind EACCES 2 4 +'
	check 'EMFILE for all from one on' 'blind EMFILE 3 4 +'
else
	for i in EIO EACCES EMFILE; do
		skip "$i changes nothing" 'no strace'
	done
fi
quire cancel foo#10 >/dev/null
rows >before
# no_evidence PATTERN: three reconciles in a row say so, and change nothing.
no_evidence() {
	for no_evidence_i in 1 2 3; do
		quire-reconcile >said 2>&1
		no_evidence_status=$?
		test $no_evidence_status = 75 && grep "$1" said || return 1
	done
	rows | cmp - before
}
mv "$QUIRE_HOME/runs" "$T/runs.away"
check 'without the folder of runs a live one is left alone, and it is said' \
	'no_evidence "/runs: No such file"'
rmdir "$QUIRE_HOME/runs" 2>/dev/null
mv "$T/runs.away" "$QUIRE_HOME/runs"
mv "$QUIRE_HOME/runs/foo.git" "$T/runs.away"
check 'nor without that of the runs of its repository' \
	'no_evidence "foo#9: .*/runs/foo.git: No such file"'
mv "$T/runs.away" "$QUIRE_HOME/runs/foo.git"
mv "$QUIRE_HOME/repos" "$T/repos.away"
check 'nor without the folder of repositories' \
	'no_evidence "foo.git.*not there.*mounted"'
mv "$T/repos.away" "$QUIRE_HOME/repos"
check 'all is there again: it goes on' \
	'! quire-reconcile 2>&1 | grep . && rows | cmp - before &&
	ps_of 9 | cmp - processes'
# shellcheck disable=SC2046
crash $(survivors)
mv "$QUIRE_HOME/runs" "$T/runs.away"
check 'a lost run is not orphaned by a disk that is not mounted either' \
	'no_evidence "/runs: No such file"'
rmdir "$QUIRE_HOME/runs" 2>/dev/null
mv "$T/runs.away" "$QUIRE_HOME/runs"
mv "$QUIRE_HOME/runs/foo.git" "$T/runs.away"
check 'nor by one that lacks the runs of its repository' \
	'no_evidence "foo#9: .*/runs/foo.git: No such file"'
mv "$T/runs.away" "$QUIRE_HOME/runs/foo.git"
check 'but when it is back' 'quire-reconcile && settled 9 orphaned'

# ten at once, with two lost runs and one that waits
quire config maxRuns 2
n=10
begin
begin
git -C foo push -q origin quick:refs/heads/last 2>/dev/null
# shellcheck disable=SC2046
crash $(survivors)
i=0
while [ $i -lt 10 ]; do
	i=$((i + 1))
	(quire-reconcile >many.$i 2>&1; echo $? >>many.$i) &
done
wait
check 'ten reconciles at once: one settles each run, and all are content' '
	test "$(cat many.* | grep -c "foo#11: .*orphaned")" = 1 &&
	test "$(cat many.* | grep -c "foo#12: .*orphaned")" = 1 &&
	test "$(tail -qn 1 many.* | sort | uniq -c | tr -s " ")" = " 10 0"'
check 'as one would have' 'settled 11 orphaned && settled 12 orphaned'
check 'what waited is run once' \
	'wait_idle && test "$(row 13 state)" = complete &&
	test "$(grep -c "\"job_started\"" "$(dir 13)/events.jsonl")" = 1'
quire config maxRuns 1

# a database that is restored: older than what is on the disk
n=13
begin
sql ".backup $T/older.db"
rows >older
quire cancel foo#14 >/dev/null
wait_for 'flock -n "$(dir 14)/lock" true'
sed -i /executor_exited/d "$(dir 14)/events.jsonl"
printf '{"at_ms":%s,"type":"run_finished","outcome":"success"}
{"at_ms":%s,"type":"executor_exited","status":0}\n' \
	"$(date +%s000)" "$(date +%s000)" >>"$(dir 14)/events.jsonl"
git -C foo push -q origin quick:refs/heads/newer 2>/dev/null
wait_idle
newer=$(row 15 id)
sql ".restore $T/older.db"
quire-reconcile >said 2>said.err
check 'a restored database: what was active is settled by what is on the disk' \
	'grep "foo#14: .*complete" said && test "$(row 14 state)" = complete'
check 'a push that it does not know gets its run' '
	grep "newer" said && wait_idle && test "$(sql "SELECT state FROM runs
		WHERE ref_name = '\''refs/heads/newer'\''")" = complete'
check 'a run that it does not know is told of, and kept' \
	'grep "$newer: a run directory without a row" said &&
	test -e "$QUIRE_HOME/runs/foo.git/$newer/events.jsonl"'

# restored under a live run
n=15
begin
supervisor=$(of quire-run)
sql ".backup $T/older.db"
sql "UPDATE runs SET pusher = 'later' WHERE number = 16"
sql ".restore $T/older.db"
ps_of 16 >processes
check 'a live run that the restored one knows as live goes on' \
	'! quire-reconcile 2>&1 | grep . && test "$(row 16 state)" = active &&
	ps_of 16 | cmp - processes'
check 'and can be ended' '
	quire cancel foo#16 && wait_for "flock -n \"$(dir 16)/lock\" true" &&
	settled 16 canceled'

check 'a reconcile beside a run that is just being claimed does it no harm' '
	for i in 1 2 3 4 5; do
		quire rerun foo#6 >/dev/null &
		for j in 1 2 3; do quire-reconcile; done
		wait
	done >said 2>&1; wait_idle
	test "$(sql "SELECT count(*) FROM runs WHERE rerun_of = '\''$(row 6 id)'\''
		AND state = '\''complete'\''")" = 5 && ! grep orphaned said'
check 'in the end there is nothing to do' \
	'wait_for "test -z \"\$(survivors)\"" && ! quire-reconcile 2>&1 | grep . &&
	! ls -d "$QUIRE_HOME"/runs/foo.git/*/workspace'
