#!/bin/sh
# cgi.sh - what a page costs: quire-cgi under lighttpd, beside an empty static
# CGI program and cgit, in one run, the requests interleaved, one at a time.
#
#	tests/bench/cgi.sh [REQUESTS [RUNS...]]
#
# REQUESTS of each page (default 400), in homes of RUNS runs (1000 1000000).
# Prints the median of each in milliseconds, and how often the empty one it is.
set -eu

. "$(dirname "$0")/../system/lib.sh"
. "$ROOT/tests/system/web.sh"

requests=${1:-400}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- 1000 1000000

cat >"$T/empty.c" <<'END'
#include <unistd.h>
int main(void)
{
	static const char s[] = "Content-Type: text/plain\r\n"
				"Content-Length: 3\r\n\r\nok\n";
	_exit(write(1, s, sizeof(s) - 1) < 0);
}
END
gcc -O2 -static -o "$T/empty" "$T/empty.c"

# fill RUNS: one repository of so many runs of eight refs, two jobs each of two
# commands for the newest 1,000.
fill() {
	sqlite3 "$QUIRE_HOME/quire.db" >/dev/null <<END
PRAGMA synchronous = OFF;
BEGIN;
WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT $1)
INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state, failure_kind,
	queued_at_ms, started_at_ms, finished_at_ms, git_dir, traceparent,
	number, push_seq, pusher, subject, author, sandbox)
SELECT printf ('%08x-%04x-7000-8000-%012x', n >> 4, n & 15, n), 'bench.git',
	'refs/heads/b' || (n % 8), printf ('%040x', n), 1700000000000 + n,
	CASE WHEN n % 7 THEN 'complete' ELSE 'failed' END,
	CASE WHEN n % 7 THEN NULL ELSE 'pipeline-failure' END,
	1700000000000 + n, 1700000000040 + n, 1700000012000 + n,
	'/nowhere/bench.git', '00-0-0-01', n, n, 'ben',
	'Change number ' || n || ' of very many', 'Ben Muster <b@example.org>',
	'none'
FROM c;
WITH RECURSIVE c (n) AS (SELECT max (number) FROM runs
		WHERE repo = 'bench.git'
	UNION ALL SELECT n - 1 FROM c LIMIT 1000)
INSERT INTO jobs (run_id, job_id, state, exit_code, started_at_ms,
	finished_at_ms, position)
SELECT id, j.column1, 'complete', 0, started_at_ms, finished_at_ms, j.column2
FROM c JOIN runs ON repo = 'bench.git' AND number = n
JOIN (VALUES ('build', 1), ('test', 2)) AS j;
INSERT INTO sh_events (run_id, job_id, n, started_at_ms, finished_at_ms,
	exit_code, cmd)
SELECT run_id, job_id, k.column1, started_at_ms, finished_at_ms, 0, 'make'
FROM jobs JOIN (VALUES (1), (2)) AS k
WHERE run_id IN (SELECT id FROM runs WHERE repo = 'bench.git');
COMMIT;
PRAGMA wal_checkpoint (TRUNCATE);
END
}

# logs for the run that is asked for: four of 80 lines
logs() {
	for job in build test; do
		dir=$QUIRE_HOME/runs/bench.git/$1/jobs/$job
		mkdir -p "$dir"
		for n in 1 2; do
			yes '2026-11-24T05:46:58.123456789Z stdout F cc -O2 -c -o some.o src/some.c' |
				head -n 80 >"$dir/sh-$n.log"
		done
	done
}

cgit=/usr/lib/cgit/cgit.cgi
extra=$T/extra.conf
{
	echo "alias.url = ( \"/empty\" => \"$T/empty\", \"/cgit\" => \"$cgit\" )"
	echo 'cgi.assign += ( "empty" => "", "cgit.cgi" => "" )'
	echo "setenv.add-environment += ( \"CGIT_CONFIG\" => \"$T/cgitrc\" )"
} >"$extra"
git clone -q --bare "$ROOT" "$T/tree.git"
printf 'cache-size=0\nrepo.url=tree\nrepo.path=%s\n' "$T/tree.git" >"$T/cgitrc"

# names and addresses, one a line
pages() {
	echo 'empty /empty'
	echo 'index /'
	echo 'list /bench/ci'
	echo "filtered /bench/ci?ref=b3&state=failed&before=$1"
	echo "run /bench/ci/$1"
	echo "log /bench/ci/$1/test/1"
	echo "json /bench/ci/$1.json"
	[ ! -x "$cgit" ] || {
		echo 'cgit-index /cgit/'
		echo 'cgit-log /cgit/tree/log/'
	}
}

measure() {
	pages "$1" >"$T/pages"
	while read -r name address; do
		page "$address" >"$T/page" || {
			echo "$name: no answer" >&2
			exit 1
		}
		echo "$name $(wc -c <"$T/page")"
	done <"$T/pages" >"$T/sizes"
	i=0
	while [ "$i" -lt "$requests" ]; do
		while read -r name address; do
			printf 'url = "%s%s"\noutput = "/dev/null"\n' \
				"$WEB" "$address"
			printf 'write-out = "%s %%{time_total}\\n"\nnext\n' \
				"$name"
		done <"$T/pages"
		i=$((i + 1))
	done | sed '$d' >"$T/curl"
	curl -s -K "$T/curl" >"$T/times"
	sort -k1,1 -k2,2n "$T/times" | awk -v runs="$1" '
		NR == FNR { size[$1] = $2; order[++m] = $1; next }
		{ t[$1, ++n[$1]] = $2 * 1000 }
		function median(k) { return t[k, int((n[k] + 1) / 2)] }
		END {
			for (i = 1; i <= m; i++) {
				k = order[i]
				printf "%8d runs  %-10s %7d bytes %6.2f ms %5.2f x\n",
					runs, k, size[k], median(k),
					median(k) / median("empty")
			}
		}' "$T/sizes" -
}

new_home
quire repo new bench >/dev/null
quire config publicRuns on
web_start "$extra"
for runs; do
	fill "$runs"
	logs "$(sql "SELECT id FROM runs WHERE number = $runs
		AND repo = 'bench.git'")"
	measure "$runs"
	sql "DELETE FROM sh_events; DELETE FROM jobs; DELETE FROM runs"
done
