#!/bin/sh
# What happened is told alike by the database, by quire show and by the page.

. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/web.sh"

# The facts of a run, from each source as the same lines, sorted:
#
#	run <number> <state> <commit> <ref> <second of its end> <subject>
#	job <id> <state>
#	sh <job> <n> <exit code> <command>

facts_from_sql() {
	sql "SELECT 'run ' || number || ' ' || state || ' ' || sha || ' ' ||
			ref_name || ' ' || strftime('%Y-%m-%dT%H:%M:%SZ',
			finished_at_ms / 1000, 'unixepoch') || ' ' || subject
			FROM runs WHERE number = $1
		UNION ALL SELECT 'job ' || job_id || ' ' || j.state
			FROM jobs j JOIN runs r ON r.id = run_id
			WHERE number = $1
		UNION ALL SELECT 'sh ' || job_id || ' ' || n || ' ' ||
			exit_code || ' ' || cmd
			FROM sh_events JOIN runs r ON r.id = run_id
			WHERE number = $1" | sort
}

# of the JSON in a file
facts_from_json() {
	sqlite3 :memory: "
		CREATE TEMP TABLE doc AS
			SELECT CAST(readfile('$1') AS TEXT) AS run;
		SELECT 'run ' || json_extract(run, '\$.number') || ' ' ||
			json_extract(run, '\$.state') || ' ' ||
			json_extract(run, '\$.sha') || ' ' ||
			json_extract(run, '\$.ref') || ' ' ||
			strftime('%Y-%m-%dT%H:%M:%SZ', json_extract(run,
			'\$.finished_at_ms') / 1000, 'unixepoch') || ' ' ||
			json_extract(run, '\$.subject') FROM doc;
		SELECT 'job ' || json_extract(value, '\$.id') || ' ' ||
			json_extract(value, '\$.state')
			FROM doc, json_each(run, '\$.jobs');
		SELECT 'sh ' || json_extract(j.value, '\$.id') || ' ' ||
			json_extract(s.value, '\$.n') || ' ' ||
			json_extract(s.value, '\$.exit_code') || ' ' ||
			json_extract(s.value, '\$.cmd')
			FROM doc, json_each(run, '\$.jobs') j,
			json_each(j.value, '\$.sh') s" | sort
}

plain_text() {
	sed "s/&lt;/</g; s/&gt;/>/g; s/&quot;/\"/g; s/&#39;/'/g; s/&amp;/\&/g"
}

# of the page in a file: what a reader sees, not what its addresses say
facts_from_page() {
	awk '
	# what stands between the first a of the line and the next b
	function between(a, b,   at, rest) {
		at = index($0, a)
		if (!at)
			return ""
		rest = substr($0, at + length(a))
		return substr(rest, 1, index(rest, b) - 1)
	}
	/<li aria-current="page">#/ { number = between("\"page\">#", "<") }
	/<div class="title">/ {
		subject = between("<h1>", "</h1>")
		state = between("<span class=\"st ", "\"")
	}
	/<p class="what">/ {
		ref = between("?ref=", "\"")
		sub(/.*<code title="/, "") # the last of two commits
		sha = substr($0, 1, 40)
	}
	/<p class="how">/ && sub(/.* ended /, "") {
		ended = between("datetime=\"", "\"")
	}
	/ id="job-/ {
		job = between("id=\"job-", "\"")
		n = 0
		print "job " job " " between("<span class=\"st ", "\"")
	}
	/<details class="cmd/ {
		code = between("<span class=\"result\">exit ", "<")
		if (code == "" && between("<span class=\"hidden\">", "<") == "done")
			code = 0
		print "sh " job " " ++n " " code " " between("<code>", "</code>")
	}
	END { print "run", number, state, sha, ref, ended, subject }
	' "$1" | plain_text | sort
}

plan 16

new_home
new_repo foo
pipeline foo '{"jobs":[
	{"id":"build","run":["echo built", "echo \"a <b> & '\''c'\''\" >&2"]},
	{"id":"lint","allow-failure":true,"run":"exit 7"},
	{"id":"test","needs":["build"],"run":["true", "echo why; exit 3", "true"]},
	{"id":"deploy","needs":["test"],"run":"true"},
	{"id":"tags","when":{"tag":"v*"},"run":"true"}]}' \
	'Break the <tests> & say "why" — ünïcödé'
