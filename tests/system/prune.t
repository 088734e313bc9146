#!/bin/sh
# Runs that need not be kept: which they are, and that pruning is whole, also
# where it is killed in the middle.
. "$(dirname "$0")/lib.sh"
plan 49

NOW=$(($(date +%s) * 1000))
DAY=86400000
NUMBER=0

# add REPO REF DAYS STATE [COLUMN=VALUE...]: a run that ended so many days ago.
# What began has a directory, a job, and a command with a log. SHA and SEQ, set
# before it, are its commit and push_seq.
SHA='' SEQ=''
add() {
	add_repo=$1 add_ref=$2 at=$((NOW - $3 * DAY)) add_state=$4
	shift 4
	NUMBER=$((NUMBER + 1))
	id=$(printf '00000000-0000-7000-8000-%012d' $NUMBER)
	began=$at
	[ "$add_state" != superseded ] || began=NULL
	sql "INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,
		queued_at_ms, started_at_ms, finished_at_ms, git_dir, number,
		push_seq) VALUES ('$id', '$add_repo.git', 'refs/heads/$add_ref',
		'${SHA:-$NUMBER}', $at, '$add_state', $at, $began, $at,
		'$QUIRE_HOME/repos/$add_repo.git', $NUMBER, ${SEQ:-$NUMBER})"
	SHA='' SEQ=''
	for assignment; do
		sql "UPDATE runs SET $assignment WHERE id = '$id'"
	done
	[ $began != NULL ] || return 0
	sql "INSERT INTO jobs (run_id, job_id, state, started_at_ms,
		finished_at_ms) VALUES ('$id', 'a', 'complete', $at, $at);
	INSERT INTO sh_events (run_id, job_id, n, started_at_ms,
		finished_at_ms, exit_code, cmd)
		VALUES ('$id', 'a', 1, $at, $at, 0, 'true')"
	files "$QUIRE_HOME/runs/$add_repo.git/$id"
}

# files DIR: what a run leaves
files() {
	mkdir -p "$1/jobs/a"
	touch "$1/lock" "$1/events.jsonl"
	echo log >"$1/jobs/a/sh-1.log"
}

# numbers [REPO]: of the runs that are there, on a line
numbers() {
	sql "SELECT number FROM runs WHERE repo = '${1:-old}.git'
		ORDER BY number" | paste -sd' '
}

# folders [REPO]: of the runs whose directories are there and whole
folders() {
	for dir in "$QUIRE_HOME/runs/${1:-old}.git"/*/; do
		[ -s "${dir}jobs/a/sh-1.log" ] && [ -e "${dir}lock" ] &&
			basename "$dir" | sed 's/.*-0*//'
	done | paste -sd' '
}

dir() {
	printf '%s/runs/old.git/00000000-0000-7000-8000-%012d' "$QUIRE_HOME" "$1"
}

pruned() {
	printf '%s/runs/.pruned/00000000-0000-7000-8000-%012d' "$QUIRE_HOME" "$1"
}

# left REPO NUMBERS DIRS: these are there, and nothing else
left() {
	test "$(numbers "$1")" = "$2" && test "$(folders "$1")" = "$3" &&
		test -z "$(ls "$QUIRE_HOME/runs/.pruned" 2>/dev/null)" &&
		test "$(sql 'SELECT count(*) FROM jobs WHERE run_id NOT IN
			(SELECT id FROM runs)')" = 0 &&
		test "$(sql 'PRAGMA foreign_key_check; PRAGMA integrity_check')" \
			= ok
}

silent() {
	"$@" >"$T/out" 2>&1
	status=$?
	cat "$T/out"
	test "$status" = 0 && ! test -s "$T/out"
}

snapshot() {
	sql .dump >"$T/$1.sql"
	(cd "$QUIRE_HOME" && find . -mindepth 1 ! -name 'quire.db*' -printf \
		'%p %y %m %s %T@\n' | sort) >"$T/$1.files"
}

