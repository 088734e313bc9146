#!/bin/sh
# quire-ci run and check: in a working tree, with no home and no database.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 37

unset NO_COLOR
mkdir -p "$T/tree/.quire" "$T/tree/src/deep"
cd "$T/tree" || exit 70

# run JSON [OPTION...]: what it shows is in $T/shown.
run() {
	printf '%s\n' "$1" >"$T/tree/.quire/ci.json"
	shift
	quire-ci run "$@" >"$T/shown" 2>"$T/err"
}
shown() { grep -Ex "$1" "$T/shown"; }
# status N COMMAND...
status() {
	want=$1
	shift
	"$@"
	is=$?
	test $is = "$want" || {
		echo "status $is, not $want"
		return 1
	}
}

green='{"jobs": [
	{"id": "build", "run": ["echo hello; echo oops >&2", ["echo", "a b"]]},
	{"id": "test", "needs": ["build"], "run": "printf half; true"}]}'
check 'green is exit status 0' 'status 0 run "$green"'
run "$green"
check 'each command is shown' \
	'shown "build \\$ echo hello; echo oops >&2" && shown "build \\$ echo .a b."'
check 'its output is shown, both streams, behind the name of its job' \
	'shown "build \| hello" && shown "build \| oops" && shown "build \| a b"'
check 'a line without an end does not run into the next' 'shown "test \| half"'
check 'each job says how it ended' \
	'shown "build: complete in [0-9.]+s" && shown "test: complete in [0-9.]+s"'
check 'the table has every job with its outcome and time' '
	shown "job    outcome   time" &&
	shown "build  complete  [0-9.]+s" && shown "test   complete  [0-9.]+s"'
red='{"jobs": [
	{"id": "a", "run": "exit 3"},
	{"id": "b", "needs": ["a"], "run": "true"},
	{"id": "c", "allow-failure": true, "run": "false"}]}'
check 'red is exit status 1' 'status 1 run "$red"'
check 'the table says why' '
	run "$red"
	shown "a    failed            [0-9.]+s  command 1 failed with exit status 3" &&
	shown "b    skipped           -  needs .a., which failed" &&
	shown "c    failed \(allowed\)  [0-9.]+s  command 1 failed with exit status 1"'
check 'nothing is written into the tree or the home' '
	run "$green"; cd "$T/tree" && test "$(find . -type f)" = ./.quire/ci.json &&
	test ! -e "$QUIRE_HOME"'
check 'the tree is found from below' '
	cd src/deep && quire-ci run >"$T/shown" && shown "build \| hello"'
check 'commands start at its top' '
	cd src/deep && run "{\"jobs\": [{\"id\": \"a\", \"run\": \"pwd\"}]}" &&
	shown "a \| $T/tree"'
check 'a job has the environment of the person, CI and its own name' '
	export MINE=1 && run "{\"env\": {\"P\": \"2\"}, \"jobs\": [{\"id\": \"a\",
		\"run\": \"echo \$MINE \$P \$CI \$QUIRE_JOB \$QUIRE_WORKSPACE\"}]}" &&
	shown "a \| 1 2 true a $T/tree"'
check 'nothing of a git hook reaches it' '
	export GIT_DIR=/x GIT_INDEX_FILE=y &&
	run "{\"jobs\": [{\"id\": \"a\", \"run\": \"! env | grep ^GIT_\"}]}"'
when='{"jobs": [
	{"id": "main", "when": {"branch": "main"}, "run": "true"},
	{"id": "tag", "when": {"tag": "v*"}, "run": "echo $QUIRE_TAG"}]}'
check 'without git and options there is no branch' \
	'run "$when"; shown "main: skipped: there is no branch, only for main"'
git init -q .
check 'the branch is the one that git is on' \
	'run "$when"; shown "main \\$ true" && shown "tag: skipped: .*"'
check '--branch says another' \
	'run "$when" --branch dev; shown "main: skipped: branch is .dev., not main"'
check '--tag makes it a tag' \
	'run "$when" --tag v1; shown "main: skipped: .*" && shown "tag \| v1"'
