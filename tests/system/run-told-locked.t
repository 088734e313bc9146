#!/bin/sh
# quire-run is told to stop while the database is locked: it waits no longer for
# more work, and all the longer for what its run has come to.
. "$(dirname "$0")/lib.sh"

strace -D -qq -e trace=fcntl -o "$T/trace" true 2>/dev/null || {
	echo '1..0 # SKIP strace does not work here'
	exit 0
}
plan 9

new_home
new_repo foo
mkfifo hold

# lock_database: a write transaction, until unlock_database
lock_database() {
	rm -f "$T/locked"
	{
		printf '%s\n' '.timeout 10000' 'BEGIN IMMEDIATE;' \
			".shell touch $T/locked"
		cat "$T/hold"
		echo 'COMMIT;'
	} | sqlite3 "$QUIRE_HOME/quire.db" &
	locker=$!
	wait_for 'test -e "$T/locked"'
}
unlock_database() {
	: >"$T/hold"
	wait $locker
}
at_end ': <>"$T/hold"; kill $locker 2>/dev/null'

# begin: a quire-run of our own, $runner; strace is its child
begin() {
	strace -D -qq -e trace=fcntl -e signal=none -o "$T/trace" quire-run \
		2>err &
	runner=$!
	at_end "kill -9 $runner 2>/dev/null"
}

# waits: it has tried again for the lock of writers
waits() {
	wait_for "test \"\$(grep -ac 'F_WRLCK.*120.* EAGAIN' '$T/trace')\" -ge $1"
}

ended() {
	! [ -e "/proc/$1/status" ] || grep -q '^State:.[ZX]' "/proc/$1/status"
}

# its job waits for us
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":
	\"touch $T/up; until test -e $T/go; do sleep 0.1; done\"}]}"
QUIRE_RUN_ID=x push foo >/dev/null

lock_database
begin
check 'it waits for the database, to claim' 'waits 3 && ! ended $runner'
kill -TERM $runner
check 'told to stop, it does not wait on' 'wait_for "ended $runner"'
wait $runner
status=$?
check 'it ends with 75' "cat err; test $status = 75"
check 'the database is locked all the time, and the run is pending' '
	! sqlite3 home/quire.db "BEGIN IMMEDIATE" && test "$(state foo#1)" = pending'
unlock_database

begin
check 'the next one begins it' 'wait_for "test -e up"'
lock_database
: >trace
touch go
check 'its job ends, and the supervisor waits for the database' '
	wait_for "grep executor_exited \"$(dir 1)/events.jsonl\"" && waits 3'
kill -TERM $runner
: >trace
check 'told to stop, it waits on' 'waits 20 && ! ended $runner'
unlock_database
wait $runner
check 'the run is green' 'test "$(row 1 state)" = complete'
check 'nothing is left for reconcile' '! quire-reconcile 2>&1 | grep .'
