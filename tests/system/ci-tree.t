#!/bin/sh
# No process outlives its job, whatever it does; time limits; interruptions.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 24

mkfifo "$T/hold"
sleep 1000 >"$T/hold" &
at_end "kill $!"

# pipeline_is JSON: that pipeline in a fresh workspace.
pipeline_is() {
	rm -rf "$T/w" "$T/r"
	mkdir -p "$T/w/.quire" "$T/r"
	printf '%s\n' "$1" >"$T/w/.quire/ci.json"
}

exec_ci() {
	quire-ci exec --workspace "$T/w" --run-dir "$T/r" \
		>"$T/events" 2>"$T/err"
}

ci() {
	pipeline_is "$1"
	exec_ci <"$T/hold"
}

# Whether the process that wrote its number into the file is gone.
gone() {
	pid=$(cat "$T/w/$1") && test -n "$pid" &&
		if kill -0 "$pid" 2>/dev/null; then
			echo "process $pid lives on"
			return 1
		fi
}

job_is() { grep "\"job_finished\",\"job_id\":\"$1\",\"outcome\":\"$2\"" "$T/events"; }

# A daemon: a session of its own, forked twice; it ignores what it can and
# writes its number into the file D.
cat >"$T/daemon" <<'E'
#!/bin/sh
(setsid sh -c 'trap "" TERM HUP INT; echo $$ >D.new; mv D.new D
	while :; do sleep 1; done' >/dev/null 2>&1 &) &
until test -e D; do sleep 0.01; done
E
chmod +x "$T/daemon"

ci "{\"jobs\": [{\"id\": \"a\", \"run\": [\"$T/daemon\",
	\"kill -0 \$(cat D) && touch lived\"]},
	{\"id\": \"b\", \"run\": \"! kill -0 \$(cat D)\"}]}"
check 'what a command left in the background lives until its job ends' \
	'test -e "$T/w/lived" && job_is a complete'
check 'and no longer: a daemon that ignores TERM, before the next job' \
	'job_is b complete && gone D'
check 'a process in the background that holds the pipe is not waited for' '
	ci "{\"jobs\": [{\"id\": \"a\", \"run\": [
		\"sleep 1000 & echo \$! >D; echo one\", \"echo two\"]}]}" &&
	job_is a complete && gone D &&
	grep "stdout F one" "$T/r/jobs/a/sh-1.log"'
check 'what it writes later is still in the log of its command' '
	ci "{\"jobs\": [{\"id\": \"a\", \"run\": [
		\"(until test -e go; do sleep 0.01; done; echo late; touch done) &\",
		\"touch go; until test -e done; do sleep 0.01; done\"]}]}" &&
	grep "stdout F late" "$T/r/jobs/a/sh-1.log"'
cat >"$T/polite" <<'E'
trap 'echo bye; exit' TERM
touch D
while :; do sleep 0.01; done
E
check 'it hears TERM first, and its last words are in the log' '
	ci "{\"jobs\": [{\"id\": \"a\", \"run\":
		\"sh $T/polite & until test -e D; do sleep 0.01; done\"}]}" &&
	grep "stdout F bye" "$T/r/jobs/a/sh-1.log"'
cat >"$T/stopped" <<'E'
echo $$ >D
kill -STOP $$
E
check 'a stopped process is ended too' '
	ci "{\"jobs\": [{\"id\": \"a\", \"run\":
		\"sh $T/stopped & until test -s D; do sleep 0.01; done\"}]}" &&
	gone D'
cat >"$T/hop" <<'E'
trap '' TERM
touch D
"$0" &
E
chmod +x "$T/hop"
check 'one that hands itself on to a new process all the time is ended too' '
	ci "{\"jobs\": [{\"id\": \"a\", \"run\":
		\"setsid $T/hop & until test -e D; do sleep 0.01; done\"}]}" &&
	job_is a complete && test -e "$T/w/D" &&
	! ps -eo args | grep "$T/ho[p]"'
check 'a command may kill its own group without harm to quire' '
	ci "{\"jobs\": [{\"id\": \"a\", \"run\": \"kill -KILL 0\"},
		{\"id\": \"b\", \"run\": \"true\"}]}" &&
	grep "\"exit_code\":137" "$T/events" && job_is b complete'
check 'the death of the process above it fails a job, and the run goes on' '
	ci "{\"jobs\": [{\"id\": \"a\", \"run\": [\"$T/daemon\",
		\"kill -KILL \$PPID; sleep 1000\"]},
		{\"id\": \"b\", \"run\": \"true\"}]}" &&
	grep "\"job_id\":\"a\",\"outcome\":\"failed\",\"reason\":\"the process that ran the job was killed by signal 9\"" "$T/events" &&
	job_is b complete && gone D'

# time limits
ci '{"jobs": [{"id": "a", "timeout": "300ms", "run": [
	"trap \"\" TERM; echo $$ >D; while :; do sleep 1; done", "touch next"]},
	{"id": "b", "run": "true"}]}'
