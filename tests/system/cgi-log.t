#!/bin/sh
# The page of a log: colours, links to lines, times, and logs of any length.
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/cgi.sh"
plan 29

QUIRE_HOME=$T/home
quire seed "$QUIRE_HOME" || {
	echo 'Bail out! quire seed'
	exit 1
}

# file NUMBER JOB N: where that command's log of that run of work/parser is.
file() {
	echo "$QUIRE_HOME/runs/work/parser.git/$(sql "SELECT id FROM runs
		WHERE repo = 'work/parser.git' AND number = $1")/jobs/$2/sh-$3.log"
}

# records: the lines on standard input as a log, one a millisecond.
records() {
	awk '{ printf "2026-11-24T05:%02d:%02d.%03d456789Z stdout F %s\n",
		NR / 60000, NR / 1000 % 60, NR % 1000, $0 }'
}

# numbers: of the lines of the page on standard input.
numbers() {
	grep -o 'id="L[0-9]*"' | tr -dc '0-9\n'
}

url=/work/parser/ci/14/test/1
log=$(file 14 test 1)

# what a terminal would show

printf '%b' '\033[1;31merror:\033[0m no <b>\n\033[32mgreen\nstill\033[m not\n' \
	'\033[38;5;208ma\033[48;2;0;0;255mb\033[0m\n' \
	' 10%\r 50%\r\033[33m100%\033[0m done\n' 'from DOS\r\n' \
	'\033]8;;https://example.org/secret\033\\a link\033]8;;\033\\\n' \
	'\033[2J\033[?25l\033(Bno trace\n' 'spinner |\b/\b-\bdone\n' \
	'bad \377 utf\055\070 \342\200\256\n' 'the end\n' | records >"$log"
body $url >page

check 'colours and styles are classes' \
	'grep "<span class=\"t bold fg c1\">error:</span> no &lt;b&gt;$" page'
check 'a colour goes on in the next line' \
	'grep "</a><span class=\"t fg c2\">still</span> not$" page'
check '256 colours, and the nearest of them for 24 bits' \
	'grep "<span class=\"t fg r5 g2 b0\">a</span><span class=\"t fg r5 g2 b0 bg R0 G0 B5\">b</span>$" page'
check 'each class has its rule, for either theme' \
	'body /style.css >css
	for i in $(seq 0 15); do
		test "$(grep -c "\.c$i {" css)" = 2 && grep "\.k$i {" css || exit 1
	done
	for i in $(seq 0 23); do
		grep "\.y$i {.*\.Y$i {" css || exit 1
	done
	for c in r g b R G B; do
		for i in 0 1 2 3 4 5; do grep "^\.$c$i {" css || exit 1; done
	done'
check 'a progress bar is its last version' \
	'grep "</a><span class=\"t fg c3\">100%</span> done$" page && ! grep " 50%" page'
check 'the line ends of DOS overwrite nothing' 'grep "</a>from DOS$" page'
check 'a link is its text' '! grep example.org page && grep "</a>a link$" page'
check 'other sequences leave no trace' 'grep "</a>no trace$" page'
check 'a backspace erases' 'grep "</a>spinner done$" page'
check 'what is no text is shown as such, and the page is UTF-8' \
	'grep "</a>bad $(printf "\357\277\275") utf-8 \[U+202E\]$" page &&
		iconv -f UTF-8 -t UTF-8 page >copy &&
		! tr -d "\n\t\040-\176\200-\377" <page | grep .'
check 'no page has a style of its own' '! grep "style=\|<style" page'
check 'the tail on the run'\''s page has colours, too' \
	'body /work/parser/ci/14 | grep "<span class=\"t bold fg c1\">error:</span>"'

# times

check 'times are shown on demand only' \
	'! grep "timed\|05:00:00" page &&
		grep "href=\"$url?time=1\">times</a>" page'
check 'they are those of the lines, the exact ones in a title' \
	'body $url QUERY_STRING=time=1 >timed
	grep "id=\"L2\"><a href=\"#L2\">2 </a><time title=\"2026-11-24T05:00:00.002456789Z\">05:00:00.002</time> <span" timed'
check 'and can be left out again' \
	'grep "href=\"$url\">no times</a>" timed'

# long logs

seq -f 'line %g of a log that is longer than a window' 1 30000 | records >"$log"
body $url >long

check 'numbers of a whole log lead to their lines' \
	'grep "id=\"L2\"><a href=\"#L2\">" timed'
check 'those of a part lead to the window with their line' \
	'grep "id=\"L2\"><a href=\"?line=2#L2\">2 </a>line 2 of" long &&
		grep "id=\"L30000\"><a href=\"?line=30000#L30000\">" long'
check 'that has the line in its middle' \
	'for n in 10000 15000 20000; do
		body $url QUERY_STRING=line=$n | numbers >n
		test "$(wc -l <n)" -gt 2000 || exit 1
		at=$(grep -nx $n n | cut -d : -f 1)
		test "$at" -gt $(($(wc -l <n) / 5)) &&
			test "$at" -lt $(($(wc -l <n) * 4 / 5)) || exit 1
	done'
check 'or as near to it as there are lines' \
	'body $url QUERY_STRING=line=1 | numbers | head -n 1 | grep -x 1 &&
		body $url QUERY_STRING=line=30000 | numbers | tail -n 1 | grep -x 30000'
check 'each line has its number' \
	'body $url QUERY_STRING=line=12345 | grep "id=\"L12345\".*</a>line 12345 of"'
check 'a line that is not there leads to both ends' \
	'for n in 30001 0 99999999999999999 x -1; do
		body $url QUERY_STRING=line=$n |
			grep -v "times</a>" >none
		grep -v "times</a>" long | diff - none || exit 1
	done'
check 'all the windows together are the log' \
	'from=0
	while [ "$from" ]; do
		body $url "QUERY_STRING=from=$from&time=1" >window
		numbers <window
		from=$(sed -n "s/.*?from=\([0-9]*\)&amp;time=1\">Next.*/\1/p" window |
			head -n 1)
	done >n
	seq 30000 | diff - n'
check 'parts, lines and back keep the times' \
	'body $url "QUERY_STRING=line=15000&time=1" >window
	grep "<a href=\"?line=15000&amp;time=1#L15000\">" window &&
		grep "href=\"$url?time=1\">Both ends<" window &&
		grep "href=\"$url?from=[0-9]*&amp;time=1\">Previous<" window &&
		grep "href=\"$url?from=[0-9]*&amp;time=1\">Next<" window &&
		grep "href=\"$url?line=15000#L15000\">no times<" window'
check 'of a log a little longer than a window nothing is there twice' \
	'for lines in 16 17 18; do
		yes "$(printf %016000d 0)" | head -n $lines | records >"$log"
		body $url >whole
		numbers <whole >n
		sort -nu n | diff - n && tail -n 1 n | grep -x $lines || exit 1
		if test "$(wc -l <n)" = $lines; then
			! grep "left out here" whole || exit 1
		else
			grep "16.0 kB of the log are left out here" whole || exit 1
		fi
	done'

# what is being written

live=$(file 18 test 1)
check 'the log of a running command says where it goes on' \
	'{ seq 3 | records
	echo "2026-11-24T05:47:00.000000001Z stdout P begun"; } >"$live"
	body /work/parser/ci/18/test/1 >running
	grep "data-line=\"1\" data-log=\"/work/parser/ci/18/test/1.txt\" data-at=\"0\"" running &&
		grep "this may not be all" running && ! grep "this may not" long'
