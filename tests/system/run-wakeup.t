#!/bin/sh
# A run that is queued at the worst moment: its kick finds the slot taken by a
# quire-run that has looked at the queue for the last time.
. "$(dirname "$0")/lib.sh"
plan 4

new_home
new_repo foo
pipeline foo '{"jobs":[{"id":"a","run":"true"}]}'
QUIRE_RUN_ID=none push foo >/dev/null

# The fourth call of flock(2) gives the slot back, after the lock of the slot,
# and that of the run, taken and given back: there it stays for a while.
strace -qq -e trace=flock -e signal=none \
	-e inject=flock:delay_enter=4s:when=4 -o "$T/trace" quire-run &
late=$!
check 'a quire-run has nothing left to do, and its slot yet' '
	wait_for "test \"\$(state foo#1)\" = complete" && sleep 0.5'
commit=$(git -C foo commit-tree -p main -m next 'main^{tree}')
check 'the run that comes now finds no slot' \
	'push foo "$commit:main" | grep "foo#2 queued for main" && quire-run'
wait $late
check 'it is seen by one more look' \
	'wait_for "test \"\$(state foo#2)\" = complete" 20'
check 'that was the slot' '
	test "$(sed -n "4s/.*\(LOCK_[A-Z]*\).*/\1/p" "$T/trace")" = LOCK_UN'
