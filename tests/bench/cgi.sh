#!/bin/sh
# cgi.sh - what a page costs: quire-cgi under lighttpd, beside an empty static
# CGI program and cgit, in one run, the requests interleaved, one at a time.
#
#	tests/bench/cgi.sh [REQUESTS [SMALL LARGE]]
#
# REQUESTS of each page (default 300), in two homes that are served at once, of
# SMALL and of LARGE runs (1000 and 1000000); then as many while runs are
# written in both. Prints for each page its size, and for each home the median
# and the 95th percentile in milliseconds and how often the empty program the
# median is, and by how much the homes' medians differ.
set -eu

. "$(dirname "$0")/../system/lib.sh"
. "$ROOT/tests/system/web.sh"

requests=${1:-300}
small=${2:-1000}
large=${3:-1000000}

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

# fill RUNS: twelve repositories of forty runs, and bench, of so many, on main
# and seven branches; one in seven red, one in eleven superseded. The newest
# 1,000 of each have five jobs of two commands, the last 50 of bench in other
# states, too.
fill() {
	sqlite3 "$QUIRE_HOME/quire.db" >/dev/null <<END
PRAGMA synchronous = OFF;
BEGIN;
CREATE TEMP TABLE size (repo, runs);
INSERT INTO size SELECT name, iif (name = 'bench.git', $1, 40)
FROM repos WHERE name <> 'busy.git';
CREATE TEMP TABLE base AS SELECT
	CAST (strftime ('%s', 'now') AS INTEGER) * 1000 AS now_ms;
WITH RECURSIVE c (repo, runs, n) AS (
	SELECT repo, runs, 1 FROM size
	UNION ALL SELECT repo, runs, n + 1 FROM c WHERE n < runs)
INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state, failure_kind,
	queued_at_ms, started_at_ms, finished_at_ms, git_dir, traceparent,
	number, push_seq, pusher, subject, author, sandbox, superseded_by)
SELECT printf ('%08x-%04x-7000-8000-%012x', n >> 4, n & 15, n) ||
	iif (repo = 'bench.git', '', repo), repo,
	iif (n % 2, 'refs/heads/main', 'refs/heads/topic/' || (n % 7)),
	printf ('%08x%032x', n * 2654435761 % 4294967296, n),
	now_ms - (runs - n) * 61000 - 60000,
	CASE WHEN n % 11 = 0 THEN 'superseded' WHEN n % 7 = 0 THEN 'failed'
		ELSE 'complete' END,
	CASE WHEN n % 11 AND n % 7 = 0 THEN 'pipeline-failure' END,
	now_ms - (runs - n) * 61000 - 60000,
	now_ms - (runs - n) * 61000 - 59960,
	now_ms - (runs - n) * 61000 - 48000 + n % 13 * 700,
	'/nowhere/' || repo, '00-0-0-01', n, n,
	CASE n % 3 WHEN 0 THEN 'ben' WHEN 1 THEN 'ada' ELSE 'tess' END,
	'Change number ' || n || ' of very many', 'Ben Muster <b@example.org>',
	'bwrap', NULL
FROM c, base;
UPDATE repos SET last_number = (SELECT runs FROM size WHERE repo = name)
WHERE name IN (SELECT repo FROM size);
INSERT INTO refs (repo, ref_name, oid, sha, run_id, seen_at_ms)
SELECT r.repo, r.ref_name, r.sha, r.sha, r.id, r.queued_at_ms
FROM size s JOIN runs r ON r.repo = s.repo AND r.number > s.runs - 14
	AND r.number <= s.runs
WHERE true ON CONFLICT DO UPDATE SET oid = excluded.oid, sha = excluded.sha,
	run_id = excluded.run_id;
CREATE TEMP TABLE job (job_id, position, needs, from_ms, to_ms);
INSERT INTO job VALUES ('configure', 1, '', 0, 900),
	('build', 2, 'configure', 900, 6000), ('lint', 3, 'configure', 950, 4000),
	('test', 4, 'build', 6100, 11000), ('package', 5, 'build test', 11000,
	11900);
