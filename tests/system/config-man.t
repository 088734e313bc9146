#!/bin/sh
# quire-config(5) and the program tell of the same settings.
# shellcheck disable=SC2016 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 4
new_home
page=$ROOT/man/quire-config.5

# Each key with its default, as "key default"; none is "key -".
quire config --list | sed 1d | awk '{
	key = $1; $1 = $2 = ""; sub(/^ */, ""); print key, $0 }' >"$T/program"

# The same from the page: the line after ".It Ic KEY", and where it ends with
# the word default, the next one.
awk '/^\.It Ic / { key = $3; getline line
	if (line ~ /default$/) { getline next_line; line = line " " next_line }
	if (line ~ /no default\.$/) value = "-"
	else { value = line; sub(/.*default (\.(Pa|Li) )?/, "", value)
		sub(/ ?\.$/, "", value) }
	print key, value }' "$page" >"$T/page"

check 'the page has keys' 'test "$(wc -l <page)" -gt 10'
check 'each key is there, with its default, in the same order' \
	'diff program page'
check 'the page says which keys a repository may have' '
	failed=0
	while read -r key value; do
		scope=global
		quire config --unset "$key" || exit 1
		new_repo_done=${new_repo_done:-$(quire repo new r)}
		quire config --unset r "$key" 2>/dev/null && scope="per repository"
		grep -A1 "^\.It Ic $key\$" "$page" | grep -q ", $scope," || {
			echo "$key is $scope"; failed=1; }
	done <program
	exit $failed'
check 'a key with a letter wrong is told the right one' '
	quire config maxRun 2>err; test $? = 2 && grep "maxRuns" err'
