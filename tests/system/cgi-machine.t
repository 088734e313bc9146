#!/bin/sh
# What machines ask for: entity tags, badges, the feed, the figures.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/cgi.sh"
plan 33

QUIRE_HOME=$T/home
quire seed "$QUIRE_HOME" || {
	echo 'Bail out! quire seed'
	exit 1
}
run=/work/parser/ci
strange='/strange/<b>bold & "co"/ci'

headers() {
	get "$@" | tr -d '\r' | sed '/^$/,$d'
}
etag() {
	headers "$@" | sed -n 's/^ETag: //p'
}

# badge STATE PATH...: its words, and that they are in a picture
badge() {
	badge_state=$1
	shift
	body "$@" >badge.svg
	python3 - "$badge_state" <<-'END'
		import sys, xml.etree.ElementTree as tree
		svg = tree.parse("badge.svg").getroot()
		ns = "{http://www.w3.org/2000/svg}"
		texts = [t.text for t in svg.iter(ns + "text")]
		title = svg.find(ns + "title").text
		assert svg.tag == ns + "svg", svg.tag
		assert title == svg.get("aria-label"), title
		assert title.endswith(": " + texts[1]), (title, texts)
		assert texts[1] == sys.argv[1], texts
		end = 0
		for t in svg.iter(ns + "text"):
		    assert int(t.get("x")) >= end
		    end = int(t.get("x")) + int(t.get("textLength"))
		assert end < int(svg.get("width"))
	END
}

# entity tags

check 'a page has a tag, and is not sent again to who names it' \
	'for p in /style.css $run.json $run/14.json $run/badge.svg \
		$run/feed.atom /hello/ci/1.json; do
		tag=$(etag $p) && test -n "$tag" || exit 1
		get $p HTTP_IF_NONE_MATCH="$tag" | tr -d "\r" >answer
		grep -q "^Status: 304 Not Modified" answer || exit 1
		grep -qFx "ETag: $tag" answer || exit 1
		grep -q "^Cache-Control: " answer || exit 1
		! grep -q "^Content-Length" answer || exit 1
		test -z "$(sed "1,/^$/d" answer)" || exit 1
	done'
check 'so does every page of HTML' \
	'for p in / $run $run/14 $run/14/test/1; do
		etag $p | grep -qx "\"[0-9a-f]\{16\}\"" || exit 1
	done'
check 'HEAD has the same tag, and the same 304' \
	'tag=$(etag $run/14.json)
	test "$(etag $run/14.json REQUEST_METHOD=HEAD)" = "$tag" &&
		test "$(code $run/14.json REQUEST_METHOD=HEAD \
			HTTP_IF_NONE_MATCH="$tag")" = 304'
check 'a tag of something else is not it' \
	'test "$(code $run/14.json HTTP_IF_NONE_MATCH="$(etag $run/13.json)")" = 200'
check 'what has changed has another tag' \
	'tag=$(etag /hello/ci/1.json)
	sql "UPDATE runs SET subject = subject || '\''.'\'' WHERE
		repo = '\''hello.git'\'' AND number = 1"
	test "$(etag /hello/ci/1.json)" != "$tag" &&
		test "$(code /hello/ci/1.json HTTP_IF_NONE_MATCH="$tag")" = 200'
check 'what is not there, or is elsewhere, has no tag, and no guess of one' \
	'for p in /nope /vault/ci $run/999 $run/latest /hello; do
		test -z "$(etag $p)" || exit 1
		test "$(code $p HTTP_IF_NONE_MATCH="*")" = "$(code $p)" || exit 1
	done'

# badges

check 'a badge is the state of the tip of the main branch' \
	'badge pending $run/badge.svg && badge complete /hello/ci/badge.svg'
check 'it is a picture of XML, to be asked for each time' \
	'headers $run/badge.svg >h && grep -qx "Content-Type: image/svg+xml" h &&
		grep -qx "Cache-Control: no-cache" h && grep -q "^ETag: " h'
check 'that of a ref, by its short name or its full one' \
	'badge active $run/badge.svg QUERY_STRING=ref=error-recovery &&
		badge active $run/badge.svg \
			QUERY_STRING=ref=refs/heads/error-recovery'
