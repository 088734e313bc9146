#!/bin/sh
# What is hard to end is ended all the same, each kind for itself: by a cancel,
# and by a push, whose own run starts then. Processes are found by the run's id
# in their environment, or by the pid that they leave.
. "$(dirname "$0")/lib.sh"
plan 37

new_home
new_repo foo
mkdir "$T/pids"

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# alive: of those that left their pid, and of those that are marked; a zombie
# is not, and has no environment.
alive() {
	for alive_pid in "$T"/pids/*; do
		! grep -qs '^State:.[^ZX]' "/proc/${alive_pid##*/}/status" ||
			echo "$alive_pid"
	done
	grep -lzsF "QUIRE_RUN_ID=$id" /proc/[0-9]*/environ
}

none_alive() {
	test -z "$(alive)"
}

kill_left() {
	for pid in "$T"/pids/*; do
		kill -9 "${pid##*/}" 2>/dev/null
	done
}
at_end kill_left

# The kinds. Each touches $T/up when all of it is there.
cat >daemon <<END
(setsid sh -c '(: >$T/pids/\$\$; exec sleep 1000) & sleep 1000' &) &
(setsid setsid sleep 1000 &)
until [ "\$(ls $T/pids)" ]; do sleep 0.01; done
touch $T/up
END
cat >deaf <<END
trap '' TERM HUP INT QUIT PIPE USR1
sh -c ': >$T/pids/\$\$; touch $T/up; while :; do sleep 1000; done'
END
cat >stopped <<END
sh -c ': >$T/pids/\$\$; kill -STOP \$\$; sleep 1000' &
until grep -q '^State:.T' /proc/\$!/status; do sleep 0.01; done
touch $T/up
wait
END
# with no environment that tells, too
cat >daemon-body <<END
trap '' TERM HUP INT
: >$T/pids/\$\$
kill -STOP \$\$
while :; do sleep 1000; done
END
cat >all <<END
(setsid sh -c '(env -i PATH="\$PATH" sh $T/daemon-body &) &' &) &
until pid=\$(ls $T/pids) && [ "\$pid" ] &&
	grep -q '^State:.T' /proc/\$pid/status; do sleep 0.01; done
touch $T/up
END
cat >deep <<END
: >$T/pids/\$\$
[ "\${1:-60}" = 0 ] && touch $T/up && exec sleep 1000
sh kind \$((\${1:-60} - 1))
:
END
# one that is always another process, and one that TERM makes two of; both
# give up some time
cat >respawns <<END
case \$1 in
moves)
	sleep 0.01
	[ \$2 -gt 0 ] && sh kind moves \$((\$2 - 1)) &
	exit ;;
doubles)
	trap '[ \$2 -gt 0 ] && for i in 1 2; do
		setsid sh kind doubles \$((\$2 - 1)) & done' TERM
	: >$T/pids/\$\$
	while :; do sleep 0.1; done ;;
esac
sh kind moves 2000 &
sh kind doubles 3 &
until [ "\$(ls $T/pids)" ]; do sleep 0.01; done
touch $T/up
END

SLOW='{"jobs":[{"id":"a","run":["sh kind","sleep 1000"]},
	{"id":"b","needs":["a"],"run":"true"}]}'
QUICK='{"jobs":[{"id":"a","run":"true"}]}'
number=0

# start_kind KIND: pushes it as run $number, and waits until it is up.
start_kind() {
	rm -f "$T/up" "$T"/pids/*
	cp "$T/$1" "$T/foo/kind"
	git -C foo add kind
	pipeline foo "$SLOW" "$1" >/dev/null
	git -C foo commit -q --allow-empty -m again
	push foo >/dev/null
	number=$((number + 1))
	id=$(row $number id)
	wait_for 'test -e "$T/up"'
}

# watch_end: until nobody is alive, after the command that is to see to it.
slowest=0
watch_end() {
	began=$(now_ms)
	wait_for none_alive
	took=$(($(now_ms) - began))
	[ "$took" -le "$slowest" ] || slowest=$took
}

for kind in daemon deaf stopped all deep respawns; do
	start_kind $kind
	check "$kind: it is up" \
		'test "$(row $number state)" = active && test "$(alive)"'
	quire cancel "foo#$number" >/dev/null
	watch_end
	check "$kind: a cancel ends every process of it" none_alive
	check "$kind: its jobs are aborted, and nothing is left of it" '
		test "$(row $number state,failure_kind)" = "failed|canceled" &&
		test "$(sql "SELECT group_concat(state) FROM jobs
			WHERE run_id = '\''$id'\''")" = aborted,aborted &&
		wait_for "! test -e \"$(dir $number)/workspace\"" &&
		wait_for "flock -n \"$(dir $number)/lock\" true" &&
		none_alive'

	start_kind $kind
	pipeline foo "$QUICK" quick
	push foo >/dev/null
	watch_end
	check "$kind: a push ends every process of it" none_alive
	check "$kind: its jobs are aborted then, too" '
		test "$(row $number state)" = superseded &&
		test "$(row $number superseded_by)" = \
			"$(row $((number + 1)) id)" &&
		test "$(sql "SELECT group_concat(state) FROM jobs
			WHERE run_id = '\''$id'\''")" = aborted,aborted'
	check "$kind: the run that replaced it starts after it and ends" '
		wait_idle && ! test -e "$(dir $number)/workspace" &&
		test "$(row $((number + 1)) state)" = complete &&
		test "$(sql "SELECT a.finished_at_ms <= b.started_at_ms
			FROM runs a, runs b WHERE a.number = $number
			AND b.number = $number + 1")" = 1'
	number=$((number + 1))
done
echo "# alive for at most $slowest ms after what ended them"
check 'nothing else went wrong, and nothing is left for reconcile' \
	'! test -e "$QUIRE_HOME/quire-run.log" && ! quire-reconcile 2>&1 |
	grep .'
