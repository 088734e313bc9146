#!/bin/sh
# quire-ci exec: the events, the logs, and what a command sees.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 47
. "$ROOT/tests/system/exec.sh"

# one RUN: a job `a` that runs it
one() { ci "{\"jobs\": [{\"id\": \"a\", \"run\": $1}]}"; }

check 'a green pipeline ends with status 0' 'one "\"echo hello\""'
one '["echo hello", ["printf", "%s\n", "it'\''s"]]'
check 'the events are the documented ones, in order' 'cat >"$T/expected" <<"E"
{"type":"pipeline","jobs":[{"id":"a","needs":[]}]}
{"type":"job_started","job_id":"a"}
{"type":"sh_started","job_id":"a","n":1,"cmd":"echo hello"}
{"type":"sh_finished","job_id":"a","n":1,"exit_code":0}
{"type":"sh_started","job_id":"a","n":2,"cmd":"printf %s..n. %it.s%"}
{"type":"sh_finished","job_id":"a","n":2,"exit_code":0}
{"type":"job_finished","job_id":"a","outcome":"complete"}
{"type":"run_finished","outcome":"success"}
E
events | sed "s/\"printf .*/\"printf %s..n. %it.s%\"}/" |
	diff - "$T/expected"'
check 'every event has its time' \
	'! grep -v "^{\"at_ms\":1[0-9]\{12\},\"type\"" "$T/events"'
check 'each command has a log in the CRI format' '
	grep -Ex "20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}Z stdout F hello" \
		"$T/r/jobs/a/sh-1.log" &&
	same "$(text a 2)" "it'\''s" &&
	test ! -e "$T/r/jobs/a/sh-3.log"'
one '["true", "exit 3", "echo never"]'
check 'a red pipeline ends with status 0 too' 'again'
check 'the first command that fails ends the job' '
	job_is a failed && outcome pipeline-failure &&
	events | grep "\"n\":2,\"exit_code\":3" && ! grep never "$T/events"'
check 'and the event says why' \
	'grep "\"reason\":\"command 2 failed with exit status 3\"" "$T/events"'
check 'an event says which jobs made the run fail' \
	'tail -n 1 "$T/events" | grep "\"reason\":\"failed: a\""'
one '"kill -SEGV $$"'
check 'death by a signal is 128 and its number' \
	'grep "\"exit_code\":139" "$T/events" && job_is a failed'
one '[["no-such-program", "x"]]'
check 'a program that is not there is exit status 127' \
	'grep "\"exit_code\":127" "$T/events"'
check 'and a line in its log' \
	'same "$(text a 1)" "quire: no-such-program: No such file or directory"'
one '[["/dev/null"]]'
check 'one that may not be executed is 126' \
	'grep "\"exit_code\":126" "$T/events"'
printf '{"env": {"PATH": "a:%s/none:b:c:/usr/bin:/bin"}, "jobs": [{"id": "a", "run": [
	"mkdir -p a b c; echo \"#!/bin/sh\" >c/tool; echo \"echo found\" >>c/tool; chmod +x c/tool; echo echo text >b/tool",
	["tool"], ["./c/tool"], "rm c/tool; chmod +x b/tool", ["tool"]]}]}' "$T" | ci "$(cat)"
check 'an argv is looked for in the PATH of the job' '
	same "$(text a 2) $(text a 3)" "found found"'
check 'what has no #! line is no program, and no shell runs it' '
	same "$(text a 5)" "quire: b/tool: it has no #! line, which says what runs it (#!/bin/sh)" &&
	grep "\"n\":5,\"exit_code\":126" "$T/events"'
one '["printf \"#!/none\r\n\" >s; chmod +x s", ["./s"]]'
check 'what its #! line means is told, not the file itself' '
	text a 2 | grep "^quire: ./s: its #! line ends in a carriage return"'
until='until grep -q $1 $T/r/jobs/a/sh-1.log; do sleep 0.01; done'
one "\"seen() { $until; }; echo out; seen out; echo err >&2; seen err; echo out2\""
check 'both streams are in the log in the order of their arrival' '
	same "$(cut -d" " -f2,4 "$T/r/jobs/a/sh-1.log" | tr "\n" ,)" \
		"stdout out,stderr err,stdout out2,"'
one '"head -c 40000 /dev/zero | tr \"\\\\0\" x; echo; printf end"'
check 'a long line is cut in pieces of 16 KiB' '
	same "$(cut -d" " -f3 "$T/r/jobs/a/sh-1.log" | tr -d "\n")" PPFF &&
	same "$(text a 1 | head -n 3 | tr -d "\n" | wc -c)" 40000 &&
	same "$(text a 1 | tail -n 1)" end'
