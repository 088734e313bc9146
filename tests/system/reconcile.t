#!/bin/sh
# Crashes for real: supervisors and executors are killed, then quire-reconcile
# has to find out what is true.
. "$(dirname "$0")/lib.sh"
plan 44

# Jobs leave their pids in $T/pids; slow ones run until they are stopped.
SLOW="echo \$PPID >$T/job.pid; echo \$\$ >>$T/pids; sleep 1000 &
echo \$! >>$T/pids; setsid sleep 1000 & echo \$! >>$T/pids; touch $T/up; wait"

# json_string TEXT
json_string() {
	printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g' | tr '\n' ' '
}

# alive PID: a zombie that nobody has reaped yet is not.
alive() {
	[ -e "/proc/$1/status" ] && ! grep -q '^State:.Z' "/proc/$1/status"
}

nobody_left() {
	while read -r pid; do
		! alive "$pid" || return 1
	done <"$T/pids"
}

parent_of() {
	sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status"
}

# above PID PROGRAM FILE: the pids from PID upwards to the one of PROGRAM,
# which is the last.
above() {
	above_pid=$1
	: >"$3"
	while [ "$above_pid" -gt 1 ]; do
		echo "$above_pid" >>"$3"
		[ "$(cat "/proc/$above_pid/comm")" != "$2" ] || return 0
		above_pid=$(parent_of "$above_pid")
	done
	return 1
}

# start_slow: a run of slow that is up. Its supervisor is in $T/run.pid, and
# with the executor's processes in $T/all.pids.
start_slow() {
	rm -f "$T/up" "$T/pids"
	quire start slow >/dev/null &&
		wait_for 'test -e "$T/up"' &&
		above "$(cat "$T/job.pid")" quire-run "$T/all.pids" &&
		tail -n 1 "$T/all.pids" >"$T/run.pid"
}

# crash PID...: SIGKILL to all at once, and wait until they are gone.
crash() {
	kill -STOP "$@"
	kill -9 "$@"
	for pid; do
		wait_for "! alive $pid" || return 1
	done
}

# crash_all: the supervisor, and the executor with all its processes.
crash_all() {
	# shellcheck disable=SC2046 # one word a pid
	crash $(cat "$T/all.pids")
}

kill_left() {
	cat "$T/pids" "$T/all.pids" 2>/dev/null |
		while read -r pid; do
			kill -9 "$pid" 2>/dev/null
		done
}
at_end kill_left

last() { # last REPO COLUMN: of its newest run
	sql "SELECT $2 FROM runs WHERE repo = '$1.git'
		ORDER BY number DESC LIMIT 1"
}

run_dir() {
	echo "$QUIRE_HOME/runs/$1.git/$(last "$1" id)"
}

snapshot() {
	sql .dump >"$T/$1.sql"
	(cd "$QUIRE_HOME" && find . -mindepth 1 ! -name 'quire.db*' -printf \
		'%p %y %m %s %T@\n' | sort) >"$T/$1.files"
}

unchanged() {
	snapshot now && cmp "$T/now.sql" "$T/$1.sql" &&
		cmp "$T/now.files" "$T/$1.files"
}

