#!/bin/sh
# The queue: slots, claims, two quire-run at once, and faults of the host.
. "$(dirname "$0")/lib.sh"
plan 28

new_home
new_repo foo

states() {
	sql "SELECT count(*) FROM runs WHERE state = '$1'"
}

# unkicked BRANCH...: pushes that nobody starts a run for: their hook takes
# itself to be within a job.
unkicked() {
	for branch; do
		git -C foo checkout -q -B "$branch" main
		count=$((${count:-0} + 1))
		git -C foo commit -q --allow-empty -m "$branch $count"
		QUIRE_RUN_ID=none push foo "+$branch" >/dev/null
	done
}

# most FILE: the most that were between + and - at a time.
most() {
	awk '{ n += $1 == "+" ? 1 : -1; if (n > max) max = n }
		END { print max }' "$1"
}

# a job that lasts until $T/go is there
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":\"echo + >>$T/marks; \
touch $T/up.\$QUIRE_BRANCH; while ! test -e $T/go && ! test -e $T/go.\$QUIRE_BRANCH; do sleep 0.02; done; \
echo - >>$T/marks\"}]}"
quire config maxRuns 2 >/dev/null
unkicked one two three four
check 'a push from within a job starts nothing' \
	'test "$(states pending)" = 4'
quire-run &
first=$!
check 'one quire-run fills both slots: it kicks for the other' \
	'wait_for "test -e $T/up.one && test -e $T/up.two"'
check 'in the order of the pushes' \
	'test "$(states active)" = 2 && ! ls "$T" | grep up.three'
check 'a further one finds no slot, and ends' \
	'quire-run && quire-run && test "$(states active)" = 2'
check 'the others wait' 'test "$(states pending)" = 2'
touch "$T/go"
check 'all are run to their end' 'wait_idle && test "$(states complete)" = 4'
check 'never more than two at a time' 'test "$(most "$T/marks")" = 2'
wait "$first"
check 'and the slots are given back' \
	'wait_for "flock -n $QUIRE_HOME/slots/1 true &&
	flock -n $QUIRE_HOME/slots/2 true"'

rm "$T/go" "$T/marks"
quire config maxRuns 1 >/dev/null
unkicked five six seven
quire-run & pids=$!
quire-run & pids="$pids $!"
quire-run & pids="$pids $!"
check 'of three at once, one works' \
	'wait_for "test -e $T/up.five" && test "$(states active)" = 1'
quire config maxRuns 3 >/dev/null
quire-run & pids="$pids $!"
check 'more slots, more at a time' \
	'wait_for "test -e $T/up.six && test -e $T/up.seven"'
touch "$T/go"
check 'every run is run once' \
	'wait_idle && test "$(states complete)" = 7 &&
	test "$(grep -c + "$T/marks")" = 3'
bad=0
for p in $pids; do
	wait "$p" || bad=1
done
check 'all of them end well' 'test "$bad" = 0'

# fewer slots: whoever holds one too many gives it back before he claims. Only
# one quire-run is started, by nobody else either, so that the first run is in
# the first slot and the second in the second.
rm "$T/go" "$T/marks"
wait_for 'for slot in 1 2 3; do
	flock -n "$QUIRE_HOME/slots/$slot" true || exit 1
done'
unkicked one two three
QUIRE_RUN_ID=none quire config maxRuns 2 >/dev/null
quire-run &
wait_for 'test "$(states active)" = 2'
quire config maxRuns 1 >/dev/null
touch "$T/go.two"
wait_for 'flock -n "$QUIRE_HOME/slots/2" true'
check 'less slots, less at a time: the one too many claims no more' \
	'test "$(state foo#9)" = complete && test "$(states active)" = 1 &&
	test "$(state foo#10)" = pending'
touch "$T/go"
wait_idle

# a lock that another holds
unkicked one two
mkdir -p "$(dir 11)"
flock "$(dir 11)/lock" sh -c "touch $T/held; while test -e $T/held; do
	sleep 0.02; done" &
holder=$!
wait_for 'test -e "$T/held"'
check 'a run whose lock another holds is passed over' \
	'quire-run && test "$(state foo#11)" = pending &&
	test "$(state foo#12)" = complete'
