# shellcheck shell=sh
# servers.sh - what quire-cgi promises under any web server. A test of one:
#
#	. "$(dirname "$0")/servers.sh"
#	MOUNT_TOP= MOUNT_CI=/ci PASSES='range etag'
#	instance() { ...starts the server... }
#	promises
#
# Three instances run, each on a loopback port of its own: "top" (a site of its
# own), "ci" (mounted at /ci, or what the server can do of that) and "login"
# (the same, for those who log in). They are configured by the examples of
# quire-cgi(8), of which only paths and ports are changed, and run as a user
# who may no more than read the home.
#
# instance NAME: starts that instance, to serve $QUIRE_HOME on 127.0.0.1:$PORT,
# with all of its files in $DIR; leaves its pid in $DIR/pid, and in $DIR/pgid a
# process group that helps it. It may fail: another port is tried then.
#
# PASSES says which headers of a request the server hands on.

. "$(dirname "$0")/../system/lib.sh"
. "$ROOT/tests/system/web.sh"

UNPACKED=$ROOT/build/servers
MAN=$ROOT/man/quire-cgi.8
CGI=$QUIRE_BUILD/bin/quire-cgi
INSTANCES=

# in front of a command: as the user that web servers are
AS_READER=
if [ "$(id -u)" = 0 ]; then
	AS_READER='setpriv --reuid=www-data --regid=www-data --clear-groups'
fi

# need PROGRAM: before the plan; skips all without it.
need() {
	PATH=$PATH:/usr/sbin:$UNPACKED/usr/sbin
	command -v "$1" >/dev/null && return
	echo "1..0 # SKIP no $1 here: make servers gets it"
	exit 0
}

# snippet SERVER N: the Nth example of that section of quire-cgi(8).
snippet() {
	awk -v server="$1" -v n="$2" '
		/^\.S[sh] / { at = substr($0, 5) == server }
		/^\.Ed/ { inside = 0 }
		inside && at && count == n
		/^\.Bd/ { inside = 1; count += at }
	' "$MAN" | sed 's/\\e/\\/g' | here
}

# here: the paths and ports of an example as they are in this instance. The
# user is not changed here: it is the reader already.
here() {
	sed -e "s,/usr/local/bin/quire-cgi,$CGI,g" \
		-e "s,/var/quire,$QUIRE_HOME,g" -e "s,/srv/quire,$DIR/root,g" \
		-e "s,/run/,$DIR/,g" -e "s,/var/log/,$DIR/,g" \
		-e "s,/etc/,$DIR/,g" -e 's, -u www-data,,' \
		-e "s,-p 8080,$LISTEN,g" -e "s,:HASH,:$HASH,"
}

# background COMMAND...: a server that stays in the foreground, as the reader.
background() {
	# shellcheck disable=SC2086 # words
	(exec $AS_READER "$@" >>"$DIR/log" 2>&1) &
	echo "$!" >"$DIR/pid"
}

answers() {
	kill -0 "$(cat "$DIR/pid")" &&
		test "$(curl -s -o /dev/null -w '%{http_code}' \
			"http://127.0.0.1:$PORT/")" != 000
}

# server_start NAME [PORT]: any port, or this one again.
server_start() {
	DIR=$T/web/$1
	mkdir -p "$DIR/root"
	echo "tess:$HASH" >"$DIR/quire.htpasswd"
	: >>"$DIR/log"
	chmod 755 "$T"
	[ "$(id -u)" != 0 ] || chown -R www-data: "$T/web"
	for try in 1 2 3 4 5; do
		PORT=${2:-$(web_port)}
		LISTEN="-p 127.0.0.1:$PORT"
		rm -f "$DIR/pid"
		if instance "$1" >>"$DIR/log" 2>&1 &&
			wait_for 'test -s "$DIR/pid" && answers' 5; then
			INSTANCES="$INSTANCES $1"
			URL=http://127.0.0.1:$PORT
			return
		fi
		server_stop "$1"
	done
	echo "Bail out! no $1 after try $try: $(tail -n 5 "$DIR/log")"
	exit 1
}