check 'a job that is out of time fails with the reason' \
	'job_is a failed | grep "\"reason\":\"timed out after 300ms\""'
check 'its processes are gone, its next command did not run' \
	'gone D && test ! -e "$T/w/next" && grep "\"exit_code\":137" "$T/events"'
check 'the other jobs have their own time' 'job_is b complete'
check 'time out after which a command says 0 is still one' '
	ci "{\"jobs\": [{\"id\": \"a\", \"timeout\": \"200ms\",
		\"run\": \"trap '\''exit 0'\'' TERM; while :; do sleep 0.01; done\"}]}" &&
	job_is a failed | grep "timed out after 200ms"'

# interruptions: start in the background, wait for the daemon, interrupt
long="{\"jobs\": [{\"id\": \"a\", \"run\": [\"$T/daemon\",
	\"trap '' TERM; echo \$\$ >E; mv E F; sleep 1000\"]},
	{\"id\": \"b\", \"run\": \"touch next\"}]}"
start() {
	pipeline_is "$long"
	mkfifo "$T/w/held"
	exec_ci <"$T/w/held" &
	ci=$!
	exec 9>"$T/w/held"
	wait_for 'test -e "$T/w/F"'
}
# Everything that ran is gone; nothing else was begun.
all_gone() { gone D && gone F && test ! -e "$T/w/next"; }

check 'TERM ends everything, with status 143' '
	start && pid=$(pgrep -P $ci) && kill -TERM "$pid"
	wait $ci; test $? = 143 && all_gone && ! grep run_finished "$T/events"'
check 'a hang-up of the supervisor'\''s pipe does, with another status than 0' '
	start && exec 9>&-
	wait $ci; test $? = 75 && all_gone && ! grep run_finished "$T/events" &&
	grep "quire-ci: the supervisor is gone" "$T/err"'
check 'so does the end of whoever reads the events' '
	pipeline_is "$long"
	mkfifo "$T/out"
	quire-ci exec --workspace "$T/w" --run-dir "$T/r" <"$T/hold" \
		2>"$T/err" >"$T/out" &
	ci=$!
	exec 8<"$T/out"; wait_for "test -e $T/w/F"; exec 8<&-
	wait $ci; test $? = 75 && all_gone'
check 'a KILL of quire-ci leaves nothing behind' '
	start && pid=$(pgrep -P $ci) && kill -KILL "$pid"
	wait $ci; wait_for all_gone 10'

# the same at a terminal
run_local() {
	pipeline_is "$1"
	(cd "$T/w" && exec quire-ci run >"$T/shown" 2>"$T/err" </dev/null) &
	ci=$!
}
check 'quire-ci run: INT ends everything, and says so' '
	run_local "$long" && wait_for "test -e $T/w/F" && kill -INT $ci
	wait $ci; test $? = 130 && all_gone && grep "quire-ci: interrupted" "$T/err"'
check 'the table shows what was cut off and what did not run' '
	grep "^a *aborted" "$T/shown" && grep "^b *not run" "$T/shown"'
check 'quire-ci run: TERM, too' '
	run_local "$long" && wait_for "test -e $T/w/F" && kill -TERM $ci
	wait $ci; test $? = 143 && all_gone'
check 'a reader that went away ends it' '
	pipeline_is "{\"jobs\": [{\"id\": \"a\", \"run\": \"echo \$\$ >D; yes\"}]}"
	(cd "$T/w" && quire-ci run 2>"$T/err") | head -n 3
	wait_for "gone D"'
check 'a terminal that does not read does not keep it from ending' '
	mkfifo "$T/slow"
	pipeline_is "{\"jobs\": [{\"id\": \"a\", \"run\": \"echo \$\$ >D; yes\"}]}"
	(cd "$T/w" && exec quire-ci run >"$T/slow" 2>"$T/err") &
	ci=$!
	exec 8<"$T/slow"
	wait_for "test -s $T/w/D"; sleep 0.2
	kill -TERM $ci; wait $ci; test $? = 143 && gone D'
check 'the time limit of the whole pipeline is kept by quire-ci run' '
	run_local "{\"timeout\": \"300ms\", \"jobs\": [
		{\"id\": \"a\", \"run\": \"echo \$\$ >D; sleep 1000\"},
		{\"id\": \"b\", \"run\": \"true\"}]}"
	wait $ci; test $? = 1 && gone D &&
	grep "quire-ci: timed out after 300ms" "$T/err" &&
	grep "^b *not run" "$T/shown"'
check 'the event of the pipeline has it for the supervisor' '
	ci "{\"timeout\": \"90s\", \"jobs\": [{\"id\": \"a\", \"run\": \"true\"}]}" &&
	grep "\"timeout_ms\":90000" "$T/events"'
