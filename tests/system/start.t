#!/bin/sh
# quire start: a run without a push.
. "$(dirname "$0")/lib.sh"
plan 16

new_home
new_repo foo
pipeline foo '{"jobs":[{"id":"a","run":"test \"$QUIRE_REF\" = refs/heads/main"}]}' \
	'the pipeline'
push foo >/dev/null
wait_idle
git -C "$T/foo" tag -a -m tagged v1
git -C "$T/foo" branch v2
git -C "$T/foo" push -q origin v1 v2 2>/dev/null
wait_idle
git -C "$T/foo" checkout -q -b none
git -C "$T/foo" rm -rq .quire
git -C "$T/foo" commit -qm 'no pipeline'
git -C "$T/foo" push -q origin none 2>/dev/null
git -C "$QUIRE_HOME/repos/foo.git" symbolic-ref refs/heads/alias refs/heads/main
quire-reconcile >/dev/null
wait_idle

next() { # next: the number of the next run
	sql 'SELECT max(number) + 1 FROM runs'
}
last() { # last SQL: of the newest run
	sql "SELECT $1 FROM runs ORDER BY number DESC LIMIT 1"
}

# shellcheck disable=SC2034 # used in the checks
n=$(next)
check 'by default at the branch of HEAD' \
	'quire start foo | grep "^foo#$n queued for main" && wait_idle &&
	test "$(last "ref_name, state, \"trigger\"")" = \
	"refs/heads/main|complete|start"'
check 'it has what git knows of the commit' \
	'test "$(last "sha, subject, author")" = "$(git -C "$T/foo" rev-parse \
	main)|the pipeline|Tess Test <tess@example.org>"'
check 'and a place of its own in the order' \
	'test "$(sql "SELECT count(DISTINCT push_seq) = count(*) FROM runs")" = 1'
check 'at another branch' \
	'quire start foo v2 | grep "queued for v2" &&
	test "$(last ref_name)" = refs/heads/v2'
check 'at a tag: the commit that it leads to' \
	'quire start foo v1 | grep "queued for v1" &&
	test "$(last ref_name,sha)" = \
	"refs/tags/v1|$(git -C "$T/foo" rev-parse main)"'
check 'at a full ref' \
	'quire start foo refs/tags/v1 | grep "queued for v1" && wait_idle'
check 'a symbolic ref is the ref that it names' \
	'quire start foo alias | grep "queued for main" &&
	test "$(last ref_name)" = refs/heads/main && wait_idle'
# shellcheck disable=SC2034 # used in the checks
n=$(next)
check 'a commit without a pipeline is an error' \
	'quire start foo none 2>"$T/err"; test $? = 2 &&
	grep "foo.git: none: .*no pipeline" "$T/err"'
check 'no such ref' \
	'quire start foo nothing 2>"$T/err"; test $? = 2 &&
	grep "no commit at .nothing" "$T/err" &&
	{ quire start foo refs/heads/nothing 2>/dev/null; test $? = 2; } &&
	{ quire start foo "" 2>/dev/null; test $? = 2; }'
check 'no such repository: what was meant' \
	'quire start fooo 2>"$T/err"; test $? = 2 && grep "foo" "$T/err"'
git -C "$QUIRE_HOME/repos/foo.git" symbolic-ref HEAD refs/heads/unborn
check 'a HEAD that leads nowhere: which branches there are' \
	'quire start foo 2>"$T/err"; test $? = 2 && grep unborn "$T/err" &&
	grep "alias, main, none, v2: say which" "$T/err" &&
	grep "symbolic-ref HEAD" "$T/err"'
quire repo new bare >/dev/null
check 'a repository that nobody has pushed to' \
	'quire start bare 2>"$T/err"; test $? = 2 &&
	grep "bare.git: has no branch yet" "$T/err"'
git -C "$QUIRE_HOME/repos/foo.git" symbolic-ref HEAD refs/heads/main
check 'none of these made a run' 'test "$(next)" = "$n"'
check 'a job that starts a run does not kick; the one at work takes it' \
	'QUIRE_RUN_ID=x quire start foo >"$T/out" && test "$(last state)" = \
	pending && grep reconcile "$T/out" && quire-reconcile && wait_idle'
mv "$QUIRE_HOME/repos/foo.git" "$T/away.git"
check 'a repository that is not there' \
	'quire start foo 2>"$T/err"; s=$?; test $s != 0 && test $s != 2 &&
	test -s "$T/err"'
check 'usage' \
	'quire start 2>/dev/null; test $? = 2 &&
	{ quire start foo a b 2>/dev/null; test $? = 2; } &&
	quire start --help | grep usage'