new_home
new_repo quick
pipeline quick '{"jobs":[{"id":"a","run":"true"}]}'
push quick >/dev/null
new_repo slow
pipeline slow "{\"jobs\":[{\"id\":\"a\",\"run\":\"$(json_string "$SLOW")\"},
	{\"id\":\"b\",\"run\":\"true\"}]}"
# known, but not pushed with a hook: each test starts its own run
git -C "$T/slow" push -q "$QUIRE_HOME/repos/slow.git" main >/dev/null 2>&1
wait_for 'test -e "$T/up"'
quire cancel slow#1 >/dev/null
wait_idle

check 'all well: nothing is printed' \
	'quire-reconcile >"$T/out" 2>&1 && ! test -s "$T/out"'
check 'and nothing by a dry run' \
	'quire-reconcile --dry-run >"$T/out" 2>&1 && ! test -s "$T/out"'

# a supervisor that is killed
start_slow
crash "$(cat "$T/run.pid")"
# quire-ci sees that its supervisor is gone, and ends what it has started
wait_for nobody_left
sed '$d' "$T/all.pids" | while read -r pid; do
	wait_for "! alive $pid"
done
snapshot before
check 'a dry run tells of the lost supervisor' \
	'quire-reconcile -n | grep "slow#2: its supervisor is gone"'
check 'and changes nothing' 'unchanged before'
check 'the run of a lost supervisor becomes orphaned' \
	'quire-reconcile | grep "slow#2: .*failed (orphaned)" &&
	test "$(last slow state,failure_kind)" = "failed|orphaned"'
check 'no process of it is left' 'wait_for nobody_left'
check 'its workspace is gone, its log stays' \
	'd=$(run_dir slow) && ! test -e "$d/workspace" &&
	test -e "$d/jobs/a/sh-1.log"'
check 'its jobs are aborted' \
	'test "$(sql "SELECT group_concat(state) FROM jobs WHERE run_id =
	(SELECT id FROM runs WHERE repo = '\''slow.git'\'' AND number = 2)")" \
	= aborted,aborted'
check 'after that there is nothing to do' \
	'quire-reconcile >"$T/out" 2>&1 && ! test -s "$T/out"'

# supervisor and executor, so that nobody is left to end the job
start_slow
crash_all
check 'the job survives both being killed' \
	'for p in $(cat "$T/pids"); do alive "$p" || exit 1; done'
check 'until reconcile settles it' \
	'quire-reconcile && test "$(last slow failure_kind)" = orphaned &&
	nobody_left && ! test -e "$(run_dir slow)/workspace"'

# an end that was recorded and not settled
# finish OUTCOME STATUS
finish_by_hand() {
	start_slow
	crash_all
	{
		[ -z "$1" ] || printf \
			'{"at_ms":%s,"type":"run_finished","outcome":"%s"}\n' \
			"$(date +%s000)" "$1"
		printf '{"at_ms":%s,"type":"executor_exited","status":%s}\n' \
			"$(date +%s000)" "$2"
	} >>"$(run_dir slow)/events.jsonl"
	quire-reconcile >"$T/out" 2>&1
}
finish_by_hand success 0
check 'a recorded success is settled as complete' \
	'test "$(last slow state)" = complete && grep "slow#4.*complete" \
	"$T/out" && nobody_left'
finish_by_hand pipeline-failure 0
check 'a recorded failure as pipeline-failure' \
	'test "$(last slow state,failure_kind)" = "failed|pipeline-failure"'
finish_by_hand '' 1
check 'a recorded crash of the executor as process-crashed' \
	'test "$(last slow state,failure_kind)" = "failed|process-crashed"'

# two at the same time
start_slow
crash "$(cat "$T/run.pid")"
(quire-reconcile >"$T/one" 2>&1; echo $? >>"$T/one") &
(quire-reconcile >"$T/two" 2>&1; echo $? >>"$T/two") &
wait
check 'of two at once one does it, and both are content' \
	'test "$(cat "$T/one" "$T/two" | grep -c orphaned)" = 1 &&
	test "$(tail -qn 1 "$T/one" "$T/two" | sort -u)" = 0'

# a live run, with a reconcile looking at it
start_slow
check 'a live run is never touched' \
	'for i in 1 2 3; do quire-reconcile || exit 1; done >"$T/out" 2>&1
	! test -s "$T/out" && test "$(last slow state)" = active &&
	for p in $(cat "$T/pids"); do alive "$p" || exit 1; done'
quire cancel slow#8 >/dev/null
wait_idle
# the last that its supervisor removes
wait_for '! test -e "$(run_dir slow)/wake"'

# what a supervisor left that was killed between its commit and its end
mkdir -p "$(run_dir quick)/workspace/deep"
touch "$(run_dir quick)/workspace/deep/file"
chmod 0555 "$(run_dir quick)/workspace/deep"
check 'what a run that has ended left behind is removed' \
	'quire-reconcile | grep "quick#1: removed" &&
	! test -e "$(run_dir quick)/workspace" &&
	test "$(last quick state)" = complete'
stray=$QUIRE_HOME/runs/quick.git/01900000-0000-7000-8000-000000000000
mkdir -p "$stray/workspace"
snapshot before
check 'a run directory without a row is told of by a dry run' \
	'quire-reconcile -n | grep "$stray: .*without a row" &&
	unchanged before'
check 'it is reported, and stays' \
	'quire-reconcile | grep "$stray: .*without a row" &&
	test -d "$stray/workspace"'
check 'it is reported once' \
	'! quire-reconcile 2>&1 | grep . && ! quire-reconcile -n 2>&1 |
	grep . && test -d "$stray/workspace"'
mkdir -p "$QUIRE_HOME/runs/.pruned/gone/jobs"
rm -rf "$stray"
check 'a removal that was cut short is finished' \
	'quire-reconcile | grep "gone: finished" &&
	! test -e "$QUIRE_HOME/runs/.pruned/gone"'

# hooks that do not run
hook=$QUIRE_HOME/repos/quick.git/hooks/post-receive
commit() { # commit REPO MESSAGE
	git -C "$T/$1" commit -q --allow-empty -m "$2"
}
mv "$hook" "$T/hook"
commit quick 'without a hook'
push quick >/dev/null
snapshot before
check 'a dry run tells of a push that no hook recorded' \
	'quire-reconcile -n | grep "quick: main moved"'
check 'and changes nothing either' 'unchanged before'
check 'reconcile records it, and says why it had to' \
	'quire-reconcile >"$T/out" && grep "quick#2 queued for main" "$T/out" &&
	grep "hook is missing.*quire repo hook quick" "$T/out" &&
	wait_idle && test "$(last quick state,\"trigger\")" = "complete|drift"'
mv "$T/hook" "$hook"
check 'a hook that comes later adopts the run' \
	'cd "$QUIRE_HOME/repos/quick.git" && printf "%s %s %s\n" \
	"$(git rev-parse main~)" "$(git rev-parse main)" refs/heads/main |
	GIT_DIR=. hooks/post-receive &&
	test "$(sql "SELECT count(*) FROM runs WHERE repo =
	'\''quick.git'\''")" = 2 && test "$(last quick "\"trigger\"")" = push'
