#!/bin/sh
# What crashes have left in the directories of runs that are not among the
# newest: each has its turn.
. "$(dirname "$0")/lib.sh"
plan 12

# of NUMBER: the directory of that run
of() {
	printf '%s/runs/foo.git/00000000-0000-7000-8000-%012d\n' \
		"$QUIRE_HOME" "$1"
}

# leave NUMBER: as a supervisor does that was killed after its last commit
leave() {
	mkdir -p "$(of "$1")/workspace/deep"
	touch "$(of "$1")/workspace/deep/file"
}

# turns N: so many reconciles; what they say is in said
turns() {
	: >said
	for turn in $(seq "$1"); do
		quire-reconcile >>said 2>&1 || return
	done
}

MARK=$QUIRE_HOME/slots/leftover.mark
new_home
new_repo foo
sql "WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i
	WHERE n < 10) INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms,
	state, queued_at_ms, finished_at_ms, number, push_seq)
	SELECT printf('00000000-0000-7000-8000-%012d', n), 'foo.git',
		'refs/heads/gone', 's', 1, 'superseded', 1, 1, n, n FROM i"
quire config keepDays 0
seq -f "$QUIRE_HOME/runs/foo.git/00000000-0000-7000-8000-%012.0f" 1 10 |
	xargs mkdir -p
check 'where all have their turn at once there is nothing to remember' \
	'turns 2 && ! test -s said && ! test -e "$MARK"'
leave 5
check 'what is one of the newest, and has its turn, is told of once' '
	test "$(quire-reconcile -n | grep -c "foo#5:")" = 1 && turns 1 &&
	grep "foo#5: removed" said && ! test -e "$(of 5)/workspace"'

# as many as need three turns; only the last 500 are looked at every time
sql "WITH RECURSIVE i (n) AS (SELECT 11 UNION ALL SELECT n + 1 FROM i
	WHERE n < 4500) INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms,
	state, queued_at_ms, finished_at_ms, number, push_seq)
	SELECT printf('00000000-0000-7000-8000-%012d', n), 'foo.git',
		'refs/heads/gone', 's', 1, 'superseded', 1, 1, n, n FROM i"
seq -f "$QUIRE_HOME/runs/foo.git/00000000-0000-7000-8000-%012.0f" 11 4500 |
	xargs mkdir -p
leave 600
leave 3900
leave 4400
# a run of which the database knows nothing
stray=$QUIRE_HOME/runs/foo.git/00000000-0000-7000-8000-00000000060a
mkdir "$stray"
check 'a dry run says what has its turn, once, and takes none' '
	quire-reconcile -n >said && test "$(grep -c "foo#600:" said)" = 1 &&
	test "$(grep -c "foo#4400:" said)" = 1 && ! test -e "$MARK" &&
	test -e "$(of 600)/workspace"'
check 'what is among the newest is removed at once' '
	turns 1 && grep "foo#4400: removed" said &&
	! test -e "$(of 4400)/workspace"'
check 'what is not is removed in its turn' '
	mv said first && turns 3 && cat first said >both &&
	test "$(grep -c "foo#600: removed" both)" = 1 &&
	test "$(grep -c "foo#3900: removed" both)" = 1 &&
	! test -e "$(of 600)/workspace" && ! test -e "$(of 3900)/workspace"'
check 'a directory without a row is told of in its turn, and once' \
	'test "$(grep -c "$stray: a run directory without a row" both)" = 1'
check 'the turns go round' '
	leave 600 && leave 3900 && turns 4 && grep "foo#600: removed" said &&
	grep "foo#3900: removed" said && ! test -e "$(of 600)/workspace" &&
	! test -e "$(of 3900)/workspace"'
check 'a run that is pruned does not hold them up' '
	echo "00000000-0000-7000-8000-000000000700/runs/foo.git" >"$MARK" &&
	rm -r "$(of 700)" && sql "DELETE FROM runs WHERE number = 700" &&
	leave 699 && leave 701 && turns 4 && ! test -e "$(of 699)/workspace" &&
	! test -e "$(of 701)/workspace"'
check 'nor does whatever stands in the mark' '
	for mark in zzz / "" 0000 ""; do
		printf "%s" "$mark" >"$MARK"
		leave 600 && leave 3900 && turns 4 || exit 1
		! test -e "$(of 600)/workspace" &&
			! test -e "$(of 3900)/workspace" || exit 1
	done; rm "$MARK"; head -c 100000 /dev/zero >"$MARK"; leave 3900
	! turns 1 && grep "leftover.mark: File too large" said && turns 4 &&
	! test -e "$(of 3900)/workspace"'
check 'a mark that cannot be written is told of' '
	rm "$MARK"; mkdir "$MARK"; leave 4400; quire-reconcile >said 2>err
	test $? = 75 && grep "slots/leftover.mark: Is a directory" err &&
	grep "foo#4400: removed" said; rmdir "$MARK"'

# an error is no evidence: it is not taken for "nothing there"
leave 4400
name=$(of 4400)
strace -qq -f -o trace -P "${name#"$QUIRE_HOME/"}/workspace" -e trace=newfstatat \
	-e inject=newfstatat:error=EIO quire-reconcile >said 2>err
status=$?
check 'what cannot be looked at is told of' '
	grep INJECTED trace && test '$status' = 75 &&
	grep "$(basename "$(of 4400)"): Input/output error" err &&
	! grep 4400 said && test -e "$(of 4400)/workspace"'
check 'and removed by the next' 'turns 1 && grep "foo#4400: removed" said &&
	! test -e "$(of 4400)/workspace"'
