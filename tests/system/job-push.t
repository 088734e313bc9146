#!/bin/sh
# Jobs that push, and start runs: what quire-run would be ended with its job,
# so nobody is kicked, and the pusher is told who starts the run.
# shellcheck disable=SC2016 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 11

new_home
new_repo foo
pipeline foo '{"jobs":[{"id":"a","run":"true"}]}'
push foo >/dev/null
wait_idle

# job COMMAND: quire-ci run of a pipeline that is this command
mkdir -p tree/.quire
job() {
	printf '{"jobs":[{"id":"a","run":"%s"}]}\n' "$1" >tree/.quire/ci.json
	(cd tree && quire-ci run) >shown 2>&1
}
later='a job starts nothing here: the next quire-reconcile does'

git -C foo commit -q --allow-empty -m 'by hand'
check 'quire-ci run: a job may push' \
	'job "git -C $T/foo push -q origin main" && grep "foo#2 queued" shown'
check 'its pusher is told that quire-reconcile starts the run' \
	'grep "quire: $later *\$" shown'
check 'nobody was started to be ended with the job' \
	'test "$(state foo#2)" = pending'
check 'quire start and quire rerun say the same' \
	'job "quire start foo && quire rerun foo#1" &&
	test "$(grep -c "^a | $later\$" shown)" = 2 &&
	test "$(state foo#3)$(state foo#4)" = pendingpending'
check 'quire-reconcile in a job does not say that it started anybody' '
	sql "UPDATE runs SET queued_at_ms = queued_at_ms - 60000
		WHERE state = '\''pending'\''" &&
	job quire-reconcile && ! grep "started quire-run" shown'
check 'nor does quire-run run there' \
	'! job quire-run && grep "not within a job" shown'
check 'as promised, the next quire-reconcile starts all' \
	'quire-reconcile | grep "3 pending and none active; started" &&
	wait_idle && test "$(sql "SELECT
	count(*) FROM runs WHERE state = '\''complete'\''")" = 4'
check 'quire-ci run within a run leaves the id of that run' '
	QUIRE_RUN_ID=x job "echo id is \$QUIRE_RUN_ID" &&
	grep "id is x" shown && job "echo id is \$QUIRE_RUN_ID" &&
	grep "id is local" shown'

# within a real run, that pushes once to its own home
new_repo bar
git -C foo commit -q --allow-empty -m 'by a job'
quire config foo env "HOME=$T GIT_CONFIG_NOSYSTEM=1" >/dev/null
quire config bar env "HOME=$T GIT_CONFIG_NOSYSTEM=1" >/dev/null
pipeline bar "{\"jobs\":[{\"id\":\"a\",
	\"run\":\"git -C $T/foo push -q origin main\"}]}"
push bar >/dev/null
wait_for 'test "$(state bar#1)" = complete'
check 'a job of a run is told that quire-run starts it after this one' \
	'quire log bar#1 | grep "foo#5 queued for main" &&
	quire log bar#1 |
		grep "quire: quire-run starts it after this job.s run"'
check 'and it does' 'wait_idle && test "$(state foo#5)" = complete'

# a run of another home is none here
git -C foo commit -q --allow-empty -m 'by a job of elsewhere'
check 'a job of another home is told of quire-reconcile' '
	QUIRE_RUN_ID=01900000-0000-7000-8000-000000000000 QUIRE_REPO=foo.git \
		push foo >said && grep "quire: $later *\$" said'
