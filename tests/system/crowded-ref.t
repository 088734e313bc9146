#!/bin/sh
# One ref, and many who move it: as fast as they can, at the same time, back and
# forth, with reconciles beside them. In the end only the tip has a run that was
# not superseded.
. "$(dirname "$0")/lib.sh"
plan 31

new_home
new_repo foo
BARE=$QUIRE_HOME/repos/foo.git
# a job runs until the test lets it go
pipeline foo "{\"jobs\":[{\"id\":\"a\",
	\"run\":\"echo \$QUIRE_SHA >>$T/ran; until test -e $T/go; do sleep 0.05; done\"}]}"
first=$(git -C foo rev-parse HEAD)

# commits N: that many of them on top of the pipeline, in $T/commits
commits() {
	git -C foo checkout -q --detach "$first"
	: >commits
	for i in $(seq "$1"); do
		git -C foo commit -q --allow-empty -m "$i" &&
			git -C foo rev-parse HEAD >>commits
	done
}

# to REF COMMIT: a push that may go back
to() {
	git -C foo push -qf origin "$2:refs/heads/$1"
}

count() {
	sql "SELECT count(*) FROM runs WHERE ref_name = 'refs/heads/$1'
		AND ${2:-1}"
}

tip() {
	git -C "$BARE" rev-parse "refs/heads/$1"
}

# the_live REF: the commits of its runs that go on
the_live() {
	sql "SELECT sha FROM runs WHERE ref_name = 'refs/heads/$1'
		AND state IN ('pending', 'active')"
}

# ends REF: its live run ends green, and nothing is left
ends() {
	touch go
	wait_idle 60 &&
		test "$(count "$1" "state = 'complete'")" = 1 &&
		test "$(count "$1" "state = 'superseded'")" = \
			"$(($(count "$1") - 1))" &&
		test "$(sql "SELECT sha FROM runs WHERE state = 'complete' AND
			ref_name = 'refs/heads/$1'")" = "$(tip "$1")"
}

nothing_left() {
	wait_for "! ls -d \"$QUIRE_HOME\"/runs/foo.git/*/workspace" &&
		wait_for 'flock -n "$QUIRE_HOME/slots/1" true' &&
		wait_for 'test -z "$(survivors)"'
}

# reconciles: one after the other, until $T/enough
reconciles() {
	until test -e enough; do
		quire-reconcile
	done >reconciled 2>&1
}

# with_reconciles COMMAND...
with_reconciles() {
	rm -f enough
	reconciles &
	beside=$!
	"$@"
	touch enough
	wait $beside
}

# one after the other
commits 50
fifty() {
	while read -r c; do
		to fast "$c"
	done <commits >pushed 2>&1
}
with_reconciles fifty
check 'fifty pushes as fast as possible: fifty runs in their order' '
	sql "SELECT sha FROM runs WHERE ref_name = '\''refs/heads/fast'\''
		ORDER BY push_seq" | diff commits - &&
	sql "SELECT sha FROM runs WHERE ref_name = '\''refs/heads/fast'\''
		ORDER BY number" | diff commits -'
check 'all of them pushes, whoever was faster' \
	'test "$(count fast "\"trigger\" = '\''push'\''")" = 50'
check 'one is live, that of the tip' 'test "$(the_live fast)" = "$(tip fast)"'
check 'each of the others is superseded by a later one' \
	'test "$(sql "SELECT count(*) FROM runs a JOIN runs b
		ON b.id = a.superseded_by WHERE b.push_seq > a.push_seq")" = 49'
check 'reconcile met no trouble' '! grep -v "foo#\|foo: " reconciled'
check 'the last one ends green, and no other' 'ends fast'
check 'none of them was run twice' \
	'! sort ran | uniq -d | grep . && tail -n 1 ran | grep "$(tip fast)"'
check 'no process, slot or workspace is left' nothing_left

# two at a time, and five, from clones of their own
commits 60
i=0
while read -r c; do
	i=$((i + 1))
	echo "$c" >>"share.$((i % 5))"
done <commits
# pusher N FILE: pushes the commits of the file, as far as git takes them
pusher() {
	while read -r c; do
		! git -C "$T/foo" push -qf origin "$c:refs/heads/$1" || echo "$c"
	done <"$2" >"$2.taken" 2>"$2.said"
}
pair() {
	pusher pair share.0 &
	one=$!
	pusher pair share.1
	wait $one
}
rm -f go
with_reconciles pair
sort share.0.taken share.1.taken >taken
check 'two who push at the same moment: what git took has its run' '
	test -s taken &&
	sql "SELECT sha FROM runs WHERE ref_name = '\''refs/heads/pair'\''
		ORDER BY sha" | diff taken -'
check 'one is live, that of the tip' 'test "$(the_live pair)" = "$(tip pair)"'
check 'it ends green, and no other' 'ends pair'
five() {
	five_pids=
	for n in 0 1 2 3 4; do
		pusher five share.$n &
		five_pids="$five_pids $!"
	done
	for p in $five_pids; do
		wait "$p"
	done
}
rm -f go
with_reconciles five
sort share.?.taken >taken
check 'five who do: what git took has its run' '
	sql "SELECT sha FROM runs WHERE ref_name = '\''refs/heads/five'\''
		ORDER BY sha" | diff taken -'
