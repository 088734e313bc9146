#!/bin/sh
# A lock file that is moved away between its opening and its locking is nobody's
# lock: the one of that name now says whether the run is live.
. "$(dirname "$0")/lib.sh"
plan 3

new_home
new_repo foo
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":\"touch $T/up; sleep 1000\"}]}"
push foo >/dev/null
wait_for 'test -e "$T/up"'
id=$(sql 'SELECT id FROM runs')
lock=$QUIRE_HOME/runs/foo.git/$id/lock

# a run without a supervisor; only this home's quire-run is named in its lock
supervisor=$(awk -v inode="$(stat -c %i "$lock")" \
	'split($6, part, ":") && part[3] == inode { print $5 }' /proc/locks)
kill -9 "$supervisor"
wait_for '! test -e "/proc/$supervisor/exe"'

# the second call of flock(2) takes the run's lock
strace -qq -e trace=flock -e signal=none -o "$T/trace" \
	-e inject=flock:delay_enter=3s:when=2 quire-reconcile >"$T/out" 2>&1 &
late=$!
wait_for 'ls -l "/proc/$(pgrep -P $late)/fd" | grep -q "$lock"'
mv "$lock" "$lock.old"
flock "$lock" sleep 1000 &
holder=$!
at_end 'pkill -P $holder; kill $holder 2>/dev/null'
wait $late
check 'reconcile sees that another holds the lock of that name' \
	'test "$(state foo#1)" = active && ! grep foo#1 "$T/out"'
check 'it had opened the other' 'grep "LOCK_EX.*LOCK_NB" "$T/trace"'
pkill -P $holder
wait $holder
check 'once that is free, the run is settled' '
	quire-reconcile | grep "foo#1: its supervisor is gone" &&
	test "$(state foo#1)" = failed'
