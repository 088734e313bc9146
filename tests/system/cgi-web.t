#!/bin/sh
# The pages behind lighttpd, which runs quire-cgi as a user who may only read
# the home, mounted at / and at /ci/.
. "$(dirname "$0")/lib.sh"
plan 17

if [ "$(id -u)" = 0 ]; then
	WEB_RUN_AS=www-data
fi
. "$ROOT/tests/system/web.sh"

QUIRE_HOME=$T/home
quire seed "$QUIRE_HOME" || {
	echo 'Bail out! quire seed'
	exit 1
}
if [ -n "${WEB_RUN_AS:-}" ]; then
	chmod 755 "$T"
	chgrp -R "$WEB_RUN_AS" "$QUIRE_HOME"
fi
# the second place to be mounted at
cat >mount.conf <<END
alias.url = ( "/ci" => "$WEB_CGI" )
END
web_start "$T/mount.conf"

strange='/strange/%3Cb%3Ebold%20%26%20%22co%22/ci'

# raw PATH [HEADER...]: the status line and headers, lower-cased, as they come.
raw() {
	raw_path=$1
	shift
	for h; do
		set -- "$@" -H "$h"
		shift
	done
	curl -s -D - -o "$T/body" --path-as-is "$@" "$WEB$raw_path" |
		tr -d '\r' | tr '[:upper:]' '[:lower:]'
}

check 'the pages are there at /' \
	'page / | grep -q "href=\"/work/parser/ci\"" &&
		page /work/parser/ci/14 | grep -q "id=\"failure\""'
check 'and at /ci/, with links that stay there' \
	'test "$(status /ci/)" = 200 &&
		page /ci/work/parser/ci/14 >p &&
		grep -q "href=\"/ci/work/parser/ci\"" p &&
		grep -q "href=\"/ci/style.css" p &&
		! grep -o "href=\"/[^\"]*" p | grep -v "=\"/ci/"'
check 'the style sheet that a page names is there' \
	'css=$(grep -o "/ci/style.css[^\"]*" p) &&
		page "$css" | grep -q "prefers-color-scheme"'
check 'names full of markup are reached by their links' \
	'page / | grep -q "href=\"$strange\"" &&
		page "$strange/1" | grep -q "&lt;script&gt;alert" &&
		page "$strange?ref=refs/heads/fix/%3Ci%3E%26amp%3B%22quotes%27%E8%8A%B1" |
		grep -q "/ci/1\""'
check 'headers forbid scripts, frames and guesses' \
	'raw /work/parser/ci/14 >h
	grep -q "^content-security-policy: default-src .none.;" h &&
		grep -q "frame-ancestors .none." h && ! grep -q unsafe h &&
		grep -q "^x-content-type-options: nosniff" h &&
		grep -q "^referrer-policy: same-origin" h'
check 'what is not there is 404' \
	'for p in /nope /work/parser/ci/999 /work/parser/ci/14/test/2 \
		/work/parser/ci/14/nope/1 /vault/ci; do
		test "$(status $p)" = 404 || exit 1
	done'
check 'paths with dots, %2f and %00 lead nowhere' \
	'for p in "/work/parser/ci/14/..%2f..%2f..%2fsecrets/1" \
		/../../../etc/passwd "/work%2fparser/ci/../../quire.db" \
		"/quire.db" \
		"/work/parser/ci/14%00/test/1" "/%00" "/secrets/x" \
		"/work/parser/ci/14/test/1%00.txt"; do
		s=$(status "$p")
		case $s in
		400 | 403 | 404) ;;
		*) echo "$p: $s"; exit 1 ;;
		esac
	done'
check 'what is overlong is refused' \
	'test "$(status "/$(printf %06000d 0)")" = 404 &&
		test "$(status "/hello/ci?ref=$(printf %06000d 0)")" = 414'
check 'an encoded slash is a slash, as the server decodes it' \
	'test "$(status /work%2Fparser/ci/14)" = 200'
check 'POST is 405' \
	'test "$(curl -s -o /dev/null -w "%{http_code}" -d x=1 "$WEB/")" = 405'
check 'HEAD is answered without a body' \
	'curl -s -I "$WEB/work/parser/ci/14" | grep -qi "^content-length: [1-9]"'
check 'without a login, output is not there' \
	'test "$(status /hello/ci/1/greet/1.txt)" = 404 &&
		page /hello/ci/1 | grep -q "Log in to see output"'
check 'whom the server has let in sees it, and private repositories' \
	'page_as_user /hello/ci/1/greet/1.txt | grep -qx "hello, world" &&
		page_as_user / | grep -q "href=\"/vault/ci\"" &&
		page_as_user /vault/ci/1 | grep -q "rotated 3 keys"'
check 'no header makes somebody a user' \
	'for h in "Remote-User: tess" "REMOTE_USER: tess" "X-Remote-User: tess" \
		"Authorization: Basic dGVzczpzZWNyZXQ=" "Remote_User: tess" \
		"X-Forwarded-User: tess" "Proxy: http://localhost" \
		"QUIRE_HOME: /tmp" "Path-Info: /vault/ci"; do
		raw /hello/ci/1/greet/1.txt "$h" | grep -q "^http/1.1 404" ||
			{ echo "$h"; exit 1; }
		raw /vault/ci/1 "$h" | grep -q "^http/1.1 404" || exit 1
	done'
check 'a range of a log passes the server' \
	'raw /work/parser/ci/14/test/1.txt "Range: bytes=6-10" >h
	grep -q "^http/1.1 206" h && grep -q "^content-range: bytes 6-10/" h &&
		test "$(cat body)" = lexer'
check 'a range behind the end is 416' \
	'raw /work/parser/ci/14/test/1.txt "Range: bytes=999999-" |
		grep -q "^http/1.1 416"'
check 'nothing in the home was written, and no -wal is left in the way' \
	'test -z "$(find "$QUIRE_HOME" -newer "$T/mount.conf" -type f)" &&
		! test -s "$QUIRE_HOME/quire.db-wal"'