# server_stop NAME: what its pid file names, and the process group, until it is
# gone; fails if it does not go.
server_stop() {
	for server in "$(cat "$T/web/$1/pid" 2>/dev/null)" \
		"-$(cat "$T/web/$1/pgid" 2>/dev/null)"; do
		[ "${server#-}" ] || continue
		kill -- "$server" 2>/dev/null
		# a process that nobody has waited for yet has no program
		wait_for '! readlink "/proc/${server#-}/exe"' 20 || {
			kill -9 -- "$server"
			return 1
		}
	done
	rm -f "$T/web/$1/pid" "$T/web/$1/pgid"
}

servers_stop() {
	for name in $INSTANCES; do
		server_stop "$name"
	done
}
at_end servers_stop

# cgis: the pids of quire-cgi that were started here.
cgis() {
	for cgi_pid in $(survivors); do
		case $(readlink "/proc/$cgi_pid/exe") in
		*/quire-cgi) echo "$cgi_pid" ;;
		esac
	done
}

# peak: the most memory, in KB, that a server or quire-cgi here has had.
peak() {
	for peak_pid in $(survivors); do
		awk '/^Name:/ { name = $2 }
			/^VmHWM:/ && name !~ /^(curl|sh|wc)$/ { print $2 }' \
			"/proc/$peak_pid/status" 2>/dev/null
	done | sort -rn | head -n 1
}

# passes HEADER
passes() {
	case " $PASSES " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

# etag ADDRESS: the entity tag of the page.
etag() {
	curl -s -o /dev/null -D - "$WEB$1" | tr -d '\r' |
		sed -n 's/^[Ee][Tt]ag: //p'
}

# links URL: the addresses of this site that a page has, one a line.
links() {
	curl -s --path-as-is "$1" | grep -oE '(href|src)="/[^"]*' |
		sed 's/^[a-z]*="//; s/&amp;/\&/g' | sort -u
}

# all_links_answer BASE MOUNT: the links of / and of what they lead to.
all_links_answer() {
	links "$1$2/" >"$T/links"
	test -s "$T/links" || return 1
	while read -r link; do
		echo "$link"
		links "$1$link"
	done <"$T/links" | sort -u >"$T/more"
	while read -r link; do
		case $link in
		"$2"/*) ;;
		*) echo "$link leaves $2"; return 1 ;;
		esac
		case $(curl -s -o /dev/null -w '%{http_code}' --path-as-is \
			"$1$link") in
		200 | 302) ;;
		*) echo "$1$link is not there"; return 1 ;;
		esac
	done <"$T/more"
}

# big_log: instead of the log of the only command of hello#1, one of 1 GB; sets
# BIG_BYTES to what of it is the command's.
big_log() {
	big=$QUIRE_HOME/runs/hello.git/$(sql "SELECT id FROM runs
		WHERE repo = 'hello.git' AND number = 1")/jobs/greet/sh-1.log
	cp "$big" "$T/small.log"
	big_text='cc -O2 -Wall -Wextra -c -o build/obj/lib/some.o lib/some.c'
	big_columns='2026-11-24T05:46:58.123456789Z stdout F '
	big_line=$((${#big_columns} + ${#big_text} + 1))
	big_lines=$(((1 << 30) / big_line))
	BIG_BYTES=$((big_lines * (${#big_text} + 1)))
	yes "$big_columns$big_text" | head -c $((big_lines * big_line)) >"$big"
}

# write_runs: starts runs in the seeded home until $T/writing is gone.
write_runs() {
	while [ -e "$T/writing" ]; do
		quire start busy main
		sleep 0.1
	done >/dev/null
}

# count_answers N: asks for pages while runs are written; a line for each
# status that is neither 200 nor a 503 that says when to come again, and the
# number of these.
count_answers() {
	i=0
	while [ "$i" -lt "$1" ]; do
		for path in / /busy/ci /busy/ci/1 /busy/ci.json \
			/work/parser/ci/14; do
			printf 'url = "%s%s"\noutput = "/dev/null"\n' \
				"$TOP" "$path"
			printf 'write-out = "%s\\n"\nnext\n' \
				'%{http_code} %header{retry-after}'
		done
		i=$((i + 1))
	done | sed '$d' >"$T/curl"
	curl -s -K "$T/curl" | sed 's/ *$//' | sort | uniq -c |
		sed 's/^ *//' >"$T/answers"
	sed "s/^/# while runs are written: /" "$T/answers"
}

strange='/strange/%3Cb%3Ebold%20%26%20%22co%22/ci'

promises() {
	plan 30
	HASH=$(perl -e 'print crypt("secret", q($1$x8TkJzhA$))')
	export HASH

	quire seed "$QUIRE_HOME" >/dev/null || {
		echo 'Bail out! quire seed'
		exit 1
	}
	big_log
	new_repo busy
	pipeline busy '{"jobs":[{"id":"a","run":["echo 1","echo 2"]},
		{"id":"b","needs":["a"],"run":"echo 3"}]}'
	quire config sandbox none
	quire config busy publicRuns on
	push busy >/dev/null
	wait_idle
	[ "$(id -u)" != 0 ] || chgrp -R www-data "$QUIRE_HOME"

	server_start top
	TOP=$URL$MOUNT_TOP
	TOP_URL=$URL
	server_start ci
	CI_URL=$URL
	server_start login
	WEB=$TOP
	WEB_AUTH=$URL$MOUNT_CI
	: >"$T/begun"

	promises_pages
	promises_refusals
	promises_readers
	promises_logs
	promises_home
}

