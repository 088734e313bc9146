#!/bin/sh
# quire-ci run and check: in a working tree, with no home and no database.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 72

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
	run "$red" --keep-going
	shown "a    failed            [0-9.]+s  command 1 failed with exit status 3" &&
	shown "b    skipped           -  needs .a., which failed" &&
	shown "c    failed \(allowed\)  [0-9.]+s  command 1 failed with exit status 1"'
check 'after a failure no other job begins, and each says so' '
	status 1 run "$red"
	shown "b    skipped  -  needs .a., which failed" &&
	shown "c    skipped  -  not started, since .a. failed"'
check 'a failure that is allowed ends nothing' '
	run "{\"jobs\": [
		{\"id\": \"a\", \"allow-failure\": true, \"run\": \"false\"},
		{\"id\": \"b\", \"run\": \"true\"}]}" &&
	shown "b: complete in [0-9.]+s"'
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
check '--ref says either, in full' '
	run "$when" --ref refs/heads/main; shown "main \\$ true" &&
	run "$when" --ref refs/tags/v1; shown "tag \| v1"'
check 'a ref that is no branch and no tag is neither' '
	run "$when" --ref refs/pull/1
	shown "main: skipped: there is no branch.*" &&
	shown "tag: skipped: there is no tag.*"'
env='{"jobs": [{"id": "a",
	"run": "echo $QUIRE_REF,$QUIRE_BRANCH,$QUIRE_TAG"}]}'
check 'a job sees the ref that was said' '
	run "$env" --ref refs/heads/x/y && shown "a \| refs/heads/x/y,x/y," &&
	run "$env" --tag v1 && shown "a \| refs/tags/v1,,v1" &&
	run "$env" --branch b && shown "a \| refs/heads/b,b," &&
	run "$env" && shown "a \| refs/heads/main,main,"'
check 'a ref that is not full is usage' '
	status 2 run "$env" --ref main &&
	grep "quire-ci: --ref: .main. is no full name, as refs/heads/main" "$T/err"'
check 'one of --ref, --branch and --tag' '
	status 2 run "$env" --branch a --tag b && grep exclude "$T/err"'
check 'paths always match: there is nothing to compare with' '
	run "{\"jobs\": [{\"id\": \"a\", \"when\": {\"paths\": \"no\"},
		\"run\": \"true\"}]}"; shown "a \\$ true"'
check 'no colours into a file' '! grep "$(printf "\033")" "$T/shown"'
terminal() { script -qec 'quire-ci run' /dev/null </dev/null; }
check 'colours on a terminal' \
	'run "$green"; TERM=xterm terminal | grep "$(printf "\033\[32mcomplete")"'
check 'but not with NO_COLOR; nothing but lines on a dumb one' '
	NO_COLOR=1 TERM=xterm terminal >"$T/shown" && grep complete "$T/shown" &&
	! grep "$(printf "\033\[[0-9;]*m")" "$T/shown" &&
	TERM=dumb terminal >"$T/shown" && grep "build | hello" "$T/shown" &&
	! grep "$(printf "\033")" "$T/shown"'
check '--plain shows lines on any terminal' '
	TERM=xterm script -qec "quire-ci run --plain" /dev/null </dev/null \
		>"$T/shown" && grep "hello" "$T/shown" &&
	! grep "$(printf "\033\[[0-9]*[AJK]")" "$T/shown"'
check 'a wrong pipeline is exit status 1, with the reason' '
	status 1 run "{}" && grep "quire-ci: .quire/ci.json: no jobs" "$T/err"'
check 'no pipeline is exit status 2' '
	cd / && status 2 quire-ci run 2>"$T/err" &&
	grep "quire-ci: no .quire/ci.json or executable .quire/ci here or above" "$T/err"'
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
		grep "no .quire/ci.json or executable .quire/ci here" "$T/err" &&
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

# JOB...
many='{"jobs": [
	{"id": "all", "needs": ["build", "test"], "run": "echo all"},
	{"id": "test", "needs": ["build"], "when": {"tag": "v*"}, "run": "echo t"},
	{"id": "build", "env": {"A": "1"}, "run": "echo $A,$B"},
	{"id": "lint", "run": "echo l"}],
	"env": {"B": "2"}}'
