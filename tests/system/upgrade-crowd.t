#!/bin/sh
# An upgrade of the older system's database has a crowd about it, or is killed:
# it happens once, as a whole, and no row is lost.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/older.sh"
plan 12

new_home
schema >fresh.schema
NEW=$(sql 'PRAGMA user_version')
quire repo new foo >/dev/null
cp -R home empty

# many VERSION: older, with so many runs that the upgrade takes its time
many() {
	older "$1" WAL
	many_extra='' many_value=''
	[ "$1" -ge 7 ] || many_extra=', workspace_path' many_value=", '/w'"
	sqlite3 "$QUIRE_HOME/quire.db" "WITH RECURSIVE c (n) AS (SELECT 1
		UNION ALL SELECT n + 1 FROM c LIMIT 20000)
		INSERT INTO runs ($RUNS$many_extra) SELECT 'm' || n, 'm.git',
		'refs/heads/m', n, n, 'complete', NULL, n, n, n$many_value
		FROM c"
	mkdir -p "$QUIRE_HOME/repos"
	cp -R empty/repos/foo.git "$QUIRE_HOME/repos/"
}

# opener N: one of many kinds; its status, and what it has to say
opener() {
	case $(($1 % 6)) in
	0) quire runs --json >/dev/null ;;
	1) quire-run ;;
	2) quire-reconcile >/dev/null ;;
	3) quire init >/dev/null ;;
	4) echo '0 0 0' | quire-push --git-dir home/repos/foo.git ;;
	5) REQUEST_METHOD=GET PATH_INFO=/ quire-cgi >"page.$1" ;;
	esac 2>"err.$1" </dev/null
	echo $? >"status.$1"
}

# Either it works, or it says in one line why not now: the hook and the pages
# never upgrade.
content() {
	for n in $(seq 0 11); do
		case $((n % 6)):$(cat "status.$n") in
		[0-3]:0 | 4:0) ;;
		[0-3]:75) test "$(wc -l <"err.$n")" = 1 || return ;;
		5:0)
			test ! -s "err.$n" || {
				test "$(wc -l <"err.$n")" = 1 &&
				grep -q '^Status: 503' "page.$n"; } || return ;;
		*) echo "$n: $(cat "status.$n" "err.$n")"; return 1 ;;
		esac
	done
}

for version in 1 5 7; do
	many $version
	rows $version >before
	for n in $(seq 0 11); do
		opener "$n" &
	done
	wait
	check "version $version, twelve at once: each works, or says why not now" \
		content
	check 'it is upgraded, whole, and as a fresh one' '
		quire runs >/dev/null && schema | cmp - fresh.schema &&
		test "$(sql "PRAGMA integrity_check")" = ok &&
		test -z "$(sql "PRAGMA foreign_key_check")"'
	check 'once: every row is there as it was' "
		rows $version | cmp - before &&
		test \"\$(sql 'SELECT count(*), count(DISTINCT number) FROM runs
			WHERE repo = \"m.git\"')\" = '20000|20000'"
done

# points STEP: every so many of the traced system calls, from the first that has
# to do with the database: its name, and how many of that name it is.
points() {
	awk -F '(' -v step="$1" '{ n[$1]++ } /quire\.db/ { begun = 1 }
		begun && ++i % step == 0 { print $1, n[$1] }' trace
}

# killed COMMAND...: at some forty of its system calls; what is left then is old
# or new, and the next one makes it new.
killed() {
	older 4 DELETE
	rows 4 >before
	cp -R home killed
	strace -qq -o trace -e signal=none "$@" >/dev/null 2>&1
	points $(($(points 1 | wc -l) / 40 + 1)) >kills
	old=0 new=0
	while read -r call nth; do
		rm -rf home
		cp -R killed home
		strace -qq -o /dev/null -e "trace=$call" -e signal=none \
			-e "inject=$call:signal=KILL:when=$nth" "$@" \
			>/dev/null 2>&1 </dev/null
		test $? = 137 || return
		case $(sql 'PRAGMA user_version') in
		4) old=$((old + 1)) ;;
		"$NEW") new=$((new + 1)) ;;
		*) return 1 ;;
		esac
		rows 4 | cmp - before && quire runs >/dev/null &&
			rows 4 | cmp - before && schema | cmp - fresh.schema &&
			test "$(sql 'PRAGMA integrity_check')" = ok &&
			test -z "$(sql "SELECT id FROM runs WHERE state IN
				('pending', 'active')")" || return
	done <kills
	echo "$(wc -l <kills) points, $old times it was old, $new times new"
	test $old -gt 5 && test $new -gt 0
}
check 'quire is killed at forty points: a whole database, old or new' \
	'killed quire runs'
rm -rf killed
check 'quire-reconcile' 'killed quire-reconcile'
rm -rf killed
check 'quire init' 'killed quire init'
