#!/bin/sh
# quire backup: a copy that is whole, made while runs go on; and putting it
# back by the steps of quire(7).
. "$(dirname "$0")/lib.sh"
plan 35

# pragma FILE NAME: read from the copy alone, where nothing can be written
pragma() {
	sqlite3 "file:$1?immutable=1" "PRAGMA $2"
}

# whole FILE: the copy is sound, and alone: its head does not say WAL
whole() {
	test "$(pragma "$1" integrity_check)" = ok &&
		test "$(pragma "$1" foreign_key_check)" = "" &&
		test "$(pragma "$1" application_id)" = 1903520114 &&
		test "$(pragma "$1" user_version)" = \
			"$(sql 'PRAGMA user_version')" &&
		test "$(od -An -tx1 -j18 -N2 "$1")" = " 01 01" &&
		test "$(echo "$1"*)" = "$1"
}

# refused STATUS WORDS COMMAND...: one line that says so
refused() {
	want=$1 words=$2
	shift 2
	"$@" >out 2>err
	status=$?
	cat out err
	test $status = "$want" && test "$(wc -l <err)" = 1 &&
		test ! -s out && grep -e "$words" err
}

# A job of branch NAME says that it was executed, and waits for $T/go.NAME.
# branch NAME [COMMAND]
branch() {
	git -C foo checkout -qB "$1"
	pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":
		\"echo $1 >>$T/executed; cat $T/go.$1 >/dev/null; ${2:-true}\"}]}" \
		"$1"
	rm -f "$T/go.$1"
	mkfifo "$T/go.$1"
	push foo "$1" >/dev/null
}
# go NAME: lets it end
go() {
	timeout 60 sh -c 'echo >"$T/go.$1"' sh "$1"
}
at_end 'for f in "$T"/go.*; do : <>"$f"; done'

new_home
new_repo foo
umask 022

# with what it refuses
check 'a copy of a fresh home' 'quire backup a.db && whole a.db'
check 'it is for its owner alone' 'test "$(stat -c %a a.db)" = 600'
cp a.db a.db.before
check 'a file that is there already is refused, and stays' '
	refused 2 "quire backup: a.db: is there already" quire backup a.db &&
	cmp a.db a.db.before'
rm a.db.before
ln -s nowhere link.db
check 'a symbolic link as well' '
	refused 2 "link.db: is there already" quire backup link.db &&
	test ! -e nowhere'
check 'so is the database itself' '
	refused 2 "is there already" quire backup "$QUIRE_HOME/quire.db" &&
	quire runs'
check 'a folder that is not there' \
	'refused 75 "no/b.db: No such file" quire backup no/b.db'
check '- is no file' '
	quire backup - 2>err; test $? = 2 && grep "a file is wanted" err &&
	test ! -e ./-'
check 'one file at a time' '
	quire backup 2>err; test $? = 2 && quire backup b c 2>err; test $? = 2 &&
	test ! -e b'
if [ "$(id -u)" = 0 ]; then
	nobody() {
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	}
	chmod 755 "$T"
	check 'it is for the owner of the home' '
		chmod o+rx "$QUIRE_HOME" && mkdir -m 777 any &&
		refused 75 "belongs to" nobody quire backup any/b.db &&
		test -z "$(ls any)"'
	chmod o-rx "$QUIRE_HOME"
	check 'a folder that takes nothing: one line, nothing left' '
		QUIRE_HOME=$T/theirs && mkdir -m 755 theirs closed &&
		chown 65534:65534 theirs && nobody quire init >/dev/null &&
		refused 75 "closed/b.db: Permission denied" nobody \
			quire backup closed/b.db && test -z "$(ls closed)"'
else
	skip 'it is for the owner of the home' 'not root'
	mkdir -m 500 closed
	check 'a folder that takes nothing: one line, nothing left' '
		refused 75 "closed/b.db: Permission denied" \
			quire backup closed/b.db && test -z "$(ls closed)"'
fi

