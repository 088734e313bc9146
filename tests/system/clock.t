#!/bin/sh
# The clock steps, back and forth, in the middle of a run: what is stored stays
# in order, limits are measured by a clock that does not step, and the queue
# goes by the order of the pushes.
. "$(dirname "$0")/lib.sh"

fake=$(find /usr/lib /usr/lib64 -name libfaketime.so.1 2>/dev/null | head -n 1)
[ "$fake" ] || {
	echo '1..0 # SKIP no libfaketime (Debian: faketime)'
	exit 0
}
plan 23

new_home
new_repo foo
clock=$T/clock

# step OFFSET: from now on the clock is off by so much
step() {
	echo "$1" >"$clock.new" && mv "$clock.new" "$clock"
}

# what makes a program, and all that it starts, go by that clock
FAKE="LD_PRELOAD=$fake FAKETIME_TIMESTAMP_FILE=$clock FAKETIME_NO_CACHE=1 \
FAKETIME_DONT_FAKE_MONOTONIC=1"

# stepped COMMAND...: by that clock
stepped() {
	# shellcheck disable=SC2086 # a word a variable
	env $FAKE "$@"
}

# begin_run: quire-run in the background, $runner
begin_run() {
	# shellcheck disable=SC2086
	env $FAKE quire-run >run.said 2>&1 &
	runner=$!
}

# end_run: waits for it, and not for ever
end_run() {
	wait_for "! grep -q '^State:.[^ZX]' /proc/$runner/status" 60 ||
		kill -9 $runner
	wait $runner
}

# and so are quire-ci and its jobs
quire config env "$FAKE"

# unkicked: a push whose hook starts nothing, since it is within a job
unkicked() (
	QUIRE_RUN_ID=x
	export QUIRE_RUN_ID
	push foo >/dev/null
)

# queue JSON: a run of it, which nobody starts yet
queue() {
	pipeline foo "$1" >/dev/null
	git -C foo commit -q --allow-empty -m again
	unkicked
}

# in_order NUMBER: what is stored of the run: each time after the one that it
# follows from
in_order() {
	test -z "$(sql "
		SELECT 'run', queued_at_ms, started_at_ms, finished_at_ms FROM runs
			WHERE number = $1 AND NOT (queued_at_ms <= started_at_ms
			AND started_at_ms <= finished_at_ms);
		SELECT 'job', job_id, jobs.started_at_ms, jobs.finished_at_ms,
			runs.finished_at_ms
			FROM jobs JOIN runs ON id = run_id WHERE number = $1
			AND NOT (runs.started_at_ms <=
				coalesce(jobs.started_at_ms, jobs.finished_at_ms)
			AND coalesce(jobs.started_at_ms, jobs.finished_at_ms) <=
				jobs.finished_at_ms
			AND jobs.finished_at_ms <= runs.finished_at_ms);
		SELECT 'command', job_id, n, c.started_at_ms, c.finished_at_ms,
			jobs.started_at_ms, jobs.finished_at_ms
			FROM sh_events c JOIN jobs USING (run_id, job_id)
			JOIN runs ON id = run_id WHERE number = $1
			AND NOT (jobs.started_at_ms <= c.started_at_ms
			AND c.started_at_ms <=
				coalesce(c.finished_at_ms, c.started_at_ms)
			AND coalesce(c.finished_at_ms, c.started_at_ms) <=
				jobs.finished_at_ms);
		SELECT 'next command', a.job_id, a.n, a.finished_at_ms,
			b.started_at_ms FROM sh_events a JOIN sh_events b
			USING (run_id, job_id) JOIN runs ON id = run_id
			WHERE number = $1 AND b.n = a.n + 1
			AND b.started_at_ms < a.finished_at_ms" | tee /dev/stderr)"
}

# waits NAME: a command that goes on when the test says so
waits() {
	echo "touch $T/up.$1; until test -e $T/go.$1; do sleep 0.05; done"
}

# back NUMBER JSON: the run with the clock an hour back from its middle on
through() {
	rm -f up.* go.*
	step "$1"
	queue "$3"
	begin_run
	wait_for 'test -e up.middle'
	step "$2"
	touch go.middle
	end_run
}

