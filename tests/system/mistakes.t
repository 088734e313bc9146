#!/bin/sh
# What a newcomer types wrong, and that the answer says what to type instead.
# shellcheck disable=SC2016 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 48

# told STATUS WANT COMMAND...: what it says on standard error has WANT, is one
# line but for "try ...", and it ends with that status.
told() {
	want_status=$1 want=$2
	shift 2
	"$@" >"$T/said.out" 2>"$T/said" </dev/null
	status=$?
	cat "$T/said"
	[ "$status" = "$want_status" ] && grep -qF -- "$want" "$T/said" &&
		[ "$(grep -vc "^[a-z -]*: try '" "$T/said")" = 1 ] &&
		! [ -s "$T/said.out" ]
}

check 'no home' 'told 70 "make one with: quire init" quire runs'
check 'a home that is no absolute path' '
	QUIRE_HOME=home told 2 "absolute path" quire runs'
new_home
check 'no repository, and none yet' '
	told 2 "quire repo new makes one" quire start foo'
check 'status' "told 2 \"did you mean 'runs'?\" quire status"
check 'list' "told 2 \"did you mean 'runs'?\" quire list"
check 'retry' "told 2 \"did you mean 'rerun'?\" quire retry"
check 'stop' "told 2 \"did you mean 'cancel'?\" quire stop foo#1"
check 'check' "told 2 \"did you mean 'ci check'?\" quire check"
check 'version' "told 2 \"did you mean '--version'?\" quire version"
check 'a letter too few' "told 2 \"did you mean 'doctor'?\" quire docto"
check 'a topic with a letter wrong' "
	told 2 \"did you mean 'tutorial'?\" quire help tutoral"
check 'repo create' "told 2 \"did you mean 'new'?\" quire repo create foo"
check 'repo delete' "told 2 \"did you mean 'rm'?\" quire repo delete foo"
check 'repo ls' "told 2 \"did you mean 'list'?\" quire repo ls"
check 'repo what' 'told 2 "new, adopt, move, list" quire repo foo'
check 'repo new of nothing' 'told 2 "new takes a NAME" quire repo new'
check 'repo move without a folder' '
	told 2 "move takes a NAME and a DIR" quire repo move foo'
check 'repo new of a path' '
	told 2 "begins with no /" quire repo new "$T/foo.git"'
check 'repo adopt of a name' 'told 2 "quire repo new" quire repo adopt foo'
git init -q tree
check 'repo adopt of a working tree' '
	told 2 "git clone --bare" quire repo adopt tree'
mkdir -p many
git init -q --bare many/a.git
check 'repo adopt of a folder of repositories' '
	told 2 "with --scan" quire repo adopt many'

new_repo foo
check 'a repository with a letter wrong' "
	told 2 \"did you mean 'foo'?\" quire runs fooo"
check 'a repository that is not like any' '
	told 2 "quire repo list" quire runs bar'
check 'a repository in place of a run, before there is one' '
	told 2 "has no run yet" quire show foo'
check 'a run before there is one' 'told 2 "it has none yet" quire show foo#1'
check 'start without a branch' 'told 2 "push one first" quire start foo'
pipeline foo '{"jobs": [{"id": "build", "run": "true"}]}'
push foo >/dev/null
wait_idle
check 'a repository in place of a run' '
	told 2 "the newest is foo#1" quire show foo'
check 'the same, where its name is as long as the start of an id' '
	new_repo longer && told 2 "has no run yet" quire log longer'
check 'a run that is not there' '
	told 2 "its newest is number 1" quire show foo#9'
check 'a number alone' 'told 2 "as foo#42" quire show 1'
check 'log of nothing' 'told 2 "which run? as foo#42" quire log'
check 'artifacts of nothing' 'told 2 "of which run? as foo#42" quire artifacts'
check 'a job with a letter wrong' "
	told 2 \"did you mean 'build'?\" quire log foo#1 biuld"
check 'a job that is not like any' '
	told 2 "quire show foo#1" quire log foo#1 other'
check 'cancel of what has ended' '
	told 2 "has ended already: complete" quire cancel foo#1'
check 'start of a branch with a letter wrong' "
	told 2 \"did you mean 'main'?\" quire start foo mian"
check 'start of a branch that is not like any' '
	told 2 "give a branch, a tag or a full ref" quire start foo release'
check 'runs in a state with a letter wrong' "
	told 2 \"did you mean 'failed'?\" quire runs --state faild"
check 'config set' 'told 2 "quire config KEY [VALUE]" quire config set timeout 2h'
check 'config get' 'told 2 "quire config KEY [VALUE]" quire config get timeout'
check 'config list' 'told 2 "or --list" quire config list'
check 'config with =' 'told 2 "two operands" quire config timeout=2h'
check 'config of a repository alone' '
	told 2 "quire config --list foo" quire config foo'
check 'a secret as an operand' '
	told 2 "standard input" quire secret set token abc'
check 'no pipeline here' '
	cd many && told 2 "quire help pipeline" quire ci run'
check 'a job of the pipeline that is not there' '
	cd foo && told 2 "quire ci run --list" quire ci run nothing'
check 'a pipeline in YAML is told at the push' '
	git -C foo checkout -q --orphan yaml && git -C foo mv .quire/ci.json \
		.quire/ci.yml && git -C foo commit -qm yaml &&
	push foo yaml | grep "not YAML"'
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$T" "$QUIRE_HOME"
	check 'not the owner' '
		told 75 "sudo -u root" setpriv --reuid=65534 --regid=65534 \
			--clear-groups quire config timeout 2h'
else
	skip 'not the owner' 'it takes root to be somebody else'
fi
