#!/bin/sh
# Hooks finish out of order: git runs them after the ref has moved and its lock
# is gone, so a second push may overtake the hook of the first.

. "$(dirname "$0")/lib.sh"

# Puts a gate in front of quire's hook in foo.git: the first hook to come waits
# until $T/gate is opened, all later ones pass.
gate() {
	hooks=$QUIRE_HOME/repos/foo.git/hooks
	test -e "$hooks/quire" || mv "$hooks/post-receive" "$hooks/quire"
	rm -rf "$T/gate" "$T/held"
	mkfifo "$T/gate"
	cat >"$hooks/post-receive" <<-END
		#!/bin/sh
		if mkdir "$T/held" 2>/dev/null; then
			read -r _ <"$T/gate"
		fi
		exec hooks/quire
	END
	chmod +x "$hooks/post-receive"
}

# held_push REF...: a push whose hook waits at the gate; returns when it does.
held_push() {
	push foo "$@" >"$T/first" &
	held=$!
	wait_for 'test -d "$T/held"'
}

# open_gate: lets that hook go on, and the push end.
open_gate() {
	echo open >"$T/gate"
	wait "$held"
	held_status=$?
}

# a_commit: on the branch that is checked out; prints its id.
a_commit() {
	git -C "$T/foo" commit -q --allow-empty -m "$1" &&
		git -C "$T/foo" rev-parse HEAD
}

# column COLUMN COMMIT: of the only run of the commit.
column() {
	sql "SELECT $1 FROM runs WHERE sha = '$2'"
}

live() {
	sql "SELECT group_concat(sha) FROM runs
		WHERE state IN ('pending', 'active')"
}

plan 18

new_home
new_repo foo
# a job runs until the test lets it go
pipeline foo "{\"jobs\":[{\"id\":\"a\",
	\"run\":\"until test -e $T/go; do sleep 0.05; done\"}]}"

gate
first=$(a_commit first)
held_push main
second=$(a_commit second)
check 'the second push goes past the first hook' \
	'push foo main | grep "foo#1 queued for main"'
check 'its run starts' \
	'wait_for "test \"\$(column state $second)\" = active"'
open_gate
check 'the first hook, late, does not fail its push' 'test "$held_status" = 0'
check 'it is told that the ref has moved on' \
	'grep "superseded: main has moved on" "$T/first"'
check 'its run is superseded, and never was anything else' \
	'test "$(column "state, started_at_ms IS NULL" "$first")" = \
		"superseded|1"'
check 'the newer run is untouched' \
	'test "$(live)" = "$second" &&
	test "$(column state "$second")" = active'
touch "$T/go"
check 'and ends green' \
	'wait_idle && test "$(column state "$second")" = complete'
check 'quire-reconcile finds nothing to add' \
	'test -z "$(quire-reconcile 2>&1)" &&
	test "$(sql "SELECT count(*) FROM runs")" = 2'

rm "$T/go"
gate
third=$(a_commit third)
held_push main
# back to where it was: a commit that has had a run already
check 'a forced push back overtakes the hook of what it undoes' \
	'git -C "$T/foo" push -qf origin "$second:main" 2>&1'
open_gate
check 'the undone commit is superseded when its hook comes' \
	'test "$(column state "$third")" = superseded'
touch "$T/go"
check 'the commit of the tip has the last word' \
	'wait_idle && test "$(sql "SELECT sha FROM runs WHERE state = '\''complete'\''
		ORDER BY push_seq DESC, attempt DESC LIMIT 1")" = "$second"'

rm "$T/go"
gate
git -C "$T/foo" checkout -q -b short
fourth=$(a_commit fourth)
held_push short
check 'a branch that is deleted before its own hook came' \
	'push foo :short'
open_gate
check 'gets a superseded row and no run' \
	'test "$(column "state, started_at_ms IS NULL" "$fourth")" = \
		"superseded|1" && test -z "$(live)"'
check 'and quire-reconcile does not bring it back' \
	'test -z "$(quire-reconcile 2>&1)" && test -z "$(live)"'

gate
git -C "$T/foo" checkout -q main
fifth=$(a_commit fifth)
held_push main
git -C "$T/foo" checkout -q -b other
sixth=$(a_commit sixth)
check 'other refs are not concerned' \
	'push foo other | grep "queued for other" &&
	wait_for "test \"\$(column state $sixth)\" = active"'
open_gate
check 'a late hook whose ref has not moved queues its run' \
	'grep "queued for main" "$T/first" &&
	test "$(column state "$fifth")" = pending'
touch "$T/go"
check 'and both end green' \
	'wait_idle && test "$(column state "$fifth")" = complete &&
	test "$(column state "$sixth")" = complete'
check 'nothing is left running in the workspaces' \
	'wait_for "! ls -d \"$QUIRE_HOME\"/runs/foo.git/*/workspace"'
