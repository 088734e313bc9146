#!/bin/sh
# quire rerun: the same commit in the place of the same push.
. "$(dirname "$0")/lib.sh"
plan 12

new_home
new_repo foo
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":\"test -e $T/good\"}]}" 'flaky'
push foo >/dev/null
wait_idle
touch "$T/good"

column() { # column NUMBER SQL
	sql "SELECT $2 FROM runs WHERE number = $1 AND repo = 'foo.git'"
}

check 'it says what it queued' \
	'quire rerun foo#1 | grep "^foo#2 queued for main, foo#1 once more"'
check 'and it runs' 'wait_idle && test "$(state foo#2)" = complete'
check 'the first stays as it was' 'test "$(state foo#1)" = failed'
check 'it has the place of the same push, as a further attempt' \
	'test "$(column 1 push_seq)" = "$(column 2 push_seq)" &&
	test "$(column 2 "attempt, \"trigger\"")" = "2|rerun" &&
	test "$(column 2 rerun_of)" = "$(column 1 id)"'
check 'and what was known of the commit' \
	'test "$(column 1 "sha, ref_name, subject, author, pusher,
	previous_sha")" = "$(column 2 "sha, ref_name, subject, author, pusher,
	previous_sha")" && test "$(column 2 subject)" = flaky'
check 'of a rerun: the third attempt of the same' \
	'quire rerun foo#2 && wait_idle &&
	test "$(column 3 "attempt, push_seq")" = "3|$(column 1 push_seq)"'
pipeline foo "{\"jobs\":[{\"id\":\"a\",
	\"run\":\"touch $T/up; exec sleep 1000\"}]}" slow
push foo >/dev/null
wait_for 'test -e "$T/up"'
check 'a run that is live is not rerun: exit status 75' \
	'quire rerun foo#4 2>"$T/err"; test $? = 75 &&
	grep "foo#4: is active.*quire cancel" "$T/err"'
check 'one of an older push supersedes nothing' \
	'quire rerun foo#1 && test "$(state foo#4)" = active'
quire cancel foo#4 >/dev/null
wait_idle
check 'and runs to its end' 'test "$(state foo#5)" = complete'
git -C "$T/foo" checkout -q --orphan fresh
git -C "$T/foo" rm -rqf .quire
git -C "$T/foo" commit -qm 'nothing in common'
git -C "$T/foo" push -qf origin fresh:main
wait_idle
git -C "$QUIRE_HOME/repos/foo.git" gc -q --prune=now
check 'a commit that is gone cannot be rerun' \
	'quire rerun foo#1 2>"$T/err"; test $? = 2 &&
	grep "foo#1: its commit .* no longer" "$T/err"'
check 'nor a run of a repository that is no longer known' \
	'quire repo rm foo >/dev/null && quire rerun foo#1 2>"$T/err"
	test $? = 2 && grep foo "$T/err"'
check 'usage' \
	'quire rerun 2>/dev/null; test $? = 2 &&
	{ quire rerun foo#77 2>/dev/null; test $? = 2; } &&
	quire rerun --help | grep usage'