rm "$T/held"
wait "$holder"
check 'and claimed by the next' \
	'quire-run && test "$(state foo#11)" = complete'

# a fault of the run alone
unkicked one two
rm -rf "$(dir 13)" && touch "$(dir 13)"
check 'a run whose folder cannot be made fails alone' \
	'quire-run && test "$(row 13 state,failure_kind)" = "failed|workspace" &&
	row 13 reason | grep "$(row 13 id)" && test "$(state foo#14)" = complete'
rm "$(dir 13)"
blob=$(git -C foo rev-parse main:README)
loose=$QUIRE_HOME/repos/foo.git/objects/$(echo "$blob" | sed 's,^..,&/,')
unkicked one
mv "$loose" "$T/loose"
check 'one whose commit lacks an object, too' \
	'quire-run && test "$(row 15 state,failure_kind)" = "failed|workspace" &&
	row 15 reason | grep README && ! test -e "$(dir 15)/workspace"'
mv "$T/loose" "$loose"

# faults of the host
unkicked one
quire config minFree 900000G >/dev/null
check 'with too little space no run is begun: exit status 75' \
	'quire-run 2>"$T/err"; test $? = 75 && grep minFree "$T/err" &&
	test "$(state foo#16)" = pending'
check 'a quire-run in the background says it in quire-run.log' \
	'grep -c minFree "$QUIRE_HOME/quire-run.log" | grep -x 1 &&
	QUIRE_RUN_ID="" quire-reconcile;
	wait_for "test \$(grep -c minFree \"$QUIRE_HOME/quire-run.log\") = 2"'
quire config minFree 0 >/dev/null
mv "$QUIRE_HOME/runs" "$QUIRE_HOME/away" && touch "$QUIRE_HOME/runs"
check 'without the folder of runs, neither' \
	'quire-run 2>"$T/err"; test $? = 75 && grep /runs "$T/err" &&
	test "$(state foo#16)" = pending'
rm "$QUIRE_HOME/runs" && mv "$QUIRE_HOME/away" "$QUIRE_HOME/runs"
check 'out of descriptors, neither' \
	'for n in 4 5 6 7 8 9 12 16 24 63; do
		(ulimit -n $n; exec quire-run) 2>"$T/err"
		test $? = 75 || exit 1
		test "$(state foo#16)" = pending || exit 1
	done'
check 'mended, it runs' 'quire-run && test "$(state foo#16)" = complete'
check 'with a setting that no run can be made with, it waits and says why' '
	sql "INSERT INTO settings VALUES ('\'\'', '\''env'\'', '\''A B'\'')" &&
	QUIRE_RUN_ID=x quire rerun foo#16 && quire-run &&
	test "$(state foo#17)" = pending &&
	grep "foo.git#17: setting env: .A. is not .*pending" \
		"$QUIRE_HOME/quire-run.log" &&
	quire config --unset env && quire-run &&
	test "$(state foo#17)" = complete'

check 'within a job it does nothing' \
	'QUIRE_RUN_ID=x quire-run 2>"$T/err"; test $? = 2 &&
	grep "within a job" "$T/err"'
check 'without a home it says what to do' \
	'QUIRE_HOME=$T/none quire-run 2>"$T/err"; test $? = 70 &&
	grep "quire init" "$T/err"'
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$T" "$QUIRE_HOME"
	check 'only the owner of the home may: exit status 75' \
		'setpriv --reuid=65534 --regid=65534 --clear-groups \
			env QUIRE_HOME="$QUIRE_HOME" "$QUIRE_BUILD/bin/quire-run" \
			2>"$T/err"; test $? = 75 && grep "quire-run: .*root" "$T/err"'
else
	skip 'only the owner of the home may: exit status 75' 'not root'
fi
check 'nothing but what was provoked went wrong' \
	'! grep -v -e minFree -e /runs -e "setting env" -e "open .*file" "$QUIRE_HOME/quire-run.log"'
check 'nothing is left for reconcile' '! quire-reconcile 2>&1 | grep .'
