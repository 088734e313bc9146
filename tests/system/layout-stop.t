#!/bin/sh
# A run that is superseded, canceled or out of time while its workspace is laid
# out, or whose quire-run is told to stop: the rest of the tree is not made.
. "$(dirname "$0")/lib.sh"

strace -f -qq -e trace=openat -e inject=openat:delay_enter=1 true \
	2>/dev/null || {
	echo '1..0 # SKIP strace cannot delay a call here'
	exit 0
}
plan 17

new_home
new_repo foo
FILES=3000
executed=$T/executed
: >"$executed"

# unkicked: a push whose hook starts nothing, since it is within a job
unkicked() (
	QUIRE_RUN_ID=x
	export QUIRE_RUN_ID
	push foo >/dev/null
)

# made NUMBER: how many files its workspace was ever given
made() {
	grep -c "O_WRONLY|O_CREAT|O_EXCL" "$T/trace.$1"
}

# begin NUMBER: queues that run of a tree that takes minutes, since each of its
# files takes a tenth of a second; quire-run is $runner, and at work on it.
begin() {
	git -C foo commit -q --allow-empty -m "again: $1"
	unkicked
	# -D: quire-run is our child, and strace its own
	strace -D -f -qq -e trace=openat -e signal=none -o "$T/trace.$1" \
		-P "$(dir "$1")/workspace" \
		-e inject=openat:delay_enter=100000 quire-run \
		>"$T/said.$1" 2>&1 &
	runner=$!
	wait_for "test \"\$(made $1)\" -ge 4"
}
at_end 'kill -9 $runner 2>/dev/null'

# over NUMBER: settled, its lock given back, its workspace gone, and less than
# all of it was made
over() {
	wait_for "test \"\$(row $1 finished_at_ms)\"" 60 &&
		wait_for "flock -n '$(dir "$1")/lock' true" 60 &&
		! test -e "$(dir "$1")/workspace" &&
		test "$(made "$1")" -lt "$FILES"
}

# ended STATUS: quire-run, so
ended() {
	wait_for "! grep -q '^State:.[^ZX]' /proc/$runner/status" 60 ||
		kill -9 "$runner"
	wait "$runner"
	test $? = "$1"
}

pipeline foo "{\"jobs\":[{\"id\":\"a\",
	\"run\":\"echo \$QUIRE_RUN_NUMBER >>$executed\"}]}"
(
	cd foo || exit
	i=0
	while [ $i -lt $FILES ]; do
		echo $i >file.$i
		i=$((i + 1))
	done
	git add .
	git commit -qm 'many files'
)

begin 1
check 'a workspace is being laid out' \
	'test "$(state foo#1)" = active && test "$(made 1)" -lt $FILES'
check 'a cancel ends that' 'quire cancel foo#1 >/dev/null && over 1'
check 'and says so' 'test "$(row 1 state,failure_kind)" = "failed|canceled"'
ended 0
status=$?
check 'its quire-run goes on, to an empty queue' 'test $status = 0'

begin 2
rm -f "$(dir 2)/wake"
check 'nobody need wake it' 'quire cancel foo#2 >/dev/null && over 2'
ended 0

quire config foo timeout 1s >/dev/null
begin 3
check 'the time limit counts from the claim on' \
	'over 3 && test "$(row 3 state,failure_kind)" = "failed|timeout"'
check 'and is said' 'row 3 reason | grep "time limit of 1"'
check 'it was not ended before' \
	'test "$(row 3 "finished_at_ms - started_at_ms >= 1000")" = 1'
ended 0
quire config foo timeout 1h >/dev/null

begin 4
kill -TERM "$runner"
check 'quire-run is told to stop: the run fails, as an executing one does' \
	'over 4 &&
	test "$(row 4 state,failure_kind)" = "failed|process-crashed" &&
	row 4 reason | grep "told to stop"'
ended 75
status=$?
check 'and it claims no further' \
	'test $status = 0 && grep "told to stop" "$T/said.4"'

begin 5
git -C foo rm -q 'file.*'
git -C foo commit -qm 'few files'
unkicked
check 'a push supersedes one, too' \
	'over 5 && test "$(state foo#5)" = superseded &&
	test "$(row 5 superseded_by)" = "$(row 6 id)"'
check 'the newer one runs after it' \
	'wait_idle && test "$(state foo#6)" = complete'
ended 0
check 'of the others no command was run' 'test "$(cat "$executed")" = 6'
check 'nor have they jobs' \
	'test "$(sql "SELECT count(*) FROM jobs JOIN runs ON runs.id = run_id
		WHERE number < 6")" = 0'
check 'nothing is left of them' '
	! find "$QUIRE_HOME/runs" -name workspace -o -name home -o -name tmp |
		grep .'
check 'the log of troubles has the stop, and nothing else' \
	'test "$(grep -vc "told to stop" "$QUIRE_HOME/quire-run.log")" = 0'
check 'nothing is left for reconcile' '! quire-reconcile 2>&1 | grep .'
