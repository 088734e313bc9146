#!/bin/sh
# storm.sh - a crowd pushes at once, and quire loses nothing of it.
#
#	make storm [PUSHERS=50] [PUSHES=20] [REPOS=20]
#
# PUSHERS push PUSHES times each into REPOS repositories, over the local path
# transport: every other push is to a ref that others push to as well, the rest
# to refs of the pusher's own. Beside them quire-reconcile runs in a loop, and
# pages are read from lighttpd; maxRuns is 2. Before that the same crowd pushes
# to repositories with an empty sh hook, with no runs, reconciles and pages
# beside it: that is what the figures are compared with.
#
# Prints one line. Errors are what anybody was told that is none of the lines
# that are promised; violations are what does not hold when the queue has run
# empty, see violations() and database(). Either is shown above that line, and
# the exit status is 1.

PUSHERS=${PUSHERS:-50}
PUSHES=${PUSHES:-20}
REPOS=${REPOS:-20}
MAX_RUNS=2

. "$(dirname "$0")/../system/lib.sh"
. "$ROOT/tests/system/web.sh"

# Each run takes one of as many seats as maxRuns allows: who finds none is one
# too many.
job() {
	cat <<-END
		for n in \$(seq $MAX_RUNS); do
			exec 9>>'$T'/seat.\$n
			! flock -n 9 || exec sleep 0.01
		done
		echo "\$QUIRE_REPO#\$QUIRE_RUN_NUMBER" >>'$T/exceeded'
	END
}

# The repository that all push from: a first commit, and on top of it, side by
# side, one for each push. Their names are in $T/commits, the first one first.
source_commits() {
	git init -q --bare "$T/source.git"
	awk -v n=$((PUSHERS * PUSHES)) -v job="sh $T/job" 'BEGIN {
		text = "{\"jobs\":[{\"id\":\"a\",\"run\":\"" job "\"}]}"
		printf "blob\nmark :1\ndata %d\n%s\n", length(text), text
		for (i = 0; i <= n; i++) {
			print "commit refs/heads/all"
			print "mark :" i + 2
			print "committer Tess <tess@example.org> 1700000000 +0000"
			printf "data %d\n%s\n", length(i), i
			print i ? "from :2" : "M 644 :1 .quire/ci.json"
		}
	}' | git -C "$T/source.git" fast-import --quiet --force \
		--export-marks="$T/marks" || exit 1
	sort -t : -k 2n "$T/marks" | sed -n '/^:1 /!s/.* //p' >"$T/commits"
}

# repos KIND: with nothing for gc --auto to do, as pushes of years leave them,
# and the first commit on main.
repos() {
	for n in $(seq "$REPOS"); do
		case $1 in
		quire)
			quire repo new "r$n" >/dev/null || exit 1
			;;
		empty)
			git init -q --bare "$T/empty/r$n.git"
			printf '#!/bin/sh\n' \
				>"$T/empty/r$n.git/hooks/post-receive"
			chmod +x "$T/empty/r$n.git/hooks/post-receive"
			;;
		esac
		dir=$(dir_of "$1")/r$n.git
		git -C "$dir" config gc.auto 0
		git -C "$dir" config receive.autogc false
		git -C "$T/source.git" push -q "$dir" \
			"$(head -n 1 "$T/commits"):refs/heads/main" 2>/dev/null
	done
}

dir_of() {
	case $1 in
	quire) echo "$QUIRE_HOME/repos" ;;
	*) echo "$T/$1" ;;
	esac
}

# error WHO: what is on standard input is one
error() {
	sed "s/^/error: $1: /" >>"$T/errors"
}

# crowd KIND: the pushes; those that git accepted are in $T/KIND.accepted, as
# lines of "MILLISECONDS REPO REF COMMIT".
crowd() {
	perl "$ROOT/tests/bench/storm.pl" "$1" "$(dir_of "$1")" "$PUSHERS" \
		"$PUSHES" "$REPOS" >"$T/$1.accepted" 2>"$T/said.pushes"
	error push <"$T/said.pushes"
}

