#!/bin/sh
# quire log: what the commands wrote.
. "$(dirname "$0")/lib.sh"
plan 31

new_home
new_repo foo
pipeline foo '{"jobs":[
	{"id":"build","run":["echo one; echo two >&2","printf last"]},
	{"id":"test","run":["echo before","echo why; exit 1","echo never"]},
	{"id":"lint","run":"echo fine"}]}'
push foo >/dev/null
wait_idle
pipeline foo '{"jobs":[{"id":"build","run":["echo green","true"]},
	{"id":"tty","run":"printf \"\\033[31mred\\033[0m\\033[2J\\0ab\\n\""},
	{"id":"bar","run":"printf \"10%%\\r50%%\\r99%%\\n\""},
	{"id":"long","run":"head -c 100000 /dev/zero | tr \"\\\\0\" x"}]}'
push foo >/dev/null
wait_idle

check 'a red run: the last command of the job that failed' \
	'test "$(quire log foo#1)" = why'
check 'and why it failed, on standard error' \
	'quire log foo#1 2>"$T/err" >"$T/out" &&
	grep -x "foo#1 failed: .*test.*" "$T/err" && test "$(wc -l <"$T/err")" = 1'
check 'not of a run that is green, nor of one job' \
	'test -z "$(quire log foo#2 2>&1 >/dev/null)" &&
	test -z "$(quire log foo#1 test 2>&1 >/dev/null)"'
check 'everything, if asked: in order, under heads' \
	'quire log foo#1 --all >"$T/out" &&
	test "$(grep -v "^==>" "$T/out" | grep . | tr "\n" " ")" = \
	"one two last before why fine " &&
	grep -x "==> build 2: printf last <==" "$T/out"'
check 'of one job' \
	'test "$(quire log foo#1 build | grep -v "^==>\|^$" | tr "\n" " ")" = \
	"one two last "'
check 'of one command' \
	'test "$(quire log foo#1 build 2)" = last &&
	test "$(quire log foo#1 test 1)" = before'
check 'with time and stream, as it is' \
	'quire log foo#1 build 1 --raw >"$T/raw" && cmp "$T/raw" \
	"$QUIRE_HOME/runs/foo.git/$(sql "SELECT id FROM runs WHERE
	number = 1")/jobs/build/sh-1.log" && grep " stderr F two$" "$T/raw"'
check 'a green run: everything' \
	'quire log foo#2 >"$T/out" && grep -x green "$T/out" &&
	grep "^==> build 2: true" "$T/out"'
check 'a line longer than a record is one line again' \
	'test "$(quire log foo#2 long | awk "{ print length }")" = 100000'
check 'a pipe gets the bytes as they were written' \
	'quire log foo#2 tty | od -An -c -w64 |
	grep "033   \[   2   J  .0   a   b"'

