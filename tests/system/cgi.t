#!/bin/sh
# quire-cgi started as a web server would, without one: `quire seed` makes the
# home.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/cgi.sh"
plan 63

QUIRE_HOME=$T/home
quire seed "$QUIRE_HOME" || {
	echo 'Bail out! quire seed'
	exit 1
}

# well_formed: the page on standard input nests and escapes as it should.
well_formed() {
	xmllint --html --noout --nonet - 2>&1 |
		grep -v 'Tag \(header\|nav\|main\|section\|details\|summary\|time\|svg\|g\|path\|text\|figure\|figcaption\|datalist\) invalid' |
		grep ' error :' && return 1
	return 0
}

strange='/strange/<b>bold & "co"/ci'
run=/work/parser/ci

# what is there

check 'nothing but a method is needed' \
	'env -i REQUEST_METHOD=GET QUIRE_HOME="$QUIRE_HOME" "$cgi" |
		grep -q "<h1>Repositories</h1>"'
check 'the index lists repositories, newest activity first' \
	'body / | grep -o "href=\"[^\"]*/ci\"" >seen
	printf "%s\n" "href=\"/work/parser/ci\"" \
		"href=\"/strange/%3Cb%3Ebold%20%26%20%22co%22/ci\"" \
		"href=\"/hello/ci\"" | diff - seen'
check 'the state on the index is that of the tip of the ref' \
	'body / | grep -A1 ">work/parser<" | grep -q "st pending"'
check 'a list has every run, the newest first' \
	'body $run | grep "class=\"subject\"" |
		grep -o "href=\"/work/parser/ci/[0-9]*\"" | sed "s/.*ci.//; s/\"//" >seen
	seq 19 -1 1 | diff - seen'
check 'a list shows all five states' \
	'for s in pending active complete failed superseded; do
		body $run | grep -q "class=\"st $s\">$s<" || exit 1
	done'
check 'failures that are not the pipeline'\''s are told in words' \
	'body $run >list
	grep -q "The executor crashed" list && grep -q "Out of time" list &&
		grep -q "Canceled" list && grep -q "The disk was full" list'
check 'a filter by ref takes the short name' \
	'body $run QUERY_STRING=ref=v1.2.0 |
		grep -o "ci/[0-9]*\"" | grep -qx "ci/10\""'
check 'a filter by state leaves the others out' \
	'body $run "QUERY_STRING=state=superseded" >list
	test "$(grep -c "<li><span class=\"st superseded\"" list)" = 2 &&
		! grep -q "st failed" list'
check 'a state that is none is no filter' \
	'test "$(body $run QUERY_STRING=state=x | grep -c "<li><span")" = 19'
check 'a page begins below the number it is asked for' \
	'body $run QUERY_STRING=before=3 | grep -o "ci/[0-9]*\"" |
		tr "\n" " " | grep -qx "ci/2\" ci/1\" "'
check 'a run page has what the run was for' \
	'body $run/14 >page
	grep -q "Report a missing brace once" page &&
		grep -q ">error-recovery<" page && grep -q ">Ben Muster<" page &&
		grep -q "Pushed by <span class=\"pusher\">ben<" page &&
		grep -q "sandbox bwrap" page'
check 'a time is told with the exact one in its title' \
	'grep -q "title=\"20..-..-.. ..:..:.. UTC\">3 hours ago<" page'
check 'a red run names its first failure, and that is unfolded' \
	'grep -q "<h2 id=\"why\"><a href=\"#job-test\">test</a> failed</h2>" page &&
		grep -q "<a href=\"#cmd-test-1\">" page &&
		grep -q "id=\"job-test\" open>" page &&
		grep -q "<details class=\"cmd failed\" id=\"cmd-test-1\" open>" \
			page'
check 'the failure'\''s log is on the page' \
	'grep -q "tests/recover.c:88: a missing brace is reported once" page'
check 'a green command is folded, its log is there too' \
	'grep -q "<details class=\"cmd complete\" id=\"cmd-build-2\"><sum" page &&
		grep -q "ar rcs libparser.a" page'
check 'escape sequences are gone' '! grep -q "$(printf "\033")" page'
check 'a job says what it needs and why it was skipped' \
	'grep -q "needs test · <span class=\"reason\">job test failed" \
		page'
check 'the text of a pipeline error is on the page' \
	'body $run/3 | grep -q "did you mean &#39;build&#39;?"'
check 'a crashed executor'\''s own words are on the page' \
	'body $run/8 | grep -q "cannot read its own pipeline"'
check 'an unknown failure kind is shown as it is' \
	'body /hello/ci/2 | grep -q "cosmic-ray"'
