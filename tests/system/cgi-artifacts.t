#!/bin/sh
# Artifacts on the pages: their list, and each as a file of its own that a
# browser shows without letting it act.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/cgi.sh"
plan 39

new_home
new_repo foo

# get PATH [VAR=VALUE...]: the answer, to a user.
get() {
	get_path=$1
	shift
	env -i REQUEST_METHOD=GET QUIRE_HOME="$QUIRE_HOME" REMOTE_USER=tess \
		PATH_INFO="$get_path" "$@" "$cgi"
}
headers() {
	get "$@" | sed '/^\r$/,$d' | tr -d '\r'
}
# has PATH HEADER: this header, whole.
has() {
	headers "$1" | grep -Fqx "$2"
}

# a run that keeps all sorts of files, named by a job that means no good
cat >"$T/make-files" <<'END'
mkdir -p out/report/sub many
echo '<script>alert(1)</script><p>seen</p>' >out/report/index.html
echo 'p { color: red }' >out/report/style.css
echo 'alert(1)' >out/report/code.JS
echo '<svg xmlns="http://www.w3.org/2000/svg"/>' >out/report/sub/a.svg
echo '<r/>' >out/junit.xml
echo '<!DOCTYPE html><script>alert(1)</script>' >out/plain.txt
echo '<script>alert(1)</script>' >out/README
echo '<script>alert(1)</script>' >out/page.xhtml
echo '<script>alert(1)</script>' >out/.html.html.shtml
printf '%s' 0123456789abcdef >out/digits.bin
: >out/empty.bin
echo x >'out/<img src=x onerror=alert(1)>.bin'
echo x >'out/a"b\c;d%41.bin'
printf 'x' >"out/$(printf 'line\r\nX-Evil: 1').bin"
echo x >'out/blüte.bin'
echo x >"out/$(printf '\342\200\256')gnp.exe"
mkdir 'out/q?a=1#b&c'
echo x >'out/q?a=1#b&c/d e+f.txt'
for i in $(seq 12); do echo $i >many/f$i; done
END
cp "$T/make-files" foo/make-files
git -C foo add make-files
pipeline foo '{"jobs": [
	{"id": "artifacts", "run": ["echo one", "echo two"]},
	{"id": "files", "run": "sh make-files",
		"artifacts": ["out/**"]}]}'
push foo main >said
wait_idle || echo 'Bail out! the run does not end'
dir=$(dir 1)
at=/foo/ci/1/artifacts

check 'the run kept them' \
	'test "$(state foo#1)" = complete && test -f "$dir/artifacts/out/README"'

# what a browser is told

check 'HTML is shown as such, by a policy of its own that takes script away' \
	'has $at/out/report/index.html "Content-Type: text/html; charset=utf-8" &&
		headers $at/out/report/index.html >h &&
		grep -q "^Content-Security-Policy: sandbox; default-src '\''none'\''; img-src '\''self'\'' data:; style-src '\''self'\''; font-src '\''self'\''" h &&
		test "$(grep -ci "^content-security-policy" h)" = 1 &&
		! grep -q "script-src\|allow-\|unsafe\|Disposition" h'
check 'every artifact has that policy, and no guess of its type is allowed' \
	'for f in report/style.css report/code.JS report/sub/a.svg junit.xml \
		README plain.txt digits.bin; do
		headers $at/out/$f >h
		grep -q "^Content-Security-Policy: sandbox;" h &&
			grep -qx "X-Content-Type-Options: nosniff" h ||
			{ echo $f; exit 1; }
	done'
check 'a style sheet is one, so that a report looks as it should' \
	'has $at/out/report/style.css "Content-Type: text/css; charset=utf-8"'
check 'a script is text, whatever the case of its suffix, and so is XML' \
	'for f in report/code.JS junit.xml plain.txt; do
		has $at/out/$f "Content-Type: text/plain; charset=utf-8" ||
			exit 1
	done'
check 'a picture is shown' \
	'has $at/out/report/sub/a.svg "Content-Type: image/svg+xml" &&
		! headers $at/out/report/sub/a.svg | grep -q Disposition'
