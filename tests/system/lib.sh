# shellcheck shell=sh
# lib.sh - for system tests: a throw-away folder, a home, repositories, TAP.
#
#	. "$(dirname "$0")/lib.sh"
#	plan 2
#	new_home
#	new_repo foo
#	check 'a push says what it queued' 'push foo main | grep "foo#1 queued"'
#	check 'the run ends green' 'wait_idle && test "$(state foo#1)" = complete'
#
# A test is alone in $T, which is removed at the end (KEEP=1 keeps it), and no
# process of it may be left then. The programs come from $QUIRE_BUILD/bin
# (default: build beside this tree).

ROOT=$(cd "$(dirname "$0")/../.." && pwd)
QUIRE_BUILD=${QUIRE_BUILD:-$ROOT/build}
case $QUIRE_BUILD in /*) ;; *) QUIRE_BUILD=$ROOT/$QUIRE_BUILD ;; esac
PATH=$QUIRE_BUILD/bin:$PATH
T=$(mktemp -d "${TMPDIR:-/tmp}/quire-test.XXXXXX")
QUIRE_HOME=$T/home
HOME=$T
unset GIT_DIR GIT_WORK_TREE QUIRE_RUN_ID REMOTE_USER XDG_CONFIG_HOME
# a make of a job is not part of the one that runs the tests
unset MAKEFLAGS MAKELEVEL MFLAGS
GIT_CONFIG_NOSYSTEM=1
LC_ALL=C.UTF-8
# Another user runs the programs too, who may not come to where they are, below
# /root say: then from copies.
if [ "$(id -u)" = 0 ] && ! setpriv --reuid=65534 --regid=65534 \
	--clear-groups test -x "$QUIRE_BUILD/bin/quire" 2>/dev/null; then
	mkdir -p "$T/.programs"
	cp -R "$QUIRE_BUILD/bin" "$T/.programs/bin"
	chmod 755 "$T"
	QUIRE_BUILD=$T/.programs
	PATH=$QUIRE_BUILD/bin:$PATH
fi
export PATH T QUIRE_HOME QUIRE_BUILD HOME GIT_CONFIG_NOSYSTEM LC_ALL
cd "$T" || exit 70

git config --global user.name 'Tess Test'
git config --global user.email tess@example.org
git config --global init.defaultBranch main
git config --global advice.detachedHead false
git config --global safe.directory '*'

TESTS=0 FAILED=0 PLANNED=

# plan N: so that a script that stops half-way fails.
plan() {
	PLANNED=$1
	echo "1..$1"
}

# check 'what is promised' 'shell command': one test. What the command prints
# is shown only if it fails, on standard error, which prove lets through.
check() {
	TESTS=$((TESTS + 1))
	if (eval "$2") >"$T/.out" 2>&1; then
		echo "ok $TESTS - $1"
	else
		echo "not ok $TESTS - $1"
		FAILED=$((FAILED + 1))
		{
			echo "$0: $TESTS - $1"
			echo "$2"
			tail -n 40 "$T/.out"
		} | sed 's/^/# /' >&2
	fi
}

# skip 'what is promised' 'why not here'
skip() {
	TESTS=$((TESTS + 1))
	echo "ok $TESTS - $1 # SKIP $2"
}

# at_end 'command': run when the script ends, the last one first.
AT_END=
at_end() {
	AT_END="$1; $AT_END"
}

# survivors: the pids of what was started here and lives. All that the script
# execs has a HOME or a QUIRE_HOME in $T; this shell itself began with others,
# and the search has none.
survivors() {
	env -i PATH="$PATH" sh -c 'grep -lzsF "HOME=$1" /proc/[0-9]*/environ |
		tr -dc "0-9\n"' sh "$T"
}

# end_survivors: fails if a process is left after a moment, and ends it.
end_survivors() {
	survivors_tries=100
	while [ "$(survivors)" ]; do
		survivors_tries=$((survivors_tries - 1))
		[ "$survivors_tries" -gt 0 ] || break
		sleep 0.1
	done
	survivors_failed=0
	for survivor in $(survivors); do
		survivor_name=$(tr '\0' ' ' <"/proc/$survivor/cmdline") || continue
		echo "# $0: left behind: $survivor $survivor_name" >&2
		kill -9 "$survivor"
		survivors_failed=1
	done
	return $survivors_failed
}

