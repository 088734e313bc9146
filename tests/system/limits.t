#!/bin/sh
# Limits: what a job may take, and what its run says when that was not enough.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/exec.sh"

# ci JSON-OF-RUN [OPTION...]: quire-ci exec of one job.
ci() {
	rm -rf "$T/w" "$T/r"
	mkdir -p "$T/w/.quire" "$T/r/home" "$T/r/tmp"
	printf '%s\n' "{\"jobs\": [{\"id\": \"a\", \"run\": $1}]}" |
		tr '\n\t' '  ' >"$T/w/.quire/ci.json"
	shift
	(HOME=$T/r/home TMPDIR=$T/r/tmp && export HOME TMPDIR &&
		exec quire-ci exec --workspace "$T/w" --run-dir "$T/r" "$@") \
		<"$T/hold" >"$T/events" 2>"$T/err"
}
job_is() { grep "\"job_finished\",\"job_id\":\"a\",\"outcome\":\"$1\"" "$T/events"; }
reason() { sed -n '/"job_finished"/s/.*"reason":"\([^"]*\)".*/\1/p' "$T/events"; }
text() { sed 's/^[^ ]* [a-z]* [FP] //' "$T/r/jobs/a/sh-$1.log"; }

sandboxes=none
[ "$(bwrap --ro-bind / / --dev /dev --unshare-pid echo works 2>/dev/null)" ] &&
	sandboxes='none bwrap'
plan $((10 + 11 * $(echo "$sandboxes" | wc -w)))

for sandbox in $sandboxes; do
	box="--sandbox $sandbox"
	check "a file that grows beyond maxFileSize ends its job ($sandbox)" '
		ci "[[\"dd\", \"if=/dev/zero\", \"of=big\", \"bs=1M\", \"count=5\"]]" \
			$box --limit maxFileSize=1M &&
		job_is failed &&
		same "$(reason)" "command 1 wrote a file larger than maxFileSize (1M)" &&
		same "$(stat -c %s "$T/w/big")" 1048576'
	check "below a shell, too ($sandbox)" '
		ci "\"echo begin; head -c 2000000 /dev/zero >big; exit\"" $box \
			--limit maxFileSize=1M &&
		same "$(reason)" "command 1 wrote a file larger than maxFileSize (1M)"'
	check "the log is not counted ($sandbox)" '
		ci "\"head -c 3000000 /dev/zero\"" $box --limit maxFileSize=1M &&
		job_is complete'
	check "maxFiles is the number of open files, and stays it ($sandbox)" '
		ci "\"ulimit -n; ulimit -Hn; ulimit -n 1000 || echo no\"" $box \
			--limit maxFiles=99 &&
		same "$(text 1 | grep -v ulimit | tr "\n" " ")" "99 99 no "'
	check "nice is added, once ($sandbox)" '
		ci "[\"nice\", [\"nice\"]]" $box --limit nice=3 &&
		same "$(text 1) $(text 2)" "$(($(nice) + 3)) $(($(nice) + 3))"'
	check "and counts for the session, where the kernel weighs those ($sandbox)" '
		ci "\"cat /proc/self/autogroup || echo none\"" $box --limit nice=3 &&
		text 1 | grep -E "none|nice $(($(nice) + 3))$"'
	check "no core is dumped, unless the job wants it ($sandbox)" '
		(ulimit -c unlimited && ci "\"ulimit -c; ulimit -c 1000 && ulimit -c\"" \
			$box) && same "$(text 1 | tr "\n" " ")" "0 1000 "'
	check "a workspace that grows beyond maxWorkspace ends its job ($sandbox)" '
		ci "\"mkdir -p a/b; head -c 9M /dev/zero >a/b/big; sleep 20\"" \
			$box --limit maxWorkspace=8M &&
		job_is failed &&
		same "$(reason)" "the workspace is larger than maxWorkspace (8M)"'
	check "what is in TMPDIR counts, too ($sandbox)" '
		ci "\"head -c 9M /dev/zero >\$TMPDIR/big; sleep 20\"" \
			$box --limit maxWorkspace=8M &&
		same "$(reason)" "the workspace is larger than maxWorkspace (8M)"'
	check "without limits all is as outside ($sandbox)" '
		ci "\"ulimit -n; ulimit -f; nice\"" $box &&
		same "$(text 1)" "$(ulimit -n; ulimit -f; nice)"'
done