check 'what is not known to be harmless is to be saved' \
	'for f in README page.xhtml digits.bin .html.html.shtml; do
		has $at/out/$f "Content-Type: application/octet-stream" &&
		has $at/out/$f "Content-Disposition: attachment; filename=\"$f\"" ||
			{ echo $f; exit 1; }
	done'
check 'the policy of the pages is their own' \
	'headers $at/ | grep "^Content-Security-Policy: default-src '\''none'\''" &&
		! headers $at/ | grep sandbox &&
		headers $at/nope | grep "^Content-Security-Policy: default-src"'

# names

check 'quotes, backslashes and percents are not in the plain name' \
	'has "$at/out/a\"b\\c;d%41.bin" "Content-Disposition: attachment; filename=\"a_b_c;d_41.bin\"; filename*=UTF-8'\'\''a%22b%5Cc%3Bd%2541.bin"'
check 'a newline in a name makes no header' \
	'headers "$at/out/$(printf "line\r\nX-Evil: 1").bin" >h
	! grep -q "^X-Evil" h &&
		grep -Fqx "Content-Disposition: attachment; filename=\"line__X-Evil: 1.bin\"; filename*=UTF-8'\'\''line%0D%0AX-Evil%3A%201.bin" h'
check 'other letters than those of ASCII are encoded' \
	'has "$at/out/blüte.bin" "Content-Disposition: attachment; filename=\"bl__te.bin\"; filename*=UTF-8'\'\''bl%C3%BCte.bin"'
check 'the list shows names as text, and leads to each' \
	'body $at/ >list
	grep -Fq "&lt;img src=x onerror=alert(1)&gt;.bin</a>" list &&
		! grep -q "<img" list &&
		grep -Fq "[U+202E]gnp.exe</a>" list &&
		grep -Fq "href=\"$at/out/q%3Fa%3D1%23b%26c/d%20e%2Bf.txt\"" list &&
		test "$(code "$at/out/q?a=1#b&c/d e+f.txt")" = 200'

# the list

n=$(find "$dir/artifacts" -type f -printf . | wc -c)
check 'the page of the run has the list, folded if it is long' \
	'body /foo/ci/1 >page
	test "$(grep -c "<li><a href=\"$at/" page)" = "$n" &&
		grep -q "<details id=\"artifact-files\"><summary>$n files, " page &&
		grep -q "README</a> <span class=\"by\">files</span> <span class=\"size\">26 B<" page'
check 'the list has a page, and one for each folder' \
	'test "$(body $at/ | grep -c "<li><a href=\"$at/")" = "$n" &&
		test "$(body $at | grep -c "<li><a href=\"$at/")" = "$n" &&
		test "$(body $at/out/report/ | grep -c "<li><a href=\"$at/")" = 4 &&
		test "$(body $at/out/report/sub/ | grep -c "<li><a href=\"$at/")" = 1'
check 'a folder that has none is 404, and so is a folder as a file' \
	'test "$(code $at/many/)" = 404 && test "$(code $at/out)" = 404 &&
		test "$(code $at/out/README/)" = 404'

# bytes

check 'an artifact is byte for byte what was kept' \
	'body $at/out/digits.bin | cmp - "$dir/artifacts/out/digits.bin" &&
		has $at/out/digits.bin "Content-Length: 16"'
check 'an empty one too' \
	'test "$(code $at/out/empty.bin)" = 200 &&
		has $at/out/empty.bin "Content-Length: 0" &&
		test -z "$(body $at/out/empty.bin)"'
check 'where the web server appends to a file, too' \
	'get $at/out/digits.bin >>appended &&
		test "$(sed "1,/^\r$/d" appended)" = 0123456789abcdef &&
		get $at/out/digits.bin HTTP_RANGE=bytes=2-3 >>appended &&
		test "$(tail -c 2 appended)" = 23'
check 'a range of it' \
	'test "$(body $at/out/digits.bin HTTP_RANGE=bytes=3-5)" = 345 &&
		test "$(code $at/out/digits.bin HTTP_RANGE=bytes=3-5)" = 206 &&
		headers $at/out/digits.bin HTTP_RANGE=bytes=3-5 |
		grep -qx "Content-Range: bytes 3-5/16" &&
		test "$(body $at/out/digits.bin HTTP_RANGE=bytes=-2)" = ef &&
		test "$(body $at/out/digits.bin HTTP_RANGE=bytes=14-)" = ef'