check 'that of a job' \
	'badge complete $run/badge.svg \
		"QUERY_STRING=ref=error-recovery&job=build" &&
		grep -q ">build: complete<" badge.svg &&
		badge active $run/badge.svg \
			"QUERY_STRING=ref=error-recovery&job=test"'
check 'a job that there is not, and a ref, are unknown' \
	'badge unknown $run/badge.svg QUERY_STRING=job=nope &&
		test "$(code $run/badge.svg QUERY_STRING=job=nope)" = 200 &&
		badge unknown $run/badge.svg QUERY_STRING=ref=nope &&
		badge unknown $run/badge.svg "QUERY_STRING=ref=nope&job=test"'
check 'a ref whose tip has no run says so' \
	'sql "INSERT INTO refs (repo, ref_name, oid, sha, seen_at_ms) VALUES
		('\''hello.git'\'', '\''refs/heads/quiet'\'', '\''1'\'', '\''1'\'', 1)"
	badge "no runs" /hello/ci/badge.svg QUERY_STRING=ref=quiet &&
		quire repo new empty >/dev/null &&
		badge "no runs" /empty/ci/badge.svg'
check 'the main branch is what HEAD says, if that has runs' \
	'sql "UPDATE repos SET git_dir = '\''$T/head'\'' WHERE
		name = '\''work/parser.git'\''"
	mkdir head && echo "ref: refs/heads/error-recovery" >head/HEAD &&
		badge active $run/badge.svg &&
		echo "ref: refs/heads/nowhere" >head/HEAD &&
		badge pending $run/badge.svg &&
		rm head/HEAD && badge pending $run/badge.svg &&
		echo "17fbc556bf1cdee0a139dc42a5776a41c3b7f80c" >head/HEAD &&
		badge pending $run/badge.svg'
check 'names full of markup stay text, and long ones are cut' \
	'badge unknown $run/badge.svg \
		"QUERY_STRING=job=%3Cscript%3E%22%27%26%0A%1B%E2%80%AE%FF$(
		printf %060d 0)" &&
		! grep -q "<script" badge.svg &&
		grep -q ">&lt;script&gt;&quot;&#39;&amp;" badge.svg &&
		grep -q "000…</text>" badge.svg'
check 'its colours have a contrast of 4.5 to the white on them, and more' \
	'{
		body $run/badge.svg
		body $run/badge.svg QUERY_STRING=ref=error-recovery
		body /hello/ci/badge.svg
		body /hello/ci/badge.svg "QUERY_STRING=ref=quiet"
		body "$strange/badge.svg" "QUERY_STRING=ref=fix/%3Ci%3E%26amp%3B%22quotes%27%E8%8A%B1"
	} | sed -n "s/.*fill=\"#\([0-9a-f]\{6\}\)\".*/\1/p" | sort -u >colours
	test "$(wc -l <colours)" = 5
	python3 - <<-END
		for line in open("colours"):
		    c = [int(line[i:i+2], 16) / 255 for i in (0, 2, 4)]
		    l = [x / 12.92 if x <= .03928 else ((x + .055) / 1.055) ** 2.4
		         for x in c]
		    y = .2126 * l[0] + .7152 * l[1] + .0722 * l[2]
		    assert 1.05 / (y + .05) >= 4.5, line
	END'
check 'a badge of a repository that may not be seen is 404' \
	'test "$(code /vault/ci/badge.svg)" = 404 &&
		test "$(code /nope/ci/badge.svg)" = 404 &&
		test "$(code /vault/ci/badge.svg REMOTE_USER=tess)" = 200'

# the feed

# feed PATH...: parsed into feed.txt, a line an entry: title|id|updated|link
feed() {
	body "$@" >feed.atom
	python3 - >feed.txt <<-'END'
		import re, xml.etree.ElementTree as tree
		ns = "{http://www.w3.org/2005/Atom}"
		feed = tree.parse("feed.atom").getroot()
		assert feed.tag == ns + "feed"
		time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"
		def one(e, name):
		    found = e.findall(ns + name)
		    assert len(found) == 1, (name, len(found))
		    return found[0].text
		ids = [one(feed, "id")]
		assert one(feed, "title") and re.match(time, one(feed, "updated"))
		for link in feed.iter(ns + "link"):
		    assert re.match("https?://", link.get("href")), link.get("href")
		for entry in feed.findall(ns + "entry"):
		    assert re.match(time, one(entry, "updated"))
		    assert one(entry, "content")
		    ids.append(one(entry, "id"))
		    print(one(entry, "title"), ids[-1], one(entry, "updated"),
		          entry.find(ns + "link").get("href"), sep="|")
		assert len(ids) == len(set(ids))
		assert all(re.match("urn:uuid:|https?:", i) for i in ids)
	END
}

