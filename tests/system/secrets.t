#!/bin/sh
# Secrets: quire secret, who gets them, and where their values are not.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 47

new_home
new_repo foo
secrets=$QUIRE_HOME/secrets
mode() { stat -c %a "$1"; }
same() { test "$1" = "$2" || { echo "is: $1"; echo "not: $2"; false; }; }

# quire secret

check 'a value comes by standard input, into a file for its owner alone' '
	printf "Tr0ub4dor-3-xyzzy\n" | quire secret set token &&
	same "$(mode "$secrets/token")" 600 &&
	same "$(cat "$secrets/token")" "Tr0ub4dor-3-xyzzy" &&
	same "$(ls -A "$secrets")" token'
check 'with one newline or without it is the same' '
	printf "Tr0ub4dor-3-xyzzy" | quire secret set other &&
	cmp "$secrets/token" "$secrets/other"'
check 'the umask does not make it more open, nor does what was there' '
	chmod 644 "$secrets/other" &&
	(umask 0; echo another-value | quire secret set other) &&
	same "$(mode "$secrets/other")" 600'
check 'a file that was read from before keeps what it had: it is replaced' '
	exec 3<"$secrets/other" && echo a-third-value | quire secret set other &&
	same "$(cat <&3)" another-value'
check 'a value is no operand, and is not repeated' '
	quire secret set token my-value </dev/null 2>err; test $? = 2 &&
	grep "read from standard input" err && ! grep my-value err'
check 'an empty one is refused' '
	quire secret set none </dev/null 2>err; test $? = 2 &&
	grep "value is empty" err && ! test -e "$secrets/none"'
check 'one with a NUL and one that is too large are refused' '
	! printf "some\0value" | quire secret set none 2>err &&
	grep "holds a NUL" err &&
	! head -c 65537 /dev/zero | tr "\0" x | quire secret set none 2>err &&
	grep "larger than 65536 bytes" err && ! test -e "$secrets/none"'
check 'so are names that lead elsewhere' '
	for name in ../x .x a/b "a b" ""; do
		echo some-value | quire secret set "$name" 2>err
		test $? = 2 && grep "no name for a secret" err || exit 1
	done'
check 'a short one is warned of' '
	echo 1234567 | quire secret set pin 2>err &&
	grep "pin has fewer than 8 bytes" err &&
	echo 12345678 | quire secret set eight 2>err && test ! -s err'
if command -v script >/dev/null; then
	check 'at a terminal it is asked for, and not shown' '
		: >out; { wait_for "grep value.of.typed: out" &&
			printf "typed-value\n"; } |
			script -qefc "quire secret set typed" /dev/null >out &&
		! grep typed-value out &&
		same "$(cat "$secrets/typed")" typed-value'
else
	skip 'at a terminal it is asked for, and not shown' 'no script(1)'
fi
check 'the list has names, sizes and dates, and no value' '
	quire secret list >out && grep -E "^SECRET +BYTES +CHANGED" out &&
	grep -E "^token +18 +20..-" out && ! grep Tr0ub out'
check 'in JSON too' '
	quire secret list --json >out &&
	perl -MJSON::PP -e "\$l = decode_json(join q(), <>);
		(\$t) = grep { \$_->{name} eq q(token) } @\$l;
		exit !(\$t->{bytes} == 18 && \$t->{changed_at_ms} > 1e12)" out &&
	! grep Tr0ub out'
check 'what is removed is gone; what is not there is an error' '
	quire secret rm other && ! test -e "$secrets/other" &&
	! quire secret rm other 2>err && grep "no secret .other." err'

# what a job gets of them

# log NUMBER JOB [N]: the text of a command's log.
log() { sed 's/^[^ ]* [a-z]* [FP] //' "$(dir "$1")/jobs/$2/sh-${3:-1}.log"; }
# go JSON: a run of it; its number in $run.
run=0
go() {
	pipeline foo "$1" && push foo && run=$((run + 1)) && wait_idle
}
job_reason() {
	sql "SELECT jobs.reason FROM jobs JOIN runs ON runs.id = run_id
		WHERE number = $run AND job_id = '$1'"
}

