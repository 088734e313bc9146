#!/bin/sh
# quire init: a home is made, mended, shared, taken over, or refused.
# shellcheck disable=SC1091,SC2016,SC2034 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 66

mode() {
	stat -c %a "$1"
}

# says STATUS 'words': init ends so, with one line that has the words.
says() {
	init_status=0
	quire init >"$T/out" 2>"$T/err" || init_status=$?
	cat "$T/out" "$T/err"
	[ "$init_status" = "$1" ] && [ "$(wc -l <"$T/err")" = 1 ] &&
		grep -qe "$2" "$T/err"
}

# --- a new one
check 'init makes a home' 'quire init >"$T/made"'
for folder in repos runs slots cache hooks; do
	check "$folder/ is the owner's, and the group reads" \
		'test "$(mode home/'$folder')" = 2750'
done
check 'so is the home itself' 'test "$(mode home)" = 2750'
check 'secrets/ is for the owner alone' 'test "$(mode home/secrets)" = 2700'
for file in quire.db quire.db-wal quire.db-shm; do
	check "$file is there, readable for the group" \
		'test "$(mode home/'$file')" = 640'
done
check 'the database is of quire, whole, and in WAL mode' '
	test "$(sql "PRAGMA application_id")" = 1903520114 &&
	test "$(sql "PRAGMA integrity_check")" = ok &&
	test "$(sql "PRAGMA journal_mode")" = wal'
check 'it prints the line for cron' '
	grep "^  \* \* \* \* \* QUIRE_HOME=$T/home /.*/quire-reconcile$" made'
check 'it says where to read about a web server' 'grep "quire-cgi(8)" made'

# --- again
check 'a second init finds nothing to do' '
	quire init >out && grep "nothing to do" out && test "$(wc -l <out)" = 1'
check 'what is missing is made again, and said so' '
	rmdir home/slots && quire init | grep "^made $T/home/slots$" &&
	test "$(mode home/slots)" = 2750'
check 'what is open to others is closed' '
	chmod 777 home/runs && quire init | grep "set mode 2750 of .*/runs" &&
	test "$(mode home/runs)" = 2750'
check 'what the operator has closed stays closed' '
	chmod 700 home/cache && quire init && test "$(mode home/cache)" = 2700'
check 'what a killed repo new or rm left is removed, a live one'\''s not' '
	mkdir -p home/repos/.rm.4194303/x home/repos/.new.$$ && quire init |
	grep "removed .*/repos/.rm.4194303$" && test ! -e home/repos/.rm.4194303 &&
	rmdir home/repos/.new.$$'
check 'missing -wal and -shm come back' '
	rm home/quire.db-wal home/quire.db-shm && quire init &&
	test "$(mode home/quire.db-wal)" = 640 &&
	test "$(mode home/quire.db-shm)" = 640'
# what a crash of the file system, or a restore that went wrong, may leave
quire repo new kept >/dev/null
sql ".backup kept.db"
empty() {
	rm -f home/quire.db-wal home/quire.db-shm
	: >home/quire.db
}
empty
for program in 'quire runs' 'quire config maxRuns 2' quire-run quire-reconcile; do
	check "an empty database is not filled by $program" '
		'"$program"' 2>err; test $? = 70 && grep "is empty: restore" err &&
		test ! -s home/quire.db'
done
check 'it is by init, or by what was saved' '
	quire init >out && quire runs && cp kept.db home/quire.db &&
	rm -f home/quire.db-wal home/quire.db-shm && quire init >out &&
	quire repo list | grep kept && quire repo rm kept'
check 'of a database that is damaged it says what to do' '
	sql ".backup kept.db" && rm -f home/quire.db-wal home/quire.db-shm &&
	yes "not a database" | head -n 999 >home/quire.db
	says 70 "restore it" && { quire runs 2>err; test $? = 70; } &&
	grep "restore it" err; is=$?
	cp kept.db home/quire.db && quire init && test $is = 0'
check 'a folder of its that is a file is an error that names it' '
	mv home/hooks home/hooks.d && touch home/hooks &&
	says 75 "home/hooks is in the way"; s=$?
	rm home/hooks && mv home/hooks.d home/hooks; exit $s'

# --- where
check 'a relative DIR, with parents that are not there' '
	quire init a/b/ && test -f a/b/quire.db && cd a &&
	quire init ../c | grep "QUIRE_HOME=$T/c "'
check '--home is QUIRE_HOME for one command' '
	quire --home "$T/other" init && test -f other/quire.db'
check 'a home with blanks, quotes and a percent sign' '
	odd="$T/o d'\''d %"
	QUIRE_HOME=$odd quire init >out && test -f "$odd/quire.db" &&
	cronline=$(sed -n "s/^  \* \* \* \* \* QUIRE_HOME=//p" out) &&
	word=$(printf "%s" "$cronline" | sed "s/\\\\%/%/g; s| /[^ ]*$||") &&
	eval "test $word = \"\$odd\""'