# ---- what goes on beside it, until $T/stop is there ----

reconciles() {
	until [ -e "$T/stop" ]; do
		quire-reconcile >"$T/said" 2>"$T/said.err"
		status=$?
		[ $status = 0 ] || echo "status $status" | error reconcile
		error reconcile <"$T/said.err"
		# it may come between the move of a ref and its hook
		grep -v ' which moved without a word from its hook$' \
			"$T/said" | error reconcile
		echo reconcile >>"$T/beside"
	done
}

pages() {
	n=0
	until [ -e "$T/stop" ]; do
		n=$((n % REPOS + 1))
		for address in / "/r$n/ci" "/r$n/ci/1" "/r$n/ci.json" \
			"/r$n/ci?ref=main" "/r$n/ci/1.json"; do
			got=$(status "$address")
			[ "$got" = 200 ] || echo "$address: $got" | error page
			echo page >>"$T/beside"
		done
	done
}

samples() {
	until [ -e "$T/stop" ]; do
		sql "SELECT count(*) FROM runs WHERE state = 'active'"
		sleep 0.02
	done >"$T/samples" 2>"$T/said.samples"
}

# ---- what holds when all is over ----

# Rows, against the refs as they are and the pushes as they were accepted.
database() {
	{
		echo 'CREATE TEMP TABLE tips (repo, ref, sha);'
		for n in $(seq "$REPOS"); do
			git -C "$QUIRE_HOME/repos/r$n.git" for-each-ref \
				--format="INSERT INTO tips VALUES
				('r$n.git', '%(refname)', '%(objectname)');"
		done
		echo 'CREATE TEMP TABLE pushes (repo, ref, sha);'
		for n in $(seq "$REPOS"); do
			echo "0 r$n.git refs/heads/main $(head -n 1 "$T/commits")"
		done | cat - "$T/quire.accepted" |
			sed "s/.* \(.*\) \(.*\) \(.*\)/INSERT INTO pushes \
				VALUES ('\1', '\2', '\3');/"
		cat <<-'END'
		SELECT 'integrity_check: ' || integrity_check
			FROM pragma_integrity_check
			WHERE integrity_check <> 'ok';
		SELECT 'foreign_key_check: ' || "table"
			FROM pragma_foreign_key_check;
		SELECT 'push without a row of its own: ' || repo || ' ' ||
			ref || ' ' || sha FROM pushes AS p WHERE 1 <>
			(SELECT count(*) FROM runs WHERE runs.repo = p.repo
			AND ref_name = p.ref AND runs.sha = p.sha);
		SELECT 'row without a push: ' || repo || '#' || number
			FROM runs WHERE (repo, ref_name, sha) NOT IN pushes;
		SELECT 'the newest run is not of the tip, or did not end well: '
			|| t.repo || ' ' || ref FROM tips AS t WHERE NOT EXISTS
			(SELECT 1 FROM (SELECT sha, state FROM runs WHERE
				runs.repo = t.repo AND ref_name = t.ref AND
				started_at_ms NOT NULL
				ORDER BY push_seq DESC LIMIT 1) AS newest
			WHERE newest.sha = t.sha AND state = 'complete');
		SELECT 'tip not seen: ' || repo || ' ' || ref FROM tips AS t
			WHERE NOT EXISTS (SELECT 1 FROM refs WHERE
			refs.repo = t.repo AND ref_name = t.ref AND oid = t.sha);
		SELECT 'neither complete nor superseded: ' || repo || '#' ||
			number || ' ' || state || ' ' ||
			coalesce(failure_kind, '') || ' ' ||
			coalesce(reason, '') FROM runs
			WHERE state NOT IN ('complete', 'superseded');
		SELECT 'live job: ' || run_id || ' ' || job_id FROM jobs
			WHERE state IN ('pending', 'active');
		END
	} | sqlite3 "$QUIRE_HOME/quire.db" 2>&1
}

