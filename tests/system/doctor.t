#!/bin/sh
# quire doctor: each thing that can be wrong with a home is broken in turn,
# said, and mended by the command that was printed.
# shellcheck disable=SC2016,SC2034 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 92

mode() {
	stat -c %a "$1"
}

# doctor STATUS [ARG...]: ends so; what it says is in $T/said.
doctor() {
	want=$1
	shift
	is=0
	quire doctor "$@" >"$T/said" 2>&1 || is=$?
	cat "$T/said"
	[ "$is" = "$want" ]
}

# wrong CHECK 'words': something is, in one line with these words.
wrong() {
	doctor 1 && grep -Ee "^wrong +$1 .*$2" "$T/said" >"$T/line"
}

# note CHECK 'words': it is said, and is no reason to end with 1.
note() {
	doctor 0 && grep -Ee "^note +$1 .*$2" "$T/said" >"$T/line"
}

# mend: the command at the end of the line is run, and then nothing is wrong.
mend() {
	command=$(sed -n 's/^.*; run: //p' "$T/line" | head -n 1)
	echo "\$ $command"
	[ -n "$command" ] && eval "$command" && doctor 0
}

# no_mend: no command does it, but there is a word on what to do.
no_mend() {
	! grep '; run: ' "$T/line" && grep '; ' "$T/line"
}

# everything that stat(2) and the files themselves say of the home
snapshot() {
	find "$QUIRE_HOME" -printf '%p %y %m %U %G %s %T@ %C@ %i\n' | sort
	find "$QUIRE_HOME" -type f ! -name 'quire.db*' -exec cksum {} + | sort
}

# fresh: the home anew, with a repository, and all well.
fresh() {
	rm -rf "$QUIRE_HOME" "$T/foo"
	new_home
	new_repo foo
	quire reconcile
}

# --- a new home
new_home
check 'of a new home it says that cron has not run, with the line for it' '
	wrong cron "never come to its end; .*wants the line: \* \* \* \* \* " &&
	no_mend'
check 'the line is that of quire init, and does it' '
	line=$(sed -n "s/^.* \* \* \* \* \* //p" line) &&
	grep -F "  * * * * * $line" .init && eval "$line" && doctor 0'
check 'that there is no repository is only noted' \
	'note repository "none is registered"'
new_repo foo
check 'a home where all is well is 0, in lines of three columns' '
	doctor 0 && ! grep -Ev "^(ok|note)  +[a-z]+  +[^ ]" said &&
	grep -E "^ok +repository +foo: $T/home/repos/foo.git, hook installed$" \
		said'