check 'paths always match: there is nothing to compare with' '
	run "{\"jobs\": [{\"id\": \"a\", \"when\": {\"paths\": \"no\"},
		\"run\": \"true\"}]}"; shown "a \\$ true"'
check 'no colours into a file' '! grep "$(printf "\033")" "$T/shown"'
terminal() { script -qec 'quire-ci run' /dev/null </dev/null; }
check 'colours on a terminal' \
	'run "$green"; TERM=xterm terminal | grep "$(printf "\033\[32mcomplete")"'
check 'but not with NO_COLOR, or on a dumb one' '
	! NO_COLOR=1 TERM=xterm terminal | grep "$(printf "\033")" &&
	! TERM=dumb terminal | grep "$(printf "\033")"'
check 'a wrong pipeline is exit status 1, with the reason' '
	status 1 run "{}" && grep "quire-ci: .quire/ci.json: no jobs" "$T/err"'
check 'no pipeline is exit status 2' '
	cd / && status 2 quire-ci run 2>"$T/err" &&
	grep "quire-ci: no .quire/ci.json here or above" "$T/err"'
check 'a full disk behind standard output is told' '
	run "$green"; status 1 quire-ci run >/dev/full 2>"$T/err" &&
	grep "^quire-ci: standard output: No space left" "$T/err"'

# check
check 'check: a right pipeline is 0 and silence' '
	run "$green"; test -z "$(quire-ci check 2>&1)" && quire-ci check'
check 'check: a wrong one is 1 with the error' '
	echo "{\"jobs\": [{\"id\": \"a\", \"run\": \"x\", \"needs\": [\"b\"]}]}" \
		>"$T/bad.json"
	status 1 quire-ci check "$T/bad.json" 2>"$T/err" &&
	grep "quire-ci: $T/bad.json: jobs\[0\].needs\[0\]: no job .b." "$T/err"'
check 'check: standard input' '
	echo "$green" | quire-ci check - &&
	status 1 quire-ci check - <"$T/bad.json" 2>"$T/err" &&
	grep "quire-ci: standard input: jobs" "$T/err"'
check 'check: a file that is not there' '
	status 2 quire-ci check "$T/none" 2>"$T/err" &&
	grep "$T/none: No such file" "$T/err" &&
	status 2 quire-ci check "$T" 2>"$T/err" && grep "$T: Is a dir" "$T/err"'
check 'no pipeline is a usage error, of run and of check' '
	mkdir -p "$T/bare/.quire" && cd "$T/bare" &&
	for command in run check; do
		status 2 quire-ci $command 2>"$T/err" &&
		grep "no .quire/ci.json here" "$T/err" &&
		(cd / && status 2 quire-ci $command 2>"$T/err") || exit 1
	done'
check 'check: 10 MB are read up to the limit only' '
	status 1 sh -c "yes | head -c 10000000 | quire-ci check -" 2>"$T/err" &&
	grep "standard input: larger than 1048576 bytes, the limit" "$T/err"'
check 'check: the example in quire-pipeline(5) is right' '
	awk "/^\.Ed/ {exit} inside {print} /^\.Bd/ {inside=1}" \
		"$ROOT/man/quire-pipeline.5" >"$T/page.json" &&
	grep -q allow-failure "$T/page.json" && quire-ci check "$T/page.json"'

# usage
check '--help and --version' '
	quire-ci --help | grep -q "^usage: quire-ci run" &&
	quire-ci --version | grep -Eqx "quire-ci [0-9.]+"'
check 'no command is usage' 'status 2 quire-ci 2>/dev/null'
check 'an unknown command is usage' '
	status 2 quire-ci rum 2>"$T/err" && grep "rum" "$T/err"'
check 'an unknown option is usage' 'status 2 quire-ci run --nope 2>/dev/null'
check 'exec without its folders is usage' '
	status 2 quire-ci exec 2>"$T/err" && grep -e --workspace "$T/err"'
check 'an option of another command is usage' '
	status 2 quire-ci check --tag v1 2>"$T/err" &&
	grep "quire-ci: check takes no --tag" "$T/err" &&
	status 2 quire-ci run --max-log 1 2>"$T/err" &&
	grep "quire-ci: run takes no --max-log" "$T/err"'
