#!/bin/sh
# .quire/ci, the program that prints a pipeline.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 46
. "$ROOT/tests/system/exec.sh"

# ci SCRIPT [OPTION...]: runs that program's pipeline; events in $T/events.
ci() {
	fresh
	printf '%s\n' '#!/bin/sh' "$1" >"$T/w/.quire/ci"
	chmod +x "$T/w/.quire/ci"
	shift
	again "$@"
}
# red REASON: the run failed for just that, and nothing of it ran.
red() {
	sed 's/"at_ms":[0-9]*,//' "$T/events" >"$T/events.plain"
	same "$(cat "$T/events.plain")" "{\"type\":\"run_finished\",\"outcome\":\"pipeline-failure\",\"reason\":\"$1\"}"
}

# job ID COMMAND: a pipeline with that
job='printf "{\"jobs\": [{\"id\": \"%s\", \"run\": \"%s\"}]}"'

check 'what the program prints is the pipeline' '
	ci "$job made \"echo hello\"" && job_is made complete &&
	same "$(text made 1)" hello'
check 'the events know nothing of the program' '
	same "$(head -n 1 "$T/events" | sed "s/.*\"type\"/\"type\"/")" \
		"\"type\":\"pipeline\",\"jobs\":[{\"id\":\"made\",\"needs\":[]}]}" &&
	same "$(grep -c job_started "$T/events")" 1 && test ! -e "$T/r/jobs/.quire"'
check 'any language: a program that is no script' '
	ci "" && cc -xc -o "$T/w/.quire/ci" - <<-"C" &&
	#include <stdio.h>
	int main(void)
	{
		puts("{\"jobs\": [{\"id\": \"c\", \"run\": \"true\"}]}");
	}
	C
	again && job_is c complete'
check 'it starts at the top, in the environment of a job, but has no QUIRE_JOB' '
	export QUIRE_BRANCH=dev QUIRE_JOB=outer &&
	ci "readlink /proc/self/fd/0 >&2
	env | grep ^QUIRE_JOB >&2; umask >&2
	$job a \"echo \$QUIRE_BRANCH \$PWD\"" &&
	same "$(text a 1)" "dev $T/w" &&
	same "$(cat "$T/err")" "/dev/null
0022"'
check 'it is the leader of a session without a terminal' '
	ci "cut -d\" \" -f1,6,7 /proc/\$\$/stat >&2; $job a true" &&
	read -r pid session tty <"$T/err" && test "$pid" = "$session" &&
	test "$tty" = 0'
check 'no other descriptor leaks into it' '
	(exec 7</dev/null 8>"$T/leak"; ci "ls /proc/self/fd >&2; $job a true") &&
	same "$(tr "\n" " " <"$T/err")" "0 1 2 3 "'
check 'nothing that it starts is left when the jobs begin' '
	ci "(setsid sleep 1000 >/dev/null 2>&1 & echo \$! >bg)
	$job a \"! kill -0 \$(cat bg)\"" && job_is a complete'

check 'within the limits of a job' '
	ci "ulimit -n >&2; $job a true" --limit maxFiles=77 && job_is a complete &&
	same "$(cat "$T/err")" 77'
check 'what it has in TMPDIR counts like what a job has' '
	mkdir -p "$T/r/tmp" && printf "%s\n" "#!/bin/sh" \
		"head -c 9M /dev/zero >\$TMPDIR/big; sleep 20" >"$T/w/.quire/ci" &&
	TMPDIR=$T/r/tmp again --limit maxWorkspace=8M &&
	red ".quire/ci: the workspace is larger than maxWorkspace (8M)"'
mkdir -p "$T/hidden/outputs" "$T/hidden/secrets"
echo hidden >"$T/hidden/secrets/TOKEN"
look="cat $T/hidden/secrets/TOKEN $T/r/x >&2; ls $T >&2; ls /proc | grep -c ^[0-9] >&2; touch /usr/x >&2; $job a \"env | grep QUIRE\""
if bwrap --ro-bind / / --unshare-pid true 2>/dev/null; then
	check 'in the sandbox of a job' '
		ci "$look" --sandbox bwrap --hide "$T/hidden" && job_is a complete &&
		! grep -x hidden "$T/err" && ! grep -x hold "$T/err" &&
		grep "TOKEN: No such file" "$T/err" &&
		grep "/usr/x.: Read-only" "$T/err" && test ! -e /usr/x'
else
	skip 'in the sandbox of a job' 'no bubblewrap'
fi
check 'without the secrets of any' '
	ci "env >&2; $job a true" --secrets "$T/hidden/secrets" &&
	! grep -i token "$T/err"'

# what goes wrong
check 'it fails: the status, and the last line of its standard error' '
	ci "echo first >&2; echo \"no compiler\" >&2; exit 3" &&
	red ".quire/ci: failed with exit status 3: no compiler"'
check 'what it has printed until then counts for nothing' '
	ci "$job a true; exit 1" && red ".quire/ci: failed with exit status 1"'
