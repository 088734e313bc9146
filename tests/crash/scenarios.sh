# shellcheck shell=sh
# scenarios.sh - what a program is at when it meets its fault.
#
# shellcheck disable=SC2154 # $here, $W, $S and $TARGET are crash.sh's
#
# prepare_NAME makes the state that each point starts from: everything below
# $S, the home in $S/home. act_NAME is what happens then, with `traced PROGRAM`
# for the one that may meet its fault; its status is that program's, where it
# is known. Commands of jobs leave a line "run job n" in $S/executed.

# command JOB N: a command that says that it was executed
command_of() {
	printf 'echo "$QUIRE_RUN_ID %s %s" >>%s/executed' "$1" "$2" "$S"
}

# home_with REPO: a home, a bare repository with the hook, run through the
# tracer, and a clone in $S/clone with a first commit.
home_with() {
	git config --global user.name Tess
	git config --global user.email tess@example.org
	git config --global init.defaultBranch main
	git config --global safe.directory '*'
	: >"$S/executed"
	quire init && quire config sandbox none && quire repo new "$1" ||
		return 1
	hook=$S/home/repos/$1.git/hooks/post-receive
	sed -i -e '1s,.*,#!/bin/sh,' \
		-e "s,^exec '*\([^ ']*\)'*,exec sh $W/tracer \1," "$hook"
	git init -q "$S/clone"
	echo "$1" >"$S/clone/README"
	git -C "$S/clone" add README
	git -C "$S/clone" commit -qm 'first commit'
}

# commit JSON: as the pipeline of the next commit
commit() {
	mkdir -p "$S/clone/.quire"
	printf '%s\n' "$1" >"$S/clone/.quire/ci.json"
	git -C "$S/clone" add .quire
	git -C "$S/clone" commit -qm "${2:-a pipeline}"
}

# push REF...: a push whose hook kicks
push() {
	git -C "$S/clone" push -q "$S/home/repos/foo.git" "$@"
}

# queue REF...: a push whose hook, as within a job, leaves the kick to others
queue() {
	QUIRE_RUN_ID=crash push "$@"
}

one_job() {
	json=$(command_of "$1" 1 | sed 's/"/\\"/g')
	printf '{"jobs":[{"id":"%s","run":"%s"}]}' "$1" "$json"
}

# Three refs at once: a branch with a pipeline, one without, and a tag with
# one.
prepare_push() {
	home_with foo || return 1
	git -C "$S/clone" branch plain
	commit "$(one_job a)"
	git -C "$S/clone" tag -m one v1
	commit "$(one_job b)"
}

act_push() {
	push main plain v1
}

# Three jobs: one of two commands, one that fails, one that needs it; and one
# beside them.
prepare_run() {
	home_with foo || return 1
	commit "$(printf '{"jobs":[
		{"id":"build","run":["%s","%s"]},
		{"id":"test","needs":["build"],"run":["%s","exit 3","%s"]},
		{"id":"ship","needs":["test"],"run":"%s"},
		{"id":"doc","run":["%s"]}]}' \
		"$(command_of build 1 | sed 's/"/\\"/g')" \
		"$(command_of build 2 | sed 's/"/\\"/g')" \
		"$(command_of test 1 | sed 's/"/\\"/g')" \
		"$(command_of test 3 | sed 's/"/\\"/g')" \
		"$(command_of ship 1 | sed 's/"/\\"/g')" \
		"$(command_of doc 1 | sed 's/"/\\"/g')")"
	queue main
}

act_run() {
	traced quire-run
}

# A run whose job has left a daemon, and waits for its end.
prepare_long() {
	home_with foo || return 1
	commit "$(printf '{"jobs":[{"id":"long","run":["%s","%s"]}]}' \
		"$(command_of long 1 | sed 's/"/\\"/g')" \
		"(setsid sleep 1000 &) & echo >$S/begun; sleep 1000")"
	queue main
}

prepare_supersede() {
	prepare_long || return 1
	commit "$(one_job next)"
}

