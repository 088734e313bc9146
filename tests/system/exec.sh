# shellcheck shell=sh
# exec.sh - for system tests, after lib.sh: quire-ci exec as quire-run would
# have it.
#
#	. "$ROOT/tests/system/exec.sh"
#	ci '{"jobs": [{"id": "a", "run": "echo hello"}]}' --max-log 1M
#	check 'it is green' 'outcome success && job_is a complete'
#	check 'it said so' 'same "$(text a 1)" hello'
#
# $T/w is the workspace, $T/r the run's folder, $T/events the events, $T/err
# what quire-ci had to say.

# The supervisor's pipe: a writer that holds it until the test ends.
mkfifo "$T/hold"
sleep 1000 >"$T/hold" &
at_end "kill $!"

# again [OPTION...]: quire-ci exec, in $T/w and $T/r as they are.
again() {
	quire-ci exec --workspace "$T/w" --run-dir "$T/r" "$@" \
		<"$T/hold" >"$T/events" 2>"$T/err"
}

# fresh: both folders, empty but for .quire.
fresh() {
	rm -rf "$T/w" "$T/r"
	mkdir -p "$T/w/.quire" "$T/r"
}

# ci JSON [OPTION...]: runs that pipeline.
ci() {
	fresh
	printf '%s\n' "$1" >"$T/w/.quire/ci.json"
	shift
	again "$@"
}

# The events without their times; the text of a command's log.
events() { sed 's/"at_ms":[0-9]*,//' "$T/events"; }
text() { sed 's/^[^ ]* [a-z]* [FP] //' "$T/r/jobs/$1/sh-$2.log"; }
outcome() { tail -n 1 "$T/events" | grep -q "\"outcome\":\"$1\""; }
# job_is JOB complete|failed
job_is() {
	events | grep "\"job_finished\",\"job_id\":\"$1\",\"outcome\":\"$2\""
}
# status N COMMAND...: it ends with that status
status() {
	want=$1
	shift
	"$@"
	is=$?
	test $is = "$want" || { echo "status $is, not $want"; return 1; }
}
same() { test "$1" = "$2" || { echo "is: $1"; echo "not: $2"; false; }; }
