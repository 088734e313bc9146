#!/bin/sh
# quire config: what is set, where, and what is refused.
# shellcheck disable=SC1091,SC2016,SC2034 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 46
new_home
quire repo new foo >/dev/null
quire repo new work/bar >/dev/null

# says STATUS 'words' COMMAND...: it ends so, with one line that has the words.
says() {
	say_want=$1 say_words=$2 say_got=0
	shift 2
	"$@" >"$T/out" 2>"$T/err" || say_got=$?
	cat "$T/out" "$T/err"
	[ "$say_got" = "$say_want" ] && [ "$(wc -l <"$T/err")" = 1 ] &&
		grep -qe "$say_words" "$T/err"
}

# is VALUE [REPO] KEY: its effective value
is() {
	is_want=$1
	shift
	is_got=$(quire config "$@")
	echo "$is_got"
	[ "$is_got" = "$is_want" ]
}

check 'a default' 'is 1 maxRuns && is 1h timeout'
check 'a default that is empty is an empty line' '
	test "$(quire config url | wc -c)" = 1'
check 'what is set is what is printed, bare' '
	quire config timeout 20m && is 20m timeout'
check 'setting prints nothing' 'test -z "$(quire config maxRuns 2)"'
check 'a repository sees the global value' 'is 20m foo timeout'
check 'and its own on top' '
	quire config foo timeout 5m && is 5m foo timeout && is 20m timeout &&
	is 20m work/bar timeout'
check 'named with .git or without' 'is 5m foo.git timeout'
check '--unset goes back to the global value' '
	quire config --unset foo timeout && is 20m foo timeout'
check 'and then to the default' '
	quire config timeout --unset && is 1h timeout && is 1h foo timeout'
check '--unset of what is not set is done already' '
	quire config --unset timeout'
check 'a value that begins with a dash' '
	quire config -- keepRunning -x && is -x keepRunning && quire config --unset keepRunning'
check 'a value of several words, and an empty one' '
	quire config refs "refs/heads/* refs/tags/v*" &&
	is "refs/heads/* refs/tags/v*" refs && quire config url "" && is "" url'
check 'a value that is not UTF-8' '
	odd=$(printf "caf\\351") && quire config keepRunning "$odd" &&
	is "$odd" keepRunning && quire config --list --json | python3 -m json.tool &&
	quire config --unset keepRunning'
for value in on off true false yes no 1 0; do
	check "a boolean may be $value" "quire config private $value"
done
check 'a boolean may not be maybe' '
	says 2 "private" quire config private maybe'
check 'a number is a number' '
	says 2 "maxRuns" quire config maxRuns many && is 2 maxRuns'
check 'and has a least value' 'says 2 "maxRuns" quire config maxRuns -- 0'
check 'a size' 'quire config maxLog 1G && says 2 "maxLog" \
	quire config maxLog 1x'
check 'a duration' 'says 2 "timeout" quire config timeout soon'
check 'a choice' 'says 2 "sandbox" quire config sandbox chroot'
check 'variables are words with a name' '
	says 2 "env: .A. is not of the form NAME=VALUE" quire config env "A B" &&
	quire config env "A=1 B=x=y C=" && is "A=1 B=x=y C=" env &&
	quire config --unset env'
check 'a path is of absolute directories' '
	says 2 "path" quire config path "" && says 2 "path" quire config path bin &&
	says 2 "path" quire config path /bin: && quire config path /bin:/usr/bin &&
	quire config --unset path'
check 'an address is of the web' '
	says 2 "url" quire config url javascript:x &&
	says 2 "commitUrl" quire config commitUrl x/%s &&
	quire config url https://ci.example.org &&
	quire config foo commitUrl "http://x/%r/commit/%s?a=%20" &&
	quire config url "" && quire config --unset foo commitUrl'
check 'a number has a greatest value' '
	says 2 "maxRuns" quire config maxRuns 100000 && quire config maxRuns 1024 &&
	quire config maxRuns 2'
check 'a stored value that is none is an error that names it' '
	sql "INSERT INTO settings VALUES ('\'\'', '\''env'\'', '\''A B'\'')" &&
	says 70 "setting env: .A. is not" quire config env &&
	quire config --list | grep "^env *global *A B$" && quire config --unset env'
check 'an unknown key, with the near miss' '
	says 2 "did you mean .timeout" quire config timeuot &&
	says 2 "did you mean .timeout" quire config timeuot 2h &&
	says 2 "did you mean .timeout" quire config foo timeuot &&
	says 2 "did you mean .timeout" quire config foo timeuot 2h'
check 'an unknown repository, with the near miss' '
	says 2 "did you mean .foo" quire config fooo timeout'
check 'a repository without a key' '
	says 2 "foo is a repository: .*quire config --list foo" quire config foo'
check 'a value that looks like an option, and an option that is none' '
	quire config timeout -1 2>err; test $? = 2 && grep "behind --" err &&
	grep "try .quire config --help" err &&
	{ quire log --bogus 2>err; test $? = 2; } &&
	grep "try .quire log --help" err'
check 'neither a key nor a repository' 'says 2 "." quire config xyzzy plugh'
check 'a global setting has no value for one repository' '
	says 2 "maxRuns" quire config foo maxRuns 3'
check 'nothing of what was refused is stored' '
	test "$(sql "SELECT count(*) FROM settings WHERE value IN
		('\''maybe'\'', '\''many'\'', '\''1x'\'', '\''soon'\'',
		'\''chroot'\'', '\''3'\'')")" = 0'
check 'a stored value that makes no sense can be unset' '
	sql "INSERT INTO settings VALUES ('\''foo.git'\'', '\''timeout'\'',
		'\''soon'\'')" && quire config --unset foo timeout && is 1h foo timeout'
check '--list has every key, its value and where that comes from' '
	quire config --list >list && grep "^maxRuns *global *2$" list &&
	grep "^minFree *default *1G$" list && grep "^url *global *-$" list'
check '--list of a repository' '
	quire config foo timeout 5m && quire config foo --list |
	grep "^timeout *foo.git *5m$"'
check '--list --json' '
	quire config --list --json foo | python3 -c "
import json, sys
keys = {s[\"key\"]: s for s in json.load(sys.stdin)}
assert keys[\"timeout\"][\"value\"] == \"5m\"
assert keys[\"timeout\"][\"default\"] == \"1h\"
assert keys[\"timeout\"][\"per_repo\"] is True
assert keys[\"maxRuns\"][\"per_repo\"] is False
assert all(s[\"help\"] for s in keys.values())"'
check 'forgetting a repository forgets its settings' '
	quire repo rm foo && quire repo adopt home/repos/foo.git &&
	is 1h foo timeout'
check 'usage: no key, too much, what does not go together' '
	says 2 "." quire config && says 2 "." quire config foo timeout 1h x &&
	says 2 "." quire config --list --unset &&
	says 2 "." quire config --json timeout &&
	says 2 "." quire config --unset timeout 1h'

new_repo slots
for branch in one two; do
	git -C slots checkout -q -b "$branch"
	pipeline slots "{\"jobs\": [{\"id\": \"a\", \"run\":
		\"until test -e $T/go; do sleep 0.05; done\"}]}" "$branch" >/dev/null
done
check 'a run that waited starts when maxRuns grows' '
	quire config maxRuns 1 && push slots one &&
	wait_for "test \"\$(state slots#1)\" = active" && push slots two &&
	quire-run && test "$(state slots#2)" = pending &&
	quire config maxRuns 2 &&
	wait_for "test \"\$(state slots#2)\" = active" &&
	test "$(state slots#1)" = active'
touch go
wait_idle
