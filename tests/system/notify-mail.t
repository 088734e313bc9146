#!/bin/sh
# run-finished.mail: mail that arrives, by a sendmail and over SMTP, in a
# mailbox.
. "$(dirname "$0")/lib.sh"
plan 25

new_home
new_repo foo

# --- the mailbox: an SMTP server on a free port, which keeps a Maildir
port=$(/usr/bin/python3 -c "import socket
s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
/usr/bin/python3 -m aiosmtpd -n -l "127.0.0.1:$port" \
	-c aiosmtpd.handlers.Mailbox "$T/box" >smtp.log 2>&1 &
at_end "kill $!"
wait_for "/usr/bin/python3 -c 'import socket
socket.create_connection((\"127.0.0.1\", $port)).close()'"

# --- the hook: sendmail is msmtp, which talks to it
cat >home/hooks/run-finished <<X
#!/bin/sh
QUIRE_SENDMAIL='msmtp --host=127.0.0.1 --port=$port --from=ci@example.org'
QUIRE_MAIL_FROM='Quire <ci@example.org>'
export QUIRE_SENDMAIL QUIRE_MAIL_FROM
exec '$ROOT/hooks/run-finished.mail'
X
chmod 755 home/hooks/run-finished

count() { find box -path '*/new/*' 2>/dev/null | wc -l; }
calls() { grep -c 'run-finished: [a-z]' home/run-finished.log; }

# mails N RUNS: when so many runs have been told of, as many mails are there
mails() {
	wait_for "test \$(calls) = $2"
	echo "$(count) mails, $(calls) calls"
	test "$(count)" = "$1"
}

# mail HEADER|body: of the newest
mail() {
	/usr/bin/python3 - "$1" <<'X'
import email, email.policy, glob, os, sys
newest = max(glob.glob("box/new/*"), key=lambda f: (os.stat(f).st_mtime_ns, f))
m = email.message_from_binary_file(open(newest, "rb"), policy=email.policy.default)
if m.defects: sys.exit(str(m.defects))
print(m.get_content() if sys.argv[1] == "body" else m[sys.argv[1]] or "", end="")
X
}
newest() { find box -path '*/new/*' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2; }

red='{"jobs":[{"id":"build","run":"true"},{"id":"test","run":["true",
	"i=0; while [ $i -lt 30 ]; do i=$((i + 1)); echo line $i; done; exit 3"]}]}'
green='{"jobs":[{"id":"a","run":"true"}]}'
quire config url https://ci.example.org

pipeline foo "$green" 'all is well'
push foo >/dev/null
check 'a run that is complete as the one before: no mail' \
	'mails 0 1'
pipeline foo "$red" 'break the test'
push foo >/dev/null
check 'one that fails: a mail' 'mails 1 2'
check 'to the author of the commit' \
	'test "$(mail To)" = tess@example.org'
check 'its subject says what' \
	'test "$(mail Subject)" = "foo: main failed: break the test"'
check 'it has the command that failed, with its exit status' '
	mail body | grep -x "Job test failed with exit status 3:" &&
	mail body | grep -F "  $ i=0; while"'
check 'and its last lines, twenty of them' '
	mail body | grep -x "  line 30" && mail body | grep -x "  line 11" &&
	! mail body | grep -x "  line 10"'
check 'commit, author, and where to look' '
	mail body | grep "commit  $(git -C foo rev-parse HEAD)" &&
	mail body | grep "author  Tess Test <tess@example.org>" &&
	mail body | grep -x https://ci.example.org/foo/ci/2'
check 'nobody answers it by a machine: it is auto-generated' \
	'test "$(mail Auto-Submitted)" = auto-generated'
check 'it has what a mail needs' '
	test "$(mail From)" = "Quire <ci@example.org>" && test "$(mail Date)" &&
	mail Message-ID | grep "^<$(row 2 id)\.failed@" &&
	mail Content-Type | grep -i "text/plain.*utf-8"'
quire rerun foo#2 >/dev/null
check 'a rerun that fails as before: no mail' 'mails 1 3'
git -C foo commit -q --allow-empty -m 'still red, in two places'
git -C foo tag v1
push foo main v1 >/dev/null
check 'one push of two refs: one mail' 'mails 2 5'
pipeline foo "$green" 'whole again'
push foo >/dev/null
check 'recovery: a mail' 'mails 3 6 &&
	test "$(mail Subject)" = "foo: main recovered: whole again" &&
	mail body | grep "foo#6: main is complete again"'
git -C foo commit -q --allow-empty -m 'still whole'
push foo >/dev/null
check 'and no further one' 'mails 3 7'
pipeline foo '{"jobs":[{"id":"a","run":"touch '"$T"'/up; exec sleep 1000"}]}'
push foo >/dev/null
wait_for 'test -e up'
quire cancel foo#8 >/dev/null
check 'none for a run that was canceled' 'mails 3 8'
rm up
git -C foo commit -q --allow-empty -m 'goes on'
push foo >/dev/null
wait_for 'test -e up'
pipeline foo "$green"
push foo >/dev/null
check 'nor for one that was superseded' \
	'wait_idle && mails 3 10 && test "$(row 9 state)" = superseded'

