#!/bin/sh
# Databases of the older system, at every version there is, become ours and
# lose no row; databases of somebody else stay as they are.
# shellcheck disable=SC2016 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/older.sh"
plan 45

new_home
schema >"$T/fresh.schema"
check 'a fresh home has a schema to compare with' 'test -s fresh.schema'

for version in 1 2 3 4 5 6 7; do
	older "$version"
	rows "$version" >"$T/before"
	check "version $version: quire init upgrades it" \
		"quire init && test \"\$(sql 'PRAGMA application_id')\" = 1903520114"
	rows "$version" >"$T/after"
	check "version $version: no row of any table is lost or changed" \
		'test -s before && cmp before after'
	check "version $version: what was live is failed, orphaned, its jobs aborted" '
		test "$(sql "SELECT group_concat(id) FROM (SELECT id FROM runs
			WHERE state = \"failed\" AND failure_kind = \"orphaned\"
			AND finished_at_ms > 1000 ORDER BY id)")" = a,p &&
		test "$(sql "SELECT group_concat(state) FROM (SELECT state FROM
			jobs WHERE run_id = \"a\" ORDER BY job_id)")" = \
			aborted,aborted,complete'
	check "version $version: its schema is that of a fresh home" \
		'schema >schema && cmp schema fresh.schema'
	check "version $version: it is whole" '
		test "$(sql "PRAGMA integrity_check")" = ok &&
		test -z "$(sql "PRAGMA foreign_key_check")" &&
		test "$(sql "PRAGMA journal_mode")" = wal'
done

older 3 WAL
check 'any command of quire upgrades, and ends what was live' '
	quire runs --json >out && test "$(sql "PRAGMA user_version")" -ge 8 &&
	test "$(sql "SELECT group_concat(state) FROM (SELECT state FROM runs
		WHERE id IN (\"a\", \"p\") ORDER BY id)")" = failed,failed'
check 'runs are numbered by the time they were queued, then by id' '
	test "$(sql "SELECT group_concat(id || number) FROM (SELECT * FROM runs
		WHERE repo = \"a.git\" ORDER BY number)")" = \
		p1,s12,s23,a4,f15,f26,f37'
check 'commands are numbered by their start' '
	test "$(sql "SELECT group_concat(n || cmd) FROM (SELECT * FROM sh_events
		WHERE run_id = \"f1\" ORDER BY n)")" = "1make,2make check"'

# print: names, contents and times of the database's files.
print() {
	stat -c '%n %s %y' "$QUIRE_HOME"/quire.db*
	sha256sum "$QUIRE_HOME"/quire.db*
}

# untouched WANT COMMAND...: it is refused with 70 in one line that has WANT,
# and the database's files are as they were.
untouched() {
	want=$1
	shift
	print >"$T/print.before"
	status=0
	"$@" >"$T/out" 2>"$T/err" </dev/null || status=$?
	cat "$T/err"
	print | cmp - "$T/print.before" && [ "$status" = 70 ] &&
		[ "$(wc -l <"$T/err")" = 1 ] && grep -q "$want" "$T/err"
}

# strange VERSION APPLICATION_ID MODE
strange() {
	older 7 "$3"
	sqlite3 "$QUIRE_HOME/quire.db" "PRAGMA user_version = $1;
		PRAGMA application_id = $2"
}

# all WANT: whoever opens a database refuses it.
all() {
	untouched "$1" quire init && untouched "$1" quire runs &&
		untouched "$1" quire config timeout &&
		untouched "$1" quire-run && untouched "$1" quire-reconcile &&
		untouched_by_hook "$1" && untouched_by_page "$1"
}

# The hook and the pages have other ways to say no.
untouched_by_hook() {
	print >"$T/print.before"
	[ -d bare.git ] || git init -q --bare bare.git
	echo "$ONE $ONE refs/heads/main" | quire-push --git-dir bare.git \
		>"$T/out" 2>&1 || return
	cat "$T/out"
	print | cmp - "$T/print.before" && [ "$(wc -l <"$T/out")" = 1 ] &&
		grep -q "quire.db: .*$1.*: the push stands" "$T/out"
}
ONE=1111111111111111111111111111111111111111

untouched_by_page() {
	print >"$T/print.before"
	REQUEST_METHOD=GET PATH_INFO=/ quire-cgi >"$T/out" 2>"$T/err"
	cat "$T/err"
	print | cmp - "$T/print.before" && [ "$(wc -l <"$T/err")" = 1 ] &&
		grep -q "quire.db: .*$1" "$T/err" &&
		grep -q '^Status: 503' "$T/out"
}

for version in 8 9 10 11; do
	check "version $version without our mark is refused, and untouched" "
		strange $version 0 DELETE && all 'not a database of quire' &&
		strange $version 0 WAL && all 'not a database of quire'"
done
check 'one of another program is refused, and untouched' '
	strange 7 1234 DELETE && all "not a database of quire" &&
	strange 9 1234 WAL && all "not a database of quire"'
check 'one that is newer than the program is refused, and untouched' '
	strange 99 1903520114 DELETE && all "newer" &&
	strange 99 1903520114 WAL && all "newer"'