promises_pages() {
	check 'the home page is at the top of the site' \
		'curl -s "$TOP_URL/" |
			grep -q "href=\"$MOUNT_TOP/work/parser/ci\""'
	check 'every link leads to what is there, and stays below the mount' \
		'all_links_answer "$TOP_URL" "$MOUNT_TOP"'
	check 'mounted elsewhere, too' \
		'all_links_answer "$CI_URL" "$MOUNT_CI"'
	check 'the style sheet and the script are what they should be' \
		'links "$CI_URL$MOUNT_CI/work/parser/ci/14" >l
		curl -s "$CI_URL$(grep "/style.css" l)" |
			grep -q prefers-color-scheme &&
		raw /style.css | grep -q "^content-type: text/css" &&
		raw /live.js | grep -q "^content-type: text/javascript"'
	check 'a run is shown with its failure' \
		'page /work/parser/ci/14 | grep -q "id=\"failure\""'
	check 'names full of markup and spaces are reached by their links' \
		'page / | grep -q "href=\"$MOUNT_TOP$strange\"" &&
			page "$strange/1" | grep -q "&lt;script&gt;alert" &&
			page "$strange?ref=refs/heads/fix/%3Ci%3E%26amp%3B%22quotes%27%E8%8A%B1" |
			grep -q "/ci/1\""'
	check 'a page has its headers, once each' \
		'raw /work/parser/ci/14 >h
		for name in content-security-policy x-content-type-options \
			referrer-policy cache-control content-type; do
			test "$(grep -c "^$name: " h)" = 1 || { cat h; exit 1; }
		done
		grep -q "^content-type: text/html; charset=utf-8" h &&
			! grep -q "^status:.* 404" h && ! grep -q unsafe h'
	check 'a redirect is one, to a place below the mount' \
		'curl -s -o /dev/null -D - "$CI_URL$MOUNT_CI/work/parser" |
			tr -d "\r" | grep -i "^location:" >h
		grep -qE "[ :0-9]$MOUNT_CI/work/parser/ci\$" h'
	check 'HEAD has the headers and no body' \
		'curl -s -I "$TOP/work/parser/ci/14" >h
		grep -qE "^HTTP/1.. 200" h && grep -qi "^etag: " h &&
			! grep -qi "<html" h'
	if passes etag; then
		check 'a page that is the same is 304' \
			'tag=$(etag /work/parser/ci/14)
			test "$tag" || exit 1
			rm -f body
			raw /work/parser/ci/14 "If-None-Match: $tag" >h
			grep -q "^http/1.. 304" h && ! test -s body'
	else
		check 'as quire-cgi(8) says, a page comes anew' \
			'tag=$(etag /work/parser/ci/14)
			test "$tag" || exit 1
			raw /work/parser/ci/14 "If-None-Match: $tag" |
			grep -q "^http/1.. 200"'
	fi
	check 'twenty at once are answered' \
		'seq 20 | xargs -P 20 -I N curl -s -o /dev/null \
			-w "%{http_code}\n" "$TOP/work/parser/ci?N" >s
		test "$(grep -cx 200 s)" = 20'
}