# --- what is not to be trusted
pipeline foo "$red" 'Grüße: 修复 the thing that was broken, which took a while, вот так'
push foo >/dev/null
check 'a subject that is not ASCII: encoded words, none cut in a character' '
	mails 4 11 && test "$(mail Subject)" = \
	"foo: main failed: Grüße: 修复 the thing that was broken, which took a while, вот так" &&
	! sed "/^$/q" "$(newest)" | LC_ALL=C grep "[^ -~	]" &&
	! sed "/^$/q" "$(newest)" | grep -E "^.{77}" &&
	python3 - "$(newest)" <<-X
		import quopri, re, sys
		head = open(sys.argv[1], "rb").read().split(b"\n\n")[0]
		words = re.findall(rb"=\?UTF-8\?Q\?([^?]*)\?=", head)
		assert len(words) > 2
		for word in words: quopri.decodestring(word, header=True).decode()
	X'
# git itself takes no line break; the database may have anything
sql "UPDATE runs SET subject = 'a' || char(10) || 'Bcc: eve@example.org' ||
	char(13, 10, 13, 10) || x'ff' || '=?UTF-8?Q?b?=' WHERE number = 11"
check 'no header begins in a subject' '
	quire-run --notify foo#11 && test "$(count)" = 5 && test -z "$(mail Bcc)" &&
	test "$(mail To)" = tess@example.org && test "$(mail Subject)" = \
	"foo: main failed: a?Bcc: eve@example.org????�=?UTF-8?Q?b?="'
check 'nor in an author, whose address has to be one' '
	n=0
	for odd in "E <e@example.org,eve@example.org>" "e@example.org <E>" "E <|/bin/sh@example.org>" \
		"E <-oQ/tmp@example.org>" "E <eve>" "E <a b@example.org>" \
		"E <e@example.org
Bcc: eve@example.org>" ""; do
		printf "%s" "$odd" >odd
		sql "UPDATE runs SET author = CAST(readfile('\''odd'\'') AS TEXT)
			WHERE number = 11"
		quire-run --notify foo#11 || exit 1
		test "$(row 11 author)" = "$odd" || exit 1
	done
	test "$(count)" = 5 &&
	grep "no address for mail: |/bin/sh@example.org" home/run-finished.log'
sql "UPDATE runs SET author = 'Tess <tess@example.org>' WHERE number = 11"
cat >noise.py <<'X'
import sys
out = sys.stdout.buffer
out.write(b"\x1b[31mred\x1b[0m \x1b]0;title\x07\xff\xc3( \xe2\x82\xac\n")
out.write(b"10%\r20%\r100%\r\n.\nFrom me\n\x00\x08tab\there\n")
out.write(b"x" * 5000 + b"\n" + "\u20ac".encode() * 1000 + b"\n")
sys.exit(1)
X
pipeline foo '{"jobs":[{"id":"a","run":"exec python3 '"$T"'/noise.py"}]}' noise
push foo >/dev/null
check 'what a log has of control characters and other bytes is made text' '
	mails 6 21 && mail body >text && grep -x "  red ??( €" text &&
	grep -x "  100%" text && grep -x "  \." text && grep -x "  From me" text &&
	grep -x "  tab	here" text'
check 'its lines are cut, within no character' \
	'test "$(LC_ALL=C awk "length > 900" "$(newest)")" = "" &&
	grep -E "^  x{898}$" text && grep -E "^  €{299}$" text'
pipeline foo '{"timeout":"1s","jobs":[{"id":"a","run":"echo so far; exec sleep 1000"}]}' slow
push foo >/dev/null
check 'of a run out of time: which command was cut off, and why' '
	mails 7 22 && mail body | grep "ended after its time limit of 1.0s" &&
	mail body | grep -x "Job a was cut off:" && mail body | grep -x "  so far"'

# --- to whom
quire config notify 'all@example.org, ops@example.org'
quire-run --notify foo#2
check 'the addresses in the setting notify, instead of the author' \
	'test "$(mail To)" = "all@example.org, ops@example.org"'
quire config foo notify 'foo@example.org'
quire-run --notify foo#2
check 'those of the repository before those for all' \
	'test "$(mail To)" = foo@example.org && test "$(count)" = 9'
check 'nobody' '
	quire config foo notify nobody && quire-run --notify foo#2 &&
	test "$(count)" = 9'
quire config --unset foo notify
sed -i 's/--port=[0-9]*/--port=1/' home/hooks/run-finished
check 'mail that cannot be sent is a failed hook, and logged' '
	! quire-run --notify foo#2 && grep "foo#2: hooks/run-finished: exit status" \
	home/quire-run.log'