check 'none of it is 416' \
	'test "$(code $at/out/digits.bin HTTP_RANGE=bytes=16-)" = 416 &&
		headers $at/out/digits.bin HTTP_RANGE=bytes=16- |
		grep -qx "Content-Range: bytes \*/16" &&
		test "$(code $at/out/empty.bin HTTP_RANGE=bytes=0-)" = 416'
tag=$(headers $at/out/digits.bin | sed -n 's/^ETag: //p')
check 'If-Range of another tag is all of it' \
	'test "$(body $at/out/digits.bin HTTP_RANGE=bytes=3-5 HTTP_IF_RANGE=\"x\")" = 0123456789abcdef &&
		test "$(body $at/out/digits.bin HTTP_RANGE=bytes=3-5 HTTP_IF_RANGE="$tag")" = 345'
check 'what has not changed is 304, with a range as without, and no body' \
	'for r in "" bytes=3-5 bytes=99-; do
		get $at/out/digits.bin HTTP_IF_NONE_MATCH="$tag" \
			HTTP_RANGE=$r >answer
		grep -q "^Status: 304" answer &&
			test -z "$(sed "1,/^\r$/d" answer)" &&
			! grep -q "^Content-Range" answer || exit 1
	done'
check 'the tag is another when the file is, though size and second are not' \
	'f=$dir/artifacts/out/digits.bin
	touch -d "$(stat -c %y "$f" | cut -d. -f1).123456789" "$f"
	new=$(headers $at/out/digits.bin | sed -n "s/^ETag: //p")
	ln "$f" before && cp -p "$f" "$f.new" && mv "$f.new" "$f"
	newer=$(headers $at/out/digits.bin | sed -n "s/^ETag: //p")
	test "$new" != "$tag" && test "$newer" != "$new"'
check 'HEAD has the headers and nothing else' \
	'get $at/out/digits.bin REQUEST_METHOD=HEAD >answer
	headers $at/out/digits.bin >h
	tr -d "\r" <answer | sed "\$d" | diff h - &&
		test "$(tail -c 4 answer | od -An -tx1)" = " 0d 0a 0d 0a"'
truncate -s 1G "$dir/artifacts/big.bin"
printf end >>"$dir/artifacts/big.bin"
check 'a gigabyte comes in ranges and as a whole' \
	'test "$(body $at/big.bin HTTP_RANGE=bytes=-3)" = end &&
		test "$(get $at/big.bin | wc -c)" -gt 1073741827'
if grep -q __asan_init "$cgi"; then
	skip 'in constant memory' 'sanitized'
else
	check 'in constant memory' \
		'(ulimit -v 30000 && get $at/big.bin | tail -c 3) >last &&
		test "$(cat last)" = end &&
		(ulimit -v 30000 &&
			get $at/big.bin HTTP_RANGE=bytes=-99000000) >>answer &&
		test "$(tail -c 3 answer)" = end'
fi
rm -f answer "$dir/artifacts/big.bin"

# a job called artifacts

check 'the log of a job called artifacts is there' \
	'body $at/2 | grep -q ">2\?.*two" && test "$(body $at/2.txt)" = two &&
		test "$(code $at/3)" = 404'
echo kept >"$dir/artifacts/2"
check 'but not in the place of an artifact' \
	'test "$(body $at/2)" = kept && test "$(body $at/2.txt)" = two &&
		test "$(body $at/1.txt)" = one'
rm "$dir/artifacts/2"

# ways out

echo secret >"$T/secret"
ln -s "$T/secret" "$dir/artifacts/link"
ln -s "$T" "$dir/artifacts/up"
ln -s out "$dir/artifacts/in"
mkfifo "$dir/artifacts/pipe"
check 'no link is followed, neither the last one nor one on the way' \
	'for f in link up/secret up in/README; do
		test "$(code $at/$f)" = 404 || { echo $f; exit 1; }
	done'
