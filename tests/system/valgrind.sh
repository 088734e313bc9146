#!/bin/sh
# valgrind.sh - the main path of every program under valgrind: no error, no
# memory that is definitely lost. The programs come from $QUIRE_BUILD, linked
# dynamically: valgrind sees no malloc in a static one.
. "$(dirname "$0")/lib.sh"
plan 14

grind() {
	valgrind --quiet --error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite --trace-children=yes \
		--trace-children-skip='*/sh,*/git,*/git-*,*/true,*/make' "$@"
}
program() {
	p=$1
	shift
	grind "$QUIRE_BUILD/bin/$p" "$@"
}

# nobody kicks: each program below is started by hand
QUIRE_RUN_ID=valgrind
export QUIRE_RUN_ID

check 'quire init' 'program quire init'
new_repo foo
pipeline foo '{ "jobs": [
	{ "id": "a", "run": ["true", "echo out; echo err >&2"] },
	{ "id": "b", "needs": ["a"], "run": "exit 3" },
	{ "id": "c", "needs": ["b"], "run": "true" } ] }'
quire repo unhook foo >/dev/null
push foo main
new=$(git -C "$T/foo" rev-parse HEAD)
old=0000000000000000000000000000000000000000
check 'quire-push' 'echo "$old $new refs/heads/main" |
	program quire-push --home "$QUIRE_HOME" \
		--git-dir "$QUIRE_HOME/repos/foo.git" 2>&1 | grep "foo#1 queued"'
check 'quire-ci check' 'cd foo && program quire-ci check'
check 'quire-ci run' 'cd foo && program quire-ci run; test $? = 1'
check 'quire-run and quire-ci exec' 'unset QUIRE_RUN_ID; program quire-run'
check 'the run is red' 'test "$(state foo#1)" = failed'
check 'quire-reconcile' 'program quire-reconcile'
check 'quire runs' 'program quire runs'
check 'quire show' 'program quire show foo#1; test $? = 1'
check 'quire log' 'program quire log foo#1 --all'
check 'quire config' 'program quire config maxRuns 2'
page() {
	env REQUEST_METHOD=GET PATH_INFO="$1" QUERY_STRING="${2:-}" \
		QUIRE_HOME="$QUIRE_HOME" valgrind --quiet --error-exitcode=99 \
		"$QUIRE_BUILD/bin/quire-cgi"
}
check 'the index' 'page / | grep foo'
check 'a list of runs' 'page /foo/ci | grep "#1"'
check 'a run' 'page /foo/ci/1 | grep "exit"'