check 'a feed has the runs that have ended, the newest first' \
	'feed $run/feed.atom &&
	sed "s/^parser #\([0-9]*\) .*/\1/" feed.txt >numbers &&
	seq 17 -1 1 | diff - numbers'
check 'its type is that of a feed, and the list leads to it' \
	'headers $run/feed.atom |
		grep -qx "Content-Type: application/atom+xml; charset=utf-8" &&
		body $run | grep -q "<link rel=\"alternate\" type=\"application/atom+xml\" href=\"$run/feed.atom\">"'
check 'an entry says what, how and where' \
	'grep "^parser #14 failed: Report a missing brace once (error-recovery)|urn:uuid:$(sql "
		SELECT id FROM runs WHERE number = 14 AND
		repo = '\''work/parser.git'\''")|" feed.txt'
check 'and which command failed with which status' \
	'grep -qx "test: make check: exit 2" feed.atom &&
		grep -q "^test: make check: exit 137 (SIGKILL)" feed.atom'
check 'by ref and by state' \
	'feed $run/feed.atom "QUERY_STRING=ref=error-recovery&state=failed" &&
		! grep -v "^parser #[0-9]* failed: .*(error-recovery)|" feed.txt &&
		test -s feed.txt &&
		feed $run/feed.atom QUERY_STRING=state=pending &&
		! test -s feed.txt'
seq 130 -1 111 >numbers.want
check 'no more than the newest twenty' \
	'sql "WITH RECURSIVE c (n) AS (SELECT 101 UNION ALL SELECT n + 1 FROM c
		WHERE n < 130) INSERT INTO runs (id, repo, ref_name, sha,
		pushed_at_ms, state, queued_at_ms, started_at_ms,
		finished_at_ms, number, push_seq) SELECT '\''old-'\'' || n,
		'\''hello.git'\'', '\''refs/heads/many'\'', n, n,
		iif(n % 2, '\''complete'\'', '\''failed'\''), n, n, n, n, n FROM c"
	feed /hello/ci/feed.atom && sed "s/^hello #\([0-9]*\) .*/\1/" feed.txt |
		diff - numbers.want'
check 'ids that are no UUID are the address of the run' \
	'feed /hello/ci/feed.atom SERVER_NAME=ci.example.org HTTPS=on \
		SERVER_PORT=443 SCRIPT_NAME=/q &&
		grep -q "^hello #130 .*|https://ci.example.org/q/hello/ci/130|" \
			feed.txt'
check 'addresses are absolute: by the setting url, or by what the server says' \
	'feed $run/feed.atom SERVER_NAME=::1 SERVER_PORT=8080 &&
		! grep -v "|http://\[::1\]:8080$run/[0-9]*$" feed.txt &&
		feed $run/feed.atom SERVER_NAME="x y\"<" SERVER_PORT=-1 &&
		! grep -v "|http://localhost$run/[0-9]*$" feed.txt &&
		quire config url https://ci.example.org/quire &&
		feed $run/feed.atom SERVER_NAME=::1 &&
		! grep -v "|https://ci.example.org/quire$run/[0-9]*$" feed.txt
	s=$?
	sql "DELETE FROM settings WHERE key = '\''url'\''"
	test $s = 0'
check 'and never by the Host header' \
	'for h in HTTP_HOST HTTP_X_FORWARDED_HOST HTTP_FORWARDED; do
		! body $run/feed.atom $h=evil.example.net | grep -q evil || exit 1
	done'
