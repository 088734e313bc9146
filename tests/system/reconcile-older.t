#!/bin/sh
# quire-reconcile on a database that is older than it, and on homes that are
# none of its business.
. "$(dirname "$0")/lib.sh"
plan 16

# older VERSION: a home whose database is the older system's, with a run in
# every state, one of them with a job and a command.
older() {
	rm -rf "$QUIRE_HOME"
	mkdir -p "$QUIRE_HOME/repos" "$QUIRE_HOME/runs"
	older_path=
	[ "$1" -ge 7 ] || older_path=", workspace_path"
	{
		for file in "$ROOT"/schema/000?_*.sql; do
			older_n=${file##*/000}
			[ "${older_n%%_*}" -gt "$1" ] || cat "$file"
		done
		for state in pending active complete failed superseded; do
			older_times='NULL, NULL'
			[ "$state" = pending ] || older_times='20, 30'
			[ "$state" = active ] && older_times='20, NULL'
			echo "INSERT INTO runs (id, repo, ref_name, sha,
				pushed_at_ms, queued_at_ms, state,
				started_at_ms, finished_at_ms$older_path)
				VALUES ('$state', 'old.git', 'refs/heads/main',
				'aa', 10, 10, '$state', $older_times
				${older_path:+, '/w'});"
		done
		echo "INSERT INTO jobs (run_id, job_id, state, started_at_ms,
			finished_at_ms) VALUES ('active', 'a', 'active', 20,
			NULL), ('active', 'b', 'pending', NULL, NULL),
			('complete', 'a', 'complete', 20, 30);"
		[ "$1" -lt 2 ] || echo "INSERT INTO sh_events VALUES
			('active', 'a', 20, 21, 0, 'make');"
		[ "$1" -ge 7 ] ||
			echo "UPDATE runs SET container_id = 'c0ffee'
				WHERE state = 'active';"
		echo "PRAGMA user_version = $1;"
	} | sqlite3 -bail "$QUIRE_HOME/quire.db"
}

for version in 1 2 3 4 5 6 7; do
	older "$version"
	check "version $version: upgraded, and what was live is orphaned" \
		"quire-reconcile >\"\$T/out\" &&
		grep 'upgraded from version $version to' \"\$T/out\" &&
		grep '2 live runs of the older system' \"\$T/out\" &&
		test \"\$(sql 'SELECT group_concat(id) FROM (SELECT id FROM runs
		WHERE failure_kind = \"orphaned\" ORDER BY id)')\" = \
		active,pending &&
		test \"\$(sql 'SELECT group_concat(state) FROM (SELECT state
		FROM jobs ORDER BY run_id, job_id)')\" = \
		aborted,aborted,complete &&
		test \"\$(sql 'SELECT count(*) FROM runs')\" = 5"
done
check 'after that there is nothing to do' '! quire-reconcile 2>&1 | grep .'

older 7
cp "$QUIRE_HOME/quire.db" "$T/before.db"
check 'a dry run says so, and leaves it as it is' \
	'quire-reconcile -n | grep "would upgrade it from version 7" &&
	sql .dump >"$T/now" && sqlite3 "$T/before.db" .dump | cmp - "$T/now" &&
	test "$(sql "PRAGMA user_version")" = 7'

# killed between the two: what was live must not be run after the upgrade
older 7
check 'where the upgrade fails, nothing of the older system gets live again' \
	'sql "CREATE TABLE counters (x)" && { quire-reconcile 2>"$T/err"
	test $? = 70; } && sql "DROP TABLE counters" &&
	quire-reconcile && test "$(sql "SELECT count(*) FROM runs WHERE
	state IN ('\''pending'\'', '\''active'\'')")" = 0'

older 7
sql 'PRAGMA user_version = 8'
cp "$QUIRE_HOME/quire.db" "$T/before.db"
check 'a database that went another way is refused in one line' \
	'quire-reconcile 2>"$T/err"; test $? = 70 &&
	test "$(wc -l <"$T/err")" = 1'
check 'and untouched' 'cmp "$QUIRE_HOME/quire.db" "$T/before.db"'

rm -rf "$QUIRE_HOME"
new_home
sql 'PRAGMA user_version = 9999'
check 'one that is newer than the program as well' \
	'quire-reconcile 2>"$T/err"; test $? = 70 &&
	grep "newer" "$T/err" && test "$(wc -l <"$T/err")" = 1'

rm -rf "$QUIRE_HOME"
mkdir "$QUIRE_HOME"
check 'a folder without a database is no home' \
	'quire-reconcile 2>"$T/err"; s=$?; { test $s = 70 || test $s = 75; } &&
	grep "quire init" "$T/err" && ! test -e "$QUIRE_HOME/quire.db"'

rm -rf "$QUIRE_HOME"
quire seed "$QUIRE_HOME" >/dev/null
sql .dump >"$T/before"
check 'a made-up home has live runs that nobody runs' \
	'test "$(sql "SELECT count(DISTINCT state) FROM runs")" = 5'
check 'and is left as it is' \
	'! quire-reconcile 2>&1 | grep . && sql .dump | cmp - "$T/before"'