# expect 'STATUS...' ADDRESS: as the top instance answers.
expect() {
	expect_got=$(status "$2")
	case " $1 " in
	*" $expect_got "*) ;;
	*) echo "$expect_got: $2" | cut -c 1-200; return 1 ;;
	esac
}

promises_refusals() {
	check 'what is not there is 404' \
		'for p in /nope /work/parser/ci/999 /work/parser/ci/14/test/2 \
			/work/parser/ci/14/nope/1 /vault/ci; do
			expect 404 "$p" || exit 1
		done'
	# mini_httpd cuts a path at %00, and what is before it counts
	check 'paths with dots, %2f, %00 and %0a lead out of nothing' \
		'for p in "/work/parser/ci/14/..%2f..%2f..%2fsecrets/1" \
			/../../../etc/passwd "/work%2fparser/ci/../../quire.db" \
			/quire.db "/work/parser/ci/99%00/test/1" "/vault%00/ci" \
			/secrets/x "/work/parser/ci/14/nope/1%00.txt" \
			/work/parser/%0a/ci /..%2f..%2f..%2f..%2fetc/passwd \
			"/nope%0a/ci" "/hello/ci/1/..%2f..%2f..%2fsecrets"; do
			expect "400 403 404" "$p" || exit 1
		done'
	check 'an encoded slash is a slash, or is refused' \
		'expect "200 400 404" /work%2Fparser/ci/14'
	check 'what is overlong is refused' \
		'for p in "/$(printf %06000d 0)" "/$(printf %0100000d 0)" \
			"/hello/ci?ref=$(printf %06000d 0)"; do
			expect "400 403 404 414 431" "$p" || exit 1
		done
		expect 200 /'
	# mini_httpd may hang up on a body that nobody reads
	check 'POST, PUT and nonsense change nothing' \
		'for m in POST PUT DELETE QUIRE; do
			case $(curl -s -o /dev/null -w "%{http_code}" -X $m \
				-d x=1 "$TOP/") in
			400 | 405 | 501) ;;
			000) passes etag && exit 1 ;;
			*) echo "$m"; exit 1 ;;
			esac
		done
		expect 200 /'
}

promises_readers() {
	check 'without a login, output and private repositories are not there' \
		'test "$(status /hello/ci/1/greet/1.txt)" = 404 &&
			page /hello/ci/1 | grep -q "Log in to see output" &&
			! page / | grep -q vault'
	check 'whom the server has let in sees them' \
		'page_as_user /vault/ci/1 | grep -q "rotated 3 keys" &&
			page_as_user / |
			grep -q "href=\"$MOUNT_CI/vault/ci\"" &&
			test "$(status_as_user /hello/ci/1/greet/1)" = 200'
	check 'whom it has not, sees nothing' \
		'test "$(curl -s -o b -w "%{http_code}" "$WEB_AUTH/")" = 401 &&
			test "$(curl -s -o b -w "%{http_code}" -u tess:wrong \
				"$WEB_AUTH/vault/ci/1")" = 401 &&
			! grep -q "rotated" b'
	check 'no header makes somebody a user' \
		'for h in "Remote-User: tess" "REMOTE_USER: tess" \
			"X-Remote-User: tess" "Remote_User: tess" \
			"Authorization: Basic dGVzczpzZWNyZXQ=" \
			"X-Forwarded-User: tess" "Proxy: http://localhost" \
			"QUIRE_HOME: /tmp" "Path-Info: /vault/ci" \
			"Script-Name: /x" "Content-Type: REMOTE_USER=tess"; do
			for p in /hello/ci/1/greet/1.txt /vault/ci/1; do
				raw "$p" "$h" >h
				grep -q "^http/1.. 404" h ||
					{ echo "$h"; cat h; exit 1; }
			done
		done'
}

