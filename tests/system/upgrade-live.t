#!/bin/sh
# The next version of quire comes to a home with runs: programs that are linked
# with one more migration, against a database of this version. A run that is
# live is upgraded under by nobody; one whose supervisor is gone is settled
# after the upgrade.
BUILT=${QUIRE_BUILD:-$(dirname "$0")/../../build}
case $BUILT in /*) ;; *) BUILT=$PWD/$BUILT ;; esac
if ! [ -e "$BUILT/libquire.a" ] || ! command -v "${CC:-gcc}" >/dev/null; then
	echo '1..0 # SKIP needs a compiler, and libquire.a beside the programs'
	exit 0
fi
. "$(dirname "$0")/lib.sh"
plan 11

# next/bin: quire, quire-run and quire-reconcile of the version after this one
last=$(cd "$ROOT/schema" && printf '%s\n' [0-9]*.sql | tail -n 1)
last=$(echo "${last%%_*}" | sed 's/^0*//')
next=$(printf '%04d' $((last + 1)))_next.sql
cat >"$next" <<'END'
ALTER TABLE runs ADD COLUMN next;
END
mkdir -p next/bin
cp "$QUIRE_BUILD/bin/quire-ci" next/bin
sh "$ROOT/schema/embed.sh" "$ROOT"/schema/0*.sql "$next" \
	"$ROOT/schema/triggers.sql" >next.c
for program in quire quire-run quire-reconcile; do
	objects=$BUILT/obj/bin/$program.o
	[ $program != quire ] ||
		objects="$objects $(echo "$BUILT"/obj/bin/cmd_*.o)"
	# as the rest was compiled; a schema of our own comes before the library
	# shellcheck disable=SC2046,SC2086 # words
	${CC:-gcc} $(grep -o -e '-fsanitize=[^ ]*' "$BUILT/obj/flags") \
		-I"$ROOT/lib" -o "next/bin/$program" $objects \
		"$BUILT/obj/bin/program.o" next.c "$BUILT/libquire.a" -lgit2 \
		-lsqlite3 -ljson-c -lpthread >next.log 2>&1 || {
		cat next.log
		exit 1
	}
done

version() {
	sql 'PRAGMA user_version'
}

new_home
new_repo foo
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":
	\"echo \$PPID >$T/pid; until test -e $T/go; do sleep 0.1; done\"}]}"
push foo >/dev/null
wait_for 'test -s pid'
NOW=$(version)

# later STATUS PROGRAM...: of the next version; what it says is in err
later() {
	want=$1 program=$2
	shift 2
	"$T/next/bin/$program" "$@" >out 2>err
	status=$?
	cat out err
	test $status = "$want"
}

check 'a run is live: quire says what to do' \
	'later 75 quire runs && grep "runs are active: run .quire-reconcile." err &&
	test "$(wc -l <err)" = 1'
check 'so does quire-run' \
	'later 75 quire-run; grep -h "runs are active: run .quire-reconcile." \
	err "$QUIRE_HOME/quire-run.log"'
check 'quire-reconcile and quire init tell which one it is' '
	id=$(sql "SELECT id FROM runs") &&
	later 75 quire-reconcile && grep "while run $id of foo.git is live: try again" err &&
	later 75 quire init && grep "while run $id of foo.git is live: try again" err'
check 'nobody has changed anything' \
	'test "$(version)" = "$NOW" && test "$(state foo#1)" = active'
touch go
check 'its own program brings it to its end' \
	'wait_idle && test "$(state foo#1)" = complete'

# a supervisor that is gone: it and its executor, at once
rm -f go pid
git -C foo commit -q --allow-empty -m again
push foo >/dev/null
wait_for 'test -s pid'
pid=$(cat pid) pids=
while [ "$pid" -gt 1 ] && [ "$(cat "/proc/$pid/comm")" != quire-run ]; do
	pids="$pids $pid"
	pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
done
# shellcheck disable=SC2086 # one word a pid
[ "$pid" -le 1 ] || kill -9 $pid $pids
wait_for '! grep -q "^State:.[^Z]" "/proc/$pid/status"'
check 'its supervisor is gone: quire still says what to do' \
	'later 75 quire runs && grep quire-reconcile err'
check 'quire-reconcile upgrades, and settles it' '
	later 0 quire-reconcile && test "$(version)" = $((NOW + 1)) &&
	test "$(sql "SELECT state, failure_kind FROM runs WHERE number = 2")" = \
		"failed|orphaned"'
check 'no row is lost, and no trigger' '
	test "$(sql "SELECT count(*) FROM runs")" = 2 &&
	! sql "UPDATE runs SET state = '\''pending'\'', finished_at_ms = NULL,
		failure_kind = NULL" && test "$(sql "SELECT count(next) FROM runs")" = 0'
check 'the programs of before refuse it, each in one line, and leave it' '
	for program in "quire runs" "quire init" quire-run quire-reconcile; do
		$program >out 2>err; s=$?; cat err; test $s = 70 &&
			test "$(wc -l <err)" = 1 && grep -q newer err || exit 1
	done; test "$(version)" = $((NOW + 1))'
check 'a push stands, and its pusher is told' '
	git -C foo commit -q --allow-empty -m later && push foo >said; cat said
	grep "is newer than this program.*: the push stands" said'
touch go
check 'and the next version catches it up' '
	later 0 quire-reconcile && wait_idle &&
	test "$(sql "SELECT state FROM runs WHERE number = 3")" = complete'
