#!/bin/sh
# quire-ci run on a terminal: drawn in its place, resized, suspended,
# interrupted. The terminal is tmux.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 36

unset NO_COLOR TMUX
mkdir -p "$T/tree/.quire"
cd "$T/tree" || exit 70
SERVER=0 # a new one each time: the old one takes a while to end
term() { tmux -S "$T/tmux$SERVER" -f /dev/null "$@"; }
at_end 'term kill-server 2>/dev/null'

# open COLUMNS ROWS [VARIABLE...]: a new terminal with a shell; $T/gate and what
# else jobs wait for is away.
open() {
	term kill-server 2>/dev/null
	SERVER=$((SERVER + 1))
	rm -f "$T"/gate* "$T/tree/pid"
	size="-x $1 -y $2"
	shift 2
	# shellcheck disable=SC2086 # two options
	term new-session -d $size -c "$T/tree" \
		"env $* PS1='% ' ENV= sh -i" && screen_has '^%'
}
screen() { term capture-pane -p; }
all() { term capture-pane -p -S -; }
# screen_has ERE: within a while.
screen_has() {
	wait_for "screen | grep -E -- '$1'" "${PATIENCE:-30}" || {
		screen
		return 1
	}
}
# screen_lacks ERE: now.
screen_lacks() { ! screen | grep -E -- "$1"; }
typed() { term send-keys "$1" Enter; }
# run JSON [OPTION...]: typed into the shell.
run() {
	printf '%s\n' "$1" >"$T/tree/.quire/ci.json"
	shift
	typed "clear; echo before; quire-ci run $*; echo status \$?"
}
# rows N: the terminal holds so many lines in all.
rows() { test "$(all | sed '/^$/d' | wc -l)" = "$1"; }

# its pid goes into the tree; it ends when $T/gateN is there
wait_on() {
	echo "echo \$\$ >pid; echo at $1; until test -e $T/gate$1; do" \
		"sleep 0.1; done"
}
tree='{"parallel": 2, "jobs": [
	{"id": "setup", "run": ["echo first", "echo second"]},
	{"id": "build", "needs": ["setup"], "run": ["true", "'$(wait_on 1)'"]},
	{"id": "test", "needs": ["build"], "run": "echo ok; exit 0"},
	{"id": "bad", "needs": ["build"], "run": "seq 30; echo oops; exit 3"},
	{"id": "pack", "needs": ["build", "docs"], "run": "true"},
	{"id": "docs", "run": "'$(wait_on 2)'"},
	{"id": "tag", "when": {"tag": "v*"}, "run": "true"}]}'

open 80 24
run "$tree" --keep-going
check 'a job that runs shows its time and its command' '
	screen_has "^└─ ● build +[0-9.]+s  2/2 \\$ echo"'
check 'and its last line of output below' '
	screen_has "^   │  at 1$" && screen_has "^   at 2$"'
check 'a job stands below the one that it needs' '
	screen_has "^✓ setup +[0-9.]+s$" && screen_has "^   ├─ · test$" &&
	screen_has "^   ├─ · bad$" && screen_has "^   └─ · pack"'
check 'one with several needs says what it waits for' \
	'screen_has "· pack +waits for build, docs$"'
check 'one that will not run says why' \
	'screen_has "^– tag +there is no tag, only for v\*$"'
check 'a line counts them' \
	'screen_has "^[0-9ms. ]+s  2 running, 3 waiting, 1 complete, 1 skipped$"'
check 'it is drawn in its place: each job once, whatever the time' '
	first=$(screen | grep -o "● docs *[0-9.]*s") &&
	wait_for "! screen | grep \"$first\"" &&
	for job in setup build test bad pack docs tag; do
		test "$(all | grep -Ec "(✓|●|·|–) $job( |\$)")" = 1 || exit 1
	done'
check 'what was above is there, and no alternate screen is used' '
	screen | grep -x before &&
	test "$(term display -p "#{alternate_on}#{cursor_flag}")" = 01'