check 'a superseded run leads to what took its place' \
	'body $run/11 | grep -q "superseded by <a href=\"/work/parser/ci/12\">"'
check 'a rerun leads to what it repeats' \
	'body $run/15 | grep -q "A rerun of <a href=\"/work/parser/ci/14"'
check 'death by a signal has its name' \
	'body $run/15 | grep -q "exit 137 (SIGKILL)"'
check 'a live run'\''s page loads itself again, an ended one'\''s does not' \
	'body $run/18 | grep -q "http-equiv=\"refresh\"" &&
		body $run/19 | grep -q "http-equiv=\"refresh\"" &&
		! grep -q "http-equiv" page'
check 'all six states of jobs are shown' \
	'for n in 18 14 5; do body $run/$n; done >pages
	for s in pending active complete failed skipped aborted; do
		grep -q "class=\"st $s\">$s<" pages || exit 1
	done'
check 'a run is found by its id as well' \
	'id=$(sql "SELECT id FROM runs WHERE number = 14")
	test "$(body $run/$id)" = "$(body $run/14)" &&
		test "$(code /hello/ci/$id)" = 404'
check 'every page is well-formed' \
	'for p in / $run $run/14 $run/3 $run/18 $run/19 $run/10 $run/8 \
		$run/14/test/1 $run/10/test/1 "$strange" "$strange/1" \
		"$strange/1/colours/1" /nope; do
		body "$p" | well_formed || { echo "$p"; exit 1; }
	done'
check 'markup in names, subjects, commands and logs stays text' \
	'for p in / "$strange" "$strange/1" "$strange/1/colours/1"; do
		body "$p"
	done >pages
	! grep -E "<(script|b|i|u)>" pages &&
		grep -q "&lt;script&gt;alert(&#39;subject&#39;)" pages'
check 'bidi controls and bad UTF-8 are made visible' \
	'body "$strange/3" | grep -q "\[U+202E\]olleh" &&
		body "$strange/3" | iconv -f UTF-8 -t UTF-8 >/dev/null'

# one log

check 'a log has numbered lines with anchors' \
	'body $run/14/test/1 >log
	grep -q "id=\"L4\"><a href=\"#L4\">4 </a>tests/recover" log'
check 'standard error is marked' \
	'grep -q "<span class=\"l e\" id=\"L5\">" log &&
		grep -q "<span class=\"l\" id=\"L4\">" log'
check 'a long log shows its beginning and its end, with true numbers' \
	'body $run/10/test/1 >log
	grep -q "id=\"L1\"" log && ! grep -q "id=\"L9000\"" log &&
		grep -q "id=\"L20028\".*6 of 6 passed" log &&
		grep -q "left out here" log'
