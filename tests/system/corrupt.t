#!/bin/sh
# A damaged database: every program says so in one line, and none of them makes
# it worse. What is restored goes on where it was.
. "$(dirname "$0")/lib.sh"
plan 9

new_home
new_repo foo
pipeline foo '{"jobs":[{"id":"a","run":"true"}]}'
push foo >/dev/null
wait_idle
git -C foo commit -q --allow-empty -m second
QUIRE_RUN_ID=none push foo >/dev/null

# As after a crash: with frames in the -wal, of a table that nobody asks for.
sql 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
mkdir saved
printf '%s\n' "INSERT INTO settings (repo, key, value)
	VALUES ('', 'minFree', '0');" ".shell cp $QUIRE_HOME/quire.db* saved" |
	sqlite3 -bail "$QUIRE_HOME/quire.db" || exit 1
test -s saved/quire.db-wal || exit 1
PAGE=$(sql 'PRAGMA page_size')
RUNS=$(sql "SELECT rootpage FROM sqlite_master WHERE name = 'runs'")

restore() {
	rm -f "$QUIRE_HOME"/quire.db*
	cp "$T"/saved/quire.db* "$QUIRE_HOME/"
}

# overwrite FIRST COUNT: so many bytes of quire.db, from FIRST
overwrite() {
	head -c "$2" /dev/urandom | dd of="$QUIRE_HOME/quire.db" bs=64k \
		seek="$1" oflag=seek_bytes conv=notrunc status=none
}
size() {
	stat -c %s "$QUIRE_HOME/quire.db"
}

# what the files hold; the index of the -wal is anybody's
print() {
	(cd "$QUIRE_HOME" && sha256sum quire.db quire.db-wal)
}

# said PROGRAM...: it fails with 70, and one line that says what is wrong
said() {
	"$@" >"$T/out" 2>"$T/err" </dev/null
	status=$?
	cat "$T/err"
	[ $status = 70 ] && [ "$(wc -l <"$T/err")" = 1 ] &&
		grep -qE "quire.db: .*(not a database|malformed).*: \
restore it from a copy, see quire-db\(5\)$" "$T/err"
}

page() {
	REQUEST_METHOD=GET PATH_INFO=$1 quire-cgi >"$T/page" 2>"$T/err"
	cat "$T/page" "$T/err"
	grep -q '^Status: 50[03]' "$T/page" && [ "$(wc -l <"$T/err")" = 1 ] &&
		grep -q "restore it from a copy" "$T/err"
}

pushed() {
	git -C foo commit -q --allow-empty -m 'one more' &&
		push foo >"$T/out" || return
	cat "$T/out"
	test "$(git -C "$QUIRE_HOME/repos/foo.git" rev-parse main)" = \
		"$(git -C foo rev-parse main)" &&
		grep -q 'quire: .*quire.db: .*restore it from a copy.*: the push stands, nothing is queued; the next quire-reconcile finds it' \
			"$T/out"
}

# all [PROGRAM...]: those, and every program that asks for runs
all() {
	print >"$T/before"
	for program in "$@" 'quire runs' 'quire show foo#1' 'quire start foo' \
		'quire cancel foo#2' quire-run quire-reconcile; do
		# shellcheck disable=SC2086 # a word each
		said $program || { echo "$program: $status"; return 1; }
		print | cmp - "$T/before" ||
			{ echo "$program: changes it"; return 1; }
	done
	page / && page /foo/ci && pushed && print | cmp - "$T/before"
}
# damaged WHAT COMMAND [PROGRAM...]: with frames in the -wal, and without
damaged() {
	what=$1 damage=$2
	shift 2
	programs=
	for program; do
		programs="$programs '$program'"
	done
	restore
	eval "$damage"
	check "$what: all say so, and leave it as it is" "all $programs"
	restore
	sql 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	: >"$QUIRE_HOME/quire.db-wal"
	eval "$damage"
	check "$what, and nothing in the -wal: the same" "all $programs"
}
damaged 'its first bytes' 'overwrite 0 100' 'quire config maxRuns' 'quire init'
damaged 'all but its first page' 'overwrite "$PAGE" $(($(size) - PAGE))' \
	'quire config maxRuns' 'quire init'
damaged 'its end is missing' \
	'truncate -s $((PAGE + PAGE / 2)) "$QUIRE_HOME/quire.db"' \
	'quire config maxRuns' 'quire init'
damaged 'a page in its middle' 'overwrite $(((RUNS - 1) * PAGE)) "$PAGE"'

restore
check 'what is restored goes on where it was, and none of the pushes is lost' '
	quire-reconcile >"$T/out" 2>&1; cat "$T/out"; wait_idle &&
	test "$(sql "SELECT count(*) FROM runs WHERE state =
		'\''complete'\'' AND sha = '\''$(git -C foo rev-parse main)'\''")" = 1 &&
	test "$(sql "PRAGMA integrity_check")" = ok'