touch "$T/gate1" "$T/gate2"
check 'the end is red' 'screen_has "^status 1$"'
check 'all jobs stay, as they ended, one line each' '
	all | grep -E "^✓ setup +[0-9.]+s$" && all | grep -E "└─ ✓ build +[0-9.]+s$" &&
	all | grep -E "✗ bad +[0-9.]+s  command 1 failed with exit status 3$" &&
	! all | grep -E "●|at 1|waiting"'
check 'the last 20 lines of the one that failed follow' '
	all | sed -n "/^✗ bad: command 1 failed with exit status 3$/,\$p" \
		>"$T/end" && grep -Fx "  \$ seq 30; echo oops; exit 3" "$T/end" &&
	test "$(sed "1,2d; /^$/,\$d" "$T/end" | tr -d "\n")" = \
		"$(seq -f "  %g" 12 30 | tr -d "\n")  oops"'
check 'and one line that says how it went' '
	all | grep -E "^failed in [0-9.]+s: 1 failed, 1 skipped, 5 complete$"'

# other sizes
open 80 24
run "$tree" --keep-going
screen_has 'at 1' && screen_has 'at 2'
term resize-window -x 40 -y 12
check 'narrow: cut to the window, and drawn closer' '
	screen_has "^└ ● build +[0-9.]+s  2/2 \\$.*…$" &&
	screen | grep -E "^  │ at 1$" && test "$(screen | wc -L)" -lt 40'
check 'the wide one has left nothing on the screen' '
	test "$(screen | grep -c "build")" -le 2 &&
	test "$(screen | grep -c " running")" = 1 && screen_lacks "└─"'
term resize-window -x 100 -y 30
check 'wide again' '
	screen_has "^└─ ● build +[0-9.]+s  2/2 \\$ echo" &&
	test "$(screen | grep -c " running")" = 1 && screen_lacks "└ "'
touch "$T/gate1" "$T/gate2"
check 'to the end' 'screen_has "^status 1$" && screen | grep "✓ docs"'

# tmux tells of a new size a while after it has broken the lines; what is drawn
# in between is drawn for the old one
open 80 24
printf '%s\n' "$tree" >.quire/ci.json
typed 'clear; seq 8; sh -c "quire-ci run; echo status"' # no job control
screen_has 'at 1' && screen_has 'at 2'
pid=$(pgrep -x quire-ci -s "$(term display -p '#{pane_pid}')")
tty=$(term display -p '#{pane_tty}')
kill -STOP "$pid"
term resize-window -x 40 -y 24
wait_for 'test "$(stty -F "$tty" size)" = "24 40"'
kill -CONT "$pid"
check 'narrower: the lines that the terminal has broken are gone' '
	screen_has "^└ ● build" && test "$(screen | grep -c "✓ setup")" = 1 &&
	screen_lacks "└─" && screen | grep -A 1 -x 8 | grep "✓ setup"'
touch "$T/gate1" "$T/gate2"

many=$(seq 30 | sed 's/.*/{"id": "job&", "run": "true"},/')
many='{"parallel": 2, "jobs": ['$many'
	{"id": "slow", "run": "'$(wait_on 1)'"},
	{"id": "late", "needs": ["slow"], "run": "true"}]}'
open 80 10
run "$many"
check 'more jobs than lines: those that run and wait are shown, the others counted' '
	screen_has "^● slow" && screen_has "^   at 1$|^│  at 1$" &&
	screen_has "└─ · late" &&
	screen_has "1 running, 1 waiting, 30 complete, [0-9]+ not shown$"'
check 'and none of it scrolls away' \
	'test "$(all | grep -c "● slow")" = 1 && all | grep -x before'
touch "$T/gate1"
check 'in the end all of them are' '
	screen_has "^status 0$" && test "$(all | grep -c "✓ job")" = 30 &&
	all | grep -E "^complete in [0-9.]+s: 32 complete$"'

# signals
open 80 24
run "$tree"
screen_has 'at 1' && screen_has 'at 2'
modes=$(stty -F "$(term display -p '#{pane_tty}')" -g)
term send-keys C-c
check 'interrupted: what ran was aborted, and the status is 130' '
	screen_has "^status 130$" && screen_has "^quire-ci: interrupted$" &&
	screen | grep -E "└─ ✗ build +[0-9.]+s  aborted$" &&
	screen | grep -E "· test +not run$" &&
	screen | grep -E "^aborted in [0-9.]+s: 2 aborted, 1 skipped, 3 not run, 1 complete$"'