MIDDLE="{\"jobs\":[
	{\"id\":\"a\",\"run\":[\"true\",\"$(waits middle)\",\"date\",\"true\"]},
	{\"id\":\"b\",\"run\":[\"true\",\"exit 3\"]},
	{\"id\":\"c\",\"needs\":[\"b\"],\"run\":\"true\"}]}"
through +0 -3600 "$MIDDLE"
check 'an hour back in the middle of a run: it ends as it should' \
	'cat run.said; test "$(row 1 state,failure_kind)" = "failed|pipeline-failure"'
check 'it was an hour back' \
	'test $(($(date +%s) - $(date -d "$(quire log foo#1 a 3)" +%s))) -gt 3500'
check 'all that is stored is in order' 'in_order 1'
check 'and no time that is shown is negative' \
	'quire show foo#1 >shown; test -s shown && ! grep -e "[ (]-[0-9]" shown &&
	quire show --json foo#1 | python3 -m json.tool >shown &&
	! grep -e ": -[0-9]" shown'
through +0 +3600 "$MIDDLE"
check 'an hour ahead: it ends as it should, in order' \
	'test "$(row 2 state,failure_kind)" = "failed|pipeline-failure" &&
	in_order 2'
through +3600 +0 "$MIDDLE"
check 'an hour ahead, and back' \
	'test "$(row 3 state,failure_kind)" = "failed|pipeline-failure" &&
	in_order 3'
through -3600 -7200 "$MIDDLE"
check 'a run that starts before it was queued' \
	'test "$(row 4 state,failure_kind)" = "failed|pipeline-failure" &&
	test "$(row 4 "started_at_ms = queued_at_ms")" = 1 && in_order 4'

# ended from outside, by a clock that is behind
through_end() {
	rm -f up.* go.*
	step +3600
	queue "$MIDDLE"
	begin_run
	wait_for 'test -e up.middle'
	wait_for "test \"\$(sql \"SELECT count(*) FROM sh_events JOIN runs
		ON id = run_id WHERE number = $1\")\" = 2"
}
through_end 5
quire cancel foo#5 >/dev/null
end_run
check 'canceled by who is an hour behind: in order' \
	'test "$(row 5 state,failure_kind)" = "failed|canceled" && in_order 5'
through_end 6
pipeline foo '{"jobs":[{"id":"a","run":"true"}]}' >/dev/null
unkicked
end_run
check 'superseded by who is an hour behind: in order' \
	'test "$(row 6 state)" = superseded && in_order 6'
check 'and the next one runs' 'wait_idle && test "$(state foo#7)" = complete &&
	in_order 7'
through_end 8
kill -9 $runner
wait $runner 2>/dev/null
quire-reconcile >said
check 'orphaned, and settled by who is an hour behind: in order' '
	grep "foo#8: .*orphaned" said && in_order 8'

# limits
quire config timeout 2s
through_end 9
step -3600
end_run
check 'a limit of time holds, though the clock steps back' \
	'test "$(row 9 state,failure_kind)" = "failed|timeout" && in_order 9'
quire config timeout 2m
through +0 +36000 "$MIDDLE"
check 'and is not over, though the clock steps ahead' \
	'test "$(row 10 state,failure_kind)" = "failed|pipeline-failure" &&
	in_order 10'
through -0 +36000 "{\"jobs\":[{\"id\":\"a\",\"timeout\":\"2m\",
	\"run\":[\"$(waits middle)\",\"true\"]}]}"
check "nor is a job's" 'test "$(row 11 state)" = complete && in_order 11'
rm -f up.* go.*
step +0
queue "{\"jobs\":[{\"id\":\"a\",\"timeout\":\"2s\",\"run\":\"$(waits middle)\"}]}"
begin_run
wait_for 'test -e up.middle'
step -3600
end_run
check "which holds, too" '
	test "$(row 12 state,failure_kind)" = "failed|pipeline-failure" &&
	in_order 12'

# the queue: all at the same moment, and then earlier
pipeline foo "{\"jobs\":[{\"id\":\"a\",
	\"run\":\"echo \$QUIRE_RUN_NUMBER >>$T/ran\"}]}" >/dev/null
unkicked
quire cancel foo#13 >/dev/null
for offset in '2026-01-02 03:04:05' '2025-01-02 03:04:05'; do
	step "$offset" # without an @ it stands still
	for i in 1 2 3 4 5; do
		QUIRE_RUN_ID=x stepped quire start foo
	done
done >queued
step +0
check 'ten runs are queued, five of them in the same millisecond' '
	cat queued; test "$(sql "SELECT count(DISTINCT queued_at_ms), count(*)
		FROM runs WHERE state = '\''pending'\''")" = "2|10"'
check 'the last of them by a clock that has stepped back' '
	test "$(row 23 queued_at_ms)" -lt "$(row 14 queued_at_ms)"'
quire runs foo >listed
check 'the newest is listed first, whatever the clock said' '
	cat listed; test "$(grep -o "foo#[0-9]*" listed | head -n 10)" = \
		"$(seq -f "foo#%.0f" 23 -1 14)"'
quire config env ''
quire-run
check 'they are run in the order in which they were queued' \
	'seq 14 23 | diff - ran'
check 'and have times in order' \
	'for n in $(seq 14 23); do in_order $n || exit 1; done'
step '2020-01-02 03:04:05'
check 'reconcile, by a clock of years ago, has nothing to do' \
	'! stepped quire-reconcile 2>&1 | grep .'
check 'nor has it by one of years to come' \
	'step +36500d; ! stepped quire-reconcile 2>&1 | grep .'
check 'nothing else went wrong' '! test -e "$QUIRE_HOME/quire-run.log"'