check 'its last words are made plain' '
	ci "printf \"\\033[31mred \\377\\n\\n\" >&2; exit 1" &&
	red ".quire/ci: failed with exit status 1: ?[31mred �"'
check 'a signal' 'ci "kill -SEGV \$\$" && red ".quire/ci: was killed by signal 11"'
check 'an interpreter that is not there' '
	ci "" && echo "#!/no/such/thing" >"$T/w/.quire/ci" && again &&
	red ".quire/ci: failed with exit status 127: quire: .quire/ci: the program of its #! line, '\''/no/such/thing'\'', is not there"'
check 'lines that end in CRLF' '
	ci "" && printf "#!/bin/sh\r\necho x\r\n" >"$T/w/.quire/ci" && again &&
	red ".quire/ci: failed with exit status 127: quire: .quire/ci: its #! line ends in a carriage return: its lines must end as on Unix, not in CRLF"'
check 'JSON, which no shell takes for a script' '
	ci "" && echo "{\"jobs\": []}" >"$T/w/.quire/ci" && again &&
	red ".quire/ci: failed with exit status 126: quire: .quire/ci: it has no #! line, which says what runs it (#!/bin/sh)"'
check 'out of time, with all that it has started' '
	ci "sleep 1000 & echo \$! >bg; wait" --ci-timeout 100ms &&
	red ".quire/ci: timed out after 100ms" &&
	! kill -0 "$(cat "$T/w/bg")"'
check 'garbage, with line and column' '
	ci "echo \"{\"; echo oops" &&
	grep "quire/ci: what it printed: line 2, column 1: " "$T/events"'
check 'a pipeline that is wrong, with its path' '
	ci "$job ../x true" &&
	red ".quire/ci: what it printed: jobs[0].id: '\''../x'\'' is no id: 1 to 64 of A-Z a-z 0-9 . _ -, not . or .."'
check 'nothing at all' 'ci true && red ".quire/ci: printed nothing"'
check 'two pipelines' 'ci "$job a true; $job b true" && grep "what it printed: line 1, column" "$T/events"'
check 'endless output' 'ci yes && red ".quire/ci: printed more than 1048576 bytes, the limit"'
check 'one byte more than the limit; the limit itself is no fault of it' '
	ci "$job a true; head -c 1048577 /dev/zero | tr \"\\\\0\" \" \" | tail -c +\$(($(eval "$job a true" | wc -c) + 1))" &&
	red ".quire/ci: printed more than 1048576 bytes, the limit" &&
	ci "$job a true; head -c 1048576 /dev/zero | tr \"\\\\0\" \" \" | tail -c +\$(($(eval "$job a true" | wc -c) + 1))" &&
	job_is a complete'
check 'endless standard error is cut, and costs nothing else' '
	ci "yes | head -c 1000000 >&2; echo last >&2; $job a true" &&
	job_is a complete && test "$(wc -c <"$T/err")" -lt 66000 &&
	grep "quire-ci: .quire/ci: past 65536 bytes its standard error is dropped" "$T/err" &&
	ci "yes | head -c 1000000 >&2; echo last >&2; exit 1" &&
	red ".quire/ci: failed with exit status 1: last"'
check 'a disk that is full behind standard error is not its fault' '
	ci "echo x >&2; $job a true" &&
	quire-ci exec --workspace "$T/w" --run-dir "$T/r" \
		<"$T/hold" >"$T/events" 2>/dev/full && job_is a complete'
check 'both files: the error names both' '
	ci "$job a true" && echo "{}" >"$T/w/.quire/ci.json" && again &&
	red "both .quire/ci.json and .quire/ci are there: keep one"'
check 'a ci that is not executable is beside the point' '
	ci "exit 1" && chmod -x "$T/w/.quire/ci" &&
	eval "$job a true" >"$T/w/.quire/ci.json" && again && job_is a complete'
check 'and alone it is no pipeline' '
	ci "exit 1" && chmod -x "$T/w/.quire/ci" && again &&
	red "no .quire/ci.json or executable .quire/ci here: .quire/ci is no executable (chmod +x .quire/ci)"'
check 'a link to a program is none' '
	ci "$job a true" && mv "$T/w/.quire/ci" "$T/w/real" &&
	ln -s ../real "$T/w/.quire/ci" && again && red "no .quire/ci.json or executable .quire/ci here: .quire/ci is a link or a folder, not a regular file"'

# stopped meanwhile
waits='echo $$ >"$T/ci.pid"; exec sleep 1000'
started() { wait_for 'test -s "$T/ci.pid"'; }
gone() { wait_for '! kill -0 "$(cat "$T/ci.pid")"'; }
check 'a signal ends it, and quire-ci says so' '
	ci "$job a true"; rm -f "$T/ci.pid"
	printf "%s\n" "#!/bin/sh" "$waits" >"$T/w/.quire/ci"
	again & quire_ci=$!
	started && kill "$(pgrep -P $quire_ci -x quire-ci || echo $quire_ci)"
	status 143 wait $quire_ci; gone && test ! -s "$T/events"'