# jobs: those in the table, in its order.
jobs() { sed '1,/^job /d; s/ .*//' "$T/shown" | tr '\n' ' '; }
check 'a job that is named runs with what it needs, and no other' '
	run "$many" test && test "$(jobs)" = "test build " && shown "test \| t"'
check 'directly or not, whatever their when says' '
	run "$many" all && test "$(jobs)" = "all test build " &&
	shown "test \| t" && shown "all \| all"'
check 'several, in the order of the file, options in between' '
	run "$many" lint --branch x build && test "$(jobs)" = "build lint "'
check 'an unknown job is usage, with the nearest' '
	status 2 run "$many" lint biuld &&
	grep "^quire-ci: no job .biuld. (did you mean .build.?)$" "$T/err"'
check '--env is for every job, over what the pipeline says' '
	run "$many" build --env A=x --env "B=y z" && shown "build \| x,y z"'
check '--env that is none, or one of quire, is usage' '
	status 2 run "$many" --env A && grep "\-\-env: .A. is not NAME=VALUE" "$T/err" &&
	status 2 run "$many" --env QUIRE_REF=x &&
	grep "\-\-env: QUIRE_REF: set by quire itself" "$T/err"'

# --changed-since
paths='{"jobs": [
	{"id": "doc", "when": {"paths": "doc/**"}, "run": "true"},
	{"id": "src", "when": {"paths": "src/**"}, "run": "true"}]}'
mkdir -p doc src && echo 1 >doc/a && echo 1 >src/a
git add doc src && git commit -qm one
check '--changed-since: nothing has' '
	run "$paths" --changed-since HEAD
	shown "doc: skipped: no change in doc/.*" &&
	shown "src: skipped: no change in src/.*"'
check '--changed-since: a file that was changed, not committed' '
	echo 2 >doc/a && run "$paths" --changed-since HEAD
	git checkout -q doc && shown "doc: complete .*" &&
	shown "src: skipped: .*"'
check '--changed-since: a file that git does not know' '
	echo 2 >src/new && run "$paths" --changed-since HEAD
	rm src/new && shown "doc: skipped: .*" && shown "src: complete .*"'
check '--changed-since: a commit' '
	echo 3 >doc/a && git commit -qam two &&
	run "$paths" --changed-since HEAD^ && shown "doc: complete .*" &&
	shown "src: skipped: .*"'
check '--changed-since: no commit is usage, with what git says' '
	status 2 run "$paths" --changed-since none &&
	grep "^quire-ci: --changed-since: .*none" "$T/err"'

# --list and --graph
list='{"jobs": [
	{"id": "build", "run": "touch ran"},
	{"id": "site", "needs": ["build"], "when": {"branch": ["main", "r/*"],
		"paths": "doc/**"}, "allow-failure": true, "run": "touch ran"},
	{"id": "upload", "needs": ["build", "site"], "when": {"tag": "v\"*"},
		"run": "touch ran"},
	{"id": "tell", "needs": ["upload"], "run": "touch ran"}]}'
check '--list: each job, and whether it would run here' '
	run "$list" --list && cat "$T/shown" &&
	shown "job     needs        when                            here" &&
	shown "build   -            -                               runs" &&
	shown "site    build        branch main, r/.*; paths doc/.*  *runs" &&
	shown "upload  build, site  tag v.*  skipped: there is no tag, only for v.*" &&
	shown "tell    upload  *-  *skipped: needs .upload., which was skipped"'
check '--list: on another branch' '
	run "$list" --list --branch x &&
	shown "site .*skipped: branch is .x., not main, r/\*"'
check '--list: of some jobs' '
	run "$list" --list tell && shown "tell .*runs" && run "$list" --list build &&
	test "$(wc -l <"$T/shown")" = 2'
check '--list --json' '
	run "$list" --list --json && python3 -c "