promises_logs() {
	log=/hello/ci/1/greet/1.txt
	if passes range; then
		check 'a range of a log is that range, one behind its end is 416' \
			'curl -s -D h -o body -u "$WEB_LOGIN" -r 3-5 \
				"$WEB_AUTH$log"
			grep -qE "^HTTP/1.. 206" h &&
				grep -qi "^content-range: bytes 3-5/" h &&
				test "$(cat body)" = "-O2" &&
				test "$(curl -s -o body -w "%{http_code}" \
					-u "$WEB_LOGIN" -r 99999999999- \
					"$WEB_AUTH$log")" = 416'
	else
		check 'as quire-cgi(8) says, a log comes whole' \
			'curl -s -D h -u "$WEB_LOGIN" -r 3-5 "$WEB_AUTH$log" |
				head -c 1000 | wc -c >size
			grep -qE "^HTTP/1.. 200" h && test "$(cat size)" = 1000'
	fi
	check 'a log of 1 GB arrives, and nobody holds it in memory' \
		'curl -s -u "$WEB_LOGIN" "$WEB_AUTH$log" | wc -c >size &
		client=$! most=0
		while kill -0 "$client" 2>/dev/null; do
			now=$(peak)
			[ "${now:-0}" -le "$most" ] || most=$now
			sleep 0.3
		done
		echo "$(cat size) of $BIG_BYTES bytes, $most KB"
		test "$(cat size)" = "$BIG_BYTES" && test "$most" -gt 0 &&
			test "$most" -lt 65536'
	check 'a reader who goes away leaves no process' \
		'curl -s -u "$WEB_LOGIN" "$WEB_AUTH$log" |
			head -c 100000 >part
		test -s part && wait_for "test -z \"\$(cgis)\"" 10'
	check 'nor does a web server that ends and is started again' \
		'curl -s --limit-rate 1M -u "$WEB_LOGIN" "$WEB_AUTH$log" \
			>/dev/null &
		client=$!
		wait_for "test -n \"\$(cgis)\"" 10 || exit 1
		server_stop login || exit 1
		wait_for "! kill -0 $client" 2 || kill "$client"
		wait_for "test -z \"\$(cgis)\"" 10 || exit 1
		server_start login "${URL##*:}"
		page_as_user / | grep -q vault'
	cp "$T/small.log" "$big"
}

# pages_answer: whether some pages are there; prints which are not.
pages_answer() {
	for path in / /work/parser/ci /work/parser/ci/14 /style.css; do
		expect 200 "$path" || return 1
	done
}

promises_home() {
	check 'nothing in the home was written' \
		'test -z "$(find "$QUIRE_HOME" -newer "$T/begun" -type f \
			! -path "$big")"'
	check 'no -wal and no -shm are needed, and none are made' \
		'test ! -s "$QUIRE_HOME/quire.db-wal" || exit 1
		rm -f "$QUIRE_HOME/quire.db-wal" "$QUIRE_HOME/quire.db-shm"
		pages_answer && test ! -e "$QUIRE_HOME/quire.db-wal" &&
			test ! -e "$QUIRE_HOME/quire.db-shm"'

	: >"$T/writing"
	write_runs &
	writer=$!
	count_answers 60
	rm "$T/writing"
	wait "$writer"
	check 'pages answer while runs are written, or say when to come again' \
		'test "$(sql "SELECT count(*) FROM runs
			WHERE repo = '\''busy.git'\''")" -gt 5 &&
		awk "{ n += \$1 } \$2 == 200 { good += \$1 }
			\$2 == 503 && \$3 { again += \$1 }
			END { exit n != 300 || good + again != n ||
				again > n / 50 }" answers'
	wait_idle
	check 'what they show afterwards is what there is' \
		'page /busy/ci | grep -q "$(sql "SELECT max(number) FROM runs
			WHERE repo = '\''busy.git'\''")"'

	chmod 0 "$QUIRE_HOME"
	check 'a home that may not be read is 503, with a sentence' \
		'raw / >h
		chmod 2750 "$QUIRE_HOME"
		grep -q "^http/1.. 503" h && grep -q "^retry-after: [1-9]" h &&
			grep -q "may not enter this home" body'
	chmod 2750 "$QUIRE_HOME"
	check 'and back when it may' 'pages_answer'
}