check 'so does the end of its supervisor' '
	rm -f "$T/ci.pid"; mkfifo "$T/leash"
	quire-ci exec --workspace "$T/w" --run-dir "$T/r" \
		<"$T/leash" >"$T/events" 2>"$T/err" & quire_ci=$!
	exec 9>"$T/leash"; started && exec 9>&-
	status 75 wait $quire_ci; gone && grep "supervisor is gone" "$T/err"'

# a person
run() { (cd "$T/w" && quire-ci "$@"); }
check 'quire-ci run runs it' '
	ci "echo to you >&2; $job a \"echo hello\"" &&
	status 0 run run >"$T/shown" 2>"$T/err" &&
	grep -x "a | hello" "$T/shown" && grep -x "to you" "$T/err"'
check 'it sees what the run is for' '
	ci "$job a \"echo \$QUIRE_BRANCH\"" && run run --branch dev >"$T/shown" &&
	grep -x "a | dev" "$T/shown"'
check 'quire-ci run: its failure is exit status 1, with the reason' '
	ci "echo why >&2; exit 7"; status 1 run run 2>"$T/err" >"$T/shown" &&
	grep -x "quire-ci: .quire/ci: failed with exit status 7: why" "$T/err" &&
	test ! -s "$T/shown"'
check 'quire-ci check runs it, and says whether it is right' '
	ci "$job a true" && status 0 run check && ci "echo {}";
	status 1 run check 2>"$T/err" &&
	grep -x "quire-ci: .quire/ci: what it printed: no jobs" "$T/err"'
check 'quire-ci check: interrupted, it leaves nothing' '
	ci "$job a true"; rm -f "$T/ci.pid"
	printf "%s\n" "#!/bin/sh" "$waits" >"$T/w/.quire/ci"
	cd "$T/w" && quire-ci check & quire_ci=$!
	started && kill -TERM $quire_ci; status 143 wait $quire_ci; gone'

# a repository
new_home
new_repo foo
program() {
	mkdir -p "$T/foo/.quire"
	printf '%s\n' '#!/bin/sh' "$1" >"$T/foo/.quire/ci"
	chmod +x "$T/foo/.quire/ci"
	git -C "$T/foo" add .quire && git -C "$T/foo" commit -qm "a program"
}
check 'a push of it makes a run' '
	program "echo \"run \$QUIRE_RUN_NUMBER\" >&2; $job a true" &&
	push foo | grep "foo#1 queued" && wait_idle && test "$(state foo#1)" = complete'
check 'its standard error is in quire-ci.log' \
	'grep -x "run 1" "$(dir 1)/quire-ci.log"'
check 'its failure is the reason of the run, on its page' '
	program "echo broken >&2; exit 1" && push foo && wait_idle &&
	same "$(row 2 "state, failure_kind")" "failed|pipeline-failure" &&
	quire show foo#2 | grep ".quire/ci: failed with exit status 1: broken"'
check 'quire start and a drift take it' '
	program "$job a true" && push foo && wait_idle &&
	quire start foo main | grep "foo#4" && wait_idle &&
	same "$(state foo#4)" complete &&
	program "$job b true" &&
	git -C "$T/home/repos/foo.git" fetch -q "$T/foo" main:main &&
	quire-reconcile; wait_idle && same "$(row 5 "state, trigger")" "complete|drift"'
check 'both files: the run says so' '
	eval "$job a true" >"$T/foo/.quire/ci.json" && program "$job a true" &&
	push foo | grep "foo#6 queued" && wait_idle &&
	quire show foo#6 | grep "both .quire/ci.json and .quire/ci are there"'
check 'not executable: no run, and the pusher is told why' '
	git -C "$T/foo" rm -q .quire/ci.json && git -C "$T/foo" update-index --chmod=-x .quire/ci &&
	git -C "$T/foo" commit -qm "no x" &&
	push foo | grep "main: .quire/ci is not executable (.*): no run" &&
	same "$(row 7 id)" ""'

# the manual
check 'the sample in quire-pipeline(5) builds a matrix, in ten lines of sh' '
	sed -n "/^#!/,/^\.Ed/p" "$ROOT/man/quire-pipeline.5" | sed "\$d; s/\\\\e/\\\\/g" >"$T/sample"
	cat "$T/sample" && test "$(wc -l <"$T/sample")" = 10 &&
	ci "" && cp "$T/sample" "$T/w/.quire/ci" &&
	printf "all:\n\t@echo \$(CC) \$(CFLAGS)\n" >"$T/w/Makefile" && again &&
	same "$(cd "$T/r/jobs" && echo *)" "clang-O0 clang-O2 gcc-O0 gcc-O2" &&
	same "$(text clang-O0 1)" "clang -O0" && same "$(text gcc-O2 1)" "gcc -O2"'
check 'and is right' 'run check'
