#!/bin/sh
# git push -o ci.skip and -o ci.wait, and quire wait, which shows the pusher
# his runs.

. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/ssh.sh"

new_home
new_repo foo
BARE=$QUIRE_HOME/repos/foo.git
unset QUIRE_PUSHER GL_USER LOGNAME USER

# commit SUBJECT: an empty one on the branch that is checked out.
commit() {
	git -C "$T/foo" commit -q --allow-empty -m "$1"
}

# said ARG...: git push with these; what it was told, without "remote: ".
said() {
	timeout 60 git -C "$T/foo" push -q "$@" >"$T/push.out" 2>&1 || return
	lines "$T/push.out"
}

# lines FILE: what the pusher was told, spans of time as T.
lines() {
	sed -n 's/^remote: //p' "$1" | sed 's/ *$//
		s/ [0-9][0-9.]*s$/ T/
		s/ [0-9][0-9.]*s\([: ]\)/ T\1/'
}

runs() {
	sql 'SELECT count(*) FROM runs'
}

# told NAME: what the client that writes NAME.out has been told so far.
told() {
	lines "$T/$1.out"
}

# waits PATTERN: the pid of the `quire wait` whose words match.
waits() {
	pgrep -f "^quire --home $QUIRE_HOME wait --queued -- $1"
}

# parent PID: its parent
parent() {
	sed -n 's/^PPid:.//p' "/proc/$1/status"
}

# ended PID: gone, or a zombie that nobody has reaped yet; within the time that
# wait_for has.
ended() {
	wait_for "! grep -v '^State:.[ZX]' /proc/$1/status | grep ^State"
}

# A job that goes on when it is told to: touch $T/go.
HELD="until test -e $T/go; do sleep 0.05; done"

plan 50

# ---- ci.skip

pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":\"$HELD\"}]}"
push foo >/dev/null
wait_for 'test "$(state foo#1)" = active'
commit skipped
check 'ci.skip: the pusher is told one line' \
	'test "$(said -o ci.skip origin main)" = \
	"quire: main: skipped, as asked"'
check 'there is no run of it' 'test "$(runs)" = 1'
check 'the older one runs on' 'test "$(state foo#1)" = active'
check 'reconcile finds nothing to do' \
	'quire-reconcile >rec 2>&1; test ! -s rec && test "$(runs)" = 1'
check 'the commit can be started by hand' \
	'quire start foo main | grep "foo#2 queued for main" &&
	test "$(row 2 sha)" = "$(git -C foo rev-parse main)"'
check 'what was started by hand is skipped by no later push' \
	'commit again; said -o ci.skip origin main | grep "skipped, as asked" &&
	test "$(state foo#2)" = pending'
commit next
check 'the next push runs, and supersedes what was before' \
	'said origin main | grep "^quire: foo#3 queued for main" &&
	test "$(state foo#1)" = superseded && test "$(state foo#2)" = superseded'
touch go
wait_idle
check 'a run that is over can be run again, past a skipped push' \
	'commit more && said -o ci.skip origin main >/dev/null &&
	quire rerun foo#3 | grep "foo#4 queued" && wait_idle &&
	test "$(state foo#4)" = complete'

# by_hand OLD NEW REF [OPTION...]: the hook's work, without a push
by_hand() {
	by_hand_line="$1 $2 $3"
	shift 3
	i=0
	for option; do
		eval "GIT_PUSH_OPTION_$i=\$option; export GIT_PUSH_OPTION_$i"
		i=$((i + 1))
	done
	echo "$by_hand_line" | GIT_PUSH_OPTION_COUNT=$i \
		quire-push --git-dir "$BARE" 2>&1
}
old=$(git -C foo rev-parse main)
commit drift
new=$(git -C foo rev-parse main)
chmod -x "$BARE/hooks/post-receive"
rm go
push foo >/dev/null
quire-reconcile >/dev/null 2>&1
check 'what reconcile has queued before stays, and the pusher is told' \
	'test "$(by_hand "$old" "$new" refs/heads/main ci.skip)" = \
	"quire: foo#5 for main is not skipped: quire-reconcile was faster" &&
	test "$(row 5 "\"trigger\", state != '\''failed'\''")" = "push|1"'
chmod +x "$BARE/hooks/post-receive"
check 'a commit that the ref has left by then has no row' \
	'test "$(by_hand "$new" "$old" refs/heads/main ci.skip)" = \
	"quire: main: skipped, as asked" && test "$(runs)" = 5'
