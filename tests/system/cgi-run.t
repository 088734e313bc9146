#!/bin/sh
# The page of one run: why it is red in the first screen, what it was for, and
# what stands beside it. The runs are those that `quire seed` makes.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 44

cgi=$QUIRE_BUILD/bin/quire-cgi
quire seed "$QUIRE_HOME" || {
	echo 'Bail out! quire seed'
	exit 1
}

# body PATH [VAR=VALUE...]: the page, to anybody.
body() {
	body_path=$1
	shift
	env -i REQUEST_METHOD=GET QUIRE_HOME="$QUIRE_HOME" \
		PATH_INFO="$body_path" "$@" "$cgi" | sed '1,/^\r$/d'
}
# why PATH [VAR=VALUE...]: its panel. head PATH: what stands above that.
why() {
	body "$@" | sed -n '/<section class="why"/,/<\/section>/p'
}
head_of() {
	body "$@" | sed -n '/<header class="run">/,/^<\/header>/p'
}
# text: HTML without its tags.
text() {
	sed 's/<[^>]*>//g; s/&#39;/'\''/g'
}
# log RUN JOB N: where that log of work/parser is.
log() {
	id=$(sql "SELECT id FROM runs WHERE repo = 'work/parser.git'
		AND number = $1")
	echo "$QUIRE_HOME/runs/work/parser.git/$id/jobs/$2/sh-$3.log"
}
# lines FROM TO [TAG]: records of a log, one a line.
lines() {
	seq -f "2026-11-24T05:46:58.123456789Z stdout ${3:-F} line %.0f." "$1" "$2"
}
# excerpt PATH: the lines of the log in the panel.
excerpt() {
	why "$1" | sed -n '/<pre class="log">/,/<\/pre>/p' | text | sed '$d'
}

run=/work/parser/ci

# why, where a job failed

check 'the panel is the first thing below the head' \
	'body $run/14 | sed "1,/<header class=\"run\">/d" |
		sed "1,/^<\/header>/d" | sed -n 1p |
		grep "<section class=\"why\" id=\"failure\""'
check 'it names the job that failed, and leads to it' \
	'why $run/14 >panel
	grep "<h2 id=\"why\"><a href=\"#job-test\">test</a> failed</h2>" panel &&
		body $run/14 | grep "id=\"job-test\""'
check 'its command, and how that ended' \
	'grep "<code>make check</code>" panel &&
		text <panel | grep "exit 2, after 4.7s"'
check 'its last lines, with standard error marked' \
	'grep "^<span class=\"e\">tests/recover.c:88: a missing brace" panel &&
		grep "^5 of 6 passed, 1 failed" panel'
check 'and leads to the whole log, at its last line' \
	'href=$(sed -n "s/.*href=\"\([^\"]*\)\">The whole log.*/\1/p" panel)
	test "$href" = "$run/14/test/1#L13" &&
		body "${href%#*}" | grep "id=\"${href#*#}\"" &&
		! body "${href%#*}" | grep "id=\"L14\""'
check 'and to the place among the jobs' \
	'grep "href=\"#cmd-test-1\"" panel && body $run/14 |
		grep "id=\"cmd-test-1\" open"'
check 'a failure that is allowed is not the first one' \
	'! grep lint panel && body $run/14 | grep "id=\"job-lint\"><summary>"'
check 'death by a signal is told in words' \
	'why $run/15 | text | grep "exit 137 (SIGKILL): killed by a signal"'
sql "UPDATE sh_events SET exit_code = 127 WHERE run_id = (SELECT id FROM runs
	WHERE repo = 'work/parser.git' AND number = 15) AND job_id = 'test'"
check 'and so is a command that was not found' \
	'why $run/15 | text | grep "exit 127: a command was not found"'
reason() {
	sql "UPDATE jobs SET reason = '$1' WHERE job_id = 'test' AND run_id =
		(SELECT id FROM runs WHERE repo = 'work/parser.git'
		AND number = 15)"
}
check 'a reason that repeats the exit status is left out, others are told' \
	'reason "command 1 failed with exit status 127" &&
		! why $run/15 | grep "exit status" &&
		reason "command 1 failed with exit status 127, at its limit of 9 processes" &&
		why $run/15 | grep "at its limit of 9 processes" &&
		reason "artifact x: No space left on device" &&
		why $run/15 | grep "artifact x: No space left"'
check 'what failed besides is told, and led to' \
	'sql "UPDATE jobs SET allow_failure = 0 WHERE job_id = '\''lint'\''" &&
		why $run/14 | grep "id=\"why\"><a href=\"#job-lint\">lint</a>" &&
		why $run/14 | grep "Also failed: <a href=\"#job-test\">test</a>[.]"
	seen=$?
	sql "UPDATE jobs SET allow_failure = 1 WHERE job_id = '\''lint'\''"
	test $seen = 0'

# the last lines

l=$(log 14 test 1)
cp "$l" saved
check 'of many lines there are the last 25' \
	'lines 1 3000 >"$l"
	excerpt $run/14 >seen
	seq -f "line %.0f." 2976 3000 | diff - seen && test "$(wc -l <seen)" = 25'
