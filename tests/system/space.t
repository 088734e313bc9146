#!/bin/sh
# minFree: runs wait for space, and start when it is there. A small disk of its
# own, in a mount namespace.
if [ -z "${QUIRE_TEST_SPACE:-}" ]; then
	if unshare -m true 2>/dev/null; then
		exec env QUIRE_TEST_SPACE=1 unshare -m sh "$0" "$@"
	fi
	echo '1..0 # SKIP no mount namespace to be had'
	exit 0
fi
. "$(dirname "$0")/lib.sh"
plan 15

mkdir "$QUIRE_HOME"
mount -t tmpfs -o size=16m,mode=755 quire-test "$QUIRE_HOME"
at_end 'umount -l "$QUIRE_HOME"'
new_home
quire config minFree 6M >/dev/null
new_repo foo
QUICK='{"jobs":[{"id":"a","run":"true"}]}'

pending() {
	sql "SELECT group_concat(number) FROM (SELECT number FROM runs
		WHERE state = 'pending' ORDER BY number)"
}
fill() {
	head -c 12000000 /dev/zero >"$QUIRE_HOME/fill"
}
# queue BRANCH: without a quire-run that is started for it
queue() {
	git -C foo checkout -qB "$1"
	pipeline foo "${2:-$QUICK}" "$1"
	QUIRE_RUN_ID=none push foo "$1" >/dev/null
}

fill
pipeline foo "$QUICK"
push foo >/dev/null
check 'with less than minFree a run stays pending' \
	'wait_for "grep minFree \"$QUIRE_HOME/quire-run.log\"" &&
	test "$(state foo#1)" = pending'
check 'quire-reconcile says how much is free, and how much is wanted' \
	'quire-reconcile >out 2>err; s=$?; cat out err
	test $s = 75 && ! test -s out && test "$(wc -l <err)" = 1 &&
	grep "[0-9] MB are free, and the setting minFree wants 6 MB" err'
check 'a dry run too' \
	'quire-reconcile -n 2>&1 | grep "setting minFree wants 6 MB"'
queue two
check 'what comes meanwhile waits as well' \
	'! quire-run 2>err && grep minFree err && test "$(pending)" = 1,2'
rm "$QUIRE_HOME/fill"
check 'when there is space the next reconcile starts them' \
	'quire-reconcile && wait_idle && test "$(state foo#1)" = complete &&
	test "$(state foo#2)" = complete'
check 'and is silent again' '! quire-reconcile 2>&1 | grep .'

# A run that leaves too little for the next one.
queue three '{"jobs":[{"id":"a",
	"run":"head -c 12000000 /dev/zero >\"$QUIRE_CACHE/fill\""}]}'
queue four
check 'each claim looks: what one run has filled the next one finds' \
	'quire-run 2>err; s=$?; cat err; test $s = 75 && grep minFree err &&
	test "$(state foo#3)" = complete && test "$(pending)" = 4'
rm "$QUIRE_HOME/cache/foo.git/fill"

# A run whose workspace takes the space, which is back when it ends.
queue five "{\"jobs\":[{\"id\":\"a\",\"run\":[
	\"head -c 12000000 /dev/zero >fill\", \"cat $T/go\"]}]}"
mkfifo go
quire config maxRuns 2
quire-run &
run=$!
wait_for 'test "$(state foo#5)" = active && test "$(df --output=avail -k \
	"$QUIRE_HOME" | tail -n 1)" -lt 6000'
queue six
check 'while a run holds the space, the next one waits' \
	'! quire-run 2>err && grep minFree err && test "$(pending)" = 6'
check 'and nobody is told: it will be back' \
	'! quire-reconcile 2>&1 | grep . && test "$(pending)" = 6'
timeout 60 sh -c 'echo >go'
wait $run
check 'when that run has ended the next one starts by itself' \
	'wait_idle && test "$(state foo#5)$(state foo#6)" = completecomplete'

# a copy of the database for which there is no room
mkdir other
mount -t tmpfs -o size=64k quire-test other
check 'a backup on a full disk: one line, and nothing is left' \
	'quire backup other/copy 2>err; s=$?; cat err; test $s = 75 &&
	test "$(wc -l <err)" = 1 && grep "other/copy: No space left" err &&
	test -z "$(ls other)"'
umount other
cat /dev/zero >"$QUIRE_HOME/fill" 2>/dev/null
check 'so is one where the home is full: it says so' \
	'quire backup "$QUIRE_HOME/copy" 2>err; s=$?; cat err; test $s = 75 &&
	test "$(wc -l <err)" = 1 && grep "No space left" err &&
	test "$(echo "$QUIRE_HOME"/copy*)" = "$QUIRE_HOME/copy*"'

rm -f "$QUIRE_HOME/fill" "$QUIRE_HOME"/cache/foo.git/fill

# Inodes are space, too.
mount -o remount,nr_inodes=3000 "$QUIRE_HOME"
(mkdir "$QUIRE_HOME/many" && cd "$QUIRE_HOME/many" &&
	seq "$(($(stat -f -c %d .) - 10))" | xargs touch)
queue inodes
last=$(pending)
check 'without inodes a run stays pending, in words of their own' '
	quire-reconcile >out 2>err; s=$?; cat out err
	test $s = 75 && grep "[0-9]* of 3000 inodes are free" err &&
	test "$(state foo#$last)" = pending'
check 'quire doctor says so' 'quire doctor | grep "of 3000 inodes are free"'
rm -r "$QUIRE_HOME/many"
check 'and with some it starts' '
	quire-reconcile && wait_idle && test "$(state foo#$last)" = complete'