fifty=$(printf '"true", %.0s' $(seq 49))
one "[$fifty \"true\"]"
check 'fifty commands are fifty pairs of events and fifty logs' '
	same "$(grep -c sh_started "$T/events")" 50 &&
	same "$(grep -c "\"exit_code\":0" "$T/events")" 50 &&
	same "$(ls "$T/r/jobs/a" | wc -l)" 50'

# what a command sees
one '["pwd; umask", ["readlink", "/proc/self/fd/0"],
	["ls", "/proc/self/fd"], ["grep", "^Sig[BI]", "/proc/self/status"]]'
check 'it starts in the workspace, with umask 022' \
	'same "$(text a 1 | tr "\n" ,)" "$T/w,0022,"'
check 'its standard input is empty' 'same "$(text a 2)" /dev/null'
# fd 3 is the folder that ls reads
check 'no other descriptor leaks into it' '
	(exec 7</dev/null 8>"$T/leak" && again) &&
	same "$(text a 3 | tr "\n" " ")" "0 1 2 3 "'
check 'it has no signal blocked or ignored' '
	(trap "" HUP PIPE USR1 && again) &&
	same "$(text a 4 | tr -d "\t\n")" \
	"SigBlk:0000000000000000SigIgn:0000000000000000"'
check 'it is the leader of a session without a terminal' '
	one "[[\"sh\", \"-c\", \"cut -d\\\" \\\" -f1,6,7 /proc/\$\$/stat\"]]" &&
	text a 1 | (read -r pid session tty && test "$pid" = "$session" &&
		test "$tty" = 0)'
one '"-x 2>/dev/null || echo began with a dash"'
check 'a command may begin with a dash' \
	'same "$(text a 1)" "began with a dash"'
ci '{"env": {"A": "1", "B": "1"}, "jobs": [{"id": "a", "env": {"B": "2"},
	"run": "echo $A $B $C $QUIRE_JOB"}]}'
check 'variables come from outside, the pipeline, the job, and quire' '
	(A=0 C=0 && export A C && again) && same "$(text a 1)" "1 2 0 a"'
ci '{"jobs": [{"id": "a", "env": {"PATH": "/no"}, "run": [["true"]]},
	{"id": "b", "env": {"PATH": "/no"}, "run": "echo $PATH"}]}'
check 'programs are looked for in the PATH of the job, sh is always there' \
	'job_is a failed && same "$(text b 1)" /no'

# needs, when
ci '{"jobs": [
	{"id": "c", "needs": ["b"], "run": "true"},
	{"id": "b", "needs": ["a"], "run": "true"},
	{"id": "a", "run": "false"},
	{"id": "d", "run": "true"}]}'
check 'a failed job skips what needs it, directly or not' '
	events | grep "\"job_skipped\",\"job_id\":\"b\",\"reason\":\"needs .a., which failed\"" &&
	events | grep "\"job_skipped\",\"job_id\":\"c\",\"reason\":\"needs .b., which was skipped\""'
check 'the others still run' 'job_is d complete && outcome pipeline-failure'
ci '{"jobs": [
	{"id": "c", "needs": ["a", "b"], "run": "true"},
	{"id": "b", "run": "true"}, {"id": "a", "run": "true"}]}'
check 'among ready jobs the first in the file goes first' '
	same "$(grep job_started "$T/events" |
		sed "s/.*\"job_id\":\"\(.\)\".*/\1/" | tr -d "\n")" bac'
ci '{"jobs": [{"id": "a", "allow-failure": true, "run": "false"},
	{"id": "b", "needs": ["a"], "run": "true"}]}'
check 'a failure that is allowed is recorded, and stops nothing' \
	'job_is a failed && job_is b complete && outcome success'
when='{"jobs": [
	{"id": "main", "when": {"branch": "main"}, "run": "true"},
	{"id": "tag", "when": {"tag": "v*"}, "run": "true"},
	{"id": "src", "when": {"paths": "src/**"}, "run": "true"},
	{"id": "after", "needs": ["tag"], "run": "true"}]}'
ran() { grep job_started "$T/events" | sed 's/.*"job_id":"\([a-z]*\)".*/\1/' |
	tr '\n' ' '; }
check 'a branch runs what is for it; no list of paths matches all' '
	export QUIRE_BRANCH=main; ci "$when"; same "$(ran)" "main src "'
check 'a tag runs what is for it, and what needs that' '
	export QUIRE_TAG=v1; ci "$when"; same "$(ran)" "tag src after "'
check 'changed paths decide' '
	printf "doc/x\\0" >"$T/changed"
	export QUIRE_BRANCH=main QUIRE_CHANGED="$T/changed"
	ci "$when"; same "$(ran)" "main "
	grep "\"job_id\":\"src\",\"reason\":\"no change in src/\*\*\"" "$T/events"
	printf "doc/x\\0src/a/b.c\\0" >"$T/changed"
	again; same "$(ran)" "main src "'