unchanged() {
	snapshot now && cmp "$T/now.sql" "$T/$1.sql" &&
		cmp "$T/now.files" "$T/$1.files"
}

# page PATH: of quire-cgi, with its head
page() {
	REQUEST_METHOD=GET PATH_INFO=$1 quire-cgi
}

# branches NAME: the repository, with the branches main and dev, and no runs
branches() {
	new_repo "$1"
	git -C "$T/$1" branch dev
	push "$1" main dev >/dev/null
}

new_home
branches old
mkdir -p "$QUIRE_HOME/runs/.pruned"

# What each is of: old and new, of refs that are there and of one that is not.
add old main 200 complete
add old gone 200 failed 'pusher = '\''ann'\'
add old main 150 superseded
add old dev 120 complete
add old main 100 complete
SEQ=5
add old main 99 complete 'attempt = 2' \
	"rerun_of = '$(basename "$(dir 5)")'"
add old main 91 superseded "superseded_by = '$(basename "$(dir 8)")'"
add old gone 95 failed
add old main 10 superseded "superseded_by = '$(basename "$(dir 8)")'"
SHA=$(git -C old rev-parse main)
add old main 1 complete "rerun_of = '$(basename "$(dir 5)")'"
quire config old keepDays 0
check 'with keepDays 0 all stay' \
	'silent quire-reconcile && left old "1 2 3 4 5 6 7 8 9 10" \
		"1 2 4 5 6 8 10"'
quire config --unset old keepDays
snapshot before
check 'a dry run names the runs that would go' \
	'quire-reconcile -n | sed "s/:.*//" | paste -sd" " |
		grep -x "old#1 old#2 old#3 old#5 old#6 old#7 old#8"'
check 'and says why' \
	'quire-reconcile -n | grep "old#1: would prune it: .*keepDays"'
check 'and changes nothing' 'unchanged before'
cp -a "$QUIRE_HOME" "$T/old.home"
check 'pruning is routine: nothing is printed' 'silent quire-reconcile'
check 'what ended more than 90 days ago is gone, with jobs, logs, all' \
	'left old "4 9 10" "4 10"'
check 'the newest run of a branch that is there stays at any age' \
	'quire show old#4'
check 'the pruned run is unknown' 'quire show old#5; test $? = 2'
check 'a second one finds nothing to do' \
	'silent quire-reconcile -n && silent quire-reconcile'

# what refers to a run that went
check 'a run superseded by one that went is shown' \
	'quire show old#9 | grep "superseded *$(basename "$(dir 8)")"'
check 'so is one that repeats it, in JSON' \
	'quire show old#10 --json | grep "\"rerun_of\": *\"$(basename "$(dir 5)")"'
check 'and on pages' \
	'page /old/ci/9 | grep "superseded by $(basename "$(dir 8)")" &&
	page /old/ci/10 | grep "A rerun of $(basename "$(dir 5)")" &&
	page /old/ci | grep "/old/ci/9" && ! page /old/ci | grep "/old/ci/8"'
check 'it can be repeated' '
	quire rerun old#10 && wait_idle && quire show old#11 --json |
		grep "\"attempt\": *2"'
quire config old keepRuns 2
check 'of keepRuns the newest stay, and those of each branch' \
	'quire-reconcile -n | grep "old#9: would prune it: .*keepRuns" &&
	silent quire-reconcile && test "$(numbers)" = "4 10 11"'
quire config old keepRuns 1
check 'the first of a chain of reruns may go' \
	'silent quire-reconcile && test "$(numbers)" = "4 11"'
check 'the numbers of pruned runs are not used again' \
	'quire rerun old#11 && wait_idle && test "$(numbers)" = "4 11 12"'
check 'a branch that is deleted loses its last run' '
	git -C old push -q origin :dev
	silent quire-reconcile && test "$(numbers)" = 12'
quire config old keepDays 90
quire config --unset old keepRuns
NUMBER=12