# Most runs that were under way at once: by their times, and by looking.
most_at_once() {
	{
		sql "SELECT max(n) FROM (SELECT sum(d) OVER (ORDER BY at, d
			ROWS UNBOUNDED PRECEDING) AS n FROM
			(SELECT started_at_ms AS at, 1 AS d FROM runs
				WHERE started_at_ms NOT NULL UNION ALL
			SELECT finished_at_ms, -1 FROM runs
				WHERE started_at_ms NOT NULL))"
		cat "$T/samples"
	} | sort -n | tail -n 1
}

# Programs of this home, and what its jobs have left.
processes() {
	find /proc/[0-9]*/cwd -lname "$QUIRE_HOME/runs/*" 2>/dev/null |
		sed 's/^/process of a job: /'
	grep -laF "=$QUIRE_HOME" /proc/[0-9]*/environ 2>/dev/null |
		sed 's/environ$/comm/' | xargs -r grep -H '^quire-' \
		2>/dev/null | sed 's/^/process: /'
}

violations() {
	database
	[ ! -e "$T/exceeded" ] || sed 's/^/one run too many: /' "$T/exceeded"
	[ "$(most_at_once)" -le "$MAX_RUNS" ] ||
		echo "runs at once: $(most_at_once)"
	wait_for 'test -z "$(processes)"' 10 || processes
	find "$QUIRE_HOME/runs" \( -name workspace -o -name home -o -name tmp \
		-o -name wake -o -name changed \) -prune -print |
		sed 's/^/left: /'
	quire-reconcile 2>&1 | sed 's/^/left for reconcile: /'
	[ ! -e "$QUIRE_HOME/quire-run.log" ] ||
		sed 's/^/quire-run.log: /' "$QUIRE_HOME/quire-run.log"
	# what a CGI program says on standard error
	sed 's/^/web server: /' "$T/web/error.log" | grep -v ' (server.c'
}

# percentile KIND P: of its pushes, in milliseconds
percentile() {
	cut -d ' ' -f 1 "$T/$1.accepted" | sort -n | awk -v p="$2" '
		{ v[NR] = $1 }
		END { i = int((NR - 1) * p / 100) + 1; print v[i] }'
}

: >"$T/errors"
: >"$T/violations"
job >"$T/job"
source_commits
mkdir "$T/empty"
repos empty
crowd empty

new_home
quire config maxRuns "$MAX_RUNS" >/dev/null
repos quire
web_start
: >"$T/beside"
reconciles &
pages &
samples &
crowd quire
wait_idle 600 || echo 'the queue does not run empty' >>"$T/violations"
touch "$T/stop"
# not the web server, which is nobody's child
wait
error sampling <"$T/said.samples"
violations >>"$T/violations"

cat "$T/errors" "$T/violations"
errors=$(wc -l <"$T/errors")
violations=$(wc -l <"$T/violations")
for kind in quire empty; do
	for p in 50 99; do
		percentile $kind $p
	done
done | paste -s | {
	read -r p50 p99 empty50 empty99
	awk -v pushes="$(wc -l <"$T/quire.accepted")" -v errors="$errors" \
		-v p50="$p50" -v p99="$p99" -v e50="$empty50" \
		-v e99="$empty99" -v most="$(most_at_once)" \
		-v max="$MAX_RUNS" -v violations="$violations" \
		-v reconciles="$(grep -c reconcile "$T/beside")" \
		-v pages="$(grep -c page "$T/beside")" 'BEGIN {
		printf "%d pushes, %d errors, p50 %d ms, p99 %d ms, %.1f and " \
			"%.1f times those of an empty hook with nothing " \
			"beside it; %d reconciles, %d pages, at most %d of " \
			"%d runs at once; %d violations\n", pushes, errors,
			p50, p99, p50 / e50, p99 / e99, reconciles, pages,
			most, max, violations }'
}
[ "$errors" = 0 ] && [ "$violations" = 0 ]