check 'nothing of it is left, and the terminal is as it was' '
	! kill -0 "$(cat pid)" &&
	test "$(stty -F "$(term display -p "#{pane_tty}")" -g)" = "$modes" &&
	typed "echo usable" && screen_has "^usable$"'

open 80 24
run "$tree"
screen_has 'at 1' && screen_has 'at 2'
state() { awk '{print $3}' "/proc/$(cat "$T/tree/pid")/stat"; }
term send-keys C-z
check 'suspended: the shell has its terminal back, as it was above the jobs' '
	screen_has "^\[1\].*(Stopped|Suspended)" && screen | grep -x before &&
	screen_lacks "build|●|running|\^Z"'
check 'and the jobs stand still' 'wait_for "test \"\$(state)\" = T"'
typed fg
check 'it comes back, with its jobs' '
	screen_has "└─ ● build" && wait_for "test \"\$(state)\" != T" &&
	test "$(screen | grep -c "● build")" = 1'
term send-keys C-z
screen_has '%.*$' && wait_for 'test "$(state)" = T'
typed 'clear; bg'
check 'in the background the jobs go on, and nothing is drawn' '
	wait_for "test \"\$(state)\" != T" && typed "echo mine" &&
	screen_has "^mine$" && screen_lacks "●|running"'
touch "$T/gate1" "$T/gate2"
check 'until the end' 'screen_has "^failed in " && all | grep "✓ build"'

open 80 24
typed 'trap "" TSTP'
run "$tree"
screen_has 'at 1'
term send-keys C-z
touch "$T/gate1" "$T/gate2"
check 'with SIGTSTP ignored, nothing is suspended' 'screen_has "^status 1$"'

# output
open 80 24
run '{"jobs": [{"id": "a", "run": "printf \"\\033[2J\\033[H\\033]0;x\\007dan\\033[31mger\\tous\\001\\n\\n\"; '"$(
	wait_on 1 | sed 's/echo at 1;//')"'"}]}'
check 'an escape sequence in the output moves nothing' '
	screen_has "^  +danger ous\?$" && screen | grep -x before'
touch "$T/gate1"
screen_has '^status 0'
run '{"jobs": [{"id": "a", "run": "printf \"10%%\\r20%%\\r\"; printf 30%%; '"$(
	wait_on 2 | sed 's/echo at 2;//')"'"}]}'
check 'of a line that is written over, the last state is shown' \
	'screen_has "^  +30%$"'
touch "$T/gate2"
screen_has '^status 0'

open 80 24
run '{"jobs": [{"id": "a", "run": "seq 100; '"$(wait_on 1)"'"}]}' --verbose
check 'verbose: all output goes past above, in order' '
	screen_has "^a \| at 1$" && screen_has "^● a" &&
	test "$(all | sed -n "s/^a | \([0-9]*\)$/\1/p" | tr "\n" " ")" = \
		"$(seq 100 | tr "\n" " ")"'
touch "$T/gate1"
check 'and the jobs stay below' \
	'screen_has "^status 0$" && test "$(all | grep -c "[●✓] a")" = 1'

# characters and colours
open 80 24 LC_ALL=C
run "$tree"
check 'a locale that is not UTF-8 gets ASCII' '
	screen_has "^\`- \* build" && screen_has "^   \|- \. test" &&
	test -z "$(screen | tr -d "\n\000-\177")"'
open 80 24 NO_COLOR=1
run "$tree"
check 'NO_COLOR: drawn without colours' '
	screen_has "└─ ● build" &&
	! term capture-pane -p -e | grep "$(printf "\033\[[0-9;]*m")"'
open 80 24
run "$tree"
check 'and with them without it' '
	screen_has "└─ ● build" &&
	term capture-pane -p -e | grep "$(printf "\033\[33m.*● ")"'
open 80 24 TERM=dumb
run "$tree"
check 'a dumb terminal gets lines' '
	screen_has "^build \| at 1$" && screen_has "^docs \| at 2$" &&
	screen_lacks "●|running"'