INSERT INTO jobs (run_id, job_id, state, exit_code, started_at_ms,
	finished_at_ms, position, needs)
SELECT r.id, j.job_id,
	iif (r.state = 'failed' AND j.job_id = 'package', 'failed', 'complete'),
	iif (r.state = 'failed' AND j.job_id = 'package', 2, 0),
	started_at_ms + from_ms, started_at_ms + to_ms, j.position, j.needs
FROM size s JOIN runs r ON r.repo = s.repo AND r.number > s.runs - 1000
JOIN job j;
INSERT INTO sh_events (run_id, job_id, n, started_at_ms, finished_at_ms,
	exit_code, cmd)
SELECT run_id, job_id, k.column1,
	started_at_ms + (finished_at_ms - started_at_ms) / 2 * (k.column1 - 1),
	started_at_ms + (finished_at_ms - started_at_ms) / 2 * k.column1,
	iif (k.column1 = 2, j.exit_code, 0),
	CASE k.column1 WHEN 1 THEN 'make ' || job_id
		ELSE 'sh tools/report.sh --job ' || job_id END
FROM jobs j JOIN (VALUES (1), (2)) AS k
WHERE run_id IN (SELECT r.id FROM size s JOIN runs r ON r.repo = s.repo);
COMMIT;
PRAGMA wal_checkpoint (TRUNCATE);
END
}

# logs RUN: ten of 40 lines for that run of bench
logs() {
	run_dir=$QUIRE_HOME/runs/bench.git/$(sql "SELECT id FROM runs
		WHERE number = $1 AND repo = 'bench.git'")
	for job in configure build lint test package; do
		mkdir -p "$run_dir/jobs/$job"
		for n in 1 2; do
			yes '2026-11-24T05:46:58.123456789Z stdout F cc -O2 -c -o some.o src/some.c' |
				head -n 40 >"$run_dir/jobs/$job/sh-$n.log"
		done
	done
}

# home NAME RUNS
home() {
	QUIRE_HOME=$T/$1
	new_home
	for repo in a b c d e f g h i j k l bench; do
		quire repo new "$repo" >/dev/null
	done
	new_repo busy
	pipeline busy '{"jobs":[{"id":"a","run":["true","true","true"]},
		{"id":"b","needs":["a"],"run":["true","sleep 0.2"]}]}'
	push busy >/dev/null
	wait_idle
	rm -rf "$T/busy"
	fill "$2"
	logs "$2"
	logs $(($2 - $2 % 7))
	# the shell has taken -wal and -shm away; a program of quire's has both
	quire config publicRuns on
}

cgit=/usr/lib/cgit/cgit.cgi
extra=$T/extra.conf
{
	cat <<-END
		alias.url = ( "/empty" => "$T/empty", "/cgit" => "$cgit" )
		cgi.assign += ( "empty" => "", "cgit.cgi" => "" )
		setenv.add-environment += ( "CGIT_CONFIG" => "$T/cgitrc" )
	END
	for name in small large; do
		cat <<-END
			\$HTTP["url"] =~ "^/$name/" {
				alias.url = ( "/$name" => "$WEB_CGI" )
				setenv.set-environment = (
					"QUIRE_HOME" => "$T/$name" )
			}
		END
	done
} >"$extra"
git clone -q --bare "$ROOT" "$T/tree.git"
printf 'cache-size=0\nrepo.url=tree\nrepo.path=%s\n' "$T/tree.git" >"$T/cgitrc"

# names and addresses of the pages of a home, one a line
pages() {
	echo "$1:index /$1/"
	echo "$1:list /$1/bench/ci"
	echo "$1:filtered /$1/bench/ci?ref=topic/3&state=failed&before=$2"
	echo "$1:run /$1/bench/ci/$2"
	echo "$1:red-run /$1/bench/ci/$(($2 - $2 % 7))"
	echo "$1:log /$1/bench/ci/$2/test/1"
	echo "$1:raw /$1/bench/ci/$2/test/1.txt"
	echo "$1:list.json /$1/bench/ci.json"
	echo "$1:run.json /$1/bench/ci/$2.json"
	echo "$1:badge /$1/bench/ci/badge.svg"
	echo "$1:feed /$1/bench/ci/feed.atom"
	echo "$1:metrics /$1/metrics"
	echo "$1:style /$1/style.css"
}

