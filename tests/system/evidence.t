#!/bin/sh
# evidence.t - an error is no evidence: what reconcile could not look at stays
# as it is, until it can.
. "$(dirname "$0")/lib.sh"

plan 15
new_home
new_repo foo

active() {
	test "$(sql "SELECT state FROM runs WHERE number = $1")" = active
}

# with_fault FAULT PATH...: a reconcile whose openat of one of these fails
with_fault() {
	fault=$1
	shift
	for path; do
		set -- "$@" -P "$path"
		shift
	done
	strace -qq -e trace=openat -e signal=none -o "$T/trace" "$@" \
		-e "inject=openat:$fault" quire-reconcile >"$T/said" 2>&1
	status=$?
	grep -q INJECTED "$T/trace" || return 70
	return $status
}

# ---- processes that nobody watches any more

pipeline foo "{\"jobs\":[{\"id\":\"a\",
	\"run\":\"(setsid sleep 1000 &) & echo >$T/begun; sleep 1000\"}]}"
push foo main >/dev/null 2>&1
wait_for 'test -e "$T/begun"'
# its watchers all at once, so that none sees the end of another
watchers=
for pid in $(survivors); do
	case $(cat "/proc/$pid/comm") in
	quire-*) watchers="$watchers $pid" ;;
	esac
done
# shellcheck disable=SC2086 # a list
kill -STOP $watchers && kill -KILL $watchers
wait_for 'for pid in $watchers; do ! test -e /proc/$pid/exe || exit 1; done'
environs=$(survivors | sed 's,.*,/proc/&/environ,')

check 'processes of a lost run are there to be missed' 'test "$environs"'
# shellcheck disable=SC2086 # a list
with_fault error=EMFILE $environs
status=$?
check 'a process that cannot be looked at is a fault, and told' \
	'test $status = 75 && grep "too many\|Too many" "$T/said"'
check 'its run is not settled then' 'active 1'
check 'the next reconcile settles it' \
	'quire-reconcile && test "$(state foo#1)" = failed'
check 'and no process is left' 'test -z "$(survivors)"'

# ---- the record of an executor's end

pipeline foo '{"jobs":[{"id":"a","run":"true"}]}'
QUIRE_RUN_ID=none push foo main >/dev/null 2>&1
run=runs/foo.git/$(sql 'SELECT id FROM runs WHERE number = 2')
dir=$QUIRE_HOME/$run
# killed when the record is on the disk, and the row not settled
strace -qq -e trace=fdatasync -e signal=none -o "$T/trace" \
	-P "$dir/events.jsonl" -e inject=fdatasync:signal=KILL quire-run \
	2>/dev/null

check 'a supervisor is lost behind its executor' \
	'active 2 && grep executor_exited "$dir/events.jsonl"'
# Its record is opened by its name in its folder: which of the openat with that
# folder this is, a reconcile of a copy tells.
nth() {
	rm -rf "$T/copy"
	cp -R "$QUIRE_HOME" "$T/copy"
	QUIRE_HOME=$T/copy strace -qq -e trace=openat -e signal=none \
		-o "$T/trace" -P "$T/copy/$run" \
		quire-reconcile >/dev/null 2>&1
	grep -n '"events.jsonl"' "$T/trace" | cut -d : -f 1
}
check 'a record that cannot be read is not a record that is missing' \
	'with_fault "error=ESTALE:when=$(nth)" "$dir"; test $? = 75 && active 2'
check 'an interrupted open is made again: the run is green' \
	'with_fault "error=EINTR:when=$(nth)" "$dir" &&
	test "$(state foo#2)" = complete'

# ---- a repository that cannot be looked at

QUIRE_RUN_ID=none quire rerun foo#2 >/dev/null
# twice, since what two reconciles find gone is gone
for time in first second; do
	strace -qq -e trace=newfstatat -e signal=none -o "$T/trace" \
		-P "$QUIRE_HOME/repos/foo.git" \
		-e inject=newfstatat:error=EIO quire-reconcile \
		>"$T/$time" 2>&1
done
check 'a repository that the disk does not give is no repository that is gone' \
	'grep INJECTED "$T/trace" && grep "foo.git: .*Input/output error" \
	"$T/second" && ! grep "is not there\|orphaned" "$T/first" "$T/second"'
# by this one, or by one that those reconciles have kicked
check 'its run is run' 'quire-run && wait_for '\''
	test "$(state foo#3)" = complete'\'

# ---- a run of which it cannot be told whether it was begun

# one that was kicked has the slot until it has looked once more
wait_for 'test -z "$(survivors)"'
QUIRE_RUN_ID=none quire rerun foo#2 >/dev/null
run=runs/foo.git/$(sql 'SELECT id FROM runs WHERE number = 4')
# stat_fails PATH PROGRAM...: a look at that path below the home fails
stat_fails() {
	path=$1
	shift
	strace -qq -e trace=newfstatat -e signal=none -o "$T/trace" \
		-P "$path" -e inject=newfstatat:error=EIO "$@" >"$T/said" 2>&1
	status=$?
	grep -q INJECTED "$T/trace" || return 70
	return $status
}
check 'a run that may have been begun is not claimed: it stays pending' '
	stat_fails "$run/events.jsonl" quire-run; test $? = 75 &&
	grep "events.jsonl: Input/output error" "$T/said" &&
	test "$(state foo#4)" = pending'
check 'reconcile tells of it, and does not settle it' '
	stat_fails "$run/events.jsonl" quire-reconcile; test $? = 75 &&
	grep "events.jsonl: Input/output" "$T/said" &&
	! grep "begun already" "$T/said"'
# by this one, or by one that reconcile has kicked
check 'the next quire-run runs it' \
	'quire-run && wait_for '\''test "$(state foo#4)" = complete'\'

# ---- a run whose directory cannot be looked at, when it is to be pruned

quire config foo keepRuns 1
run=runs/foo.git/$(sql 'SELECT id FROM runs WHERE number = 2')
rm "$QUIRE_HOME/$run/lock"
check 'a directory that the disk does not give is none that is gone' '
	stat_fails "$run" quire-reconcile; test $? = 75 &&
	grep "$run: Input/output error" "$T/said" &&
	test "$(sql "SELECT count(*) FROM runs WHERE number = 2")" = 1'
check 'the next reconcile prunes it, with its files' '
	quire-reconcile && ! test -e "$QUIRE_HOME/$run" &&
	test "$(sql "SELECT count(*) FROM runs WHERE number = 2")" = 0'