check 'a relative QUIRE_HOME is refused' 'QUIRE_HOME=here says 2 absolute'
check 'a line break in its path is refused' '
	QUIRE_HOME="$T/a
b" says 2 "line break" && test ! -e "$T/a
b"'
check 'a git repository is no home' '
	git init -q --bare r.git && QUIRE_HOME=$T/r.git says 2 "git repository" &&
	test ! -e r.git/runs'
check 'a file is no home' 'touch f && QUIRE_HOME=$T/f says 70 "/f: a home is a folder"'
check 'two folders at a time are too many' '
	quire init x y; test $? = 2 && test ! -e x'
check 'an option that is not known' 'quire init --sahred g; test $? = 2'
check 'a full standard output is no success' '
	quire --help >/dev/full; test $? = 75'

# --- shared
group=$(id -gn)
[ "$(id -u)" != 0 ] || group=nogroup
check 'a shared home: folders, group, setgid' '
	QUIRE_HOME=$T/shared quire init --shared $group &&
	for d in . repos runs slots cache; do
		test "$(stat -c %a:%G shared/$d)" = 2770:$group || exit 1
	done'
check 'its database, -wal and -shm may be written by the group' '
	for f in quire.db quire.db-wal quire.db-shm; do
		test "$(stat -c %a:%G shared/$f)" = 660:$group || exit 1
	done'
check 'its secrets are not shared, nor is what runs as its owner' '
	test "$(mode shared/secrets)" = 2700 && test "$(mode shared/hooks)" = 2750'
check 'it stays shared when init mends it' '
	rmdir shared/runs && QUIRE_HOME=$T/shared quire init &&
	test "$(mode shared)" = 2770 && test "$(mode shared/runs)" = 2770'
check 'a home that is there can become shared' '
	quire init --shared $group && test "$(mode home)" = 2770 &&
	test "$(stat -c %a:%G home/quire.db-wal)" = 660:$group'
check 'a repository in it is for the group' '
	quire repo new inside && test "$(mode home/repos/inside.git)" = 2770 &&
	test "$(git -C home/repos/inside.git config core.sharedRepository)" = 1'
check 'no such group' '
	quire init --shared no-such-group 2>err; test $? = 2 &&
	grep "no group .no-such-group" err'

# --- as an operator does: a user of its own
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 711 "$T"
	mkdir op bin
	chown nobody op
	cp "$QUIRE_BUILD"/bin/quire* bin/
	as_user() {
		(cd op && HOME=$T/op QUIRE_HOME=$T/op/home PATH=$T/bin:$PATH \
			setpriv --reuid=nobody --regid="$(id -g nobody)" \
			--clear-groups -- "$@")
	}
	check 'an ordinary user makes a home' '
		as_user quire init && test "$(mode op/home)" = 2750 &&
		test "$(stat -c %U op/home/quire.db)" = nobody'
	check 'and a repository in it' '
		as_user quire repo new foo &&
		test "$(stat -c %U op/home/repos/foo.git)" = nobody'
	check 'what he may not write to is not adopted, and he is told why' '
		git init -q --bare rooted.git &&
		as_user quire repo adopt "$T/rooted.git" 2>err; test $? = 75 &&
		grep "rooted.git: the hook cannot be installed" err &&
		! as_user quire repo list | grep rooted'
	check 'where he may not make it, he is told who can' '
		as_user quire init /usr/quire-home 2>err; test $? = 75 &&
		grep "install -d" err && test "$(wc -l <err)" = 1'
	check 'another uid that may not enter is told so' '
		chmod 700 home; as_user sh -c "QUIRE_HOME=$T/home quire init" \
			2>err; test $? = 75 && test "$(wc -l <err)" = 1'
	check 'root does not mend his home, but is told whose it is' '
		QUIRE_HOME=$T/op/home says 75 "belongs to nobody"'
	check 'nor makes a repository there' '
		QUIRE_HOME=$T/op/home quire repo new bar 2>err; test $? = 75 &&
		grep nobody err && test ! -e op/home/repos/bar.git'
	check 'reading is not refused' '
		QUIRE_HOME=$T/op/home quire repo list | grep foo.git &&
		test "$(QUIRE_HOME=$T/op/home quire config maxRuns)" = 1'
else
	for promise in 1 2 3 4 5 6 7 8; do
		skip "another uid, $promise" 'needs root and setpriv'
	done
fi

# --- what is not ours is left alone
check 'a database that is none' '
	mkdir bad && head -c 8192 /dev/urandom >bad/quire.db &&
	cksum <bad/quire.db >sum &&
	QUIRE_HOME=$T/bad says 70 "quire.db" && cksum <bad/quire.db | cmp sum'