# the repository's last run, though nothing else speaks for it
add old gone 200 failed
add old main 1 complete
add old gone 100 failed
check 'the last run of a repository stays' \
	'silent quire-reconcile && test "$(numbers)" = "12 14 15"'
check 'so a repository that was forgotten and is back counts on' \
	'quire repo rm old >/dev/null && silent quire-reconcile &&
	test "$(numbers)" = "12 14 15" &&
	quire repo adopt "$QUIRE_HOME/repos/old.git" >/dev/null &&
	quire rerun old#12 >/dev/null && wait_idle &&
	test "$(numbers)" = "12 14 15 16"'

# a run of the tip that is older than another one of its ref
branches tip
NUMBER=100
SHA=$(git -C tip rev-parse main)
add tip main 100 complete
add tip main 95 superseded
add tip dev 1 complete
check 'the newest run of a tip stays, where that is not the newest of its ref' \
	'silent quire-reconcile && left tip "101 102 103" "101 103"'

# a clock that was ahead
NUMBER=200
branches ahead
add ahead main -3000 complete
add ahead main 100 failed
add ahead main 1 complete
check 'a clock that was ahead keeps no other run' \
	'silent quire-reconcile && test "$(numbers ahead)" = "201 203"'

# locks
use() {
	[ -z "${QUIRE_HOME#"$T/home"}" ] || return 1
	rm -rf "$QUIRE_HOME"
	cp -a "$T/old.home" "$QUIRE_HOME"
}
# hold FILE: its lock, until release
hold() {
	mkfifo "$T/held"
	flock "$1" cat "$T/held" &
	exec 8<>"$T/held"
	wait_for "! flock -n '$1' true"
}
release() {
	exec 8>&-
	wait
	rm -f "$T/held"
}
use
hold "$(dir 1)/lock"
check 'a run whose lock is held is not touched' \
	'silent quire-reconcile && left old "1 4 9 10" "1 4 10" &&
	! quire-reconcile -n | grep .'
release
check 'when it is free the run goes' \
	'silent quire-reconcile && left old "4 9 10" "4 10"'

# a live run
new_repo live
pipeline live "{\"jobs\":[{\"id\":\"a\",
	\"run\":\"cat $T/go >/dev/null; echo ended\"}]}"
mkfifo "$T/go"
push live >/dev/null
wait_for 'test "$(state live#1)" = active'
NUMBER=1
add live main 1 complete
SEQ=5000 SHA=$(git -C live rev-parse main)
add live main 1 complete
quire config live keepRuns 1
check 'a run that is active stays, however many are newer' \
	'silent quire-reconcile && test "$(numbers live)" = "1 3" &&
	test "$(state live#1)" = active &&
	test -d "$QUIRE_HOME/runs/live.git/$(sql "SELECT id FROM runs
		WHERE repo = '\''live.git'\'' AND number = 1")/workspace"'
timeout 60 sh -c 'echo >"$T/go"'
check 'and when it has ended well it goes' \
	'wait_idle && wait_for "silent quire-reconcile &&
		test \"\$(numbers live)\" = 3"'

# half done, step by step
use
mv "$(dir 1)" "$(pruned 1)"
check 'a dry run tells of a removal that was cut short' \
	'quire-reconcile -n | grep "\.pruned/.*1: would finish" &&
	test -d "$(pruned 1)" && quire show old#1'
check 'cut short behind the renaming: the next finishes it' \
	'quire-reconcile | grep "\.pruned/.*1: finished" &&
	left old "4 9 10" "4 10"'
use
mv "$(dir 1)" "$(pruned 1)"
sql "PRAGMA foreign_keys = ON; DELETE FROM runs WHERE number = 1"
check 'cut short behind the row: the next finishes it' \
	'quire-reconcile | grep "\.pruned/.*1: finished" &&
	left old "4 9 10" "4 10"'
use
mv "$(dir 1)" "$(pruned 1)"
sql "PRAGMA foreign_keys = ON; DELETE FROM runs WHERE number = 1"
rm -r "$(pruned 1)/lock" "$(pruned 1)/jobs"
check 'cut short among the files: the next finishes it' \
	'quire-reconcile | grep "\.pruned/.*1: finished" &&
	left old "4 9 10" "4 10"'