check 'a line that has not ended is shown, without a number' \
	'grep "<span class=\"l\"><a> </a>begun$" running'
check 'of a long one the end does' \
	'seq -f "line %g of a log that is longer than a window" 1 30000 | records >"$live"
	body /work/parser/ci/18/test/1 >running
	test "$(grep -c "data-log" running)" = 1 || exit 1
	eval "$(sed -n "s/.*data-line=\"\([0-9]*\)\".*data-at=\"\([0-9]*\)\".*/line=\1 at=\2/p" running)"
	body /work/parser/ci/18/test/1.txt HTTP_RANGE=bytes=$at- |
		head -n 1 | grep "^line $line of"'

# 1 GB

check 'ranges are right wherever they begin' \
	'seq -f "line %g, on and on" 1 200000 | tee want | records >"$log"
	test "$(wc -c <"$log")" -gt 8000000 || exit 1
	for from in 0 1 1048575 1048576 2000000 3333333 3999999; do
		tail -c +$((from + 1)) want | head -c 5000 >part
		body $url.txt HTTP_RANGE=bytes=$from-$((from + 4999)) |
			cmp - part || exit 1
	done'
memory='16 MB are enough for a log of 1 GB'
if grep -q __asan_init "$cgi"; then
	skip "$memory" 'a sanitizer reserves terabytes of addresses'
elif [ "$(df -Pk "$T" | awk 'NR == 2 { print $4 }')" -lt 500000 ]; then
	skip "$memory" "less than 500 MB are free in $T"
else
# many lines, an endless one that takes no space, and some more
check "$memory" \
	'seq -f "line %g of very many, with some text behind it" 1 180000 |
		records >chunk
	for i in $(seq 8); do cat chunk; done >"$log"
	truncate -s 1000000000 "$log"
	{ echo && cat chunk; } >>"$log"
	in_16_mb() {
		(ulimit -v 16384 && get "$@") >answer &&
			! grep -aq "^Status: 5" answer
	}
	in_16_mb /work/parser/ci/14 && grep -aq "180000 of very" answer || exit 1
	in_16_mb $url && grep -aq "id=\"L1620001\"" answer || exit 1
	in_16_mb $url QUERY_STRING=from=600000000 || exit 1
	in_16_mb $url "QUERY_STRING=line=1500000&time=1" &&
		grep -aq "id=\"L1500000\"" answer || exit 1
	in_16_mb $url.txt HTTP_RANGE=bytes=-2000 &&
		tail -n 1 answer | grep "^line 180000 of" &&
		test "$(wc -c <answer)" -lt 3000 || exit 1
	(ulimit -v 16384 && get $url.txt) | head -c 50000000 |
		tail -c 60 | grep -q "of very many"'
fi
rm -f "$log"