check 'the first push is queued' 'push foo | grep "foo#1 queued for main"'
wait_idle
pipeline foo '{"jobs":[
	{"id":"build","run":["echo built"]},
	{"id":"test","needs":["build"],"run":["true", "echo fine"]}]}' 'Mend them'
check 'and the second' 'push foo | grep "foo#2 queued for main"'
wait_idle
web_start

for run in 1 2; do
	quire show "foo#$run" --json >"$T/show.$run"
	page_as_user "/foo/ci/$run" >"$T/page.$run"
	page_as_user "/foo/ci/$run.json" >"$T/json.$run"
	facts_from_sql "$run" >"$T/sql.$run"
done

check 'the database tells what was pushed' \
	'grep "^run 1 failed $(git -C "$T/foo" rev-parse main~) refs/heads/main .* Break the <tests> & say \"why\" — ünïcödé$" \
		"$T/sql.1" &&
	grep "^run 2 complete $(git -C "$T/foo" rev-parse main) refs/heads/main .* Mend them$" \
		"$T/sql.2"'
check 'and what came of it' \
	'cat >"$T/want" <<-END
		job build complete
		job deploy skipped
		job lint failed
		job tags skipped
		job test failed
		sh build 1 0 echo built
		sh build 2 0 echo "a <b> & '\''c'\''" >&2
		sh lint 1 7 exit 7
		sh test 1 0 true
		sh test 2 3 echo why; exit 3
	END
	grep -v "^run" "$T/sql.1" | diff "$T/want" -'
check 'and of the second' \
	'cat >"$T/want" <<-END
		job build complete
		job test complete
		sh build 1 0 echo built
		sh test 1 0 true
		sh test 2 0 echo fine
	END
	grep -v "^run" "$T/sql.2" | diff "$T/want" -'
for run in 1 2; do
	check "quire show --json tells the same of run $run" \
		"facts_from_json '$T/show.$run' | diff '$T/sql.$run' -"
	check "the page of run $run tells the same" \
		"facts_from_page '$T/page.$run' | diff '$T/sql.$run' -"
	check "so does its JSON on the web" \
		"facts_from_json '$T/json.$run' | diff '$T/sql.$run' -"
done
check 'the times in them are those of the database, to the millisecond' \
	'for run in 1 2; do
		test "$(sql "SELECT pushed_at_ms, queued_at_ms, started_at_ms,
			finished_at_ms FROM runs WHERE number = $run")" = \
		"$(sqlite3 :memory: "SELECT json_extract(j, '\''$.pushed_at_ms'\''),
			json_extract(j, '\''$.queued_at_ms'\''),
			json_extract(j, '\''$.started_at_ms'\''),
			json_extract(j, '\''$.finished_at_ms'\'') FROM (SELECT
			CAST(readfile('\''$T/show.$run'\'') AS TEXT) AS j)")" ||
			exit 1
	done'
check 'jobs stand in the order of the pipeline in both' \
	'grep -o "id=\"job-[a-z]*" "$T/page.1" | sed "s/.*-//" >"$T/got" &&
	sqlite3 :memory: "SELECT json_extract(value, '\''$.id'\'') FROM
		json_each(CAST(readfile('\''$T/show.1'\'') AS TEXT), '\''$.jobs'\'')" |
		diff "$T/got" - &&
	test "$(paste -sd, "$T/got")" = build,lint,test,deploy,tags'
check 'a log is the same from the file, the shell and the web' \
	'file=$(find "$QUIRE_HOME/runs" -path "*/jobs/test/sh-2.log" \
		-exec grep -l why {} +) &&
	test "$(cut -d" " -f4- "$file")" = why &&
	test "$(quire log foo#1 test 2)" = why &&
	test "$(page_as_user /foo/ci/1/test/2.txt)" = why'
check 'the list of runs has both, as quire runs has' \
	'page /foo/ci >"$T/list" && quire runs foo >"$T/runs" &&
	for file in "$T/list" "$T/runs"; do
		grep "Mend them" "$file" && grep "Break the" "$file" || exit 1
	done'
check 'and the first page the repository, green by its newest run' \
	'page / | grep "href=\"/foo/ci\"" &&
	page / | grep "class=\"st " | grep complete &&
	! page / | grep "class=\"st " | grep failed'
