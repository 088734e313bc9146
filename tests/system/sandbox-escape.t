#!/bin/sh
# A job that would like to get out of its sandbox: nothing of quire, of other
# runs or of the host is within its reach, and no process of it stays.
# With SANDBOX=none every attempt succeeds, but for those that a host refuses
# to anybody: that is how to see that they are attempts.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
TMPDIR=/var/tmp
SANDBOX=${SANDBOX:-bwrap}
. "$(dirname "$0")/lib.sh"
need_sandbox
plan 55

new_home
quire config maxRuns 2
new_repo foo
new_repo bar
H=$QUIRE_HOME
echo s3cret >"$H/secrets/token"
chmod 600 "$H/secrets/token"

# another run, which is under way all the time, with a secret of its own
mkfifo "$T/hold"
pipeline bar '{"jobs":[{"id":"b","env":{"OTHER":"s3cret-of-b"},
	"run":"echo s3cret >mine; echo s3cret >$QUIRE_CACHE/mine; touch up; exec sleep 1000"}]}'
push bar >/dev/null
other=$H/runs/bar.git/$(sql "SELECT id FROM runs WHERE repo = 'bar.git'")
wait_for 'test -e "$other/workspace/up"'
at_end 'quire cancel bar#1 >/dev/null; wait_for "test ! -e $other/workspace"'

# What a job tries. An attempt that gets through says so with its name.
cat >foo/attack <<END
H=$H other=$other
got() { echo "GOT \$1"; }
reads() { n=\$1; shift; cat "\$@" 2>/dev/null | grep -q . && got "\$n"; }
writes() { (echo x >>"\$2") 2>/dev/null && got "\$1"; }

reads database \$H/quire.db
reads secret \$H/secrets/token
reads workspace \$other/workspace/mine
reads cache \$H/cache/bar.git/mine
reads events \$other/events.jsonl
reads own-events \$H/runs/foo.git/\$QUIRE_RUN_ID/events.jsonl
reads repository \$H/repos/foo.git/HEAD
reads planted ./to-secret
reads planted-dir ./to-home/quire.db
reads parent ../events.jsonl
writes database-w \$H/quire.db
writes repository-w \$H/repos/foo.git/hooks/evil
writes hooks-w \$H/hooks/run-finished
writes run-w \$H/runs/foo.git/\$QUIRE_RUN_ID/evil
writes log-w \$H/runs/foo.git/\$QUIRE_RUN_ID/jobs/a/sh-1.log
writes other-w \$other/workspace/evil
writes usr-w /usr/quire-evil
writes etc-w /etc/quire-evil
writes root-w /quire-evil
writes planted-w ./to-home/evil
writes planted-hook ./to-home/hooks/evil