# Who reads /proc while the job stops there.
go '{"env": {"ALL": "yes"}, "jobs": [
	{"id": "with", "secrets": {"TOKEN": "token"}, "run": [
		"test \"$TOKEN\" = \"Tr0ub4dor-3-xyzzy\" && printenv ALL",
		"touch $QUIRE_CACHE/ready; until [ -e $QUIRE_CACHE/on ]; do sleep 0.05; done",
		"echo seen by $(printenv | grep -c \"^TOKEN=\")"]},
	{"id": "without", "run": "printenv | grep -c Tr0ub"}]}' &
at_end 'wait'
cache=$QUIRE_HOME/cache/foo.git
wait_for 'test -e "$cache/ready"'
for pid in /proc/[0-9]*; do
	tr '\0' ' ' <"$pid/cmdline"
	echo
done >"$T/cmdlines" 2>/dev/null
grep -lz Tr0ub /proc/[0-9]*/environ 2>/dev/null | while read -r file; do
	tr '\0' ' ' <"${file%environ}cmdline" && echo
done >"$T/holders"
for pid in $(survivors); do
	case $(tr '\0' ' ' <"/proc/$pid/cmdline") in
	"quire-ci exec"*) echo "$pid" ;;
	esac
done >"$T/executors"
check 'no process has the value on its command line' '
	grep "quire-ci exec" "$T/cmdlines" && ! grep Tr0ub "$T/cmdlines"'
check 'only commands of the job have it in their environment' '
	grep "^sh\|sleep" "$T/holders" && ! grep quire "$T/holders"'
