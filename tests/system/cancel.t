#!/bin/sh
# quire cancel: what is pending never runs, what is active is stopped.
. "$(dirname "$0")/lib.sh"
plan 10

new_home
new_repo foo
pipeline foo "{\"jobs\":[
	{\"id\":\"a\",\"run\":\"touch $T/up; exec sleep 1000\"},
	{\"id\":\"b\",\"run\":\"true\"}]}"
push foo >/dev/null
wait_for 'test -e "$T/up"'
git -C "$T/foo" checkout -q -b other
git -C "$T/foo" commit -q --allow-empty -m 'waits'
rm "$T/up"
push foo other >/dev/null

check 'a pending run is canceled' \
	'test "$(state foo#2)" = pending &&
	test "$(quire cancel foo#2)" = "foo#2 canceled" &&
	test "$(state foo#2)" = failed'
check 'an active one too, by the start of its id' \
	'id=$(sql "SELECT id FROM runs WHERE number = 1") &&
	quire cancel "$(echo "$id" | cut -c 1-35)"'
check 'both say why' \
	'test "$(sql "SELECT DISTINCT failure_kind FROM runs")" = canceled'
check 'its jobs are aborted' \
	'test "$(sql "SELECT group_concat(state) FROM jobs")" = aborted,aborted'
check 'its processes and its workspace go' \
	'wait_for "! ls -d \"$QUIRE_HOME\"/runs/foo.git/*/workspace"'
check 'the pending one never ran' \
	'! test -e "$T/up" && test -z "$(sql "SELECT started_at_ms FROM runs
	WHERE number = 2")"'
check 'a run that has ended is left alone: exit status 2' \
	'quire cancel foo#1 2>"$T/err"; test $? = 2 &&
	grep "foo#1: has ended already: failed" "$T/err"'
check 'nothing is left for reconcile to do' \
	'wait_for "quire-reconcile -n | grep -c . | grep -x 0" &&
	! quire-reconcile 2>&1 | grep .'
check 'no such run' 'quire cancel foo#9 2>/dev/null; test $? = 2'
check 'usage' \
	'quire cancel 2>/dev/null; test $? = 2 && quire cancel --help |
	grep usage'
