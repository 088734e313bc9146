#!/bin/sh
# Between the claim of a run and its supervisor nothing is asked of the
# database: a read that failed there would leave it active with nobody.
. "$(dirname "$0")/lib.sh"

# what starts another process, by whichever call
CALLS=clone,clone3,fork,vfork
strace -qq -e trace=$CALLS -e inject=$CALLS:delay_enter=1:when=1 true \
	2>/dev/null || {
	echo '1..0 # SKIP strace cannot delay a call here'
	exit 0
}
plan 5

new_home
new_repo foo
quire config maxRuns 2 >/dev/null

# unkicked: a push whose hook starts nothing, since it is within a job
unkicked() (
	QUIRE_RUN_ID=x
	export QUIRE_RUN_ID
	push foo "$1" >/dev/null
)

pipeline foo '{"jobs":[{"id":"a","run":"true"}]}'
unkicked main
git -C foo checkout -qb other
unkicked other

# With one more to be run and a slot for it, the first thing that it does behind
# its claim is to kick: that is when it is held up, and until we are done.
strace -qq -e trace=$CALLS -e signal=none -o trace \
	-e inject=$CALLS:delay_enter=5000000:when=1 quire-run >said 2>&1 &
tracer=$!
at_end 'kill -9 $tracer 2>/dev/null'
check 'a run is claimed' 'wait_for "test \"\$(row 1 state)\" = active"'
# a column that the row of a run is read with, and no edge needs
sql 'ALTER TABLE runs RENAME COLUMN author TO hidden'
check 'its supervisor is not begun yet, and its row cannot be read' '
	test ! -e "$(dir 1)/wake" && ! quire show foo#1'
wait $tracer
check 'it was held up behind the claim' 'grep DELAYED trace'
check 'the run has had its supervisor, who has settled it' '
	row 1 state,reason; flock -n "$(dir 1)/lock" true &&
	test "$(row 1 "finished_at_ms > 0")" = 1'
sql 'ALTER TABLE runs RENAME COLUMN hidden TO author'
quire-reconcile >/dev/null
wait_idle
check 'neither is orphaned' '
	test "$(sql "SELECT count(*) FROM runs
		WHERE failure_kind = '\''orphaned'\''")" = 0 &&
	test "$(row 2 state)" = complete'