check 'a skipped job fails nothing' 'ci "$when"; outcome success'

# bad pipelines
bad() { outcome pipeline-failure && grep -F "$1" "$T/events"; }
check 'a bad pipeline is a failed run with the reason, status 0' '
	ci "{\"jobs\": [{\"id\": \"a\", \"rum\": \"true\"}]}" &&
	bad ".quire/ci.json: jobs[0].rum: unknown key (did you mean '\''run'\''?)" &&
	same "$(wc -l <"$T/events")" 1'
check 'so is a syntax error, with line and column' '
	ci "{\"jobs\": [
	oops]}" && bad ".quire/ci.json: line 2, column 2"'
check 'a file of 10 MB is refused' '
	ci "{}" && head -c 10000000 /dev/zero >"$T/w/.quire/ci.json" &&
	again && bad ".quire/ci.json: larger than 1048576 bytes, the limit"'
check 'a ci.json that is a symbolic link is refused' '
	ci "{}" && mv "$T/w/.quire/ci.json" "$T/w/real" &&
	ln -s ../real "$T/w/.quire/ci.json" && again &&
	bad ".quire/ci.json: a symbolic link, which is not followed"'
check 'a .quire that is one, too' '
	ci "{}" && mv "$T/w/.quire" "$T/w/real" && ln -s real "$T/w/.quire" &&
	again && bad ".quire: a symbolic link, which is not followed"'
check 'a .quire that is a file, too' '
	ci "{}" && rm -r "$T/w/.quire" && echo >"$T/w/.quire" &&
	again && bad ".quire: not a folder"'
check 'a FIFO does not hang it' '
	ci "{}" && rm "$T/w/.quire/ci.json" && mkfifo "$T/w/.quire/ci.json" &&
	again && bad ".quire/ci.json: not a regular file"'
check 'no pipeline at all' \
	'ci "{}" && rm "$T/w/.quire/ci.json" && again && bad "no .quire/ci.json"'

# limits of logs
one '["seq 100000", "echo on"]'
check 'past its limit the log ends, with what was dropped in its last line' '
	again --max-log 64K && job_is a complete &&
	test "$(wc -c <"$T/r/jobs/a/sh-1.log")" -lt 66000 &&
	kept=$(text a 1 | grep -c "^[0-9]*$") &&
	dropped=$(seq 100000 | tail -n "+$((kept + 1))" | wc -c) &&
	text a 1 | tail -n 1 | grep "limit of 65536 bytes; $dropped bytes"'
hwm='grep VmHWM /proc/$PPID/status | tr -dc 0-9'
one "[\"seq 1000; $hwm\", \"seq 4000000; yes | tr -d '\\\\n' | head -c 40000000\", \"$hwm\"]"
check 'memory does not grow with the log, nor with a line of it' '
	test "$(wc -c <"$T/r/jobs/a/sh-2.log")" -gt 190000000 &&
	before=$(text a 1 | tail -n 1) && after=$(text a 3) &&
	echo "$before KiB, then $after" && test $((after - before)) -lt 8192'
rm "$T/r/jobs/a/sh-2.log"
check 'a log that cannot be made fails the job, with the reason' '
	ci "{\"jobs\": [{\"id\": \"a\", \"run\": \"touch ran\"}]}" &&
	rm -r "$T/r/jobs" "$T/w/ran" && echo >"$T/r/jobs" && again &&
	grep "the log could not be made: Not a directory" "$T/events" &&
	test ! -e "$T/w/ran"'
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	check 'a full disk costs the output, fails the job, not the run' '
		one "[\"seq 1000000; touch ran\", \"touch next\"]" &&
		rm -f "$T/w/ran" "$T/w/next" &&
		export T && unshare -m sh -c "
		mount -t tmpfs -o size=64k none \"\$T/r\" &&
		quire-ci exec --workspace \"\$T/w\" --run-dir \"\$T/r\" \
			<\"\$T/hold\" >\"\$T/events\"" &&
		grep "the log could not be written: No space left on device" \
			"$T/events" &&
		test -e "$T/w/ran" && test ! -e "$T/w/next" &&
		outcome pipeline-failure'
else
	skip 'a full disk costs the output, fails the job, not the run' \
		'needs a mount namespace'
fi
check 'a workspace that is not there is a crash, not a red run' '
	! quire-ci exec --workspace "$T/none" --run-dir "$T/r" \
		<"$T/hold" >"$T/events" 2>"$T/err" &&
	test ! -s "$T/events" && grep "quire-ci: .*/none: No such" "$T/err"'
