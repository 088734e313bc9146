#!/bin/sh
# A supervisor that is told to stop, that has lost its home, or that can't get
# rid of a process.
. "$(dirname "$0")/lib.sh"
plan 18

new_home
new_repo foo

# ended PID: gone, or a zombie that nobody has reaped yet.
ended() {
	! [ -e "/proc/$1/status" ] || grep -q '^State:.[ZX]' "/proc/$1/status"
}

# unkicked SUBJECT: a run that stays pending.
unkicked() {
	git -C foo commit -q --allow-empty -m "$1"
	QUIRE_RUN_ID=x push foo >/dev/null
}

# begin: a quire-run of our own, in $runner, until its job is up ($job).
begin() {
	rm -f "$T/job"
	quire-run 2>"$T/err" &
	runner=$!
	wait_for 'test -s "$T/job"'
	job=$(cat "$T/job")
	at_end "kill -9 $job 2>/dev/null"
}

# told SIGNAL: quire-run is; $status is what it ends with.
told() {
	kill "-$1" "$runner"
	wait "$runner"
	status=$?
}

pipeline foo "{\"jobs\":[{\"id\":\"a\",
	\"run\":\"trap '' TERM; echo \$\$ >$T/job; sleep 1000; sleep 1000\"}]}"
unkicked one
begin
QUIRE_RUN_ID=x quire start foo main >/dev/null
told TERM
check 'it ends with status 75, and says why' \
	'test "$status" = 75 && grep "told to stop" "$T/err"'
check 'its run has failed, with that for its reason' \
	'test "$(row 1 state,failure_kind,reason)" = \
		"failed|process-crashed|quire-run was told to stop"'
check 'its processes are ended' 'ended "$job"'
check 'its workspace is gone' '! test -e "$(dir 1)/workspace"'
check 'the next one stays pending' 'test "$(state foo#2)" = pending'
check 'how the executor ended is on record' \
	'grep executor_exited "$(dir 1)/events.jsonl"'
begin
told HUP
check 'a hang-up is the same' \
	'test "$status" = 75 && test "$(row 2 failure_kind)" = process-crashed &&
	ended "$job"'
check 'nothing is left for reconcile' '! quire-reconcile 2>&1 | grep .'

# the run's directory is removed
unkicked three
begin
rm -rf "$(dir 3)"
check 'without its directory a run ends, and fails' \
	'wait_for "test \"\$(state foo#3)\" = failed" &&
	test "$(row 3 failure_kind)" = workspace &&
	row 3 reason | grep removed'
check 'so do its processes' 'wait_for "ended $job && ended $runner"'
wait "$runner"

# a process that can't be ended: a tracer keeps it from being reaped
case $(uname -m) in
x86_64) ptrace=101 ;;
aarch64) ptrace=117 ;;
*) ptrace= ;;
esac
PTRACE_SEIZE=16902
cat >trace.pl <<EOP
syscall($ptrace, $PTRACE_SEIZE, int(\$ARGV[0]), 0, 0) == 0 or exit 1;
open(my \$up, '>', "$T/traced") and close(\$up);
select(undef, undef, undef, 0.05) until -e "$T/let-go";
EOP
unkicked four
begin
if [ -n "$ptrace" ]; then
	perl trace.pl "$job" &
	tracer=$!
	wait_for 'test -e "$T/traced" || ended "$tracer"' 10
fi
if [ -e "$T/traced" ]; then
	pipeline foo '{"jobs":[{"id":"a","run":"true"}]}' quick
	lock=$(dir 4)/lock
	quire cancel foo#4 >/dev/null
	QUIRE_RUN_ID=x push foo >/dev/null
	check 'a process that cannot be ended is named' \
		'wait_for "grep \"process $job .*could not be ended\" \
			\"$QUIRE_HOME/quire-run.log\"" 60'
	check 'the queue goes on' \
		'wait_for "test \"\$(state foo#5)\" = complete" 60'
	check "the run's lock is held as long as the process is there" \
		'! flock -n "$lock" true && ! ended "$runner"'
	check 'its workspace is kept for it' 'test -e "$(dir 4)/workspace"'
	touch "$T/let-go"
	check 'when it has ended the lock is free, and the workspace gone' \
		'wait_for "flock -n \"$lock\" true" &&
		! test -e "$(dir 4)/workspace"'
	wait "$runner" "$tracer"
	check 'nothing is left for reconcile then' \
		'! quire-reconcile 2>&1 | grep .'
else
	told TERM
	for what in 'a process that cannot be ended is named' \
		'the queue goes on' 'the lock is held' \
		'the workspace is kept' 'the lock is free' \
		'nothing is left for reconcile'; do
		skip "$what" 'no process can be traced here'
	done
	pipeline foo '{"jobs":[{"id":"a","run":"true"}]}' quick
fi

# the home as a whole
git -C foo revert --no-edit HEAD >/dev/null
unkicked last
begin
check 'a run in a home is up' 'test -n "$job" && ! ended "$runner"'
rm -rf "$QUIRE_HOME"
check 'no process outlives its home' \
	'wait_for "ended $job && ended $runner"'