on_terminal() {
	script -qec "$1" /dev/null </dev/null | tr -d '\r'
}
check 'a terminal gets colours, and no other sequence' \
	'TERM=xterm on_terminal "quire log foo#2 tty" >"$T/tty" &&
	grep -F "$(printf "\033[31mred\033[0m?ab")" "$T/tty"'
check 'with NO_COLOR none at all' \
	'NO_COLOR=1 TERM=xterm on_terminal "quire log foo#2 tty" |
	grep -x "red?ab"'
check 'and of a line that was drawn over the last state' \
	'TERM=xterm on_terminal "quire log foo#2 bar" | grep -x "99%"'

check 'a job that there is not: what was meant' \
	'quire log foo#1 biuld 2>"$T/err"; test $? = 2 &&
	grep "did you mean .build" "$T/err"'
check 'a command that there is not' \
	'quire log foo#1 build 3 2>"$T/err"; test $? = 2 &&
	grep "build has no command 3" "$T/err" &&
	{ quire log foo#1 build x 2>/dev/null; test $? = 2; }'
dir=$QUIRE_HOME/runs/foo.git/$(sql 'SELECT id FROM runs WHERE number = 1')/jobs
echo secret >"$T/secret"
ln -sf "$T/secret" "$dir/lint/sh-1.log"
check 'a link in the place of a log is not followed' \
	'! quire log foo#1 lint >"$T/out" 2>"$T/err" && ! grep secret "$T/out"'
rm "$dir/lint/sh-1.log"
check 'a log that is gone is said to be' \
	'quire log foo#1 lint 2>"$T/err"; test $? = 2 && grep "no log" "$T/err"'

pipeline foo '{"jobs":[{"id":"a","run":"true","needs":["b"]}]}'
push foo >/dev/null
wait_idle
check 'of a pipeline that is wrong it says what is' \
	'test -z "$(quire log foo#3 2>"$T/err")" &&
	grep "^foo#3 failed: .*jobs\[0\].needs\[0\]" "$T/err"'
quire config foo timeout 1s
pipeline foo '{"jobs":[{"id":"a","run":"echo begun; sleep 60"}]}'
push foo >/dev/null
wait_idle
check 'of a run that took too long, that and what it wrote' \
	'test "$(quire log foo#4 2>"$T/err")" = begun &&
	grep "^foo#4 failed (timeout): .*limit of 1" "$T/err"'
quire config --unset foo timeout
# shellcheck disable=SC2016 # the parent of its parent: quire-ci
pipeline foo '{"jobs":[{"id":"a","run":"kill -9 $(sed -n \"s/^PPid:.//p\" /proc/$PPID/status); sleep 9"}]}'
push foo >/dev/null
wait_idle
dir=$QUIRE_HOME/runs/foo.git/$(sql 'SELECT id FROM runs WHERE number = 5')
echo 'quire-ci: out of luck' >>"$dir/quire-ci.log"
check 'of a crash, what quire-ci said last' \
	'test "$(state foo#5)" = failed && quire log foo#5 >"$T/out" 2>"$T/err" &&
	grep "^foo#5 failed (process-crashed)" "$T/err" &&
	grep -x "==> quire-ci <==" "$T/out" &&
	grep -x "quire-ci: out of luck" "$T/out"'
check 'usage' \
	'quire log 2>/dev/null; test $? = 2 &&
	{ quire log foo#9 2>/dev/null; test $? = 2; } &&
	quire log --help | grep usage'

# ---- a run that goes on

# ended PID: gone, or a zombie; within the time that wait_for has
ended() {
	wait_for "! grep -v '^State:.[ZX]' /proc/$1/status | grep ^State"
}

# held ECHO: a command that writes, and goes on when there is $T/go
held() {
	echo "echo $1 begun; until test -e $T/go; do sleep 0.05; done; echo $1 over"
}
quire config sandbox none
pipeline foo "{\"parallel\":2,\"jobs\":[
	{\"id\":\"early\",\"run\":\"echo past\"},
	{\"id\":\"one\",\"needs\":[\"early\"],\"run\":[\"$(held one)\",\"echo next; sleep 1; echo after; sleep 1; echo last; exit 3\"]},
	{\"id\":\"two\",\"needs\":[\"early\"],\"run\":\"$(held two)\"}]}"
push foo >/dev/null
N=$(sql 'SELECT max(number) FROM runs')
wait_for 'quire log "foo#$N" --all | grep "two begun" &&
	quire log "foo#$N" --all | grep "one begun"'
for how in '-f' '--follow --all' '-f two' '-f one 2' '-f early'; do
	# shellcheck disable=SC2086 # words
	quire log "foo#$N" $how >"$T/$how.out" 2>"$T/$how.err" &
	echo $! >"$T/$how.pid"
done
# over HOW: that one has ended
over() {
	ended "$(cat "$T/$1.pid")"
}
check 'followed: what is written appears while the command runs' \
	'wait_for "grep -x \"one begun\" \"$T/-f.out\"" &&
	wait_for "grep -x \"two begun\" \"$T/-f.out\"" &&
	test "$(state "foo#$N")" = active && ! grep -x ".* over" "$T/-f.out"'
check 'of a job that has ended, what there is' \
	'over "-f early" && test "$(grep -v "^==>" "$T/-f early.out")" = past'
mkfifo "$T/reader"
quire log -f "foo#$N" >"$T/reader" 2>"$T/reader.err" &
pid=$!
check 'when its reader goes, it ends' \
	'head -n 1 "$T/reader" && ended "$pid" && ! test -s "$T/reader.err" &&
	test "$(state "foo#$N")" = active'
touch "$T/go"
check 'it ends with the run' \
	'over -f && test "$(state "foo#$N")" = failed'
check 'with all that was written, each command under its head' \
	'cat "$T/-f.out"
	test "$(grep -cx "one begun\|one over\|next\|two begun\|two over" "$T/-f.out")" = 5 &&
	sed -n "/^==> one 2: echo next; .* <==$/{n;p}" "$T/-f.out" | grep -x next'
check 'a head stands where the output is another command'\''s, and only there' \
	'awk "/^==>/ { if (\$2 == who && \$3 == n) exit 1; who = \$2; n = \$3; next }
		/begun|over/ && \$1 != who { exit 1 }" "$T/-f.out"'
check 'and at the end why it failed' 'grep "^foo#$N failed: .*one" "$T/-f.err"'
check 'what had ended before is left out, unless all is asked for' \
	'! grep past "$T/-f.out" && over "--follow --all" &&
	grep -x past "$T/--follow --all.out"'
check 'followed by job, and by command' \
	'over "-f two" && over "-f one 2" &&
	test "$(grep -v "^==>" "$T/-f two.out" | tr "\n" " ")" = "two begun two over " &&
	test "$(tr "\n" " " <"$T/-f one 2.out")" = "next after last "'
check 'of a run that has ended it is as without' \
	'quire log -f foo#1 >a 2>&1; quire log foo#1 >b 2>&1; cmp a b && grep why a'