check 'of exactly 25 all, of fewer all' \
	'for n in 1 24 25 26; do
		lines 1 $n >"$l"
		excerpt $run/14 >seen
		seq -f "line %.0f." $((n > 25 ? n - 24 : 1)) $n | diff - seen ||
			exit 1
	done'
check 'of long lines as many as 8 KB hold' \
	'for i in $(seq 40); do
		printf "2026-11-24T05:46:58.123456789Z stdout F %01000d\n" $i
	done >"$l"
	excerpt $run/14 >seen
	test "$(wc -l <seen)" = 7 && tail -n 1 seen | grep "040$"'
check 'of one that alone is longer there is the end' \
	'printf "2026-11-24T05:46:58.123456789Z stderr F %015000dx\n" 0 >>"$l"
	excerpt $run/14 >seen
	test "$(wc -c <seen)" -gt 8000 && test "$(wc -c <seen)" -lt 8300 &&
		tail -n 1 seen | grep "0x$"'
check 'a line in pieces is one line' \
	'{ lines 1 40; lines 41 43 P; lines 44 60; } >"$l"
	excerpt $run/14 >seen
	test "$(wc -l <seen)" = 25 && sed -n 1p seen | grep "line 33" &&
		grep -qx "line 41.line 42.line 43.line 44." seen'
check 'a log too long to be counted is led to without a line' \
	'lines 1 20000 >"$l"
	why $run/14 | grep "href=\"$run/14/test/1\">The whole log"'
check 'a command that wrote nothing, and a log that is not kept' \
	': >"$l"; why $run/14 | grep "It wrote nothing" && rm "$l" &&
		why $run/14 | grep "No log is kept"'
cp saved "$l"

# why, where something else ended the run

# is N KIND-IN-WORDS WORDS: that panel says so, and how to try again.
is() {
	why "$run/$1" | text >panel
	grep -q "^$2$" panel && grep -q "$3" panel &&
		grep "quire rerun work/parser#$1 tries again" panel
}
check 'a bad pipeline shows what is wrong with it' \
	'why $run/3 | text >panel; grep "^The pipeline is not right$" panel &&
		grep "^jobs\[1\].needs\[0\]: no job '\''biuld'\'' (did you" panel &&
		grep "quire-ci check" panel && ! grep "rerun" panel'
check 'no workspace' 'is 4 "The workspace could not be laid out" \
	"a name that no workspace may hold"'
check 'out of time' 'is 5 "Out of time" "the setting timeout"'
check 'canceled' 'is 6 Canceled "Somebody stopped it"'
check 'orphaned' 'is 7 "Nobody was left to finish it" reboot'
check 'a crashed executor, with its last words' \
	'is 8 "The executor crashed" "signal 9" &&
		grep "^quire-ci: cannot read its own pipeline" panel'
check 'a full disk' 'is 9 "The disk was full" "quire doctor"'
check 'what was going on then is shown with its last lines' \
	'for n in 5 6 7 8 9; do
		why $run/$n >panel
		text <panel | grep "^The job test was at$" &&
			grep "make check-slow" panel &&
			grep "nesting 100,000" panel &&
			grep "href=\"#cmd-test-1\"" panel || exit 1
	done'
check 'a kind that is not known is shown as it is, with its reason' \
	'why /hello/ci/2 | text >panel
	grep "^cosmic-ray$" panel &&
		grep "a kind that is not known here" panel'
check 'the command to type has the name in quotes where it needs them' \
	'sql "INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state, failure_kind, queued_at_ms, finished_at_ms, number, push_seq)
		SELECT '\''odd'\'', repo, '\''x'\'', sha, 1, '\''failed'\'', '\''canceled'\'', 1, 1, 99, 99 FROM runs WHERE repo LIKE '\''strange/%'\'' LIMIT 1"
	why "/strange/<b>bold & \"co\"/ci/99" |
		grep -F "quire rerun &#39;strange/&lt;b&gt;bold &amp; &quot;co&quot;&#39;#99"'
check 'a run that goes on has the panel when a job has failed already' \
	'! why $run/18 | grep . || exit 1
	sql "INSERT INTO jobs (run_id, job_id, state, started_at_ms, finished_at_ms) SELECT id, '\''early'\'', '\''failed'\'', started_at_ms, started_at_ms FROM runs WHERE repo = '\''work/parser.git'\'' AND number = 18"
	why $run/18 | text | grep "^early failed$"'
check 'what is green, superseded or waiting has none' \
	'for n in 1 11 17 19; do ! why $run/$n | grep . || exit 1; done'

# the jobs

check 'green jobs are a line, red and active ones are open' \
	'body $run/14 >page
	grep "<details class=\"job is-complete\" id=\"job-build\"><summary>" page &&
		grep "<details class=\"job is-failed\" id=\"job-test\" open>" page &&
		body $run/18 | grep "id=\"job-test\" open>"'