check 'a feed of names full of markup and of bytes that XML forbids is XML' \
	'sql "UPDATE runs SET subject = char(60, 47, 7, 1, 65534, 8238, 93, 93,
		62, 38) || x'\''fffe'\'' || '\''<![CDATA[&nbsp;'\'', author =
		char(11, 60) WHERE number = 130"
	feed /hello/ci/feed.atom &&
		feed "$strange/feed.atom" && test -s feed.txt'
check 'a feed of a repository that may not be seen is 404' \
	'test "$(code /vault/ci/feed.atom)" = 404 &&
		test "$(code /vault/ci/feed.atom REMOTE_USER=tess)" = 200'

# the figures

# metric NAME-WITH-LABELS: its value
metric() {
	awk -v name="$1" 'substr($0, 1, length(name) + 1) == name " " {
		print substr($0, length(name) + 2) }' metrics
}
parsed() {
	python3 - <<-'END'
		import re
		label = r'[a-z]+="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
		line = re.compile(r'([a-z_]+)(?:\{%s(?:,%s)*\})? '
		                  r'(-?[0-9.]+)\n' % (label, label))
		types, seen = {}, set()
		for l in open("metrics", encoding="utf-8", newline="\n"):
		    if l.startswith("# TYPE "):
		        _, _, name, kind = l.split()
		        assert name not in types
		        types[name] = kind
		    elif not l.startswith("# HELP "):
		        m = line.fullmatch(l)
		        assert m, l
		        base = re.sub("_(bucket|sum|count)$", "", m[1])
		        assert m[1] in types or types[base] == "histogram", l
		        key = l.rsplit(" ", 1)[0]
		        assert key not in seen, key
		        seen.add(key)
		assert len(seen) > 20
	END
}
body /metrics >metrics
check 'the figures are in the format of Prometheus' \
	'headers /metrics | grep -qx \
		"Content-Type: text/plain; version=0.0.4; charset=utf-8" &&
		parsed'
check 'what waits and goes on' \
	'p="repo=\"work/parser\""
	test "$(metric "quire_runs{$p,state=\"pending\"}")" = 1 &&
		test "$(metric "quire_runs{$p,state=\"active\"}")" = 1 &&
		test "$(metric quire_queue_length)" = 1 &&
		metric quire_queue_oldest_seconds | grep -q "^[1-9]"'
check 'what has ended, as a count of the rows says' \
	'for s in complete failed superseded; do
		test "$(metric "quire_runs_finished_total{repo=\"work/parser\",state=\"$s\"}")" = \
			"$(sql "SELECT count(*) FROM runs WHERE state = '\''$s'\''
			AND repo = '\''work/parser.git'\''")" || exit 1
	done'
check 'and how long it took, in buckets that hold those below' \
	'p="repo=\"work/parser\",state=\"failed\""
	for le in 1 20 50 100 1000 10000; do
		test "$(metric "quire_run_duration_seconds_bucket{$p,le=\"$le\"}")" = \
			"$(sql "SELECT count(*) FROM runs WHERE repo =
			'\''work/parser.git'\'' AND state = '\''failed'\'' AND
			finished_at_ms - started_at_ms <= $le * 1000")" || exit 1
	done
	test "$(metric "quire_run_duration_seconds_count{$p}")" = \
		"$(metric "quire_run_duration_seconds_bucket{$p,le=\"+Inf\"}")" &&
		test "$(metric "quire_run_duration_seconds_sum{$p}")" = "$(sql "
		SELECT printf('\''%.3f'\'', sum(finished_at_ms - started_at_ms)
			/ 1000.0) FROM runs WHERE repo = '\''work/parser.git'\''
		AND state = '\''failed'\''")"'
check 'a run that is deleted stays counted, one that ends is' \
	'sql "DELETE FROM runs WHERE repo = '\''hello.git'\'' AND number = 130"
	body /metrics >now && cp metrics before && mv now metrics
	h="quire_runs_finished_total{repo=\"hello\",state=\"failed\"}"
	test "$(metric "$h")" = 16 &&
		QUIRE_HOME=$QUIRE_HOME quire cancel work/parser#19 &&
		body /metrics >metrics && test "$(metric quire_queue_length)" = 0 &&
		test "$(metric "quire_queue_oldest_seconds")" = 0.000 &&
		test "$(metric "quire_runs_finished_total{repo=\"work/parser\",state=\"failed\"}")" = 10'
check 'only of what may be seen' \
	'! grep -q vault metrics && body /metrics REMOTE_USER=tess >all &&
		grep -q "repo=\"vault\"" all &&
		quire config vault readers ada &&
		! body /metrics REMOTE_USER=tess | grep -q vault &&
		body /metrics REMOTE_USER=ada | grep -q vault'