use
mv "$(dir 4)" "$(pruned 4)"
check 'what is to be kept by its row gets its directory back' \
	'quire-reconcile -n | grep "\.pruned/.*4: would put it back" &&
	silent quire-reconcile && left old "4 9 10" "4 10"'
use
files "$(pruned 4)"
check 'but not in the place of another' \
	'quire-reconcile | grep "\.pruned/.*4: finished" &&
	left old "4 9 10" "4 10"'
use
sql "CREATE TRIGGER kept BEFORE DELETE ON runs WHEN OLD.number = 1
	BEGIN SELECT RAISE (IGNORE); END"
check 'a row that does not go keeps its directory' \
	'silent quire-reconcile && left old "1 4 9 10" "1 4 10"'
use
sql "CREATE TRIGGER kept BEFORE DELETE ON runs WHEN OLD.number = 1
	BEGIN SELECT RAISE (ABORT, 'not this one'); END"
check 'nor does a database that fails cost it' \
	'! quire-reconcile 2>err && grep "not this one" err &&
	test -d "$(dir 1)" && test -z "$(ls "$QUIRE_HOME/runs/.pruned")"'
use
rm -r "$(dir 1)"
mv "$QUIRE_HOME/runs/old.git" "$T/elsewhere"
check 'a directory that is not there says nothing if its parent is not' \
	'silent quire-reconcile && test "$(numbers)" = "1 2 3 4 5 6 7 8 9 10"'
mv "$T/elsewhere" "$QUIRE_HOME/runs/old.git"
check 'with its parent there it is gone' \
	'silent quire-reconcile && left old "4 9 10" "4 10"'

# Killed at each system call that changes something.
use
sql "PRAGMA foreign_keys = ON;
	DELETE FROM runs WHERE number IN (2, 5, 6, 7, 8)"
rm -r "$(dir 2)" "$(dir 5)" "$(dir 6)" "$(dir 8)"
cp -a "$QUIRE_HOME" "$T/few.home"
CALLS=rename,renameat,renameat2,fsync,fdatasync,pwrite64,unlinkat
# fault WHAT N: at the Nth of those calls, and then one that meets none
fault() {
	rm -rf "$QUIRE_HOME"
	cp -a "$T/few.home" "$QUIRE_HOME"
	strace -qq -o /dev/null -e signal=none -e "trace=$CALLS" \
		-e "inject=$CALLS:$1:when=$2" quire-reconcile >"$T/first" 2>&1
	faulted=$?
	if ! quire-reconcile >"$T/out" 2>&1 || ! left old "4 9 10" "4 10"; then
		echo "$1 at $2"
		cat "$T/first" "$T/out"
		return 1
	fi
}
killing() {
	points=0 bad=0 faulted=137
	while [ $faulted = 137 ]; do
		points=$((points + 1))
		fault signal=KILL $points || bad=$((bad + 1))
	done
	echo $points >"$T/points"
	echo "$points points, $bad violations"
	[ $points -gt 10 ] && [ $bad = 0 ]
}
failing() {
	bad=0
	for point in $(seq "$(cat "$T/points")"); do
		fault "error=$1" "$point" || bad=$((bad + 1))
	done
	echo "$bad violations"
	[ $bad = 0 ]
}
if strace -qq -o /dev/null true 2>/dev/null; then
	check 'killed anywhere, the next one finishes' 'killing'
	check 'a call that fails costs nothing either' 'failing EIO'
else
	skip 'killed anywhere, the next one finishes' 'no strace'
	skip 'a call that fails costs nothing either' 'no strace'
fi

# two at once
use
check 'two at once: each run goes once, and nobody complains' '
	quire-reconcile >one 2>&1 & one=$!
	quire-reconcile >two 2>&1 && wait $one && cat one two &&
	! test -s one && ! test -s two && left old "4 9 10" "4 10"'