all_pages() {
	{
		echo ':empty /empty'
		pages small "$small"
		pages large "$large"
		[ ! -x "$cgit" ] || {
			echo ':cgit-index /cgit/'
			echo ':cgit-log /cgit/tree/log/'
		}
	} >"$T/pages"
	while read -r name address; do
		page "$address" >"$T/page" || {
			echo "$name: no answer" >&2
			exit 1
		}
		echo "$name $(wc -c <"$T/page")"
	done <"$T/pages" >"$T/sizes"
}

# measure: a line "name ms status" for each request, into $T/times
measure() {
	i=0
	while [ "$i" -lt "$requests" ]; do
		while read -r name address; do
			printf 'url = "%s%s"\noutput = "/dev/null"\n' \
				"$WEB" "$address"
			printf 'write-out = "%s %%{time_total} %s\\n"\nnext\n' \
				"$name" '%{http_code}'
		done <"$T/pages"
		i=$((i + 1))
	done | sed '$d' >"$T/curl"
	curl -s -K "$T/curl" | sort -k1,1 -k2,2n >"$T/times"
	report "$1"
}

report() {
	awk -v title="$1" -v small="$small" -v large="$large" '
		function key(s) { sub(/^[^:]*:/, "", s); return s }
		function at(k, part) { return t[k, int(n[k] * part + 1)] }
		function cell(k) {
			if (!(k in n))
				return sprintf("%22s", "")
			return sprintf("%7.2f %7.2f %5.2fx", at(k, 0.5),
				at(k, 0.95), at(k, 0.5) / at(":empty", 0.5))
		}
		NR == FNR {
			k = key($1)
			if (!(k in size))
				order[++m] = k
			size[k] = $2
			next
		}
		$3 != 200 { refused[$3]++; next }
		{ t[$1, n[$1]++ + 1] = $2 * 1000 }
		END {
			printf "%s\n%-11s%7s | %9d runs: p50, p95 |", title,
				"page", "bytes", small
			printf " %9d runs: p50, p95 | differ by\n", large
			for (i = 1; i <= m; i++) {
				k = order[i]
				own = (":" k) in n
				printf "%-11s%7d | %s | %s |", k, size[k],
					cell(own ? ":" k : "small:" k),
					cell("large:" k)
				if (own) {
					print ""
					continue
				}
				differ = at("large:" k, 0.5) * 100
				differ = differ / at("small:" k, 0.5) - 100
				printf " %+6.1f %%\n", differ
				if (differ * differ > most * most)
					most = differ
				if (k ~ /^(index|list|run)$/ &&
					at("large:" k, 0.5) > worst)
					worst = at("large:" k, 0.5)
			}
			printf "%s: index, list and run take at most %.2f x " \
				"the empty program, %.2f x of what cgit " \
				"takes for its index; sizes differ by at " \
				"most %+.1f %%", title,
				worst / at(":empty", 0.5),
				worst / at(":cgit-index", 0.5), most
			for (k in refused)
				printf "; %d answers were %s", refused[k], k
			print "\n"
		}' "$T/sizes" "$T/times"
}

# write_runs NAME: a run in that home every half second, until $T/writing is
# gone.
write_runs() {
	QUIRE_HOME=$T/$1
	while [ -e "$T/writing" ]; do
		quire start busy main
		sleep 0.5
	done >/dev/null
	wait_idle
}

home large "$large"
home small "$small"
web_start "$extra"
all_pages
measure 'at rest'

: >"$T/writing"
write_runs small &
small_writer=$!
write_runs large &
large_writer=$!
measure 'while runs are written'
rm "$T/writing"
wait "$small_writer" "$large_writer"
