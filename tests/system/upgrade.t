#!/bin/sh
# Databases of the older system, at every version there is, become ours and
# lose no row; databases of somebody else stay as they are.
# shellcheck disable=SC2016 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 45

# The columns that every version has.
RUNS='id, repo, ref_name, sha, pushed_at_ms, state, failure_kind, queued_at_ms,
	started_at_ms, finished_at_ms'
JOBS='run_id, job_id, state, exit_code, started_at_ms, finished_at_ms'
SH='run_id, job_id, started_at_ms, finished_at_ms, exit_code, cmd'

# older VERSION [MODE]: $QUIRE_HOME/quire.db as the older system left it: runs
# in each state and shape, jobs in all six states, commands from version 2 on,
# and what each version has added.
older() {
	rm -rf "$QUIRE_HOME"
	mkdir -p "$QUIRE_HOME"
	{
		echo "PRAGMA journal_mode = ${2:-DELETE};"
		for file in "$ROOT"/schema/000[1-7]_*.sql; do
			older_n=${file##*/000}
			[ "${older_n%%_*}" -gt "$1" ] || cat "$file"
		done
		older_extra='' older_value=''
		[ "$1" -ge 7 ] || older_extra=', workspace_path' older_value=", '/w'"
		while read -r id repo state kind queued started finished; do
			echo "INSERT INTO runs ($RUNS$older_extra) VALUES
			('$id', '$repo', 'refs/heads/m', 's', 5, '$state',
			$kind, $queued, $started, $finished$older_value);"
		done <<-END
			p a.git pending NULL 10 NULL NULL
			a a.git active NULL 11 12 NULL
			c1 b.git complete NULL 12 13 14
			c2 b.git complete NULL 9 9 9
			f1 a.git failed 'pipeline-failure' 13 14 15
			f2 a.git failed NULL 13 NULL 15
			f3 a.git failed 'odd' 13 NULL 13
			s1 a.git superseded NULL 10 NULL 20
			s2 a.git superseded NULL 10 11 20
		END
		echo "INSERT INTO jobs ($JOBS) VALUES
			('a', 'z', 'complete', 0, 12, 13),
			('a', 'b', 'active', NULL, 13, NULL),
			('a', 'c', 'pending', NULL, NULL, NULL),
			('f1', 'a', 'failed', 3, 14, 15),
			('f1', 'b', 'skipped', NULL, NULL, 15),
			('s2', 'a', 'aborted', NULL, 11, 20),
			('s2', 'b', 'aborted', NULL, NULL, 20),
			('c1', 'x', 'complete', NULL, 13, 14);"
		[ "$1" -lt 2 ] || echo "INSERT INTO sh_events ($SH) VALUES
			('a', 'z', 12, 13, 0, 'make'),
			('f1', 'a', 15, 15, 3, 'make check'),
			('f1', 'a', 14, 15, 0, 'make');"
		case $1 in
		3 | 4) echo "UPDATE runs SET auth_token = 't' || id;" ;;
		5 | 6 | 7) echo "UPDATE runs SET run_token = 't' || id;" ;;
		esac
		[ "$1" -lt 4 ] || echo "UPDATE runs SET git_dir = '/srv/' || repo
			WHERE id <> 'f2';"
		[ "$1" -lt 6 ] || echo "UPDATE runs SET traceparent = 'tp' || id;"
		[ "$1" -ge 7 ] || echo "UPDATE runs SET container_id = 'c0ffee'
			WHERE state = 'active';"
		echo "PRAGMA user_version = $1;"
	} | sqlite3 -bail "$QUIRE_HOME/quire.db" >/dev/null
}

# rows VERSION: all rows of all tables, but for what is live.
rows() {
	sql "SELECT $RUNS FROM runs
		WHERE id NOT IN ('p', 'a') ORDER BY id"
	sql "SELECT $JOBS FROM jobs WHERE state NOT IN ('active', 'pending')
		AND (run_id <> 'a' OR job_id = 'z') ORDER BY run_id, job_id"
	[ "$1" -lt 2 ] || sql "SELECT $SH FROM sh_events ORDER BY 1, 2, 3"
	[ "$1" -lt 5 ] || sql 'SELECT id, run_token FROM runs ORDER BY id'
	[ "$1" -lt 4 ] || sql 'SELECT id, git_dir FROM runs ORDER BY id'
	[ "$1" -lt 6 ] || sql 'SELECT id, traceparent FROM runs ORDER BY id'
	sql 'SELECT count(*) FROM runs'
	sql 'SELECT count(*) FROM jobs'
}

schema() {
	sql 'SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2'
}

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
		untouched "$1" quire-run && untouched "$1" quire-reconcile
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