check 'a window in the middle has true numbers' \
	'body $run/10/test/1 QUERY_STRING=from=700000 >log
	n=$(sed -n "s/.*id=\"L\([0-9]*\)\".*>ok \([0-9]*\) .*/\1 \2/p" log |
		sed -n "1p;\$p" | awk "\$1 != \$2 + int((\$2 - 1) / 997) { exit 1 }
			END { print NR }")
	test "$n" = 2'
check 'windows follow each other without a gap' \
	'next=$(sed -n "s/.*from=\([0-9]*\)\">Next.*/\1/p" log | head -n 1)
	last=$(grep -o "id=\"L[0-9]*" log | tail -n 1 | tr -dc 0-9)
	first=$(body $run/10/test/1 QUERY_STRING=from=$next |
		grep -o -m 1 "id=\"L[0-9]*" | tr -dc 0-9)
	test "$first" = $((last + 1))'
check 'an offset beyond the end is no error' \
	'test "$(code $run/10/test/1 QUERY_STRING=from=99999999999)" = 200'
# a sanitizer reserves terabytes of addresses
if grep -q __asan_init "$cgi"; then
	skip 'memory does not depend on the size of a log' 'sanitized'
else
check 'memory does not depend on the size of a log' \
	'log=$(find "$QUIRE_HOME/runs/work" -path "*test/sh-1.log" -size +1M)
	cp "$log" saved
	for i in $(seq 60); do cat saved; done >>"$log"
	for p in $run/10 $run/10/test/1 $run/10/test/1.txt; do
		(ulimit -v 50000 && get $p REMOTE_USER=ada) >/dev/null ||
			{ echo "$p"; exit 1; }
	done
	cp saved "$log"'
fi
check 'raw text is what the command wrote, and no more' \
	'body $run/14/test/1.txt >raw
	test "$(sed -n 4p raw)" = \
		"$(printf "tests/recover ......... \033[31mFAILED\033[0m")" &&
		test "$(wc -l <raw)" = 13'
check 'its length is announced' \
	'headers $run/14/test/1.txt |
		grep -q "^Content-Length: $(wc -c <raw)" &&
		headers $run/14/test/1.txt | grep -q "^Content-Type: text/plain"'
check 'a range is a range of that text' \
	'body $run/14/test/1.txt HTTP_RANGE=bytes=6-10 >part
	test "$(cat part)" = lexer &&
		headers $run/14/test/1.txt HTTP_RANGE=bytes=6-10 |
		grep -q "^Content-Range: bytes 6-10/$(wc -c <raw)" &&
		test "$(code $run/14/test/1.txt HTTP_RANGE=bytes=6-10)" = 206'
check 'the last bytes of it too' \
	'body $run/14/test/1.txt HTTP_RANGE=bytes=-20 >part
	tail -c 20 raw | cmp - part'
check 'ranges of a long log are right across chunks' \
	'body $run/10/test/1.txt >long
	body $run/10/test/1.txt HTTP_RANGE=bytes=65000-400000 >part
	tail -c +65001 long | head -c 335001 | cmp - part'
check 'a range behind the end is 416 and says how long it is' \
	'test "$(code $run/14/test/1.txt HTTP_RANGE=bytes=99999-)" = 416 &&
		headers $run/14/test/1.txt HTTP_RANGE=bytes=99999- |
		grep -q "^Content-Range: bytes \*/$(wc -c <raw)"'
check 'a log that has not changed is 304' \
	'tag=$(headers $run/14/test/1.txt | sed -n "s/^ETag: \(.*\)\r/\1/p")
	test "$(code $run/14/test/1.txt HTTP_IF_NONE_MATCH="$tag")" = 304'

# JSON, redirects, the style sheet

check 'a run as JSON is what quire show prints' \
	'body $run/14.json >web.json
	quire show work/parser#14 --json >cli.json
	python3 -c "import json; assert json.load(open(\"web.json\")) == json.load(open(\"cli.json\"))"'
check 'a list as JSON has the runs, and the way to the next page' \
	'body $run.json QUERY_STRING=state=complete >list.json
	python3 -c "import json; l = json.load(open(\"list.json\")); assert [r[\"number\"] for r in l] == [17, 16, 12, 10, 2, 1]"'
check 'latest leads to the newest run of the tip of a ref' \
	'headers $run/latest QUERY_STRING=ref=error-recovery |
		grep -q "^Location: /work/parser/ci/18" &&
		headers $run/latest | grep -q "^Location: /work/parser/ci/19" &&
		test "$(code $run/latest QUERY_STRING=ref=nope)" = 404'
check 'a repository leads to its list' \
	'for p in /work/parser /work/parser.git /work/parser/ /work/parser/ci/
	do
		headers $p | grep -q "^Location: /work/parser/ci" || exit 1
	done'
check 'links begin with the path of the script' \
	'body $run SCRIPT_NAME=/cgi/quire | grep -o "\(href\|action\)=\"[^\"]*" |
		grep -v "=\"/cgi/quire/\|=\"data:" && exit 1
	headers /hello SCRIPT_NAME=/cgi/quire/ |
		grep -q "^Location: /cgi/quire/hello/ci"'
check 'the style sheet needs no home, and is kept for good' \
	'get /style.css QUIRE_HOME=/nowhere >css
	grep -q "^Cache-Control: public, max-age=31536000, immutable" css &&
		grep -q "prefers-color-scheme: dark" css &&
		tag=$(sed -n "s/^ETag: \(.*\)\r/\1/p" css) &&
		test "$(code /style.css HTTP_IF_NONE_MATCH="$tag")" = 304'

# who may see what

log=/hello/ci/1/greet/1
check 'without a user, output of a public repository is not there' \
	'body /hello/ci/1 >page
	grep -q "Log in to see output" page && ! grep -q "hello, world$" page &&
		grep -q "echo hello, world" page &&
		test "$(code $log)" = 404 && test "$(code $log.txt)" = 404'
check 'a user sees it' \
	'body /hello/ci/1 REMOTE_USER=tess | grep -qx ".*>hello, world" &&
		test "$(code $log REMOTE_USER=tess)" = 200 &&
		test "$(code $log.txt REMOTE_USER=tess)" = 200'
check 'a private repository is not there without a user' \
	'for p in /vault /vault.git /vault/ci /vault/ci/1 /vault/ci.json \
		/vault/ci/1.json /vault/ci/latest /vault/ci/1/rotate/1 \
		/vault/ci/1/rotate/1.txt; do
		test "$(code $p)" = 404 || exit 1
	done
	! body / | grep -q vault'
check 'what is not there looks like what may not be seen' \
	'test "$(body /vault/ci)" = "$(body /nope/ci)"'
check 'readers limits who counts as a user' \
	'quire config readers "ada ben" && quire config vault readers ada
	test "$(code /vault/ci REMOTE_USER=tess)" = 404 &&
		test "$(code /vault/ci REMOTE_USER=ben)" = 404 &&
		test "$(code /vault/ci REMOTE_USER=ada)" = 200 &&
		test "$(code $log REMOTE_USER=tess)" = 404 &&
		test "$(code $log REMOTE_USER=ben)" = 200 &&
		! body / REMOTE_USER=ben | grep -q vault &&
		body / REMOTE_USER=ada | grep -q vault
	seen=$?
	sql "DELETE FROM settings WHERE key = '\''readers'\''"
	test $seen = 0'
check 'a repository that was removed has no pages, though its runs stay' \
	'sql "INSERT INTO settings VALUES ('\'\'', '\''private'\'', '\''off'\'')"
	cp -r "$QUIRE_HOME" gone && QUIRE_HOME=$T/gone quire repo rm vault &&
		QUIRE_HOME=$T/gone code /vault/ci/1 REMOTE_USER=ada >seen
	sql "DELETE FROM settings WHERE repo = '\'\'' AND key = '\''private'\''"
	test "$(cat seen)" = 404'

# what is no request, and homes that will not do

check 'other methods are 405 and told which there are' \
	'for m in POST PUT DELETE OPTIONS get; do
		get / REQUEST_METHOD=$m >answer
		grep -q "^Status: 405" answer && grep -q "^Allow: GET, HEAD" \
			answer || exit 1
	done'
check 'HEAD has the headers of GET and nothing else' \
	'get $run/10 REQUEST_METHOD=HEAD >answer
	headers $run/10 >h
	printf "\r\n" >>h
	diff h answer'
check 'paths that lead out lead nowhere' \
	'for p in /../../etc/passwd $run/14/../1 $run/14/test/../../1 \
		"$run/14/..%2f/1" /secrets/x $run/14/./1 "$run/14/te/st/1"; do
		test "$(code "$p")" = 404 || { echo "$p"; exit 1; }
	done
	test "$(code "/$(printf %05000d 0)")" = 414'
check 'a home that is missing, empty or older is 503 with what to do' \
	'test "$(QUIRE_HOME=/nowhere code /)" = 503 || exit 1
	mkdir empty old
	QUIRE_HOME=$T/empty body / | grep -q "quire init" || exit 1
	sqlite3 old/quire.db "CREATE TABLE runs (id); PRAGMA user_version = 5"
	test "$(QUIRE_HOME=$T/old code /)" = 503 &&
		QUIRE_HOME=$T/old body / | grep -q "quire init"'
check 'a -wal that nobody can read yet is 503, and says so' \
	'sqlite3 "$QUIRE_HOME/quire.db" "PRAGMA wal_autocheckpoint = 0" \
		"INSERT INTO counters VALUES ('\''x'\'', 1)" \
		".shell cp -r home torn"
	test -s torn/quire.db-wal && rm torn/quire.db-shm
	sql "DELETE FROM counters WHERE name = '\''x'\''"
	test "$(QUIRE_HOME=$T/torn code /)" = 503 &&
		QUIRE_HOME=$T/torn body / | grep -q "quire"'
check 'a damaged database is 500, and only the server is told more' \
	'mkdir bad && cp home/quire.db bad/
	dd if=/dev/urandom of=bad/quire.db bs=1k seek=4 count=150 \
		conv=notrunc 2>/dev/null
	s=$(QUIRE_HOME=$T/bad code /work/parser/ci 2>said)
	test "$s" -ge 500 && grep -q "^quire-cgi: " said'
check 'pages are whole while the database is written' \
	'for i in $(seq 300); do
		echo "BEGIN IMMEDIATE; UPDATE runs SET pusher = '\''p$i'\'',
			subject = '\''s$i'\'' WHERE repo = '\''hello.git'\'';
			COMMIT;"
		[ $((i % 25)) != 0 ] || echo "PRAGMA wal_checkpoint (TRUNCATE);"
	done >writes
	sqlite3 -cmd ".timeout 10000" "$QUIRE_HOME/quire.db" \
		<writes >/dev/null &
	n=0
	while kill -0 $! 2>/dev/null || [ $n -lt 20 ]; do
		body /hello/ci.json >j || exit 1
		test "$(grep -c "\"pusher\"" j)" = 3 &&
			test "$(grep "\"pusher\"" j | sort -u | wc -l)" = 1 ||
			exit 1
		n=$((n + 1))
	done'
check 'reconcile and the dispatcher leave a seeded home alone' \
	'sql "SELECT * FROM runs" >before
	quire-reconcile && quire-run
	sql "SELECT * FROM runs" | diff before -'