check 'a database of the older system that went another way' '
	mkdir way && sqlite3 way/quire.db "CREATE TABLE t (x);
		PRAGMA user_version = 9" && cksum <way/quire.db >sum &&
	QUIRE_HOME=$T/way says 70 "way/quire.db" && test ! -e way/runs && cksum <way/quire.db | cmp sum'
check 'a database that is newer than the program' '
	mkdir new && sqlite3 new/quire.db "CREATE TABLE t (x);
		PRAGMA application_id = 1903520114; PRAGMA user_version = 9999" &&
	cksum <new/quire.db >sum &&
	QUIRE_HOME=$T/new says 70 "newer" && cksum <new/quire.db | cmp sum'

# --- the older system
old=$T/old
mkdir -p "$old/repos/work"
for file in "$ROOT"/schema/000[1-7]*.sql; do
	sqlite3 "$old/quire.db" <"$file" || exit 1
done
sqlite3 "$old/quire.db" "PRAGMA user_version = 7;
	INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,
		queued_at_ms, started_at_ms, finished_at_ms, run_token) VALUES
	('0c9a1a52-0001', 'foo.git', 'refs/heads/main', 'aa', 1, 'complete',
		1, 2, 3, 'secret'),
	('0c9a1a52-0002', 'foo.git', 'refs/heads/main', 'bb', 4, 'active',
		4, 5, NULL, NULL),
	('0c9a1a52-0003', 'foo.git', 'refs/heads/main', 'cc', 6, 'pending',
		6, NULL, NULL, NULL);
	INSERT INTO jobs (run_id, job_id, state, started_at_ms, finished_at_ms)
		VALUES ('0c9a1a52-0002', 'build', 'active', 5, NULL)" || exit 1
git init -q --bare "$old/repos/foo.git"
git init -q src
mkdir src/.quire
echo '(job)' >src/.quire/ci.fnl
git -C src add .quire
git -C src commit -qm 'a pipeline of the older system'
git -C src push -q "$old/repos/foo.git" main
git -C "$old/repos/foo.git" symbolic-ref HEAD refs/heads/main
git init -q --bare "$old/repos/work/bar.git"
printf '#!/bin/sh\n' >"$old/repos/work/bar.git/hooks/post-receive"
chmod +x "$old/repos/work/bar.git/hooks/post-receive"
git init -q --bare --object-format=sha256 "$old/repos/new.git"
git init -q "$old/repos/tree"
echo x >"$old/quire.conf"
cp -R "$old" older
QUIRE_HOME=$T/older
check 'an older home that another command upgraded first' '
	quire runs >out && grep "foo#3 *failed" out &&
	test "$(sql "SELECT count(*) FROM runs WHERE failure_kind =
		'\''orphaned'\''")" = 2'
check 'is still taken over by the next init' '
	quire init >out && grep "^took over" out &&
	quire repo list | grep "^foo.git" && quire repo list | grep "^work/bar"'
QUIRE_HOME=$old
check 'a home of the older system is taken over' 'quire init >"$T/taken"'
check 'its runs are there, the live ones orphaned' '
	test "$(sql "SELECT group_concat(state || coalesce(failure_kind, 0))
		FROM (SELECT * FROM runs ORDER BY number)")" = \
		complete0,failedorphaned,failedorphaned &&
	test "$(sql "SELECT state FROM jobs")" = aborted'
check 'bare repositories below repos/ are registered, and only these' '
	test "$(quire repo list | sed 1d | cut -d" " -f1 | xargs)" = \
		"foo.git work/bar.git"'
check 'with their hook' '
	grep quire-push old/repos/foo.git/hooks/post-receive &&
	grep quire-push old/repos/work/bar.git/hooks/post-receive'
check 'and their refs as seen, so that nothing is queued' '
	test "$(sql "SELECT ref_name FROM refs")" = refs/heads/main &&
	test "$(sql "SELECT count(*) FROM runs")" = 3'
check 'it lists what it cannot carry over' '
	sed "1,/^Not carried over/d" taken >left &&
	grep "foo.git: .quire/ci.fnl" left && grep "new.git.*sha256" left &&
	grep "bar.git: the hook that was there" left &&
	grep "run_token (runs: 1)" left && grep "old/quire.conf" left'
check 'once: the next init takes nothing over' '
	quire init >out && ! grep "^took over" out'
check 'a takeover that was cut short goes on' '
	quire repo rm foo && sql "INSERT INTO counters (name, value)
		VALUES ('\''takeover'\'', 0)" && quire init &&
	quire repo list | grep "^foo.git"'
check 'a repository that nobody registered is pointed out' '
	quire repo rm foo && quire init | grep "foo.git: not registered" &&
	! quire repo list | grep "^foo.git"'