check 'a job that did not begin is a line that says why' \
	'sed -n "/id=\"job-publish\"/p" page | text |
		grep "^skipped publish needs package · job package was skipped$" &&
		body $run/5 | sed -n "/id=\"job-package\"/p" | text |
		grep "^aborted package needs test · not begun when the run ended$"'
check 'the end of every log is on the page' \
	'for id in build-1 build-2 lint-1 test-1 fuzz-1; do
		grep "<pre class=\"log\" id=\"log-$id\">" page || exit 1
	done'

# what it was for

check 'the head has subject, ref, commits and people' \
	'head_of $run/14 >h
	sha=$(sql "SELECT substr(sha, 1, 10), substr(previous_sha, 1, 10) FROM runs WHERE repo = '\''work/parser.git'\'' AND number = 14")
	grep "<h1>Report a missing brace once</h1>" h && text <h >t &&
		grep "error-recovery .*${sha#*|}.*${sha%|*}.* Ben Muster" t &&
		grep "Pushed by ben 3 hours ago .* ran 40s .* sandbox bwrap" t &&
		grep "href=\"$run?ref=refs/heads/error-recovery\"" h'
check 'how it came to be is told in words' \
	'head_of $run/15 | grep "A rerun of <a href=\"$run/14\">#14</a>" &&
		head_of $run/16 | text | grep "Found by reconcile, pushed by mirror" &&
		head_of $run/17 | text | grep "Started by hand"'
check 'how long it waited too' \
	'head_of $run/16 | text | grep "waited 31s .* ran 18s"'
check 'commits lead to a viewer: cgit, gitweb' \
	'sha=$(sql "SELECT sha FROM runs WHERE repo = '\''work/parser.git'\'' AND number = 14")
	quire config commitUrl "https://git.example.org/cgit/%r.git/commit/?id=%s" &&
		head_of $run/14 | grep -F "<a href=\"https://git.example.org/cgit/work/parser.git/commit/?id=$sha\"><code" &&
		quire config commitUrl "https://git.example.org/gitweb/?p=%r.git;a=commit;h=%s&x" &&
		head_of $run/14 | grep -F "<a href=\"https://git.example.org/gitweb/?p=work/parser.git;a=commit;h=$sha&amp;x\"><code" &&
		head_of "/strange/<b>bold & \"co\"/ci/1" | grep -F "?p=strange/%3Cb%3Ebold%20%26%20%22co%22.git;"
	seen=$?
	quire config --unset commitUrl && test $seen = 0'
check 'attempts at one push know each other' \
	'for n in 14 15; do
		head_of $run/$n | sed -n "/class=\"attempts\"/,/nav>/p" | text |
			tr -s "\n" " " | grep "Attempts: #14 failed #15 failed" &&
			head_of $run/$n | grep "aria-current=\"true\" class=\"st failed\">#$n<" ||
			exit 1
	done
	! head_of $run/13 | grep Attempts'
check 'the way along the ref leads over all attempts' \
	'head_of $run/14 >h; head_of $run/15 >>h
	test "$(grep -c "rel=\"prev\" href=\"$run/13\"" h)" = 2 &&
		test "$(grep -c "rel=\"next\" href=\"$run/18\"" h)" = 2 &&
		! head_of $run/1 | grep "rel=\"prev\"" &&
		! head_of $run/19 | grep "rel=\"next\""'
check 'twenty attempts and more are their newest twenty' \
	'cp -r "$QUIRE_HOME" many
	sqlite3 many/quire.db "WITH RECURSIVE i (n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM i WHERE n < 30)
		INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state, queued_at_ms, finished_at_ms, number, push_seq, attempt)
		SELECT '\''x'\'' || n, repo, ref_name, sha, pushed_at_ms, '\''failed'\'', queued_at_ms, finished_at_ms, 100 + n, push_seq, n FROM i, runs WHERE number = 14"
	QUIRE_HOME=$T/many head_of $run/130 >h
	test "$(grep -c "<li>" h)" = 20 && grep "#111<" h && ! grep "#110<" h'

# while it waits

check 'a run that waits says how many are before it, to who may see all' \
	'body $run/19 REMOTE_USER=tess | text |
		grep "^1 run is before it, running or waiting.$"'
check 'and to others only that it waits' \
	'body $run/19 >page; ! grep "before it, " page && text <page |
		grep "^It waits for its turn.$"'

# who may see what

check 'without a user there are states and commands, but no output' \
	'sql "UPDATE settings SET value = '\''off'\'' WHERE key = '\''publicRuns'\''"
	body $run/14 >page
	why $run/14 >panel
	grep "<a href=\"#job-test\">test</a> failed" panel &&
		grep "make check" panel && text <panel | grep "exit 2, after" &&
		! grep "missing brace is reported\|<pre\|/test/1" page &&
		grep "Log in to see output" page &&
		! body $run/8 | grep "cannot read its own pipeline" &&
		! body $run/5 | grep "nesting 100"'
check 'nor artifacts' \
	'! body $run/10 | grep "artifacts\|coverage" &&
		body $run/10 REMOTE_USER=tess | grep "coverage/index.html"'
