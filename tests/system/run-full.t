#!/bin/sh
# A disk that runs full: on a small one of its own, in a mount namespace.
if [ -z "${QUIRE_TEST_FULL:-}" ]; then
	if unshare -m true 2>/dev/null; then
		exec env QUIRE_TEST_FULL=1 unshare -m sh "$0" "$@"
	fi
	echo '1..0 # SKIP no mount namespace to be had'
	exit 0
fi
. "$(dirname "$0")/lib.sh"
plan 19

mkdir "$QUIRE_HOME"
mount -t tmpfs -o size=12m,mode=755 quire-test "$QUIRE_HOME"
at_end 'umount -l "$QUIRE_HOME"'
new_home
quire config minFree 0 >/dev/null
new_repo foo

QUICK='{"jobs":[{"id":"a","run":"true"}]}'
pipeline foo "$QUICK"
push foo >/dev/null
wait_idle
check 'on a small disk it works' 'test "$(state foo#1)" = complete'

# zeros are next to nothing in the repository
head -c 20000000 /dev/zero >foo/zeros
git -C foo add zeros
pipeline foo "$QUICK" 'too big'
push foo >/dev/null
wait_idle
check 'a workspace that does not fit: disk-full' \
	'test "$(row 2 state,failure_kind)" = "failed|disk-full" &&
	row 2 reason | grep "zeros: No space left"'
check 'nothing is left of it' \
	'wait_for "! test -e \"$(dir 2)/workspace\""'
check 'quire-run says so in its log' \
	'wait_for "grep \"No space left\" \"$QUIRE_HOME/quire-run.log\""'
git -C foo rm -q zeros

# a job fills the disk, then goes on emitting events
pipeline foo '{"jobs":[{"id":"fill","run":"cat /dev/zero >all"},
	{"id":"next","run":"true"}]}' filler
push foo >/dev/null
wait_idle
check 'a run that fills the disk fails' \
	'test "$(row 3 state)" = failed && row 3 failure_kind |
		grep -x -e disk-full -e pipeline-failure'
check 'its jobs are over' \
	'test "$(sql "SELECT count(*) FROM jobs JOIN runs ON runs.id = run_id
		WHERE number = 3 AND jobs.state IN ('\''pending'\'',
		'\''active'\'')")" = 0'
check 'its workspace is gone, and the space is back' \
	'wait_for "! test -e \"$(dir 3)/workspace\"" &&
	test "$(df --output=avail -k "$QUIRE_HOME" | tail -n 1)" -gt 4000'
check 'the database is sound' \
	'test "$(sql "PRAGMA integrity_check")" = ok'

# commands that fill the disk, but take no harm from it themselves; what they
# say is more than a pipe holds until the space is back
pipeline foo '{"jobs":[{"id":"fill","run":[
	"cat /dev/zero >all 2>/dev/null; rm all; echo first >&2",
	"cat /dev/zero >all 2>/dev/null; seq 1000000; rm all"]},
	{"id":"next","needs":["fill"],"run":"true"}]}' 'a log without space'
push foo >/dev/null
wait_idle
check 'no space for a log is no fault of the author' \
	'test "$(row 4 state,failure_kind)" = "failed|disk-full" &&
	row 4 reason | grep "failed: fill"'
check 'the job says so' \
	'sql "SELECT jobs.reason FROM jobs JOIN runs ON runs.id = run_id
		WHERE number = 4 AND job_id = '\''fill'\''" |
		grep "log could not be .*: No space left"'
check 'the event has it as its cause' \
	'grep run_finished "$(dir 4)/events.jsonl" |
		grep "\"cause\":\"disk-full\""'
pipeline foo '{"jobs":[{"id":"fill","allow-failure":true,
	"run":"cat /dev/zero >all 2>/dev/null; seq 1000000; rm all"},
	{"id":"next","run":"true"}]}' 'a log that may lack'
push foo >/dev/null
wait_idle
check 'a job that may fail may do so for that, too' \
	'test "$(row 5 state)" = complete'
pipeline foo '{"jobs":[{"id":"fill",
	"run":"cat /dev/zero >all 2>/dev/null; code=$?; rm all; exit $code"}]}' 'too greedy'
push foo >/dev/null
wait_idle
check 'a command that finds no space itself fails as any other' \
	'test "$(row 6 state,failure_kind)" = "failed|pipeline-failure"'

quire config minFree 12M >/dev/null
pipeline foo "$QUICK" 'waits for space'
push foo >/dev/null
check 'below minFree a run stays pending' \
	'wait_for "grep minFree \"$QUIRE_HOME/quire-run.log\"" &&
	test "$(state foo#7)" = pending'
quire config minFree 1M >/dev/null
check 'with space it runs' \
	'quire-run && test "$(state foo#7)" = complete'
check 'nothing is left for reconcile' '! quire-reconcile 2>&1 | grep .'

# A supervisor that is killed, on a disk that is full up to the last byte: the
# row cannot be written before the workspace is gone. Another run, that ended,
# left its own behind.
mkdir -p "$(dir 7)/workspace"
head -c 300000 /dev/zero >"$(dir 7)/workspace/left"
pipeline foo '{"jobs":[{"id":"a","run":"echo $PPID >pid;sleep 1000"}]}' \
	'a crash'
push foo >/dev/null
wait_for 'test -s "$(dir 8)/workspace/pid"'
# killed at once: the job's process, the executor, the supervisor
pid=$(cat "$(dir 8)/workspace/pid") pids=
while [ "$pid" -gt 1 ] && [ "$(cat "/proc/$pid/comm")" != quire-run ]; do
	pids="$pids $pid"
	pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
done
# a reader, without whom the last one to close would remove the log
mkfifo "$T/reader"
sqlite3 "$QUIRE_HOME/quire.db" <"$T/reader" >/dev/null &
exec 9>"$T/reader"
echo 'SELECT count(*) FROM runs;' >&9
at_end 'exec 9>&-'
# shellcheck disable=SC2086 # one word a pid
[ "$pid" -le 1 ] || kill -9 $pid $pids
wait_for '! grep -q "^State:.[^Z]" "/proc/$pid/status"'
sql 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
cat /dev/zero >"$(dir 8)/workspace/all" 2>/dev/null
check 'a row cannot be written then' \
	'! sqlite3 "$QUIRE_HOME/quire.db" "UPDATE counters SET value = value;
	CREATE TABLE t AS SELECT hex(zeroblob(100000))" 2>"$T/err" &&
	grep "full" "$T/err"'
check 'quire-reconcile removes workspaces first, and then it settles' \
	'quire-reconcile >"$T/out" 2>&1; s=$?; cat "$T/out"; test $s = 0 &&
	grep "foo#7: removed what it left behind" "$T/out" &&
	grep "foo#8: its supervisor is gone; failed (orphaned)" "$T/out"'
check 'both are gone' '! test -e "$(dir 7)/workspace" &&
	! test -e "$(dir 8)/workspace" && ! quire-reconcile 2>&1 | grep .'
