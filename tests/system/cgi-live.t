#!/bin/sh
# What live.js and browsers without it find in the pages: of a command that
# runs, of the end of its run, and of pages that are never live.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/cgi.sh"
plan 11

new_home
new_repo foo
quire config publicRuns on

# at PATH: the number of the byte that a page's live log begins with.
at() {
	body "$1" | sed -n 's/.*data-log="[^"]*" data-at="\([0-9]*\)".*/\1/p'
}
# shown PATH: the first line of that log, without its number.
shown() {
	body "$1" | sed -n 's/.*data-at="[0-9]*">//p' |
		sed 's/<a [^>]*>[0-9]* <\/a>//; s/<[^>]*>//g'
}

# a command that has written much when it waits for its end
cat >"$T/job.sh" <<END
seq -f 'line %g of many: more in all than what a page has of a log' 1 8000
until [ -e "$T/END" ]; do sleep 0.05; done
END
pipeline foo '{"parallel": 2, "jobs": [
	{"id": "long", "run": ["true", "sh '"$T/job.sh"'"]},
	{"id": "silent", "run": "until [ -e '"$T/END"' ]; do sleep 0.05; done"}]}'
push foo >/dev/null
wait_for 'body /foo/ci/1/long/2.txt | grep -q "^line 8000 " &&
	body /foo/ci/1 | grep -q "cmd-silent-1"' || {
	echo 'Bail out! the commands do not run'
	exit 1
}
body /foo/ci/1 >live

check 'a page of a live run loads itself again where there is no JavaScript' \
	'grep -q "^<noscript><meta http-equiv=\"refresh\" content=\"4\"></noscript>$" live &&
		test "$(grep -c http-equiv live)" = 1'
check 'every page loads the script, as the program has it' \
	'for p in / /foo/ci /foo/ci/1 /foo/ci/1/long/2 /nope; do
		body $p | grep -q "^<script type=\"module\" src=\"/live.js?v=[0-9a-f]*\"></script>$" ||
			exit 1
	done
	body /live.js SCRIPT_NAME=/ci | cmp - "$ROOT/lib/web/live.js" &&
		headers /live.js | grep -q "^Content-Type: text/javascript"'
check 'which pages alone may run, and nothing else that is sent' \
	'for p in / /foo/ci /foo/ci/1 /nope; do
		headers $p | grep "^Content-Security-Policy: default-src .none.; " |
			grep "; script-src .self.; connect-src .self.; " || exit 1
	done
	for p in /foo/ci/1/long/2.txt /foo/ci/1.json /live.js; do
		headers $p | grep "^Content-Security-Policy: default-src .none.; " |
			grep -v script-src || exit 1
	done'
check 'it says where the run is as JSON' \
	'grep -q "<main data-live=\"/foo/ci/1.json\">" live &&
		body /foo/ci/1/long/2 SCRIPT_NAME=/c | grep "<main data-live=\"/c/foo/ci/1.json\">"'
check 'a command that runs has its log'\''s address; one that ended has none' \
	'test "$(grep -o "data-log=\"[^\"]*\"" live | tr "\n" " ")" = \
		"data-log=\"/foo/ci/1/long/2.txt\" data-log=\"/foo/ci/1/silent/1.txt\" "'
check 'and the byte of the text that what is shown begins with' \
	'at=$(at /foo/ci/1 | head -n 1) && test "$at" -gt 0 &&
		body /foo/ci/1/long/2.txt HTTP_RANGE="bytes=$at-" | head -n 1 >is
		shown /foo/ci/1 | head -n 1 | diff - is'
check 'the same on the page of the log, of its end' \
	'at=$(at /foo/ci/1/long/2) && test "$at" -gt 0 &&
		body /foo/ci/1/long/2.txt HTTP_RANGE="bytes=$at-" | head -n 1 >is
		shown /foo/ci/1/long/2 | diff - is'
check 'a window within a log does not grow' \
	'! body "/foo/ci/1/long/2" QUERY_STRING="from=0" | grep "data-log"'
check 'a command that has written nothing has a place for what comes' \
	'grep "data-log=\"/foo/ci/1/silent/1.txt\" data-at=\"0\"></pre>" live'
check 'what goes on says since when' \
	'since=$(row 1 started_at_ms) &&
		grep -q "running for <span data-since=\"$since\">" live'

: >"$T/END"
wait_idle
check 'when it is done nothing of this is left' \
	'body /foo/ci/1 >done && grep -q "st complete" done &&
		! grep "http-equiv\|data-live\|data-log\|data-since" done &&
		! body /foo/ci/1/long/2 |
		grep "http-equiv\|data-live\|data-log\|data-since"'