check 'a FIFO is 404 and holds nobody up' \
	'test "$(timeout 10 env -i REQUEST_METHOD=GET REMOTE_USER=tess \
		QUIRE_HOME="$QUIRE_HOME" PATH_INFO=$at/pipe "$cgi" |
		sed -n "1s/^Status: \([0-9]*\).*/\1/p")" = 404'
check 'no path leads out' \
	'for f in ../lock ../events.jsonl out/../../lock out/../README ./out/README \
		out//README /etc/passwd out/./README ..%2flock out/%2e%2e/x \
		../../1/lock .. . ""/../lock; do
		test "$(code "$at/$f")" = 404 || { echo "$f"; exit 1; }
	done
	test "$(code "$at/$(printf %03000d 0)")" = 404'
check 'a link in the place of the folder is not followed' \
	'mv "$dir/artifacts" "$dir/elsewhere" && ln -s elsewhere "$dir/artifacts"
	test "$(code $at/out/README)" = 404 && test "$(code $at/)" = 404 &&
		! body /foo/ci/1 | grep -q "<h2 id=\"artifacts\">"
	seen=$?
	rm "$dir/artifacts" && mv "$dir/elsewhere" "$dir/artifacts"
	test $seen = 0'

# who may see them

check 'nobody in particular sees none of a public repository' \
	'for p in $at $at/ $at/out/README $at/out/report/index.html; do
		test "$(code $p REMOTE_USER=)" = 404 || { echo $p; exit 1; }
	done
	! body /foo/ci/1 REMOTE_USER= | grep "artifact-files\|README"'
check 'but with publicRuns' \
	'quire config foo publicRuns on
	test "$(code $at/out/README REMOTE_USER=)" = 200 &&
		body /foo/ci/1 REMOTE_USER= | grep "README</a>"'
check 'those of a private repository are not there, nor for other users' \
	'quire config foo private on && quire config foo readers ada
	for who in "" tess; do
		for p in $at/ $at/out/README; do
			test "$(code $p REMOTE_USER=$who)" = 404 || exit 1
		done
	done
	test "$(code $at/out/README REMOTE_USER=ada)" = 200
	seen=$?
	for k in private publicRuns readers; do
		sql "DELETE FROM settings WHERE key = '\''$k'\''"
	done
	test $seen = 0'
check 'a run without artifacts has no such part, and no such page' \
	'pipeline foo "{\"jobs\": [{\"id\": \"a\", \"run\": \"true\"}]}" &&
		push foo main && wait_idle &&
		! body /foo/ci/2 | grep "artifact" &&
		test "$(code /foo/ci/2/artifacts/)" = 404'

# under a web server

. "$ROOT/tests/system/web.sh"
web_start
a=/foo/ci/1/artifacts
check 'a server sends them, whole and in ranges' \
	'page_as_user $a/out/README | cmp - "$dir/artifacts/out/README" &&
		test "$(curl -s -u "$WEB_LOGIN" -r 3-5 \
			"$WEB_AUTH$a/out/digits.bin")" = 345 &&
		curl -sI -u "$WEB_LOGIN" "$WEB_AUTH$a/out/report/index.html" |
		grep -i "^content-security-policy: sandbox;"'
check 'every link of the list leads to its file' \
	'page_as_user $a/ | grep -o "href=\"$a/[^\"]*" | sed "s/href=\"//" |
		grep -v "%0[AD]" >links
	test "$(wc -l <links)" -ge 15 || exit 1
	while read -r l; do
		test "$(status_as_user "$l")" = 200 || { echo "$l"; exit 1; }
	done <links'
check 'encoded dots and slashes lead nowhere' \
	'for f in ..%2flock ..%2f..%2f..%2f..%2fquire.db %2e%2e/lock \
		out%2f..%2f..%2flock out/%2e%2e/%2e%2e/lock .%2e/events.jsonl \
		out%00/README %2fetc/passwd; do
		case $(status_as_user "$a/$f") in
		400 | 404) ;;
		*) echo "$f: $(status_as_user "$a/$f")"; exit 1 ;;
		esac
	done'