# The kernel takes a moment for the level of a session, in which the process
# that is to become the command waits: it is seen from outside, by root.
spy() {
	until test -e "$T/over"; do
		for pid in $(pgrep -x quire-init); do
			parent=$(sed -n 's/^PPid:.//p' "/proc/$pid/status")
			test "$(readlink "/proc/$pid/cwd")" = "$T/w" &&
				test "$(cat "/proc/$parent/comm")" = quire-init &&
				readlink "/proc/$pid/fd"/*
		done
	done >"$T/seen" 2>/dev/null
}
promise='a process that waits for its level has nothing of the init any more'
if [ "$sandboxes" != none ] && [ "$(id -u)" = 0 ] &&
	[ -e /proc/self/autogroup ]; then
	check "$promise" '
		spy & spy=$!
		for i in 1 2 3 4 5; do
			ci "[[\"true\"], [\"true\"], [\"true\"], [\"true\"], [\"true\"]]" \
				--sandbox bwrap --limit nice=3 || touch failed
		done
		touch over; wait $spy; sort seen | uniq -c
		test ! -e failed && job_is complete && grep pipe: seen &&
		! grep socket: seen'
else
	skip "$promise" 'no bubblewrap, not root, or sessions have no level'
fi

check 'a link leads to nothing that counts, nor do holes or second names' '
	mkdir -p other && head -c 9M /dev/zero >other/big &&
	ci "\"ln -s $T/other l; ln -s $T/other/big f; truncate -s 1G hole; head -c 5M /dev/zero >one;
		ln one two; ln one three; until test -e over; do sleep 0.1; done\"" \
		--limit maxWorkspace=8M & ci=$!
	wait_for "test -e w/three" && sleep 4 && touch w/over; wait $ci
	job_is complete'
# The measure of a large tree is one of many slices.
check 'a large tree is measured in slices, and output goes on meanwhile' '
	mkdir -p many && (cd many && for d in $(seq 10); do mkdir $d
		(cd $d && seq 500 | xargs touch); done)
	ci "\"mv $T/many .; head -c 9M /dev/zero >many/1/zz; sleep 20\"" \
		--limit maxWorkspace=8M &&
	same "$(reason)" "the workspace is larger than maxWorkspace (8M)"'
check 'nor does depth hide anything' '
	ci "\"perl -e '\''for (1 .. 60) { mkdir \\\"x\\\" x 250; chdir \\\"x\\\" x 250 or die }
		open F, \\\">big\\\" or die; print F \\\"y\\\" x 9e6; close F'\''; sleep 20\"" \
		--limit maxWorkspace=8M &&
	same "$(reason)" "the workspace is larger than maxWorkspace (8M)"'
check 'and a file is an inode, however empty' '
	ci "\"seq 3000 | xargs touch; sleep 20\"" --limit maxWorkspace=8M &&
	same "$(reason)" "the workspace is larger than maxWorkspace (8M)"'
check 'a limit that is none is told' '
	quire-ci exec --limit maxFile=1 --workspace . --run-dir . 2>err
	test $? = 2 && grep "maxFile=1.* is no limit" err'
check 'a value that is none, too' '
	quire-ci exec --limit maxFiles=x --workspace . --run-dir . 2>err
	test $? = 2 && grep "maxFiles: .x. is not a whole number" err'
check 'nor are fewer files than programs start with' '
	for n in 1 6 63; do
		quire-ci exec --limit maxFiles=$n --workspace . --run-dir . 2>err
		test $? = 2 && grep "maxFiles: .$n. is not .* from 64 to" err || exit
		QUIRE_HOME=$T/few; test -e few || quire init >/dev/null
		! quire config maxFiles $n 2>err && grep "from 64 to" err || exit
	done; quire config maxFiles 64 && quire config maxFiles 0'
for sandbox in $sandboxes; do
	check "with the fewest, a job runs ($sandbox)" '
		ci "[\"cat /dev/null | cat; ulimit -n\", [\"true\"]]" \
			--sandbox $sandbox --limit maxFiles=64 && job_is complete &&
		same "$(text 1)" 64'
done

# from the settings to the page
new_home
new_repo foo
pipeline foo '{"jobs": [{"id": "grow", "run": "head -c 5M /dev/zero >big"}]}'
quire config maxFileSize 2G
quire config foo maxFileSize 1M
quire config foo nice 2
push foo >/dev/null
wait_idle
check 'a setting becomes a limit, and the reason is shown' '
	quire show foo#1 | grep "wrote a file larger than maxFileSize (1M)"'
quire config foo maxFileSize 0
quire rerun foo#1 >/dev/null
wait_idle
check '0 is none' 'test "$(row 2 state)" = complete'