# a repository that leaves, at the same time
use
hold "$QUIRE_HOME/slots/reconcile.lock"
quire repo rm --purge old >"$T/purge" 2>&1 8>&- &
purge=$!
check 'a purge waits for a reconcile that is at work' \
	'sleep 0.3; test "$(folders)" = "1 2 4 5 6 8 10" && kill -0 $purge'
exec 8>&-
wait $purge
rm -f "$T/held"
check 'and then takes all away' \
	'cat "$T/purge"; test -z "$(numbers)" &&
	! test -e "$QUIRE_HOME/runs/old.git" && silent quire-reconcile'
use
sql "CREATE TRIGGER stay BEFORE DELETE ON repos
	BEGIN SELECT RAISE (ABORT, 'it stays'); END"
check 'a purge that fails leaves the runs where they are' \
	'! quire repo rm --purge old 2>err && grep "it stays" err &&
	left old "1 2 3 4 5 6 7 8 9 10" "1 2 4 5 6 8 10"'
use
mv "$(dir 4)" "$(pruned 4)"
mv "$(dir 10)" "$(pruned 10)"
check 'after one that was killed in between reconcile puts them back' \
	'silent quire-reconcile && left old "4 9 10" "4 10"'

# bounds
use
sql "WITH RECURSIVE i (n) AS (SELECT 1001 UNION ALL SELECT n + 1 FROM i
	WHERE n < 2100) INSERT INTO runs (id, repo, ref_name, sha,
	pushed_at_ms, state, queued_at_ms, finished_at_ms, number, push_seq)
	SELECT 'x' || n, 'old.git', 'refs/heads/gone', 's', 1, 'superseded', 1,
	1, n, n FROM i"
check 'one reconcile prunes no more than 1000 runs' \
	'quire-reconcile && test "$(sql "SELECT count(*) FROM runs")" -ge 110'
check 'the next ones go on until all is done' '
	for i in 1 2 3 4 5 6 7 8 9; do quire-reconcile; done
	test "$(numbers)" = "4 9 10 2100"'

# settings
check 'a bad value of a setting is told, and hinders nobody else' '
	sql "INSERT INTO settings VALUES ('\''old.git'\'', '\''keepDays'\'', '\''x'\'')"
	quire-reconcile 2>err; test $? = 75 && grep "old.git: .*keepDays" err'
check 'keepDays and keepRuns are numbers of 0 and above' '
	! quire config keepDays -- -1 && ! quire config keepRuns many &&
	quire config keepRuns 0'

QUIRE_HOME=$T/seeded
quire seed "$QUIRE_HOME" >/dev/null
sql "SELECT count(*) FROM runs" >count
quire config keepRuns 1
check 'a home that was made up keeps all' \
	'silent quire-reconcile && sql "SELECT count(*) FROM runs" | cmp - count'

# the older system's
QUIRE_HOME=$T/older
mkdir -p "$QUIRE_HOME"
{
	for f in "$ROOT"/schema/000[1-7]_*.sql; do cat "$f"; done
	echo "INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,
		queued_at_ms, started_at_ms, finished_at_ms) VALUES
		('one', 'a.git', 'refs/heads/x', 's', 1, 'complete', 1, 2, 3),
		('two', 'a.git', 'refs/heads/x', 's', 5, 'complete', 5, 6, 7);
	PRAGMA user_version = 7;"
} | sqlite3 -bail "$QUIRE_HOME/quire.db"
check 'an upgrade makes no run go: keepDays is 0 then, and it is said' \
	'quire init | grep "keepDays is set to 0" && silent quire-reconcile &&
	test "$(sql "SELECT count(*) FROM runs")" = 2 &&
	test "$(quire config keepDays)" = 0'
check 'until it is set to something' \
	'quire config --unset keepDays && mkdir "$QUIRE_HOME/runs/b.git" &&
	silent quire-reconcile && test "$(sql "SELECT id FROM runs")" = two'