# What a backup leaves that was killed, by the name that it has meanwhile.
if strace -qq -e trace=openat -e inject=openat:delay_enter=1 true 2>/dev/null
then
	# killed CALL NTH: a backup to k.db, at that call on its file
	killed() {
		strace -qq -o trace -e trace="$1" -P "$T/k.db.part" \
			-P "$T/k.db.part-journal" \
			-e inject="$1:signal=KILL:when=$2" \
			quire backup "$T/k.db"
		grep -q KILL trace
	}
	check 'one that is killed leaves no copy' \
		'killed pwrite64 5 && test ! -e k.db && test -s k.db.part'
	check 'what it leaves is used by the next, and gone then' '
		for f in journal wal shm; do echo old >k.db.part-$f; done
		quire backup k.db && whole k.db && rm k.db'
	# head: written last or never, what is before is nothing but zeros
	check 'so is what has no head yet' '
		dd if=/dev/zero of=k.db.part bs=4096 count=3 status=none &&
		quire backup k.db && whole k.db && rm k.db'
	check 'wherever it is killed' '
		for call in pwrite64 fsync unlink renameat2; do
			n=1
			while killed $call $n; do
				rm -f k.db
				n=$((n * 2))
			done
			quire backup k.db 2>&1 || test -s k.db
			whole k.db && rm k.db || exit 1
		done'
	# what was renamed between its open and its lock is another's copy
	check 'a copy that another has just ended is not written over' '
		strace -qq -o trace -e trace=flock \
			-e inject=flock:delay_enter=3000000:when=1 \
			quire backup late.db 2>err &
		wait_for "test -e late.db.part" && mv late.db.part late.db &&
		echo whole >late.db && : >late.db.part && { wait $!; test $? = 2; } &&
		grep "late.db: is there already" err &&
		test "$(cat late.db)" = whole && test ! -e late.db.part'
else
	for i in 1 2 3 4 5; do
		skip "a backup that is killed ($i)" 'strace cannot do it here'
	done
fi
: >w.db.part
check 'two at once to one file: the second is refused' '
	refused 75 "w.db.part: another quire backup is writing it" \
		flock w.db.part quire backup w.db && test ! -e w.db'
check 'which ends with the first' 'quire backup w.db && whole w.db'
echo mine >f.db.part
check 'somebody else'\''s file of that name is not touched' '
	refused 2 "f.db.part: is in the way" quire backup f.db &&
	test "$(cat f.db.part)" = mine && test ! -e f.db'

# a database that is damaged, and one of the older system
cp -a "$QUIRE_HOME" damaged
page=$(sql "SELECT rootpage FROM sqlite_master WHERE name = 'runs_ref'")
dd if=/dev/zero of=damaged/quire.db bs=1 conv=notrunc status=none \
	seek=$(((page - 1) * $(sql 'PRAGMA page_size'))) count=100
check 'a damaged database makes no copy' '
	QUIRE_HOME=$T/damaged && refused 70 "quire.db: is damaged" \
		quire backup b.db && test "$(echo b.db*)" = "b.db*"'
mkdir older
{
	for f in "$ROOT"/schema/000[1-7]_*.sql; do cat "$f"; done
	echo 'PRAGMA user_version = 7;'
} | sqlite3 -bail older/quire.db
check 'one that waits for its upgrade is copied as it is' '
	QUIRE_HOME=$T/older && quire backup older.db &&
	test "$(pragma older.db user_version)" = 7 &&
	test "$(pragma "$QUIRE_HOME/quire.db" user_version)" = 7'
: >older/quire.db
check 'of an empty file there is none' '
	QUIRE_HOME=$T/older && refused 70 "quire.db: is empty" \
		quire backup empty.db && test ! -e empty.db'

# Beside writers. A big database, so that the copy takes its time, and somebody
# who commits all the time.
sql "CREATE TABLE big AS WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL
	SELECT n + 1 FROM i WHERE n < 20000) SELECT n, hex(randomblob(1000)) x
	FROM i; CREATE TABLE beat (n); INSERT INTO beat VALUES (0)"
{
	while [ ! -e stop ]; do
		sql 'BEGIN IMMEDIATE; UPDATE beat SET n = n + 1;
			UPDATE big SET x = n WHERE n = (SELECT n FROM beat);
			COMMIT'
	done
} &
writer=$!
wait_for 'test "$(sql "SELECT n FROM beat")" -gt 3'
check 'somebody who writes all the time does not hinder it' '
	for i in 1 2 3; do timeout 60 quire backup beside.$i.db || exit 1; done'
check 'nor is he hindered' '
	n=$(sql "SELECT n FROM beat") && kill -0 $writer &&
	wait_for "test \$(sql \"SELECT n FROM beat\") -gt $n"'