finish() {
	status=$?
	trap - EXIT
	eval "$AT_END"
	end_survivors || status=1
	if [ -n "$PLANNED" ] && [ "$TESTS" != "$PLANNED" ]; then
		echo "# planned $PLANNED tests, ran $TESTS"
		status=1
	fi
	[ "$FAILED" = 0 ] || status=1
	cd /
	if [ -n "${KEEP:-}" ]; then
		echo "# kept: $T"
	else
		chmod -R u+rwX "$T" 2>/dev/null
		rm -rf "$T"
	fi
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# new_home: an initialised home in $QUIRE_HOME; jobs are not confined, so that a
# test sees what they do, unless SANDBOX says otherwise.
new_home() {
	quire init >"$T/.init" 2>&1 || {
		echo "Bail out! quire init: $(cat "$T/.init")"
		exit 1
	}
	quire config sandbox "${SANDBOX:-none}" || exit 1
}

# need_sandbox: before plan; skips all where bubblewrap can't work, which is
# asked of bubblewrap alone.
need_sandbox() {
	bwrap --unshare-user-try --unshare-pid --unshare-net --unshare-ipc \
		--unshare-uts --ro-bind / / --proc /proc --dev /dev \
		true >"$T/.bwrap" 2>&1 && return
	echo "1..0 # SKIP no sandbox here: $(head -n 1 "$T/.bwrap")"
	exit 0
}

# new_repo NAME: the bare repository NAME.git in the home with the hook, and a
# clone of it in $T/NAME, on branch main, with one commit and no pipeline.
new_repo() {
	quire repo new "$1" >/dev/null || exit 1
	git init -q "$T/$1"
	git -C "$T/$1" remote add origin "$QUIRE_HOME/repos/$1.git"
	echo "$1" >"$T/$1/README"
	git -C "$T/$1" add README
	git -C "$T/$1" commit -qm 'first commit'
}

# pipeline NAME JSON: commits the JSON as .quire/ci.json in the clone NAME.
pipeline() {
	mkdir -p "$T/$1/.quire"
	printf '%s\n' "$2" >"$T/$1/.quire/ci.json"
	git -C "$T/$1" add .quire
	git -C "$T/$1" commit -qm "${3:-a pipeline}"
}

# push NAME [REF...]: git push from the clone, with what the hook says.
push() {
	push_repo=$1
	shift
	git -C "$T/$push_repo" push -q origin "${@:-main}" 2>&1
}

# sql STATEMENT: the sqlite3 shell on the home's database.
sql() {
	sqlite3 -cmd '.timeout 10000' "$QUIRE_HOME/quire.db" "$1"
}

# row NUMBER COLUMNS: of that run of foo, split by |.
row() {
	sql "SELECT $2 FROM runs WHERE repo = 'foo.git' AND number = $1"
}

# dir NUMBER: the directory of that run of foo.
dir() {
	echo "$QUIRE_HOME/runs/foo.git/$(row "$1" id)"
}

# text NUMBER JOB N: what that command of that run of foo wrote.
text() {
	sed 's/^[^ ]* [^ ]* [FP] //' "$(dir "$1")/jobs/$2/sh-$3.log"
}

# state RUN: the state of a run.
state() {
	quire show "$1" --json | sed -n 's/.*"state": *"\([a-z]*\)".*/\1/p' |
		head -n 1
}

# wait_for 'command' [SECONDS]: until it succeeds; fails after 30 s.
wait_for() {
	wait_left=$((${2:-30} * 20))
	until (eval "$1") >/dev/null 2>&1; do
		wait_left=$((wait_left - 1))
		[ "$wait_left" -gt 0 ] || return 1
		sleep 0.05
	done
}

# wait_idle [SECONDS]: until no run is pending or active.
wait_idle() {
	wait_for 'test "$(sql "SELECT count(*) FROM runs WHERE state IN
		('\''pending'\'', '\''active'\'')")" = 0' "${1:-30}"
}
