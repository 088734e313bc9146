#!/bin/sh
# quire: words become functions, programs, or a near miss.
# shellcheck disable=SC1091,SC2016,SC2034 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 21
new_home

commands='init repo config secret seed runs show log wait cancel rerun start'
programs='push run ci reconcile cgi'

check '--help lists every command and program' '
	quire --help >help && for c in $commands $programs help; do
		grep "^  $c  *[a-z]" help || exit 1
	done'
check 'in 80 columns' '! grep -E "^.{81}" help'
check 'without a command it does so on standard error' '
	quire 2>err; test $? = 2 && cmp help err'
check '--version' 'quire --version | grep "^quire [0-9]"'
check 'every command has --help, in 80 columns, on standard output' '
	for c in $commands; do
		quire $c --help >out || exit 1
		grep "^usage: quire $c" out && ! grep -E "^.{81}" out || exit 1
	done'
check 'every command refuses an option that it does not know' '
	for c in $commands; do
		quire $c --no-such-option; test $? = 2 || exit 1
	done'
check 'and names itself when it does' '
	quire runs --no-such-option 2>&1 | grep "^quire runs: "'
check 'a near miss' '
	quire shwo 2>err; test $? = 2 && grep "did you mean .show" err'
check 'a word that is near nothing' '
	quire xyzzyx 2>err; test $? = 2 && ! grep "did you mean" err'
check 'an option in front that is not known' 'quire --hoem x; test $? = 2'
check '--home without a folder' 'quire --home; test $? = 2'
check '--home=DIR' '
	QUIRE_HOME=/nonexistent quire --home="$QUIRE_HOME" config maxRuns'
for p in run ci reconcile push; do
	check "quire $p is quire-$p" '
		test "$(quire '$p' --version)" = "$(quire-'$p' --version)"'
done
check 'its exit status is the program'\''s' '
	quire reconcile --no-such-option; test $? = 2'
check 'a program that is not there is named' '
	mkdir alone && cp "$QUIRE_BUILD/bin/quire" alone/ &&
	alone/quire reconcile 2>err; test $? = 75 && grep quire-reconcile err'
check 'help of nothing that there is' '
	quire help inti 2>err; test $? = 2 && grep "did you mean .init" err'
check 'a full standard output is no success' '
	quire --help >/dev/full; test $? = 75'
if command -v man >/dev/null && [ -f "$QUIRE_BUILD/../man/quire.1" ] &&
	MANPAGER='cat' man -l "$QUIRE_BUILD/../man/quire.1" >/dev/null 2>&1; then
	check 'help opens the page of a command' '
		MANPAGER=cat quire help repo | grep "repo adopt"'
else
	skip 'help opens the page of a command' 'no man that reads a file'
fi
