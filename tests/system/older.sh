# shellcheck shell=sh
# older.sh - for system tests, after lib.sh: databases of the older system.
#
#	. "$ROOT/tests/system/older.sh"
#	older 5 WAL
#	rows 5 >before; quire init; rows 5 >after; cmp before after

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