check 'one is live, that of the tip' 'test "$(the_live five)" = "$(tip five)"'
check 'it ends green, and no other' 'ends five'
check 'no process, slot or workspace is left' nothing_left

# back and forth
a=$(sed -n 1p commits) b=$(sed -n 2p commits)
rm -f go
for c in $a $b $a $b; do
	to ab "$c" >ab.said 2>&1
done
check 'A, B, A, B: four runs, the last is that of the tip' '
	test "$(count ab)" = 4 && test "$(the_live ab)" = "$b" &&
	test "$(sql "SELECT state IN ('\''pending'\'', '\''active'\'') FROM runs
		WHERE ref_name = '\''refs/heads/ab'\'' ORDER BY push_seq DESC
		LIMIT 1")" = 1'
check 'it ends green, and no other' 'ends ab'
to ab "$a" >ab.said 2>&1
wait_idle
check 'and back to A, when B was green: the newest of A is' '
	test "$(sql "SELECT state FROM runs WHERE sha = '\''$a'\''
		AND ref_name = '\''refs/heads/ab'\'' ORDER BY push_seq DESC
		LIMIT 1")" = complete && test "$(count ab)" = 5'

# the lines of one hook in the wrong order
c1=$(sed -n 3p commits) c2=$(sed -n 4p commits) c3=$(sed -n 5p commits)
rm -f go
git -C foo push -q "$BARE" "$c3:refs/keep/c3" >/dev/null 2>&1
git -C "$BARE" update-ref refs/heads/mixed "$c3"
{
	echo "$c2 $c3 refs/heads/mixed"
	echo "$c1 $c2 refs/heads/mixed"
	echo "0000000000000000000000000000000000000000 $c1 refs/heads/mixed"
} | quire-push --git-dir "$BARE" >mixed 2>&1
check 'the lines of three pushes, the last first: one run and two superseded' '
	test "$(the_live mixed)" = "$c3" && test "$(count mixed)" = 3 &&
	test "$(grep -c superseded mixed)" = 2'
check 'it ends green, and no other' 'ends mixed'

# a reconcile between the ref's move and its hook
hook=$BARE/hooks/post-receive
rm -f go ran
mv "$hook" "$BARE/hooks/quire"
cat >"$hook" <<END
#!/bin/sh
until test -e $T/gate; do sleep 0.05; done
exec hooks/quire
END
chmod +x "$hook"
rm -f gate
(to late "$c1"; echo "$?" >late.status) >/dev/null 2>&1 &
late=$!
wait_for 'tip late'
check 'reconcile is faster than the hook: its run starts' '
	quire-reconcile | grep "queued for late" &&
	wait_for "grep $c1 ran" &&
	test "$(sql "SELECT \"trigger\" FROM runs
		WHERE ref_name = '\''refs/heads/late'\''")" = drift'
touch gate
wait $late
check 'the hook adopts it, and it goes on' '
	test "$(cat late.status)" = 0 && test "$(count late)" = 1 &&
	test "$(sql "SELECT \"trigger\", state FROM runs
		WHERE ref_name = '\''refs/heads/late'\''")" = "push|active"'
check 'it was run once, and ends green' \
	'ends late && test "$(grep -c "$c1" ran)" = 1'
mv "$BARE/hooks/quire" "$hook"

# reruns, beside the newest
rm -f go
to re "$c1" >/dev/null 2>&1
touch go
wait_idle
old=$(sql "SELECT 'foo#' || max(number) FROM runs")
rm go
to re "$c2" >/dev/null 2>&1
newest=$(sql "SELECT 'foo#' || max(number) FROM runs")
wait_for 'test "$(state $newest)" = active'
again=foo#$((${newest#foo#} + 1))
check 'a rerun of an old run supersedes nothing' \
	'quire rerun "$old" && test "$(state $newest)" = active &&
	test "$(state $again)" = pending'
quire config maxRuns 2
check 'nor does it when it runs' \
	'wait_for "test \"\$(state $again)\" = active" &&
	test "$(state "$newest")" = active'
check 'nothing but the ref moving on supersedes it' \
	'quire-reconcile; to re "$c3" && test "$(state "$again")" = superseded &&
	test "$(state "$newest")" = superseded'
check 'and only the run of the tip goes on' \
	'test "$(the_live re)" = "$c3" && touch go && wait_idle &&
	test "$(count re "state = '\''complete'\''")" = 2'
quire config maxRuns 1

# keepRunning
rm -f go ran
quire config foo keepRunning 'refs/heads/keep*'
to keep "$c1" >/dev/null 2>&1
wait_for 'grep "$c1" ran'
to keep "$c2" >/dev/null 2>&1
to keep "$c3" >/dev/null 2>&1
check 'keepRunning: what runs goes on, what waits is superseded' '
	test "$(sql "SELECT group_concat(state) FROM (SELECT state FROM runs
		WHERE ref_name = '\''refs/heads/keep'\'' ORDER BY push_seq)")" \
		= active,superseded,pending'
touch go
check 'both end green' \
	'wait_idle && test "$(count keep "state = '\''complete'\''")" = 2 &&
	test "$(cat ran)" = "$(printf "%s\n%s" "$c1" "$c3")"'
check 'no process, slot or workspace is left' nothing_left
check 'nothing went wrong, and nothing is left for reconcile' \
	'! test -e "$QUIRE_HOME/quire-run.log" && ! quire-reconcile 2>&1 |
	grep .'