check 'no colour where there is no terminal' '! quire doctor | grep "$(printf "\033")"'
check 'on one there is' '
	script -qec "quire doctor" /dev/null </dev/null >typed 2>&1
	grep "$(printf "\033\[32m")ok" typed'
check '--json says the same' '
	quire doctor --json >json && for key in kind check; do
		sed -n "s/^    \"$key\": \"\(.*\)\",$/\1/p" json >"$key"
	done && test "$(grep -c "^  {" json)" = "$(wc -l <said)" &&
	sed "s/^\([a-z]*\)  *\([a-z]*\) .*/\1 \2/" said >words &&
	paste -d " " kind check | cmp - words &&
	grep "^    \"text\": \"foo: $T/home/repos/foo.git, hook installed\",$" json'
check 'operands and options that there are not are 2' '
	doctor 2 x && doctor 2 --fool && quire doctor --help | grep -e --full'
check 'quire --help lists it' 'quire --help | grep "^  doctor "'

# --- no home at all
check 'no home is 70, and quire init is named' \
	'QUIRE_HOME=$T/none doctor 70 && grep "quire init" said'
check 'a relative one is 2' 'QUIRE_HOME=none doctor 2'

# --- folders and modes
for folder in repos runs slots cache secrets hooks; do
	check "$folder/ missing is said, and mended" '
		rm -rf kept; mv home/'$folder' kept &&
		wrong home "'$folder'/ is missing"; s=$?
		test $s = 0 && eval "$(sed -n "s/^.*; run: //p" line)" >/dev/null &&
		test -d home/'$folder'; s=$?
		rm -rf home/'$folder' && mv kept home/'$folder' && test $s = 0'
done
check 'a file in the place of a folder: words, no command' '
	mv home/hooks kept && touch home/hooks &&
	wrong home "hooks is in the way" && no_mend; s=$?
	rm home/hooks; mv kept home/hooks; test $s = 0'
for what in . runs secrets; do
	check "a mode that is too open: $what" '
		chmod o+rwx home/'$what' && wrong home "mode 2..7 is more open" &&
		mend'
done
check 'a folder that its owner cannot enter' '
	chmod 2050 home/cache && wrong home "cache: mode 2050 locks" && mend'
check 'a secret that the group may read' '
	echo s >home/secrets/"a token" && chmod 640 home/secrets/"a token" &&
	wrong home "secrets/a token: mode 0640" && mend &&
	test "$(mode home/secrets/"a token")" = 600'
check 'a secret that is a link, which no job follows' '
	ln -s "a token" home/secrets/link &&
	wrong home "secrets/link is no regular file" && rm home/secrets/link'
if [ "$(id -u)" = 0 ]; then
	check 'a folder of somebody else' '
		chown 65534 home/runs && wrong home "runs: belongs to " && mend'
	check 'a slot of somebody else' '
		touch home/slots/7 && chown 65534 home/slots/7 &&
		wrong queue "slots/7: the home.s owner cannot lock it" && mend'
else
	skip 'a folder of somebody else' 'needs root'
	skip 'a slot of somebody else' 'needs root'
fi

# --- the database's files
check 'it is more open than it should be' '
	chmod 666 home/quire.db && wrong database "quire.db: mode 0666" && mend'
check 'its owner cannot write to it' '
	chmod 440 home/quire.db-wal && wrong database "quire.db-wal: belongs" &&
	eval "$(sed -n "s/^.*; run: //p" line)" && quire init >/dev/null &&
	doctor 0'
check '-wal with another mode' '
	chmod 600 home/quire.db-wal && wrong database "another mode or group" &&
	mend'
check '-wal and -shm are missing, and it makes none' '
	rm home/quire.db-wal home/quire.db-shm &&
	note database "quire.db-wal is missing" && test ! -e home/quire.db-wal &&
	test ! -e home/quire.db-shm && mend && test -e home/quire.db-wal &&
	test -e home/quire.db-shm'
check '-wal is there, -shm is not' '
	push foo main && cp home/quire.db home/quire.db-wal . &&
	sqlite3 home/quire.db ".dbconfig no_ckpt_on_close on" \
		"PRAGMA user_version" >/dev/null
	printf "%s\n" ".filectrl persist_wal 1" ".dbconfig no_ckpt_on_close on" \
		"INSERT INTO settings VALUES ('\'''\'', '\''timeout'\'', '\''1h'\'');" |
		sqlite3 home/quire.db >/dev/null && test -s home/quire.db-wal &&
	rm home/quire.db-shm && wrong database "no quire.db-shm" &&
	grep "^unseen" said && test ! -e home/quire.db-shm && mend'
check 'a long WAL with nobody at work' '
	printf "%s\n" ".filectrl persist_wal 1" ".dbconfig no_ckpt_on_close on" \
		"PRAGMA wal_autocheckpoint = 0;" \
		"CREATE TABLE t (x);" "INSERT INTO t VALUES (zeroblob(17000000));" \
		"DROP TABLE t;" | sqlite3 home/quire.db >/dev/null &&
	test "$(stat -c %s home/quire.db-wal)" -gt 17000000 &&
	wrong database "quire.db-wal has [0-9]* MB" && mend &&
	test "$(stat -c %s home/quire.db-wal)" -lt 17000000'

# --- what is in it
check 'not in WAL mode' '
	sql "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE" &&
	wrong database "not in WAL mode" && mend'
check 'a trigger that somebody dropped is put back' '
	trigger=$(sql "SELECT name FROM sqlite_master WHERE type = '\''trigger'\''
		LIMIT 1") && sql .dump >before &&
	sql "DROP TRIGGER $trigger" && wrong database "triggers .*: $trigger;" &&
	mend && grep "put back the triggers $trigger" .out; sql .dump >after &&
	sort before >b && sort after >a && cmp a b'
check 'a trigger with another text, too; others are left alone' '
	sql "DROP TRIGGER $(sql "SELECT name FROM sqlite_master
		WHERE type = '\''trigger'\'' LIMIT 1");
	CREATE TRIGGER mine AFTER INSERT ON settings BEGIN SELECT 1; END" &&
	wrong database "triggers " && mend &&
	test "$(sql "SELECT count(*) FROM sqlite_master WHERE name = '\''mine'\''")" = 1 &&
	sql "DROP TRIGGER mine"'
check 'the trigger of an older build is told of, and quire init mends it' '
	older=$(sql "SELECT replace(sql, '\''OR NEW.sha IS NOT OLD.sha'\'', '\'''\'')
		FROM sqlite_master WHERE name = '\''runs_update'\''") &&
	sql .dump >before && sql "DROP TRIGGER runs_update; $older" &&
	sql .dump >older && ! cmp before older &&
	wrong database "triggers .*: runs_update;" &&
	mend && grep "put back the triggers runs_update" .out &&
	sql .dump >after; sort before >b && sort after >a && cmp a b'
check 'rows that belong to nothing are only noted' '
	sql "PRAGMA foreign_keys = OFF; DROP TRIGGER IF EXISTS none;
		INSERT INTO refs VALUES ('\''x.git'\'', '\''r'\'', '\''o'\'', NULL, NULL,
		1)" && note database "1 rows belong to" &&
	sql "DELETE FROM refs WHERE repo = '\''x.git'\''"'
check 'the older system'\''s repositories are not taken over yet' '
	sql "INSERT INTO counters VALUES ('\''takeover'\'', 0)" &&
	wrong database "not registered yet" && mend'
check 'a table is missing: said, and not a crash' '
	sql "VACUUM INTO '\''saved.db'\''" && sql "DROP TABLE settings" &&
	wrong database "no such table" && grep "^unseen.*not looked at" said'
# restore FILE: in the place of the database, as quire-db(5) has it
restore() {
	rm -f home/quire.db home/quire.db-wal home/quire.db-shm
	cp "$1" home/quire.db && chmod 640 home/quire.db && quire init >/dev/null
}
restore saved.db
check 'a copy put back, all is well again' 'doctor 0'
check 'its pages are damaged' '
	sql "CREATE INDEX i ON counters (value); PRAGMA writable_schema = ON;
	UPDATE sqlite_master SET rootpage = 999999 WHERE name = '\''i'\''" &&
	wrong database "malformed .*: restore it from a copy" &&
	restore saved.db'
check 'a page of it is damaged' '
	page=$(sql "SELECT rootpage FROM sqlite_master WHERE name = '\''runs_ref'\''") &&
	sql "PRAGMA wal_checkpoint(TRUNCATE)" && yes x | head -c 4096 |
	dd of=home/quire.db bs=4096 seek=$((page - 1)) conv=notrunc 2>dd &&
	wrong database "quire.db is damaged: .*age $page" && no_mend &&
	restore saved.db'
check 'it is no database' '
	rm home/quire.db* && yes "no database" | head -n 999 >home/quire.db &&
	chmod 640 home/quire.db && wrong database "restore it from a copy"'
check 'it is empty' '
	: >home/quire.db && wrong database "quire.db is empty" &&
	test ! -s home/quire.db && grep "; run: .* init$" line'
check 'it is missing' '
	rm home/quire.db && wrong database "quire.db is missing" &&
	test ! -e home/quire.db'
check 'it is a folder' '
	mkdir home/quire.db && wrong database "is no file" && no_mend
	rmdir home/quire.db'
check 'what is printed makes another' '
	doctor 1; grep "^wrong  *database" said >line; mend'
restore saved.db
check 'a newer one is left alone' '
	sql "PRAGMA user_version = 9999; PRAGMA wal_checkpoint(TRUNCATE)" &&
	snapshot >before && wrong database "newer .*install a newer quire" &&
	snapshot | diff before -'
check 'a foreign one, too' '
	sql "PRAGMA user_version = 9; PRAGMA application_id = 7;
		PRAGMA wal_checkpoint(TRUNCATE)" &&
	snapshot >before && wrong database "not a database of quire" && no_mend &&
	snapshot | diff before -'
for version in 1 7; do
	check "one of the older system, version $version, is not migrated" '
		rm home/quire.db* && cat "$ROOT"/schema/000[1-'$version']_*.sql |
		sqlite3 home/quire.db && chmod 640 home/quire.db &&
		sqlite3 home/quire.db "PRAGMA user_version = '$version'" &&
		snapshot >before &&
		wrong database "version '$version' is older" &&
		snapshot | diff before - && mend'
done
restore saved.db

# --- that it changes nothing
check 'a look at a home changes nothing in it' '
	sql "PRAGMA wal_checkpoint(TRUNCATE)" && snapshot >before && doctor 0 &&
	doctor 0 --full --json && snapshot | diff before -'
if unshare -m true 2>/dev/null && [ "$(id -u)" = 0 ]; then
	check 'a home on a file system that is mounted read-only' '
		unshare -m sh -c "mount --bind home home &&
		mount -o remount,bind,ro home && quire doctor" >said; test $? = 1 &&
		grep "^wrong *disk .*mounted read-only; " said &&
		grep "^ok *database" said && grep "^ok *repository" said'
else
	skip 'a home on a file system that is mounted read-only' 'needs mounts'
fi

# --- repositories and hooks
hook=home/repos/foo.git/hooks/post-receive
check 'no hook' 'rm $hook && wrong repository "foo: has no hook" && mend'
check 'a hook without its execute bits' \
	'chmod 644 $hook && wrong repository "foo: its hook has mode 0644" && mend'
check 'another'\''s hook' '
	printf "#!/bin/sh\n" >$hook && wrong repository "foo: its hook is not quire" &&
	mend && rm home/repos/foo.git/hooks/post-receive.before-quire &&
	quire repo hook foo'
check 'one that calls quire-push by itself is all right' '
	printf "#!/bin/sh\nexec quire-push --home x\n" >$hook && doctor 0 &&
	grep "^ok .*names quire-push" said && rm $hook && quire repo hook foo'
check 'a hook for another home' '
	sed "s|^# home .*|# home $T/other|" $hook >x && cat x >$hook &&
	wrong repository "for another home, $T/other" && mend'
check 'a hook whose program is not there' '
	sed "s|$QUIRE_BUILD|/gone|" $hook >x && cat x >$hook &&
	wrong repository "cannot start /gone/bin/quire-push" && mend'
check 'a hook that somebody has edited' '
	sed "1s|.*|#! /bin/bash|" $hook >x && cat x >$hook &&
	wrong repository "not as quire writes it" && mend'
check 'a mirror without a hook is only noted' '
	git clone -q --mirror foo m.git && quire repo adopt --no-hook m.git &&
	note repository "m: a mirror" && quire repo rm m'
check 'a core.hooksPath of several: the line to add' '
	mkdir shared-hooks && git -C home/repos/foo.git config core.hooksPath \
		"$T/shared-hooks" && wrong repository "core.hooksPath" && no_mend &&
	line=$(sed -n "s/^.*the line: //p" line) &&
	printf "#!/bin/sh\n%s\n" "$line" >shared-hooks/post-receive &&
	chmod +x shared-hooks/post-receive && doctor 0 &&
	git -C home/repos/foo.git config --unset core.hooksPath'
check 'a repository that is gone' '
	mv home/repos/foo.git gone.git && wrong repository "foo: .* is not there" &&
	no_mend && grep "repo move foo.git DIR" line; s=$?
	mv gone.git home/repos/foo.git; test $s = 0'
check 'one that is no repository any more' '
	mv home/repos/foo.git/HEAD H && wrong repository "no git repository" &&
	no_mend; s=$?; mv H home/repos/foo.git/HEAD; test $s = 0'
check 'one that is not bare' '
	git -C home/repos/foo.git config core.bare false &&
	wrong repository "is not bare" && mend'
check 'one of a kind that quire does not take' '
	git -C home/repos/foo.git config extensions.refstorage reftable
	wrong repository "refs are stored as reftable" && no_mend; s=$?
	git config -f home/repos/foo.git/config --unset extensions.refstorage
	test $s = 0'

# --- settings
check 'a value that is none' '
	sql "INSERT INTO settings VALUES ('\'''\'', '\''maxLog'\'', '\''lots'\'')" &&
	wrong settings "setting maxLog: .lots. is not a size" && mend'
check 'one of a repository' '
	sql "INSERT INTO settings VALUES ('\''foo.git'\'', '\''timeout'\'', '\''x'\'')" &&
	wrong settings "foo.git: setting timeout" && mend'
check 'what has no effect is only noted' '
	sql "INSERT INTO settings VALUES ('\'''\'', '\''old'\'', 1),
		('\''foo.git'\'', '\''maxRuns'\'', 2), ('\''no.git'\'', '\''env'\'', '\'''\'')" &&
	note settings "old is stored .*no such setting" &&
	grep "foo.git maxRuns .*global" said && grep "no such repository" said &&
	sql "DELETE FROM settings"'
check 'a kick that is no command' '
	quire config kick "not-there -n" && wrong settings "no command .not-there" &&
	mend'
check 'one that is, and one that only sh can tell' '
	quire config kick "env true" && doctor 0 &&
	quire config kick "{ :; }; x" && doctor 0 && quire config --unset kick'
check 'less space than minFree wants' '
	quire config minFree 999T && wrong disk "no run is begun" &&
	eval "$(sed -n "s/^.*let minFree be less: //p" line)" && doctor 0 &&
	quire config --unset minFree'

# --- the queue, cron, the clock
check 'runs that wait, and nobody at work' '
	quire config minFree 999T && pipeline foo "{\"jobs\":[{\"id\":\"a\",
		\"run\":\"true\"}]}" && push foo main && doctor 1 &&
	! grep "^wrong *queue" said &&
	sql "UPDATE runs SET queued_at_ms = queued_at_ms - 600000
		WHERE state = '\''pending'\''"; quire config minFree 0 &&
	wrong queue "1 pending, the first queued 10 minutes ago" &&
	eval "$(sed -n "s/^.*; run: //p" line)" && wait_idle && doctor 0'
check 'what quire-run said in the background is noted' \
	'note queue "quire-run.log .* has, from .*: .*minFree wants"'
# a supervisor that is there, and does nothing
pipeline foo "{\"jobs\":[{\"id\":\"a\",
	\"run\":\"until test -e $T/go; do sleep 0.1; done\"}]}" slow
push foo main >/dev/null
wait_for 'test "$(sql "SELECT state FROM jobs WHERE state = '\''active'\''")"'
slow=$(sql "SELECT id FROM runs WHERE state = 'active'")
# aged MINUTES: its begin is earlier, which is refused as long as that is on
aged() {
	guard=$(sql "SELECT sql FROM sqlite_master WHERE name = 'runs_update'")
	sql "BEGIN IMMEDIATE; DROP TRIGGER runs_update; UPDATE runs SET
		queued_at_ms = queued_at_ms - $1 * 60000,
		started_at_ms = started_at_ms - $1 * 60000 WHERE id = '$slow';
		$guard; COMMIT"
}
check 'a run near its time limit is fine' 'aged 65 && doctor 0'
check 'one that is far behind it is not: its supervisor hangs, or is stopped' '
	aged 10 && wrong queue "foo#[0-9]* is active, was started 1 hour .*limit is 1h"'
check 'unless it has more time' '
	quire config foo timeout 2h && doctor 0 && quire config foo timeout 0 &&
	doctor 0 && quire config --unset foo timeout'
check 'what is there to be done finds the supervisor' '
	wrong queue "foo#" && no_mend && find=$(sed -n "s/^.*): //p" line) &&
	eval "$find" >found && wc -l <found | grep -x 1 &&
	awk "{ print \$1 }" found | grep -x quire-run'
touch go
check 'when it has ended, nothing is wrong' 'wait_idle && doctor 0'

check 'an active run without a process is noted' '
	sql "INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,
		queued_at_ms, started_at_ms, number, push_seq) VALUES ('\''lost'\'',
		'\''foo.git'\'', '\''r'\'', '\''s'\'', 1, '\''active'\'', 1,
		$(date -d "30 minutes ago" +%s)000, 77, 77)" &&
	note queue "foo#77 is active and has no process"'
check 'one that has a process is not, nor is that ended' '
	QUIRE_RUN_ID=lost sleep 60 &
	p=$!
	wait_for "grep -z QUIRE_RUN_ID=lost /proc/$p/environ" && doctor 0 &&
	! grep "foo#77" said && kill "$p"'
check 'quire-reconcile settles it' '
	wait_for "quire doctor | grep foo#77" && note queue "foo#77 " && mend &&
	! grep "foo#77" said'
check 'a reconcile that was long ago' '
	touch -d "2 hours ago" home/slots/reconcile.lock &&
	wrong cron "came to its end 2 hours ago" && no_mend &&
	eval "$(sed -n "s/^.* \* \* \* \* \* //p" line)" && doctor 0'
check 'one in the future' '
	touch -d "2 hours" home/slots/reconcile.lock &&
	wrong cron "still to come" && quire reconcile && doctor 0'
check 'one that could not do its work leaves no trace' '
	touch -d "2 hours ago" home/slots/reconcile.lock &&
	mv home/quire.db away.db && { quire reconcile 2>/dev/null
	test $? = 70; } && mv away.db home/quire.db && wrong cron "2 hours ago"'
check 'nor does the first of a home, or a dry run' '
	rm home/slots/reconcile.lock && mv home/quire.db away.db &&
	{ quire reconcile 2>/dev/null; test $? = 70; } &&
	mv away.db home/quire.db && quire reconcile -n && wrong cron "never" &&
	quire reconcile && doctor 0'
check 'a run from the future is noted' '
	sql "INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,
		queued_at_ms, finished_at_ms, number, push_seq) VALUES ('\''soon'\'',
		'\''foo.git'\'', '\''r'\'', '\''s'\'', 1, '\''failed'\'', 1,
		4102444800000, 78, 78)" && note clock "2100-01-01" &&
	sql "DELETE FROM runs WHERE id = '\''soon'\''"'

# --- programs
mkdir bin && cp "$QUIRE_BUILD"/bin/* bin
check 'a program is missing' '
	rm bin/quire-ci && PATH=$T/bin:$PATH wrong programs "bin/quire-ci: No such" &&
	no_mend'
check 'one is of another version, one does not run' '
	printf "#!/bin/sh\necho quire-ci 0\n" >bin/quire-ci && chmod +x bin/quire-ci &&
	printf "#!/bin/sh\necho broken; exit 3\n" >bin/quire-cgi &&
	PATH=$T/bin:$PATH wrong programs "is .quire-ci 0., and this is" &&
	grep "quire-cgi: does not run (status 3): broken" said'

# --- somebody else, and somebody else's
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
	check 'whoever may not enter the home is told, 75' '
		chmod 755 . && $nobody quire doctor >said 2>&1; test $? = 75 &&
		grep "may not enter" said'
	check 'a member of the group sees what he can, and is told what not: 75' '
		snapshot >before; setpriv --reuid=65534 --regid=0 --clear-groups \
			quire doctor >said 2>&1
		test $? = 75 && grep "^ok *database" said &&
		grep "^unseen *home *secrets/: Permission denied" said &&
		snapshot | diff before -'
	check 'and whose commands the others are' '
		chmod 777 home/runs && setpriv --reuid=65534 --regid=0 \
			--clear-groups quire doctor >said 2>&1
		test $? = 1 && grep "; as root run: " said && quire init'
else
	for promise in 'who may not enter' 'a member of the group' \
		'whose commands'; do
		skip "$promise" 'needs root and setpriv'
	done
fi