# The first run under way, or its supervisor gone.
begin_long() {
	traced quire-run >"$W/supervised" 2>&1 &
	supervisor=$!
	while ! [ -e "$S/begun" ] && kill -0 $supervisor 2>/dev/null; do
		sleep 0.01
	done
}

act_supersede() {
	begin_long
	push main
	pushed=$?
	# where the push was not recorded the long run goes on: rightly so
	if [ "$TARGET" = quire-push ]; then
		# reconcile is to end it
		QUIRE_HOME=$S/home "$W/bin/quire-reconcile"
	fi
	wait $supervisor
	status=$?
	[ "$TARGET" = quire-run ] || status=$pushed
	return $status
}

# The run ends at its time limit.
prepare_timeout() {
	prepare_long && quire config timeout 300ms
}

act_timeout() {
	traced quire-run
}

prepare_cancel() {
	prepare_long
}

act_cancel() {
	begin_long
	traced quire cancel foo#1
	canceled=$?
	if [ "$TARGET" = quire ]; then
		quire cancel foo#1
	fi
	wait $supervisor
	status=$?
	[ "$TARGET" = quire-run ] || status=$canceled
	return $status
}

# What one reconcile finds: an orphan with half its events, a finished run whose
# supervisor did not come to settle it, one with its workspace left, a ref that
# moved and one that went without their hook, a removal that was cut short,
# runs that are too many, and a queue with nobody at work.
prepare_reconcile() {
	home_with foo || return 1
	commit "$(one_job a)"
	queue main
	quire run
	for name in orphan ended terminal; do
		commit "$(one_job $name)" $name
		git -C "$S/clone" branch $name
		queue $name
		quire run
	done
	for name in orphan ended; do
		dir=$(run_dir $name)
		mkdir "$dir/workspace" "$dir/home" "$dir/tmp"
		echo left >"$dir/workspace/left"
	done
	dir=$(run_dir terminal)
	mkdir "$dir/workspace"
	echo left >"$dir/workspace/left"
	# as it was before the end of the job, and before the run was settled
	dir=$(run_dir orphan)
	grep -v -e job_finished -e run_finished -e executor_exited \
		"$dir/events.jsonl" >"$dir/events"
	mv "$dir/events" "$dir/events.jsonl"
	sqlite3 "$S/home/quire.db" "
		DROP TRIGGER IF EXISTS runs_edge;
		$(sqlite3 "$S/home/quire.db" "SELECT 'DROP TRIGGER '||name||';'
			FROM sqlite_master WHERE type = 'trigger'")
		UPDATE runs SET state = 'active', finished_at_ms = NULL
			WHERE ref_name IN ('refs/heads/orphan',
				'refs/heads/ended');
		UPDATE jobs SET state = 'active', finished_at_ms = NULL,
			exit_code = NULL WHERE run_id IN (SELECT id FROM runs
				WHERE ref_name = 'refs/heads/orphan');
		$(cat "$here/../../schema/triggers.sql")"
	git -C "$S/clone" push -q "$S/home/repos/foo.git" main:gone
	commit "$(one_job drift)"
	git --git-dir="$S/home/repos/foo.git" update-ref -d refs/heads/gone
	mv "$hook" "$hook.off"
	push main main:drift
	mv "$hook.off" "$hook"
	git -C "$S/clone" tag v2
	queue v2
	mkdir -p "$S/home/runs/.pruned/01900000-0000-7000-8000-000000000000/x"
	settle_down
	quire config keepRuns 1
}

run_dir() {
	echo "$S/home/runs/foo.git/$(sqlite3 "$S/home/quire.db" "SELECT id
		FROM runs WHERE ref_name = 'refs/heads/$1'
		ORDER BY number DESC LIMIT 1")"
}

act_reconcile() {
	traced quire-reconcile
}

# Whoever watches a run is killed, all at once, and of what it has started one
# process lives on: two would be each other's second chance to be seen.
prepare_lost() {
	prepare_long
}

act_lost() {
	begin_long
	watchers=
	for pid in $(left); do
		case $(cat "/proc/$pid/comm") in
		quire-*) watchers="$watchers $pid" ;;
		esac
	done
	# shellcheck disable=SC2086 # a list
	kill -STOP $watchers
	# shellcheck disable=SC2086
	kill -KILL $watchers
	wait $supervisor
	for pid in $(left | sed '$d'); do
		kill -KILL "$pid"
	done
	[ -n "$(left)" ] || echo 'nothing was left to end' >"$W/wrong"
	traced quire-reconcile
}