# processes: those that quire has, and the one above this
ls /proc/*/exe -l 2>/dev/null | grep -v self | grep -q quire-run && got sees-supervisor
grep -lsF OTHER=s3cret-of-b /proc/[0-9]*/environ | grep -q . && got sees-environ
reads init-environ /proc/\$PARENT/environ
(readlink /proc/\$PARENT/fd/* | grep -q .) 2>/dev/null && got init-fd
(ls /proc/\$PARENT/root/ | grep -q .) 2>/dev/null && got init-root
(ls /proc/\$PARENT/cwd/ | grep -q .) 2>/dev/null && got init-cwd
(head -c 4 /proc/\$PARENT/exe | grep -q ELF) 2>/dev/null && got init-exe
reads init-maps /proc/\$PARENT/maps
timeout 2 strace -o /dev/null -p \$PARENT 2>&1 | grep -q attached && got ptrace
reads shadow /etc/shadow
reads keys /etc/ssh/*_key
(: </dev/tty) 2>/dev/null && got terminal

# the kernel's own means
mkdir -p m
mount -t tmpfs none m 2>/dev/null && got mount && umount m
mount -o remount,rw /usr 2>/dev/null && got remount
mknod dev c 1 3 2>/dev/null && got device
(echo h >/proc/sysrq-trigger) 2>/dev/null && got sysrq
(cat /proc/sys/kernel/core_pattern >/proc/sys/kernel/core_pattern) 2>/dev/null && got sysctl
chroot / true 2>/dev/null && got chroot
chown 1 attack 2>/dev/null && chown 0 attack && got chown
unshare -Urmp --fork sh -c "mount -o remount,rw /usr; umount -l /usr; umount -l /proc
	mount -t proc proc /proc; umount -l \$PWD; cat \$H/quire.db
	echo x >/usr/quire-evil" 2>/dev/null | grep -q . && got namespaces
unshare -Urm cat \$H/secrets/token 2>/dev/null | grep -q . && got namespace-reads
test -e /usr/quire-evil && got namespace-writes
unshare -U true 2>/dev/null && got user-namespace
unshare -Urm sh -c "mount -t tmpfs x m && echo yes" 2>/dev/null | grep -q yes && got namespace-mount
nsenter -t \$PARENT -m cat \$H/quire.db 2>/dev/null | grep -q . && got nsenter

# what is its own can't be made something else
mv "\$QUIRE_WORKSPACE" "\$QUIRE_WORKSPACE.x" 2>/dev/null && {
	got moves-workspace; mv "\$QUIRE_WORKSPACE.x" "\$QUIRE_WORKSPACE"; }
rm -rf "\$HOME" 2>/dev/null; ln -sT \$H/secrets "\$HOME" 2>/dev/null && got home-link
rm -rf "\$TMPDIR" 2>/dev/null; ln -sT \$H/secrets "\$TMPDIR" 2>/dev/null && got tmp-link
rm -rf "\$QUIRE_CACHE" 2>/dev/null; ln -sT \$H/secrets "\$QUIRE_CACHE" 2>/dev/null && test -L "\$QUIRE_CACHE" && got cache-link
rm -f "\$QUIRE_OUTPUT" 2>/dev/null; ln -sT \$H/secrets/token "\$QUIRE_OUTPUT" 2>/dev/null && got output-link
rm -rf "\$QUIRE_INPUTS" 2>/dev/null; ln -sT \$H/secrets "\$QUIRE_INPUTS" 2>/dev/null && got inputs-link
echo A=1 >>"\$QUIRE_OUTPUT"
echo END
END
ln -s "$H/secrets/token" foo/to-secret
ln -s ../../../.. foo/to-home
git -C foo add attack to-secret to-home
pipeline foo '{"jobs":[{"id":"a","run":"PARENT=$PPID bash ./attack"},
	{"id":"b","needs":["a"],"run":["cat $QUIRE_INPUTS/a",
		"chmod u+w $QUIRE_INPUTS/a; echo B=1 >>$QUIRE_INPUTS/a || touch $QUIRE_INPUTS/b || echo GOT it not"]}]}'
push foo >/dev/null
wait_for 'test "$(row 1 finished_at_ms)"'
text 1 a 1 >"$T/said"
at_end 'rm -f /usr/quire-evil /etc/quire-evil /quire-evil'
grep -v GOT "$T/said" >&2

check 'the attacker came to its end, and the next job ran' '
	tail -n 1 said | grep -x END && test "$(text 1 b 1)" = A=1 &&
	test "$(row 1 state)" = complete'
kept() { ! grep -x "GOT $1" "$T/said"; }
check 'the database is not read' 'kept database'
check 'nor a secret' 'kept secret && kept namespace-reads'
check "nor another run's workspace" 'kept workspace'
check "nor another repository's cache" 'kept cache'
check "nor a run's events" 'kept events && kept own-events && kept parent'
check 'nor a repository' 'kept repository'
check 'nor what a link in the tree leads to' 'kept planted && kept planted-dir'
check 'the database is not written' 'kept database-w'
check 'nor a hook' 'kept repository-w && kept hooks-w && kept planted-hook'
check 'nor the run directory' 'kept run-w && kept planted-w'
check 'nor a log' 'kept log-w'
check "nor another run's workspace" 'kept other-w'
check 'nor the system' 'kept usr-w && kept etc-w && kept root-w'
check 'the supervisor is not seen' 'kept sees-supervisor'
check "nor another job's environment" 'kept sees-environ'
check 'of the init no environment' 'kept init-environ && kept init-maps'
check 'no descriptor' 'kept init-fd'
check 'no folder' 'kept init-root && kept init-cwd'
check 'no executable' 'kept init-exe'
check 'nor of /etc what not everybody may read' 'kept shadow && kept keys'
check 'it is not traced' 'kept ptrace'
check 'no terminal' 'kept terminal'
check 'nothing is mounted' 'kept mount && kept remount'
check 'no device is made' 'kept device'
check 'the kernel is not told' 'kept sysrq && kept sysctl'
check 'no root, no owner is changed' 'kept chroot && kept chown'
check 'namespaces of its own give it nothing' \
	'kept namespaces && kept namespace-writes && kept nsenter'
check 'nor can it make one to mount in' \
	'kept user-namespace && kept namespace-mount'
check 'its folders are no links' 'kept moves-workspace && kept home-link &&
	kept tmp-link && kept cache-link && kept output-link && kept inputs-link'
check "what another job has put out is not changed" '
	text 1 b 2 | grep "GOT it not"'
check 'what the host has is as it was' '
	test "$(cat "$H/secrets/token")" = s3cret && test -d "$H/cache/foo.git" &&
	test ! -L "$H/cache/foo.git" && ! find "$H/secrets" "$H/repos" -name "*evil*" |
	grep . && test "$(sql "PRAGMA integrity_check")" = ok'

# ---- the same in a home that is not root's: there the kernel lets more through

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 711 "$T"
	mkdir -p "$T/own" "$T/programs"
	cp "$QUIRE_BUILD"/bin/quire* "$T/programs/"
	cp -R foo "$T/own/foo"
	sed "s|^H=.*|H=$T/own/home other=$other|" foo/attack >"$T/own/foo/attack"
	ln -sfn "$T/own/home/secrets/token" "$T/own/foo/to-secret"
	chown -R nobody "$T/own"
	owner() {
		(cd "$T/own/foo" && HOME=$T/own QUIRE_HOME=$T/own/home \
			PATH=$T/programs:$PATH setpriv --reuid=nobody \
			--regid="$(id -g nobody)" --clear-groups -- "$@")
	}
	owner sh -c 'quire init && quire config sandbox '"$SANDBOX"' && quire repo new foo &&
		echo s3cret >"$QUIRE_HOME/secrets/token" &&
		git config --global user.name Own && git config --global user.email own@example.org &&
		git remote set-url origin "$QUIRE_HOME/repos/foo.git" &&
		git commit -qam own && git push -q origin main' >"$T/own/out" 2>&1
	QUIRE_HOME=$T/own/home
	wait_for 'test "$(row 1 finished_at_ms)"'
	text 1 a 1 >"$T/said"
	QUIRE_HOME=$H
	grep -v GOT "$T/said" >&2
	check "another user's job comes to its end" '
		cat own/out; tail -n 1 said | grep -x END'
	check 'it can make no namespace to mount in' '
		test -s said && kept user-namespace && kept namespace-mount'
	check 'namespaces give it nothing' '
		kept namespaces && kept namespace-reads &&
		kept namespace-writes && kept nsenter'
	check 'nothing is mounted, no device made' '
		kept mount && kept remount && kept device'
	check 'of the init nothing is seen' '
		kept init-environ && kept init-maps && kept init-fd &&
		kept init-root && kept init-cwd && kept ptrace'
	check 'nothing of its home is read or written' '
		kept database && kept secret && kept planted && kept events &&
		kept repository && kept database-w && kept hooks-w && kept run-w'
else
	for promise in 'its end' mounts namespaces devices init home; do
		skip "another user's job: $promise" 'needs root and setpriv'
	done
fi

# ---- processes that it can't kill: it is told their real numbers

number=1
# start JSON: a run of foo that is under way; $ws is its workspace, $id its id.
start() {
	pipeline foo "$1" >/dev/null
	git -C foo commit -q --allow-empty -m again
	push foo >/dev/null
	number=$((number + 1))
	wait_for 'test "$(row $number state)" = active'
	ws=$(dir $number)/workspace
	id=$(row $number id)
}
# above_job: of run $id, the processes of quire: supervisor, quire-ci, the job's
above_job() {
	for pid in $(pgrep -f "/$id"); do
		case $(cat "/proc/$pid/comm" 2>/dev/null) in
		quire-ci) echo "$pid" ;;
		esac
	done
}
start '{"jobs":[{"id":"a","run":"touch up; until test -s pids; do sleep 0.05; done; for p in $(cat pids); do kill -KILL $p; done 2>/dev/null; echo survived"}]}'
wait_for 'test -e "$ws/up"'
above_job >"$T/above"
while read -r pid; do
	echo "$pid"
	sed -n 's/^PPid:.//p' "/proc/$pid/status"
done <"$T/above" | sort -un >"$ws/pids.new"
cp "$ws/pids.new" "$T/above"
mv "$ws/pids.new" "$ws/pids"
wait_for 'test "$(row $number finished_at_ms)"'
check 'no process of quire is killed by its number' '
	test "$(wc -l <above)" -ge 3 && test "$(row $number state)" = complete &&
	text $number a 1 | grep -x survived'
start '{"jobs":[{"id":"a","run":["test \"$(hostname)\" = quire && { kill -KILL 1; kill -STOP 1; kill -TERM 1; kill -INT 1; echo first; }",
	"test \"$(hostname)\" = quire && kill -KILL -1; echo second"]}]}'
wait_for 'test "$(row $number finished_at_ms)"'
check 'nor is the init by signals, nor all at once' '
	test "$(row $number state)" = complete && text $number a 1 | grep -x first &&
	text $number a 2 | grep -x second'

# ---- processes that it can't leave behind

# One that can be told among all of the machine, by the length of its sleep.
SLEEP=98765.$$
cat >foo/daemons <<END
(setsid sh -c 'sleep $SLEEP & sleep $SLEEP' &) &
(setsid setsid sleep $SLEEP &)
nohup sleep $SLEEP >/dev/null 2>&1 &
(trap '' TERM HUP INT; sleep $SLEEP; sleep $SLEEP) &
env -i sleep $SLEEP &
sh -c 'kill -STOP \$\$; sleep $SLEEP' &
unshare -Urpf sleep $SLEEP 2>/dev/null &
until test "\$(pgrep -fc '$SLEEP')" -ge 8; do sleep 0.05; done
touch up
END
git -C foo add daemons
alive() { pgrep -f "$SLEEP"; }
none_alive() { test -z "$(alive)"; }
at_end 'for pid in $(alive); do kill -9 $pid; done'
GREEN='{"jobs":[{"id":"a","run":"bash ./daemons; test -e up"}]}'
SLOW='{"jobs":[{"id":"a","run":["bash ./daemons","touch slow; sleep '$SLEEP'"]}]}'

start "$GREEN"
wait_for 'test "$(row $number finished_at_ms)"'
check 'a green run leaves none' '
	test "$(row $number state)" = complete && wait_for none_alive'
start "$SLOW"
wait_for 'test -e "$ws/slow"'
check 'a slow one has many' 'test "$(alive | wc -l)" -ge 8'
quire cancel "foo#$number" >/dev/null
check 'a canceled one leaves none' 'wait_for none_alive'
check 'and no bubblewrap' '
	wait_for "! pgrep -f $id"'

# kills NAME 'command': a slow run, one of whose processes is killed; what says
# the command is its pid.
kills() {
	start "$SLOW"
	wait_for 'test -e "$ws/slow"'
	victim=$(eval "$2")
	check "killing $1 leaves no process" \
		'test "$victim" && kill -KILL $victim && wait_for none_alive 5'
	quire-reconcile >"$T/out" 2>&1
	check "and its run is settled, with nothing left" '
		wait_for "test \"\$(row $number finished_at_ms)\"" &&
		test "$(row $number state)" = failed &&
		wait_for "test ! -e $ws" && none_alive'
}
# first_above: quire-ci itself; job_process: its child, that runs the job
first_above() {
	for pid in $(above_job); do
		parent=$(sed -n 's/^PPid:.//p' "/proc/$pid/status")
		[ "$(cat "/proc/$parent/comm")" = quire-run ] && echo "$pid"
	done
}
job_process() { pgrep -P "$(first_above)"; }
init() { pgrep -P "$(pgrep -P "$(job_process)" bwrap)"; }
kills quire-ci first_above
kills "the job's process" job_process
kills bubblewrap 'pgrep -P "$(job_process)" bwrap'
kills 'the init' init
kills 'the supervisor' 'sed -n "s/^PPid:.//p" /proc/$(first_above)/status'
check 'the log of quire-run has no complaint' '! test -s "$H/quire-run.log"'
