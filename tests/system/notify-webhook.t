#!/bin/sh
# run-finished.webhook: the run as JSON at an HTTP server, signed, and tried
# again.
. "$(dirname "$0")/lib.sh"
plan 18

new_home
new_repo foo

# --- the listener: keeps each request as got/N, headers and body apart, and
# answers with the status in the file `answer`, as often as it says
mkdir got
cat >listen.py <<'X'
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    n = 0
    def do_POST(self):
        Handler.n += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 204
        if os.path.exists("answer"):
            status, times = map(int, open("answer").read().split())
            if times > 1: open("answer", "w").write(f"{status} {times - 1}")
            else: os.remove("answer")
        open(f"got/{Handler.n}.body", "wb").write(body)
        open(f"got/{Handler.n}.path", "w").write(self.path)
        open(f"got/{Handler.n}.tmp", "w").write(str(self.headers))
        os.rename(f"got/{Handler.n}.tmp", f"got/{Handler.n}")
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
    def do_GET(self): self.do_POST()
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
open("port.tmp", "w").write(str(server.server_port))
os.rename("port.tmp", "port")
server.serve_forever()
X
python3 listen.py &
at_end "kill $!"
wait_for 'test -e port'
url=http://127.0.0.1:$(cat port)

ln -s "$ROOT/hooks/run-finished.webhook" home/hooks/run-finished

requests() { find got -name '*[0-9]' | wc -l; }
header() { sed -n "s/^$2: //p" "got/$1" | tr -d '\r'; }
# hmac FILE: with the secret in secret.txt, by another program
hmac() {
	python3 -c "import hashlib, hmac, sys
print(hmac.new(open('secret.txt', 'rb').read(), open(sys.argv[1], 'rb').read(),
	hashlib.sha256).hexdigest())" "$1"
}
# signed N: request N is, with that secret
signed() {
	echo "$(header "$1" X-Quire-Signature) sha256=$(hmac "got/$1.body")"
	test "$(header "$1" X-Quire-Signature)" = "sha256=$(hmac "got/$1.body")"
}
# secret TEXT
secret() {
	printf '%s' "$1" >secret.txt
	(umask 077 && printf '%s\n' "$1" >home/hooks/webhook.secret)
}

pipeline foo '{"jobs":[{"id":"a","run":"exit 3"}]}'
push foo >/dev/null
wait_for 'grep "foo#1: hooks/run-finished: done" home/run-finished.log'
check 'without an address nothing is posted' 'test "$(requests)" = 0'
quire config webhook "$url/hook?a=b&c=%22\\\"[1-9]{x,y}"
secret "s3cret, and \"more\" \$of it"
quire rerun foo#1 >/dev/null
check 'the run is posted, as quire show --json has it' '
	wait_for "test -e got/1" && quire show --json foo#2 >shown
	cmp shown got/1.body'
check 'to the address as it is in the setting' \
	'test "$(cat got/1.path)" = "/hook?a=b&c=%22\\\"[1-9]{x,y}"'
check 'as JSON, with what it is and a name that a second try has as well' '
	test "$(header 1 Content-Type)" = application/json &&
	test "$(header 1 X-Quire-Event)" = run-finished &&
	test "$(header 1 X-Quire-Delivery)" = "$(row 2 id)"'
check 'signed' 'signed 1'
check 'with another secret it is another signature' '
	was=$(header 1 X-Quire-Signature) && secret other &&
	quire-run --notify foo#2 && signed 2 &&
	test "$(header 2 X-Quire-Signature)" != "$was"'
check 'a long secret, one of a block, and one of a byte' '
	secret "$(head -c 200 /dev/zero | tr "\0" k)" &&
	quire-run --notify foo#2 && signed 3 &&
	secret "$(head -c 64 /dev/zero | tr "\0" k)" &&
	quire-run --notify foo#2 && signed 4 &&
	secret x && quire-run --notify foo#2 && signed 5'
check 'a secret with bytes that are no text' '
	secret "$(printf "a\\\\n%%s\303\274\377\001 ")" &&
	quire-run --notify foo#2 && signed 6'
(umask 077 && mkdir home/hooks/foo.git &&
	printf 'of foo' >home/hooks/foo.git/webhook.secret)
printf 'of foo' >secret.txt
check 'the secret of the repository before that for all' \
	'quire-run --notify foo#2 && signed 7'
rm -r home/hooks/foo.git
secret well-kept

# --- a server that fails
echo 503 2 >answer
check 'what fails twice is tried a third time' '
	quire-run --notify foo#2 && test "$(requests)" = 10 &&
	cmp got/8.body got/10.body && signed 10 &&
	test "$(header 8 X-Quire-Delivery)" = "$(header 10 X-Quire-Delivery)"'
echo 302 1 >answer
check 'a redirection is not followed, and no success' '
	! quire-run --notify foo#2 && test "$(requests)" = 11 &&
	grep "| the answer was 302" home/run-finished.log'
quire config notifyTimeout 2s
check 'a server that does not get well: a failed hook, and logged' '
	echo 500 100 >answer && ! quire-run --notify foo#2 && rm answer &&
	grep "foo#2: hooks/run-finished: " home/quire-run.log'
quire config --unset notifyTimeout

# --- the secret is nobody else's to see
cat >spy <<'X'
#!/bin/sh
# every argument and every variable of a process that is started
{ tr '\0' '\n' </proc/$$/cmdline; env; } >>"$SPY.${0##*/}"
PATH=$REAL_PATH exec "${0##*/}" "$@"
X
chmod 755 spy
mkdir spies
for program in curl openssl od awk sed cut cat mktemp ls quire rm; do
	ln -s ../spy "spies/$program"
done
check 'it is in no argument or variable of a program' '
	home=$QUIRE_HOME && id=$(row 2 id) && export REAL_PATH=$PATH SPY=$T/seen &&
	before=$(requests) &&
	quire show --json foo#2 >json
	QUIRE_ID=$id QUIRE_REPO=foo.git PATH=$T/spies:$PATH \
		"$ROOT/hooks/run-finished.webhook" <json &&
	test "$(requests)" = $((before + 1)) && signed "$(requests)" &&
	test -s seen.curl && test -s seen.openssl && test -s seen.od &&
	! grep -r well-kept seen.*'
check 'nor is the address, which may be one' '! grep -r "$url" seen.*'
check 'nothing is left of it in /tmp' \
	'! grep -lr well-kept "${TMPDIR:-/tmp}"/quire-webhook.* 2>/dev/null'
n=$(requests)
chmod 640 home/hooks/webhook.secret
check 'a secret that others may read is refused, and nothing is posted' '
	! quire-run --notify foo#2 && test "$(requests)" = $n &&
	grep "webhook.secret: has to be a file with mode 0600" \
	home/run-finished.log'
rm home/hooks/webhook.secret
check 'without a secret nothing is signed' '
	quire-run --notify foo#2 && test "$(requests)" = $((n + 1)) &&
	test -z "$(header $((n + 1)) X-Quire-Signature)"'
quire config foo webhook "$url/of-foo"
check 'an address of the repository before that for all' '
	quire-run --notify foo#2 && test "$(cat got/$((n + 2)).path)" = /of-foo'