git -C foo branch gone
said origin gone >/dev/null
check 'a deletion is one, whatever was asked' \
	'test -z "$(said -o ci.skip origin :gone)" &&
	test "$(state foo#6)" = superseded &&
	test "$(sql "SELECT count(*) FROM refs
		WHERE ref_name = '\''refs/heads/gone'\''")" = 0'
touch go
wait_idle

# ---- what is none of ours

commit unknown
check 'an option that quire does not know is told, with what may be meant' \
	'said -o ci.wiat -o ci.skpi -o ci.xyzzy origin main >out; cat out
	grep "^quire: unknown push option '\''ci.wiat'\'' (did you mean '\''ci.wait'\''?)$" out &&
	grep "^quire: unknown push option '\''ci.skpi'\'' (did you mean '\''ci.skip'\''?)$" out &&
	grep "^quire: unknown push option '\''ci.xyzzy'\''$" out'
check 'and the push is as if it were not there' \
	'grep "^quire: foo#7 queued for main$" out && test "$(wc -l <out)" = 4'
wait_idle
commit other
check 'one of another hook is not spoken of' \
	'test "$(said -o cI.wait -o ci -o "merge_request.create" origin main)" = \
	"quire: foo#8 queued for main"'
wait_idle

# ---- ci.wait

quire config url https://ci.example.org/
pipeline foo '{"jobs":[
	{"id":"build","run":["echo built"]},
	{"id":"test","needs":["build"],"run":"true"},
	{"id":"page","when":{"branch":"web"},"run":"true"}]}'
check 'ci.wait: the pusher sees his run from its queue to its end' \
	'said -o ci.wait origin main >out; cat out; diff - out <<-END
		quire: foo#9 queued for main  https://ci.example.org/foo/ci/9
		foo#9 started
		  – page skipped: branch is '\''main'\'', not web
		  ✓ build T
		  ✓ test T
		foo#9 complete in T  https://ci.example.org/foo/ci/9
		END'
check 'when the push is over, so is the run' 'test "$(state foo#9)" = complete'
quire config --unset url