chmod -x "$hook"
commit quick 'a hook without its x bit'
push quick >/dev/null
check 'a hook that is not executable is found out as well' \
	'quire-reconcile >"$T/out" && grep "quick#3 queued" "$T/out" &&
	grep "not executable" "$T/out" && wait_idle &&
	test "$(last quick state)" = complete'
chmod +x "$hook"

# a queue that nobody drains: a job that pushes does not kick
commit quick 'nobody kicks'
QUIRE_RUN_ID=none push quick
check 'a queue that nobody drains stays' 'test "$(last quick state)" = pending'
check 'until reconcile kicks' \
	'quire-reconcile && wait_idle && test "$(last quick state)" = complete'

# a first contact that was cut short
sql "UPDATE repos SET baseline = 0 WHERE name = 'quick.git';
	DELETE FROM refs WHERE repo = 'quick.git'"
check 'a baseline that was cut short is finished, without a run' \
	'quire-reconcile | grep "quick: took its refs" &&
	test "$(sql "SELECT baseline FROM repos WHERE name =
	'\''quick.git'\''")" = 1 && test "$(last quick number)" = 4 &&
	! quire-reconcile | grep .'

# repositories that are gone, or only seem so
start_slow
git -C "$T/slow" checkout -q -b other
commit slow 'waits behind the other'
push slow other >/dev/null
mv "$QUIRE_HOME/repos/slow.git" "$T/slow.away"
check 'a repository that is not there: said, and nothing more' \
	'quire-reconcile >"$T/out" && grep "slow.git is not there" "$T/out" &&
	test "$(sql "SELECT group_concat(state) FROM runs WHERE number > 8 AND
	repo = '\''slow.git'\''")" = active,pending'
mv "$T/slow.away" "$QUIRE_HOME/repos/slow.git"
check 'back before the next look: nothing has changed' \
	'! quire-reconcile 2>&1 | grep . &&
	test "$(last slow state)" = pending &&
	test "$(sql "SELECT count(missing_since_ms) FROM repos")" = 0'
mv "$QUIRE_HOME/repos/slow.git" "$T/slow.away"
quire-reconcile >"$T/out"
check 'missing once again: it counts from the start' \
	'grep "slow.git is not there" "$T/out" &&
	test "$(last slow state)" = pending'
check 'missing twice in a row: its live runs end as orphaned' \
	'quire-reconcile && wait_idle && test "$(sql "SELECT group_concat(
	state || failure_kind) FROM runs WHERE number > 8 AND repo =
	'\''slow.git'\''")" = failedorphaned,failedorphaned &&
	wait_for nobody_left'
check 'and then it is known' '! quire-reconcile 2>&1 | grep .'
mv "$T/slow.away" "$QUIRE_HOME/repos/slow.git"
quire-reconcile >/dev/null

# commits that are gone
start_slow
commit quick 'soon without its object'
push quick >/dev/null
object=$(git -C "$T/quick" rev-parse main |
	sed "s,^..,$QUIRE_HOME/repos/quick.git/objects/&/,")
mv "$object" "$T/object"
quire-reconcile >"$T/out" 2>&1
check 'a commit that is not there: said, and nothing more' \
	'grep "quick#5: its commit .* is not there" "$T/out" &&
	test "$(last quick state)" = pending'
