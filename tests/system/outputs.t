#!/bin/sh
# $QUIRE_OUTPUT and $QUIRE_INPUTS: what a job tells those that need it.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 19
. "$ROOT/tests/system/exec.sh"

# one COMMAND: of a job `a`
one() { ci "{\"jobs\": [{\"id\": \"a\", \"run\": \"$1\"}]}"; }
bad() { job_is a failed && grep "\"reason\":\"\$QUIRE_OUTPUT$1\"" "$T/events"; }

chain='{"jobs": [
	{"id": "version", "run": "echo V=1.2 >$QUIRE_OUTPUT"},
	{"id": "silent", "run": "true"},
	{"id": "other", "run": "echo X=no >$QUIRE_OUTPUT"},
	{"id": "build", "needs": ["version", "silent"], "run": [
		". $QUIRE_INPUTS/version; echo \"V is $V\"; echo FILE=q-$V.tgz >>$QUIRE_OUTPUT",
		"echo MORE=a b = c >>$QUIRE_OUTPUT"]},
	{"id": "upload", "needs": ["build"], "run": [
		"cd $QUIRE_INPUTS; echo *; cat build version; wc -c <silent"]}]}'
check 'a job reads what it needs has written' '
	ci "$chain" && outcome success && same "$(text build 1)" "V is 1.2"'
check 'directly or not, and of no others; all commands of a job write to one' '
	same "$(text upload 1 | tr "\n" ,)" \
		"build silent version,FILE=q-1.2.tgz,MORE=a b = c,V=1.2,0,"'
check 'the outputs stay with the run, the inputs do not' '
	same "$(cat "$T/r/outputs/build" | tr "\n" ,)" "FILE=q-1.2.tgz,MORE=a b = c," &&
	same "$(ls "$T/r/inputs")" ""'
check 'a job that needs none has an empty folder' '
	one "ls -A \$QUIRE_INPUTS; test -d \$QUIRE_INPUTS" && outcome success &&
	same "$(text a 1)" ""'
check 'the paths are absolute, wherever quire-ci was told to work' '
	ci "$chain" && cd "$T" &&
	quire-ci exec --workspace w --run-dir r <"$T/hold" >"$T/events" &&
	outcome success'
check 'those of a run that quire-ci is within are not those of its jobs' '
	export QUIRE_OUTPUT=/outer QUIRE_INPUTS=/outer &&
	one "case \$QUIRE_OUTPUT\$QUIRE_INPUTS in *outer*) exit 1; esac" &&
	outcome success'

# what is not right
check 'a line that is none fails the job, which says where and not what' '
	one "echo K=v >\$QUIRE_OUTPUT; echo hidden words >>\$QUIRE_OUTPUT" &&
	bad ", line 2: not KEY=VALUE with the name of a variable" &&
	! grep -e "\"reason\".*hidden" "$T/events"'
check 'so does a key that no shell would take, an empty line, a NUL' '
	for line in "1K=v" "A-B=v" "=v" "" "K=\\000"; do
		printf "$line\\n" >"$T/line"
		one "cat $T/line >\$QUIRE_OUTPUT" && bad ", line 1: .*" || exit 1
	done'
sed 's/\\/\\\\/g' >"$T/full" <<'E'
(head -c 1048573 /dev/zero | tr '\0' x | sed 's/^/K=/'; echo) >$QUIRE_OUTPUT; wc -c <$QUIRE_OUTPUT
E
check '1 MiB may be written' '
	one "$(cat "$T/full")" && same "$(text a 1)" 1048576 && outcome success'
check 'a byte more fails the job' '
	one "$(cat "$T/full"); printf x >>\$QUIRE_OUTPUT" &&
	bad ": larger than 1048576 bytes, the limit"'
check 'the last line may lack its end' \
	'one "printf K=v >\$QUIRE_OUTPUT" && outcome success'
check 'a job that removed it has said nothing' '
	ci "{\"jobs\": [{\"id\": \"a\", \"run\": \"rm \$QUIRE_OUTPUT\"},
		{\"id\": \"b\", \"needs\": [\"a\"], \"run\": \"cat \$QUIRE_INPUTS/a\"}]}" &&
	outcome success'
check 'a link in its place is not followed' '
	one "ln -sf /etc/passwd \$QUIRE_OUTPUT" && bad ": Too many levels.*" &&
	one "rm \$QUIRE_OUTPUT; mkfifo \$QUIRE_OUTPUT" && bad ": Invalid.*"'
check 'what a failed job has written goes to nobody' '
	ci "{\"jobs\": [{\"id\": \"a\", \"allow-failure\": true,
		\"run\": \"echo K=v >\$QUIRE_OUTPUT; exit 1\"},
		{\"id\": \"b\", \"needs\": [\"a\"], \"run\": \"wc -c <\$QUIRE_INPUTS/a\"}]}" &&
	outcome success && same "$(text b 1)" 0'
check 'a folder that cannot be made fails the job, with the reason' '
	one true && rm -r "$T/r/outputs" && echo >"$T/r/outputs" && again &&
	job_is a failed && grep "/r/outputs/a: Not a directory" "$T/events"'

# a person
check 'quire-ci run has a folder for it, which goes' '
	mkdir -p "$T/tmp" && cd "$T/w" && echo "$chain" >.quire/ci.json &&
	TMPDIR=$T/tmp quire-ci run >"$T/shown" &&
	grep -x "build | V is 1.2" "$T/shown" && same "$(ls "$T/tmp")" ""'
check 'also when it is interrupted' '
	cd "$T/w" && echo "{\"jobs\": [{\"id\": \"a\", \"run\": \"echo \$QUIRE_OUTPUT >out; exec sleep 1000\"}]}" >.quire/ci.json
	rm -f out; TMPDIR=$T/tmp quire-ci run >"$T/shown" & quire_ci=$!
	wait_for "test -s out"; grep "^$T/tmp/quire-ci\..*/outputs/a$" out &&
	kill -TERM $quire_ci; wait $quire_ci; same "$(ls "$T/tmp")" ""'

# a run, in whatever sandbox there is
new_home
new_repo foo
check 'it works in a run, whose inputs go and whose outputs stay' '
	pipeline foo "$chain" && push foo && wait_idle &&
	same "$(state foo#1)" complete &&
	same "$(cat "$(dir 1)/outputs/version")" V=1.2 && test ! -e "$(dir 1)/inputs"'
forge='{"jobs": [{"id": "a", "run": "echo K=v >$QUIRE_OUTPUT"},
	{"id": "b", "run": "echo K=forged >$(dirname $QUIRE_OUTPUT)/a; true"},
	{"id": "c", "needs": ["a"],
		"run": "echo K=forged >$QUIRE_INPUTS/a; cat $QUIRE_INPUTS/a"}]}'
if bwrap --ro-bind / / --unshare-pid true 2>/dev/null; then
	check 'in a sandbox nobody writes what is another'\''s' '
		mkdir -p "$T/hidden" && ci "$forge" --sandbox bwrap &&
		job_is c complete && text c 1 | grep -x K=v &&
		same "$(cat "$T/r/outputs/a")" K=v'
else
	skip 'in a sandbox nobody writes what is another'\''s' 'no bubblewrap'
fi