cat >fail.sh <<'END'
i=1
while [ $i -le 30 ]; do echo "line $i"; i=$((i + 1)); done
printf 'all \033[31mred\033[0m\007 \033]0;title\007now\rthe end'
exit 3
END
pipeline foo "{\"jobs\":[
	{\"id\":\"build\",\"run\":[\"echo fine\",\"sh $T/fail.sh\",\"echo never\"]},
	{\"id\":\"lint\",\"allow-failure\":true,\"run\":\"echo a secret hint; exit 1\"},
	{\"id\":\"test\",\"needs\":[\"build\"],\"run\":\"true\"}]}"
check 'of a red job the pusher sees the command and its last 15 lines' \
	'said -o ci.wait origin main >out; cat out; {
		echo "quire: foo#10 queued for main"
		echo "foo#10 started"
		echo "  ✗ build T: exit 3"
		echo "    \$ sh $T/fail.sh"
		echo "    …"
		seq -f "    line %g" 17 30
		echo "    the end"
		echo "  – test skipped: needs '\''build'\'', which failed"
		echo "  ! lint T: exit 1, which is allowed"
		echo "foo#10 failed in T"
	} | sort >want; sort out | diff want -'
check 'in the order in which it was' \
	'sed -n "/✗ build/,/the end/p" out | wc -l | grep -x 18 &&
	tail -n 1 out | grep "^foo#10 failed" && sed -n 2p out | grep started'
check 'nothing of it moves a cursor' \
	'! LC_ALL=C grep "$(printf "[\001-\010\013-\037]")" out'

# client NAME ARG...: a push that goes on beside us; its pid is $client
client() {
	client_name=$1
	shift
	git -C "$T/foo" push -o ci.wait "$@" >"$T/$client_name.out" 2>&1 &
	client=$!
}

rm -f go
pipeline foo "{\"jobs\":[{\"id\":\"first\",\"run\":\"true\"},
	{\"id\":\"second\",\"needs\":[\"first\"],\"run\":\"$HELD\"}]}"
client live origin main
check 'a job that has ended is told while the next one runs' \
	'wait_for "told live | grep \"✓ first\"" &&
	test "$(state foo#11)" = active && ! told live | grep second'
commit beside
git -C foo branch beside
check 'meanwhile others push without waiting for it' \
	'said origin beside | grep "foo#12 queued for beside (1 ahead)" &&
	test "$(state foo#11)" = active'
waiting=$(waits)
hook=$(parent "$waiting")
check 'what waits has nothing of the home or of the repository open' \
	'grep -z quire-push "/proc/$hook/cmdline" &&
	for pid in $hook $waiting; do
		ls -l "/proc/$pid/fd" || exit 1
	done >fds && ! grep -E "quire\.db|\.lock|/lock|slots" fds'
check 'and no process of git behind it' '! pgrep -P "$hook" git'
touch go
check 'it ends with the run' \
	'ended "$client"; told live | tail -n 1 | grep "^foo#11 complete in T"'
wait_idle

rm -f go
git -C foo branch two
client both origin main two
check 'several refs: all runs are waited for, each line with its name' \
	'wait_for "told both | grep \"foo#13   ✓ first T\"" && touch go &&
	ended "$client"; told both >out; cat out; {
		echo "quire: foo#13 queued for main"
		echo "quire: foo#14 queued for two (1 ahead)"
		for n in 13 14; do
			echo "foo#$n started"
			echo "foo#$n   ✓ first T"
			echo "foo#$n   ✓ second T"
			echo "foo#$n complete in T"
		done; } | diff - out'

rm -f go
commit superseded
client old origin main
wait_for 'told old | grep "✓ first"'
commit newer
check 'one that is superseded says by what, and the push is over' \
	'said origin main >/dev/null && ended "$client"; told old >out; cat out
	tail -n 1 out | grep -x "foo#15 superseded after T by foo#16"'
client=
wait_for 'test "$(state foo#16)" = active'
commit canceled
client canceled origin main
wait_for 'told canceled | grep "✓ first"'
check 'one that is canceled, too' \
	'quire cancel foo#17 && ended "$client"; told canceled >out; cat out
	tail -n 1 out | grep -x "foo#17 failed (canceled) in T"'
check 'a job that was cut off is told' 'grep -x "  – second T aborted" out'
pipeline foo '{"jobs":[{"id":"a","rum":"true"}]}'
check 'a pipeline that is none has its error there' \
	'said -o ci.wait origin main | grep "^foo#18 failed.*: .*rum"'

printf '#!/bin/sh\necho "the other hook: %s"\n' '$(quire show foo#19 | sed 1q)' \
	>"$BARE/hooks/post-receive.before-quire"
chmod +x "$BARE/hooks/post-receive.before-quire"
quire repo hook foo >/dev/null
grep -q '# chain' "$BARE/hooks/post-receive" || {
	quire repo unhook foo && mv "$BARE/hooks/post-receive.before-quire" \
		"$BARE/hooks/post-receive"
	quire repo hook foo
} >/dev/null 2>&1
pipeline foo '{"jobs":[{"id":"a","run":"true"}]}'
check 'a hook that was there before runs after that' \
	'said -o ci.wait origin main >out; cat out
	tail -n 1 out | grep "^the other hook: foo#19  complete"'
commit skip-and-wait
check 'ci.skip and ci.wait: there is nothing to wait for' \
	'test "$(said -o ci.skip -o ci.wait origin main | grep -v other)" = \
	"quire: main: skipped, as asked"'
commit by-a-job
check 'a job does not wait for what it pushes' \
	'QUIRE_RUN_ID=x said -o ci.wait origin main | grep -x \
	"quire: a job does not wait for the runs of its pushes"'
quire-reconcile >/dev/null 2>&1
wait_idle
mv "$QUIRE_BUILD/bin/quire" "$T/quire.away" 2>/dev/null
commit no-quire
check 'without the program that waits, the push is told and over' \
	'said -o ci.wait origin main >out; mv "$T/quire.away" "$QUIRE_BUILD/bin/quire"
	cat out; grep "^quire: .*/quire: No such file.*: the push stands, and its runs go on$" out'
wait_idle

# ---- the client goes

pipeline foo "{\"jobs\":[{\"id\":\"first\",\"run\":\"true\"},
	{\"id\":\"second\",\"needs\":[\"first\"],\"run\":\"$HELD\"}]}"
# interrupted NAME N URL: the client of foo#N is killed; nobody waits any more,
# the run goes on and ends well
interrupted() {
	rm -f go
	commit "interrupted $1"
	client "$1" "$3" main
	wait_for "told $1 | grep '✓ first'" || return
	waiting=$(waits "$(row "$2" id)")
	test -n "$waiting" || return
	parent "$waiting" >"$T/$1.hook"
	kill -9 "$client"
	ended "$waiting" && test "$(state "foo#$2")" = active
	interrupted=$?
	touch go
	wait_idle && test "$(state "foo#$2")" = complete && return $interrupted
}
check 'a client that is killed: the wait ends before the run, which goes on' \
	'interrupted path 22 origin'
check 'nothing of the push is left behind' \
	'ended "$(cat "$T/path.hook")"'
if ssh_start; then
	check 'the same over ssh' 'interrupted ssh 23 "$SSH$BARE"'
	check 'nothing of that push is left behind either' \
		'ended "$(cat "$T/ssh.hook")"'
	commit whole
	check 'over ssh a push sees its run to the end' \
		'git -C foo push -q -o ci.wait "$SSH$BARE" main >ssh.out 2>&1
		told ssh; told ssh | grep -x "  ✓ second T" &&
		told ssh | grep -x "foo#24 complete in T"'
else
	skip 'the same over ssh' "$ssh_why"
	skip 'nothing of that push is left behind either' "$ssh_why"
	skip 'over ssh a push sees its run to the end' "$ssh_why"
fi

# ---- quire wait, for people and scripts

good=$(sql "SELECT 'foo#' || max(number) FROM runs WHERE state = 'complete'")
check 'quire wait: 0 if all are complete' \
	'quire wait "$good" foo#9 >out; s=$?; cat out
	test $s = 0 && grep "foo#9   ✓ build" out && grep "^$good complete" out'
check '1 if one has failed' 'quire wait foo#10 foo#9 >out; test $? = 1'
check 'or was superseded' 'quire wait foo#15 >out; test $? = 1'
check '2 if there is none' \
	'quire wait foo#999 2>err; s=$?; cat err; test $s = 2 && grep "no run" err'
check 'into a closed pipe it ends' 'quire wait "$good" | true'
rm -f go
commit slow
QUIRE_RUN_ID=x push foo >/dev/null
n=$(runs)
check '75 when time is over, with what it is then' \
	'quire wait "foo#$n" --timeout 500ms >out 2>err; s=$?; cat out err
	test $s = 75 && grep -x "foo#$n queued for main" out &&
	grep -x "quire wait: foo#$n: is still pending" err'
check 'one that nobody starts is said to be so, and waited for' \
	'{ quire wait "foo#$n" >slow.out; echo "$?" >slow.status; } & 
	wait_for "grep \"nobody has started it\" slow.out" &&
	touch go && quire-reconcile && wait_for "test -s slow.status" &&
	cat slow.out && test "$(cat slow.status)" = 0 &&
	grep "^foo#$n complete" slow.out'
check 'a reader that goes away ends it while the run goes on' \
	'rm -f go && commit unread && push foo >/dev/null && n=$(runs) &&
	mkfifo fifo && { quire wait "foo#$n" >fifo & } && pid=$! &&
	head -n 1 fifo && ended "$pid" &&
	test "$(state "foo#$n")" = active'
touch go
wait_idle
check 'a terminal that knows no UTF-8 gets other marks' \
	'NO_COLOR=1 LC_ALL=C script -qec "quire wait foo#10" /dev/null </dev/null | tr -d "\r" >out
	cat out; grep -a "^  x build" out && grep -a "^  - test" out'

# ---- a pusher who is not the owner

if [ "$(id -u)" = 0 ] && id www-data >/dev/null 2>&1; then
	quire init --shared www-data >/dev/null 2>&1
	chmod 755 "$T"
	new_repo bar
	pipeline bar '{"jobs":[{"id":"a","run":"echo why; exit 1"}]}'
	chmod a+rwx "$T"
	chmod -R a+rX "$T/bar" "$T/.gitconfig"
	setpriv --reuid=www-data --regid=www-data --init-groups \
		git -C "$T/bar" push -o ci.wait "$QUIRE_HOME/repos/bar.git" main \
		>other.out 2>&1 &
	other=$!
	check 'another user is told who starts it, and waits' \
		'wait_for "told other | grep \"next quire-reconcile does\"" &&
		wait_for "waits"'
	check 'and sees it with its log when it has been' \
		'quire-reconcile >/dev/null 2>&1; ended "$other"; cat other.out
		told other | grep -x "  ✗ a T: exit 1" &&
		told other | grep -x "    why" &&
		told other | grep -x "bar#1 failed in T"'
	check 'who may not read the home is told so at once' \
		'setpriv --reuid=nobody --regid=nogroup --clear-groups \
			quire wait bar#1 2>err; s=$?; cat err
		test $s = 75 && grep "^quire wait: .*may not enter this home" err'
else
	for what in 'another user is told who starts it, and waits' \
		'and sees it with its log when it has been' \
		'who may not read the home is told so at once'; do
		skip "$what" 'needs root, and the user www-data'
	done
fi
