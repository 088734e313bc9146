#!/bin/sh
# quire runs: the list, for people and for programs.
. "$(dirname "$0")/lib.sh"
plan 21

new_home
new_repo foo
pipeline foo '{"jobs":[{"id":"a","run":"true"}]}' \
	'a subject that is long enough to be cut on a terminal that is narrow'
push foo >/dev/null
wait_idle
pipeline foo '{"jobs":[{"id":"a","run":"exit 3"}]}' 'ends red'
push foo >/dev/null
wait_idle
git -C "$T/foo" tag v1
push foo v1 >/dev/null
wait_idle
new_repo work/bar
pipeline work/bar '{"jobs":[{"id":"a","run":"true"}]}' 'Прогон 走る'
push work/bar >/dev/null
wait_idle

# on_terminal COLUMNS COMMAND: what it prints on a terminal of that width
on_terminal() {
	TERM=xterm script -qec "stty cols $1; $2" /dev/null </dev/null |
		tr -d '\r'
}

# widest: the columns that the longest line takes, colours aside. Characters
# of two columns are counted as two by wc -L.
widest() {
	sed 's/\x1b\[[0-9;]*m//g' | wc -L
}

plain='quire runs >"$T/out"'
check 'one line a run, the newest first, below a head' \
	"$plain"' && test "$(wc -l <"$T/out")" = 5 &&
	head -n 1 "$T/out" | grep "^RUN  *STATE  *REF" &&
	sed -n 2p "$T/out" | grep "^work/bar#1 .*complete.*main"'
check 'a tag, a branch, a state and a commit stand in their columns' \
	'grep "^foo#3  *failed  *v1  *$(git -C "$T/foo" rev-parse v1 |
	cut -c 1-8)" "$T/out"'
check 'nothing is cut into a pipe' \
	'grep "that is narrow$" "$T/out"'
check 'nor coloured' '! grep "$(printf "\033")" "$T/out"'
check 'of one repository' \
	'quire runs foo | grep -c "^foo#" | grep -x 3 &&
	quire runs foo.git | grep -c "^foo#" | grep -x 3'
check 'by branch, by tag, by full ref' \
	'test "$(quire runs --ref main | grep -c "#")" = 3 &&
	quire runs foo --ref v1 | tail -n +2 | grep "^foo#3" &&
	quire runs --ref=refs/tags/v1 | tail -n +2 | grep "^foo#3" &&
	! quire runs --ref=nothing | grep .'
check 'by state' \
	'test "$(quire runs foo --state failed | grep -c "#")" = 2 &&
	test "$(quire runs --state complete foo | grep -c "#")" = 1'
check 'so many' \
	'quire runs -n 2 | grep -c "#" | grep -x 2 &&
	quire runs foo -n1 | tail -n +2 | grep "^foo#3"'
check 'a home without runs of that kind: nothing, and that is no error' \
	'quire runs --state active >"$T/none" && ! test -s "$T/none"'
check 'as JSON: an array that programs read' \
	'quire runs foo --json >"$T/json" &&
	python3 -c "
import json, sys
runs = json.load(open(sys.argv[1]))
assert [r[\"number\"] for r in runs] == [3, 2, 1]
assert runs[0][\"ref\"] == \"refs/tags/v1\"
assert runs[1][\"state\"] == \"failed\"
assert runs[1][\"failure_kind\"] == \"pipeline-failure\"
assert runs[2][\"subject\"].startswith(\"a subject\")
assert all(r[\"repo\"] == \"foo.git\" for r in runs)
assert \"jobs\" not in runs[0]
" "$T/json"'
check 'an empty list is an empty array' \
	'test "$(quire runs --state active --json | tr -d " \n")" = "[]"'

for columns in 120 80 60 40 25; do
	check "it fits a terminal of $columns columns" \
		"on_terminal $columns 'quire runs' >\"\$T/tty\" &&
		grep -q 'foo#3' \"\$T/tty\" &&
		test \"\$(widest <\"\$T/tty\")\" -le $columns"
done
check 'on a terminal the states are coloured, with NO_COLOR they are not' \
	'on_terminal 80 "quire runs" | grep "$(printf "\033\[31m")failed" &&
	! on_terminal 80 "NO_COLOR=1 quire runs" | grep "$(printf "\033")" &&
	! on_terminal 80 "TERM=dumb quire runs" | grep "$(printf "\033")"'
check 'control characters of a subject reach no terminal' \
	'git -C "$T/foo" commit -q --allow-empty -m "$(printf "a\033[2Jb")" &&
	push foo && wait_idle && quire runs foo -n 1 | grep "a?\[2Jb"'
check 'a repository that is not known: what was meant' \
	'quire runs fo 2>"$T/err"; test $? = 2 && grep "foo" "$T/err"'
check 'the runs of one that was forgotten are still listed' \
	'quire repo rm work/bar >/dev/null && quire runs work/bar | grep "bar#1"'
check 'usage' \
	'quire runs a b 2>/dev/null; test $? = 2 &&
	{ quire runs --state=faild 2>"$T/err"; test $? = 2; } &&
	grep "did you mean .failed" "$T/err" &&
	{ quire runs -n 0 2>/dev/null; test $? = 2; } &&
	quire runs --help | grep usage'