touch stop
wait $writer
check 'each copy is of one moment' '
	for i in 1 2 3; do
		whole beside.$i.db || exit 1
		test "$(sqlite3 beside.$i.db "SELECT (SELECT n FROM beat) -
			(SELECT count(*) FROM big WHERE x = n)")" = 0 || exit 1
	done'
sql 'DROP TABLE big; DROP TABLE beat'

# With runs in every state of life: one active, two that wait.
branch active
wait_for 'test "$(state foo#1)" = active'
branch waits
branch breaks false
check 'a copy while runs go on' 'mkdir backup && quire backup backup/quire.db &&
	whole backup/quire.db && test "$(sqlite3 backup/quire.db \
		"SELECT group_concat(state) FROM runs")" = active,pending,pending'

# Time goes on: they end, and more is pushed.
for b in active waits breaks; do go $b; done
wait_idle
git -C foo checkout -qB later
pipeline foo '{"jobs":[{"id":"a","run":"true"}]}' later
push foo later >/dev/null
wait_idle
later=$(quire show foo#4 --json | sed -n 's/.*"id": "\([0-9a-f-]\{36\}\)".*/\1/p' | head -n 1)
cp executed executed.then

# The steps of the page, literally, but for where the copy is.
sed -n '/^\.Ss Restoring the database/,/^\.S[sh] [^R]/p' "$ROOT/man/quire.7" |
	sed -n 's/^\$ //p' | sed "s,/backup/,$T/backup/,g" >steps
check 'the page has the steps' 'cat steps; test "$(wc -l <steps)" -ge 6 &&
	tail -n 1 steps | grep -x quire-reconcile'
cp -a "$QUIRE_HOME" unrestored
sh -e steps >told 2>&1
echo $? >status
check 'by the steps of the page it is restored' 'cat told; test "$(cat status)" = 0'
check 'the database is as the others of the home, and whole' '
	test "$(stat -c %a "$QUIRE_HOME/quire.db")" = 640 &&
	test -e "$QUIRE_HOME/quire.db-wal" && test -e "$QUIRE_HOME/quire.db-shm" &&
	test "$(sql "PRAGMA integrity_check")" = ok &&
	test "$(sql "PRAGMA journal_mode")" = wal'
check 'a run that has ended since is settled by its record' '
	test "$(state foo#1)" = complete'
check 'so is one that has begun since, and is not run again' '
	wait_idle && test "$(state foo#2)" = complete &&
	test "$(state foo#3)" = failed &&
	test "$(sql "SELECT failure_kind FROM runs WHERE number = 3")" = \
		pipeline-failure && cmp executed executed.then'
check 'with its jobs, its log, and the time it began' '
	quire log foo#3 && quire show foo#2 --json |
		grep "\"state\": *\"complete\"" | wc -l | grep -x 2 &&
	test "$(sql "SELECT count(*) FROM runs JOIN jobs ON run_id = id
		WHERE runs.started_at_ms > jobs.started_at_ms + 1000")" = 0'
check 'a branch that has moved since has a run, of the same number' '
	test "$(state foo#4)" = complete &&
	quire show foo#4 --json | grep "\"trigger\": *\"drift\"" &&
	! quire show foo#4 --json | grep "$later"'
check 'the directory of the other is reported, and stays' '
	grep "$later: a run directory without a row" told &&
	test -d "$QUIRE_HOME/runs/foo.git/$later"'
check 'then there is nothing left to do' '! quire-reconcile 2>&1 | grep .'

# the same, but a push comes before reconcile does
rm -rf "$QUIRE_HOME"
cp -a unrestored "$QUIRE_HOME"
sed '/quire-reconcile/d' steps >few
sh -e few
git -C foo commit -q --allow-empty -m 'one more'
push foo later >/dev/null
wait_for 'test "$(sql "SELECT state FROM runs WHERE ref_name = '\''refs/heads/later'\''
	ORDER BY number DESC LIMIT 1")" = complete'
check 'without a reconcile first nothing is run twice either' '
	cmp executed executed.then && test "$(state foo#2)" = pending &&
	grep "foo.git#2: was begun already" "$QUIRE_HOME/quire-run.log" &&
	quire-reconcile; test "$(state foo#2)$(state foo#3)" = completefailed &&
	cmp executed executed.then'
