#!/bin/sh
# quire-db(5) names every table, column, trigger and index that there is.
# shellcheck disable=SC2016 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 12
new_home
page=$ROOT/man/quire-db.5

# section NAME: the words of a .Ss or .Sh of the page.
section() {
	sed -n "/^\.S[sh] $1\$/,/^\.S[sh] /p" "$page" | tr -s ' ,()' '\n'
}

# lacking SECTION QUERY: what the query finds and the section does not name.
lacking() {
	section "$1" >"$T/words"
	sql "$2" >"$T/names"
	test -s "$T/names" || echo "$1: nothing to look for"
	! grep -vxFf "$T/words" "$T/names" && test -s "$T/names"
}

check 'every table' 'for t in $(sql "SELECT name FROM sqlite_master
	WHERE type = \"table\""); do
		grep -x "\.Ss $t" "$page" || exit 1
	done'
# Keys that are told of in the text are not asked for.
columns() {
	lacking "$1" "SELECT name FROM pragma_table_info('$1')
		WHERE name NOT IN ('run_id', 'job_id', 'repo', 'ref_name',
		'key', 'name')"
}
for table in $(sql "SELECT name FROM sqlite_master WHERE type = 'table'"); do
	check "every column of $table" "columns $table"
done
check 'every trigger' 'lacking TRIGGERS "SELECT name FROM sqlite_master
	WHERE type = \"trigger\""'
check 'every index' 'lacking INDEXES "SELECT name FROM sqlite_master
	WHERE type = \"index\" AND sql IS NOT NULL"'
check 'the version' 'grep -qx "\.It $(sql "PRAGMA user_version")" "$page"'