import json, sys
site, upload = json.load(open(sys.argv[1]))[1:3]
assert site == {\"id\": \"site\", \"needs\": [\"build\"], \"runs\": True,
    \"when\": {\"branch\": [\"main\", \"r/*\"], \"paths\": [\"doc/**\"]},
    \"reason\": None}, site
assert not upload[\"runs\"] and upload[\"reason\"].startswith(\"there is no tag\")
" "$T/shown"'
check '--graph: Graphviz draws each job and each need' '
	run "$list" --graph && dot -Tsvg "$T/shown" >"$T/svg" &&
	test "$(grep -c "class=.node" "$T/svg")" = 4 &&
	test "$(grep -c "class=.edge" "$T/svg")" = 4 &&
	grep "<title>site&#45;&gt;upload</title>" "$T/svg" &&
	grep ">may fail<" "$T/svg" && grep ">tag v&quot;\*<" "$T/svg" &&
	test "$(grep -c stroke-dasharray "$T/svg")" = 2'
check 'none of them runs anything' 'test ! -e ran'
check '--json needs --list, and --list is no --graph' '
	status 2 run "$list" --json && status 2 run "$list" --list --graph'

# --secret
secret='{"jobs": [
	{"id": "a", "secrets": {"T": "token"}, "run": "test $T = open-sesame"},
	{"id": "b", "run": "true"}]}'
printf 'open-sesame\n' >"$T/token"
check '--secret: who names it gets it, and nobody is shown it' '
	run "{\"jobs\": [
		{\"id\": \"a\", \"secrets\": {\"V\": \"token\"},
		\"run\": [\"test \$V = open-sesame\", \"echo is \$V.\"]},
		{\"id\": \"b\", \"run\": \"test -z \\\"\$V\\\"\"}]}" \
		--secret "token=$T/token" && shown "a \| is \{\{ token \}\}\."'
check '--secret: a path from where one stands, or standard input' '
	run "$secret" --list && cd src/deep && cp "$T/token" here &&
	quire-ci run a --secret token=here &&
	quire-ci run a --secret token=- <"$T/token"'
check '--secret: one that is not given fails its job, with what to do' '
	status 1 run "$secret" a &&
	shown "a: failed .*secret .token.: give it with --secret NAME=FILE"'
check '--secret: no file, no name are usage' '
	status 2 run "$secret" --secret "token=$T/none" &&
	grep "\-\-secret: secret .token.: $T/none: No such file" "$T/err" &&
	status 2 run "$secret" --secret token &&
	status 2 run "$secret" --secret "../x=$T/token"'
check '--secret: one that no job names is usage, with the near miss' '
	status 2 run "$secret" --secret "tokken=$T/token" &&
	grep "no job names the secret .tokken. (did you mean .token.?)" "$T/err"'
check '--changed-since: jobs find the paths in a file' '
	echo 9 >doc/a && run "{\"jobs\": [{\"id\": \"a\",
		\"run\": \"tr \\\"\\\\0\\\" ! <\$QUIRE_CHANGED\"}]}" \
		--changed-since HEAD
	cat "$T/shown" "$T/err"; git checkout -q doc; shown "a \| .*doc/a!.*"'
check '--changed-since: which is gone afterwards' '
	TMPDIR=$T/tmp && export TMPDIR && mkdir "$T/tmp" &&
	run "$paths" --changed-since HEAD && test -z "$(ls "$T/tmp")"'
check 'a job has a TMPDIR, which is gone afterwards' '
	unset TMPDIR && run "{\"jobs\": [{\"id\": \"a\",
		\"run\": \"echo x >\$TMPDIR/x; echo \$TMPDIR\"}]}" &&
	dir=$(sed -n "s/^a | //p" "$T/shown") && test "$dir" && test ! -e "$dir"'
check 'the sample project is green' '
	cp -R "$ROOT/tests/sample" "$T/sample" && cd "$T/sample" &&
	unset TMPDIR MAKEFLAGS MAKELEVEL && quire-ci run | tee "$T/shown" &&
	shown "install +complete .*" && shown "install \| MMXXVI"'
