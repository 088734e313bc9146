# shellcheck shell=sh
# invariants.sh - what has to hold after a fault, one reconcile and the end of
# all runs. invariants prints a line for each thing that does not.

# tips: ref, object and commit of every ref of the repository, "-" where the
# commit has no pipeline, or was there before quire. Nobody has seen the refs
# of a home that is only upgraded.
tips() {
	[ "$SCENARIO" != upgrade ] || return
	tips_git=$S/home/repos/foo.git
	git --git-dir="$tips_git" for-each-ref \
		--format='%(refname) %(objectname)' |
		while read -r ref oid; do
			sha=$(git --git-dir="$tips_git" rev-parse "$oid^{commit}")
			git --git-dir="$tips_git" cat-file -e \
				"$sha:.quire/ci.json" 2>/dev/null || sha=-
			[ "$SCENARIO" != takeover ] || sha=-
			echo "$ref $oid $sha"
		done
}

database() {
	{
		echo 'CREATE TEMP TABLE tips (ref, oid, sha);'
		tips | sed "s/\([^ ]*\) \([^ ]*\) \(.*\)/INSERT INTO tips \
VALUES ('\1', '\2', '\3');/"
		cat <<-'END'
		SELECT 'integrity_check: ' || integrity_check
			FROM pragma_integrity_check
			WHERE integrity_check <> 'ok';
		SELECT 'foreign_key_check: ' || "table"
			FROM pragma_foreign_key_check;
		SELECT 'live run: ' || repo || '#' || number || ' ' || state
			FROM runs WHERE state IN ('pending', 'active');
		SELECT 'live job: ' || run_id || ' ' || job_id || ' ' || state
			FROM jobs WHERE state IN ('pending', 'active');
		SELECT 'tip without a run: ' || ref FROM tips WHERE sha <> '-'
			AND NOT EXISTS (SELECT 1 FROM runs
				WHERE ref_name = ref AND runs.sha = tips.sha
				AND state <> 'superseded');
		SELECT 'tip with two runs: ' || ref FROM tips
			JOIN runs ON ref_name = ref AND runs.sha = tips.sha
			WHERE attempt = 1 GROUP BY ref HAVING count(*) > 1;
		SELECT 'not seen: ' || ref FROM tips
			WHERE NOT EXISTS (SELECT 1 FROM refs
				WHERE refs.ref_name = ref AND refs.oid = tips.oid);
		SELECT 'seen and gone: ' || ref_name FROM refs
			WHERE ref_name NOT IN (SELECT ref FROM tips);
		SELECT 'green with a job that is not: ' || run_id || ' ' ||
			job_id FROM jobs JOIN runs ON runs.id = run_id
			WHERE runs.state = 'complete'
			AND jobs.state NOT IN ('complete', 'skipped');
		SELECT 'green without a job: ' || id FROM runs
			WHERE state = 'complete' AND ref_name <> 'refs/heads/old'
			AND id NOT IN (SELECT run_id FROM jobs);
		SELECT 'red without a cause: ' || id FROM runs
			WHERE failure_kind = 'pipeline-failure'
			AND reason IS NULL AND id NOT IN
				(SELECT run_id FROM jobs WHERE state = 'failed');
		SELECT 'failed without a kind: ' || id FROM runs
			WHERE state = 'failed' AND failure_kind IS NULL
			AND ref_name <> 'refs/heads/old';
		SELECT 'job is green, its command is not: ' || run_id || ' ' ||
			job_id FROM jobs JOIN sh_events USING (run_id, job_id)
			WHERE jobs.state = 'complete'
			AND sh_events.exit_code IS NOT 0;
		SELECT 'times: ' || id FROM runs WHERE started_at_ms >
			finished_at_ms OR queued_at_ms > started_at_ms;
		END
	} | sqlite3 "$S/home/quire.db"
}

# A run that has the record of its executor's end is settled by it. In the row
# of one that was superseded or canceled it is too late.
settled_by_record() {
	sqlite3 -separator ' ' "$S/home/quire.db" "SELECT id, failure_kind
		FROM runs WHERE state = 'failed' AND failure_kind <> 'canceled'
		AND ref_name <> 'refs/heads/old'" |
		while read -r id kind; do
			record=$(grep executor_exited \
				"$S/home/runs/foo.git/$id/events.jsonl" \
				2>/dev/null)
			case $kind,$record in
			orphaned,?*) echo "orphaned for all its record: $id" ;;
			timeout,*'"cause":"timeout"'*) ;;
			disk-full,*) ;;
			*,*'"status":0'*)
				grep -q '"type":"run_finished","outcome":"success"' \
					"$S/home/runs/foo.git/$id/events.jsonl" &&
					echo "green by its record, and $kind: $id"
				;;
			*,*'"cause":"timeout"'*) echo "timed out, not $kind: $id" ;;
			esac
		done
}

logs() {
	sqlite3 "$S/home/quire.db" "SELECT repo || '/' || run_id || '/jobs/' ||
		job_id || '/sh-' || n || '.log' FROM sh_events
		JOIN runs ON runs.id = run_id
		WHERE ref_name <> 'refs/heads/old'" |
		while read -r log; do
			[ -f "$S/home/runs/$log" ] || echo "no log: $log"
		done
}

commands() {
	sort "$S/executed" | uniq -d | sed 's/^/executed twice: /'
	sort "$S/executed" >"$W/executed"
	sqlite3 -separator ' ' "$S/home/quire.db" "SELECT run_id, job_id, n
		FROM sh_events JOIN runs ON runs.id = run_id
		WHERE exit_code = 0 AND ref_name <> 'refs/heads/old'" |
		sort | comm -23 - "$W/executed" |
		sed 's/^/green, and never executed: /'
}

# A lock that is held is one of somebody who is left.
locks() {
	find "$S/home/slots" "$S/home/runs" \
		\( -name lock -o -path '*/slots/*' \) -print0 |
		xargs -0 -r stat -c '%i %n' >"$W/inodes"
	awk 'FNR == NR { name[$1] = $2; next }
		{ split($6, part, ":") }
		part[3] in name { print "held: " name[part[3]] }' \
		"$W/inodes" /proc/locks
}

leftovers() {
	sqlite3 "$S/home/quire.db" 'SELECT id FROM runs' >"$W/rows"
	for dir in "$S"/home/runs/foo.git/*/; do
		dir=${dir%/}
		[ ! -e "$dir" ] || grep -qx "${dir##*/}" "$W/rows" ||
			echo "without a row: $dir"
	done
	find "$S/home/runs" \( -name workspace -o -name home -o -name tmp -o \
		-name wake -o -name changed \) -prune -print |
		sed 's/^/left: /'
	find "$S/home/runs/.pruned" -mindepth 1 -maxdepth 1 2>/dev/null |
		sed 's/^/left: /'
}

invariants() {
	[ ! -e "$W/wrong" ] || cat "$W/wrong"
	database
	settled_by_record
	logs
	commands
	locks
	leftovers
	[ ! -e "$W/older" ] || older_rows | diff "$W/older" - |
		sed 's/^/not as it was: /'
}