# A run that has ended is run again.
prepare_rerun() {
	prepare_run && quire run
}

act_rerun() {
	traced quire rerun foo#1
}

# A page: it is whole, or it is none.
prepare_page() {
	prepare_rerun
}

act_page() {
	REQUEST_METHOD=GET PATH_INFO=/foo/ci/1 REMOTE_USER=tess \
		traced quire-cgi >"$W/page"
	status=$?
	case $FAULT,$(head -n 1 "$W/page") in
	KILL,* | *,'Status: 5'*) ;;
	*)
		# one that cannot start says nothing, and the server 500
		[ ! -s "$W/page" ] || { grep -q 'failed: foo #1' "$W/page" &&
			grep -q '</html>' "$W/page"; } ||
			echo "half a page: $(head -n 1 "$W/page")" >"$W/wrong"
		;;
	esac
	return $status
}

# A database of the older system, with runs in every state.
prepare_older() {
	home_with foo || return 1
	commit "$(one_job a)"
	hook=$S/home/repos/foo.git/hooks/post-receive
	mv "$hook" "$hook.off"
	push main
	rm "$hook.off"
	rm "$S"/home/quire.db*
	{
		cat "$here"/../../schema/000[1-7]_*.sql
		for n in 1 2 3; do
			for state in pending active complete failed superseded
			do
				case $state in
				pending) times='NULL, NULL' ;;
				active) times="1$n, NULL" ;;
				*) times="1$n, 2$n" ;;
				esac
				echo "INSERT INTO runs (id, repo, ref_name, sha,
				pushed_at_ms, state, queued_at_ms,
				started_at_ms, finished_at_ms, git_dir)
				VALUES ('$state-$n', 'foo.git',
				'refs/heads/old', 'c0ffee', $n, '$state',
				1$n, $times, '$S/home/repos/foo.git');
				INSERT INTO jobs (run_id, job_id, state,
				started_at_ms, finished_at_ms, exit_code)
				VALUES ('$state-$n', 'done', 'complete', 1$n,
				2$n, 0);
				INSERT INTO sh_events VALUES
				('$state-$n', 'done', 1$n, 2$n, 0, 'make');"
			done
			echo "INSERT INTO jobs (run_id, job_id, state,
				started_at_ms) VALUES ('active-$n', 'live',
				'active', 1$n);"
		done
		echo 'PRAGMA journal_mode = WAL; PRAGMA user_version = 7;'
	} | sqlite3 -bail "$S/home/quire.db" || return 1
	older_rows >"$W/older"
}

# What has to come through as it was.
older_rows() {
	sqlite3 "$S/home/quire.db" "
		SELECT id, repo, ref_name, sha, pushed_at_ms, queued_at_ms,
			started_at_ms, git_dir FROM runs
			WHERE ref_name = 'refs/heads/old' ORDER BY id;
		SELECT id, state, finished_at_ms FROM runs
			WHERE ref_name = 'refs/heads/old' AND id NOT LIKE 'p%'
			AND id NOT LIKE 'a%' ORDER BY id;
		SELECT run_id, job_id, started_at_ms FROM jobs
			ORDER BY run_id, job_id;
		SELECT run_id, state, exit_code, finished_at_ms FROM jobs
			WHERE job_id = 'done' ORDER BY run_id;
		SELECT run_id, job_id, started_at_ms, finished_at_ms,
			exit_code, cmd FROM sh_events ORDER BY run_id;"
}

prepare_upgrade() {
	prepare_older
}

act_upgrade() {
	case $TARGET in
	quire) traced quire runs ;;
	*) traced "$TARGET" ;;
	esac
}

# quire init goes on to the repositories of the older home.
prepare_takeover() {
	prepare_older
}

act_takeover() {
	traced quire init
	status=$?
	# what was cut short, the next one does
	quire init || return 1
	return $status
}