mv "$T/object" "$object"
quire-reconcile
mv "$object" "$T/object"
quire-reconcile >/dev/null 2>&1
check 'there in between: it counts from the start' \
	'test "$(last quick state)" = pending'
check 'missing twice in a row: the run ends as orphaned' \
	'quire-reconcile 2>/dev/null
	test "$(last quick state,failure_kind,reason)" = \
	"failed|orphaned|its commit is gone"'
mv "$T/object" "$object"
quire cancel "slow#$(last slow number)" >/dev/null
wait_idle
quire-reconcile >/dev/null

# errors are not evidence
mkdir "$T/disk"
git init -q --bare "$T/disk/far.git"
quire repo adopt "$T/disk/far.git" >/dev/null
mv "$T/disk" "$T/unmounted"
snapshot before
check 'a disk that is not mounted is reported, and is no evidence' \
	'for i in 1 2 3; do quire-reconcile 2>"$T/err"; test $? = 75 || exit 1
	done; grep "far.git.*not there.*mounted" "$T/err" &&
	sql .dump | cmp - "$T/before.sql"'
mv "$T/unmounted" "$T/disk"

# Every descriptor that it opens fails once, with a live run and one that
# waits: whatever it cannot see, it leaves as it is.
start_slow
git -C "$T/slow" commit -q --allow-empty -m 'waits once more'
push slow other >/dev/null
rows() {
	sql 'SELECT id, state, failure_kind FROM runs ORDER BY id;
		SELECT name, missing_since_ms FROM repos ORDER BY name;
		SELECT repo, ref_name, oid FROM refs ORDER BY repo, ref_name'
}
rows >"$T/rows"
check 'out of descriptors: 75 or 70, a line, and nothing has changed' \
	'n=3 s=1; while [ $n -lt 64 ] && [ $s != 0 ]; do
		(ulimit -n $n && exec quire-reconcile) >"$T/out" 2>"$T/err"
		s=$?
		! test -s "$T/out" && rows | cmp - "$T/rows" || exit 1
		test $s = 0 || { test -s "$T/err" &&
			{ test $s = 75 || test $s = 70 || test $s = 127; }; } ||
			exit 1
		n=$((n + 1))
	done; test $n -gt 6 && test $s = 0'
quire cancel "slow#$(($(last slow number) - 1))" >/dev/null
quire cancel "slow#$(last slow number)" >/dev/null
wait_idle
# whoever ended that run would take the next one
wait_for 'flock -n "$QUIRE_HOME/slots/1" true'

quire config kick no-such-command
QUIRE_RUN_ID=x quire start slow >/dev/null
sql 'UPDATE runs SET queued_at_ms = queued_at_ms - 60000,
	pushed_at_ms = pushed_at_ms - 60000 WHERE state = '\''pending'\'
check 'a queue that nobody drained: is it the setting kick?' \
	'quire-reconcile >"$T/out"; cat "$T/out"; grep "^1 pending and none active; \
started quire-run (does the command in the setting kick work?)$" "$T/out"'
quire config --unset kick
quire cancel "slow#$(last slow number)" >/dev/null
wait_idle
wait_for 'flock -n "$QUIRE_HOME/slots/1" true'

# a supervisor that is between two runs
QUIRE_RUN_ID=x quire start slow >/dev/null
sql 'UPDATE runs SET queued_at_ms = queued_at_ms - 60000,
	pushed_at_ms = pushed_at_ms - 60000 WHERE state = '\''pending'\'
(sleep 1; exec quire-run) >/dev/null 2>&1 &
check 'a queue that is taken up meanwhile is not worth a word' \
	'! quire-reconcile 2>&1 | grep . &&
	wait_for "test \"\$(last slow state)\" = active"'
quire cancel "slow#$(last slow number)" >/dev/null
wait
wait_idle

if [ "$(id -u)" = 0 ]; then
	chmod 755 "$T" "$QUIRE_HOME"
	check 'another uid is told whom to become' \
		'setpriv --reuid=65534 --clear-groups quire-reconcile \
		2>"$T/err"; test $? = 75 && grep root "$T/err"'
else
	skip 'another uid is told whom to become' 'needs root'
fi
check 'a home that is not there is no home to repair' \
	'QUIRE_HOME=$T/nowhere quire-reconcile 2>"$T/err"; s=$?
	grep "^quire-reconcile: .*quire init" "$T/err" &&
	{ test $s = 75 || test $s = 70; }'
check 'operands are a usage error' \
	'quire-reconcile foo 2>"$T/err"; test $? = 2 &&
	grep -- --help "$T/err"'