check 'the value is in no event and not in the database, nor in its WAL' '
	grep "= ..{{ token }}" "$QUIRE_HOME"/runs/foo.git/*/events.jsonl &&
	test -s "$QUIRE_HOME/quire.db-wal" &&
	! grep -rla Tr0ub "$QUIRE_HOME" --exclude-dir=secrets \
		--exclude-dir=repos --exclude-dir=workspace'
touch "$cache/on"
wait
run=1
check 'the job has it, under the name that it gave' \
	'same "$(log 1 with 3)" "seen by 1"'
check 'the next job has not' 'same "$(log 1 without)" 0'

# what logs show
printf 'Tr0ub4dor-3-xyzzy-the-long-one' | quire secret set longer
printf 'one-half-then-the-rest' | quire secret set left
printf 'the-rest-of-another' | quire secret set right
key=$(seq 1000000 1003000 | tr '\n' '-')
printf '%s' "$key" | quire secret set key
printf -- '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nAQEFAASC\n-----END KEY-----\n' |
	quire secret set pem
# jobs_of NAME: as the value, in JSON, of a job's secrets.
all='{"T": "token", "L": "longer", "A": "left", "B": "right", "K": "key",
	"P": "pem", "S": "pin"}'
show() {
	go "{\"jobs\": [{\"id\": \"a\", \"secrets\": $all, \"run\": [$1]}]}"
}
show '"set -x; : $T; echo $T", "echo $S", "echo Tr0ub4dor-3-xyzzy"'
check 'a shell that traces shows the name' '
	same "$(log $run a | sort | grep -v ^quire | tr "\n" ,)" \
		"+ : {{ token }},+ echo {{ token }},{{ token }},"'
check 'the first log warns of one that is too short' '
	log $run a | grep "^quire: secret .pin. has fewer than 8 bytes" &&
	same "$(log $run a 2)" 1234567'
check 'a recorded command has the name, in events, database and quire show' '
	grep "\"cmd\":\"echo {{ token }}\"" "$(dir $run)/events.jsonl" &&
	same "$(sql "SELECT count(*) FROM sh_events
		WHERE cmd = '\''echo {{ token }}'\''")" 1 &&
	quire show foo#$run | grep "echo {{ token }}"'
show '"printf %s \"$T\" | (fold -w 1; echo) | while read -r c; do printf %s \"$c\"; sleep 0.01; done; echo",
	"printf \"%s|%s\" \"$L\" \"$T\"",
	"echo \"$A-of-another\"",
	"echo \"<$K>\"",
	"echo \"$P\"; echo \"$P\" | sed -n 2p"'
check 'a value that is written byte by byte' \
	'same "$(log $run a | grep -v ^quire)" "{{ token }}"'
check 'of two the longer, where one begins like the other' \
	'same "$(log $run a 2)" "{{ longer }}|{{ token }}"'
check 'nothing of two that overlap' \
	'same "$(log $run a 3)" "{{ left }}{{ right }}"'
check 'a value of more than 16 KiB' '
	test ${#key} -gt 20000 && same "$(log $run a 4)" "<{{ key }}>"'
check 'a value of several lines, and each of them' \
	'same "$(log $run a 5 | tr "\n" ,)" "{{ pem }},{{ pem }},"'
show '"printf %s \"$T\" | base64; echo \"$T\" | base64",
	"for before in u: us: use:; do echo \"$before$T@host/a\" | base64; done",
	"printf %s \"$K\" | base64; printf %s \"$P\" | base64 -w 64",
	"printf %s \"$T\" | base64 | tr +/ -_ | tr -d =",
	"printf %s \"$T\" | od -An -tx1; printf %s \"$K\" | od -An -v -tx1",
	"printf %s \"$T\" | od -An -v -tx1 | tr -d \" \\n\" | tr a-f A-F",
	"printf %s \"$K\" | od -An -v -tx1 | tr -d \" \\n\" | fold -w 60"'
# what is left of a text when the names are gone
rest() { log "$run" a "$1" | sed 's/{{ [a-z]* }}//g' | tr -d ' \n'; }
check 'base64' 'same "$(log $run a | grep -v ^quire | tr "\n" ,)" \
	"{{ token }},{{ token }},"'
check 'base64 within longer text, wherever it begins' '
	same "$(log $run a 2 | grep -c "^.\{2,6\}{{ token }}.*[^}]$")" 3 &&
	! log $run a 2 | grep "[A-Za-z0-9+/]\{16\}"'
check 'base64 in lines' 'same "$(rest 3)" ""'
check 'base64 of the other alphabet, unpadded' 'same "$(log $run a 4)" "{{ token }}"'
check 'hexadecimal in pairs and lines' 'same "$(rest 5)" ""'
check 'in upper case' 'same "$(log $run a 6)" "{{ token }}"'
check 'and in lines' 'same "$(rest 7)" ""'
go '{"jobs": [{"id": "a", "secrets": {"T": "token"}, "run": [
	["no-such-program-Tr0ub4dor-3-xyzzy"]]}]}'
check 'what quire itself says of a command' '
	log $run a | grep "no-such-program-{{ token }}: No such file"'

go '{"jobs": [{"id": "a", "secrets": {"T": "token"}, "artifacts": ["d/**"],
	"run": "mkdir -p d/$T; touch d/$T/x"},
	{"id": "b", "secrets": {"T": "token"}, "artifacts": ["e/*"],
	"run": "mkdir e; touch e/$(printf %s $T | base64)"}]}'
check 'a path that holds one is no artifact, in base64 neither' '
	same "$(job_reason a)" \
		"artifact d/{{ token }}/x: its path holds the value of a secret" &&
	same "$(job_reason b)" \
		"artifact e/{{ token }}: its path holds the value of a secret" &&
	test ! -e "$(dir $run)/artifacts" &&
	same "$(quire artifacts foo#$run)" ""'

# where values are not
values='Tr0ub4dor|the-rest|MIIEvQIB|1000123-1000124'
check 'no value is in any file of the home but its own' '
	! grep -rlaE "$values" "$QUIRE_HOME" --exclude-dir=secrets \
		--exclude-dir=repos'
check 'nor in the name of any' \
	'! find "$QUIRE_HOME" ! -path "*/workspace/*" | grep -E "$values"'
get() { env -i PATH="$PATH" QUIRE_HOME="$QUIRE_HOME" REMOTE_USER=tess \
	GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET PATH_INFO="$1" quire-cgi; }
check 'nor on a page' '
	for n in $(seq 1 $run); do
		for page in $n $n.json $n/a/1 $n/a/2 $n/a/3 $n/a/1.txt; do
			get "/foo/ci/$page"
		done
	done >pages; get /foo/ci >>pages; get /foo/ci.json >>pages
	grep -c "{{ token }}" pages && ! grep -aE "$values" pages'

# the process that runs the job has them in its memory
cat >spy.sh <<'E'
mkdir -p w/.quire r s && echo 'Tr0ub4dor-3-xyzzy' >s/token && chmod 600 s/token
printf '%s' '{"jobs": [{"id": "a", "secrets": {"T": "token"}, "run":
	["dd if=/proc/$PPID/mem count=0 2>&1 || true",
	"cat /proc/self/autogroup 2>/dev/null || echo none"]}]}' |
	tr '\n' ' ' >w/.quire/ci.json
mkfifo hold
quire-ci exec --workspace w --run-dir r --secrets s --limit nice=3 \
	>events <>hold
cat r/jobs/a/sh-*.log
E
mkdir spied
if [ "$(id -u)" = 0 ]; then
	chown 65534 spied
	as='setpriv --reuid=65534 --regid=65534 --clear-groups'
else
	as=
fi
check 'of which not even the job itself can read it' '
	chmod 755 . && (cd spied && $as sh -c "$(cat ../spy.sh)") >log && cat log && grep "Permission denied" log'
check 'it is nice all the same, as a session too' \
	'grep -E "none$|nice $(($(nice) + 3))$" log'

# who gets none
quire config foo protectedRefs 'refs/heads/main refs/tags/v*'
job='{"jobs": [{"id": "a", "secrets": {"T": "token"}, "run": "touch $QUIRE_CACHE/ran"}]}'
go "$job"
check 'a ref that is in protectedRefs gets secrets' \
	'rm "$cache/ran"'
git -C foo checkout -qb side
git -C foo commit -q --allow-empty -m again
push foo side && run=$((run + 1)) && wait_idle
check 'one that is not gets none: the job fails, and says what to do' '
	same "$(job_reason a)" \
		"secret '\''token'\'': this ref gets no secrets (setting protectedRefs)" &&
	! test -e "$cache/ran" && same "$(state foo#$run)" failed'
git -C foo checkout -q main
go '{"jobs": [{"id": "a", "secrets": {"T": "absent"}, "run": "touch $QUIRE_CACHE/ran"},
	{"id": "b", "run": "true"}]}'
check 'a secret that is not there fails its job, before its first command' '
	same "$(job_reason a)" \
		"secret '\''absent'\'': there is none (quire secret set absent)" &&
	! test -e "$cache/ran" &&
	same "$(sql "SELECT jobs.state FROM jobs JOIN runs ON runs.id = run_id
		WHERE number = $run AND job_id = '\''b'\''")" complete'
chmod 640 "$secrets/token"
go "$job"
check 'one that others may read fails it, too' '
	same "$(job_reason a)" \
		"secret '\''token'\'': others may read it (chmod 600 secrets/token in the home)"'
rm "$secrets/token"
ln -s pem "$secrets/token"
go "$job "
check 'a link is not followed' 'job_reason a | grep "a symbolic link"'

# in a sandbox
rm "$secrets/token"
echo 'Tr0ub4dor-3-xyzzy' | quire secret set token
for n in 1 2 3; do
	head -c 49000 /dev/urandom | base64 -w 0 | head -c 65536 |
		quire secret set "big$n"
done
if quire config sandbox bwrap 2>err && bwrap --ro-bind / / true; then
	go '{"jobs": [{"id": "a", "secrets": {"T": "token", "A": "big1",
		"B": "big2", "C": "big3"},
		"run": ["echo $T; printf %s $A$B$C", "cat '"$secrets"'/token"]}]}'
	check 'a sandboxed job has its secrets, three of the largest too' '
		same "$(log $run a)" "{{ token }}
{{ big1 }}{{ big2 }}{{ big3 }}"'
	check 'and does not see where they are' '
		log $run a 2 | grep "No such file" && same "$(state foo#$run)" failed'
else
	for what in 'a sandboxed job has its secrets, three of the largest too' \
		'and does not see where they are'; do
		skip "$what" 'bubblewrap does not work here'
	done
fi
