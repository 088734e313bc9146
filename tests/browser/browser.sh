#!/bin/sh
# browser.sh [FILE...] - the pages in Chromium: real runs in a real home, made
# by real pushes, behind lighttpd; node's own test runner goes through the FILEs
# (default: all *.test.js here). Screenshots are left in build/browser.
#
# NAME=PATTERN runs the tests of that name alone.
#
# What npm installs is below $QUIRE_BUILD/browser, and stays there.
set -eu

# lib.sh goes elsewhere
i=$#
while [ "$i" -gt 0 ]; do
	set -- "$@" "$(realpath "$1")"
	shift
	i=$((i - 1))
done
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/../system/lib.sh"
. "$tests/../system/web.sh"
set +e

[ $# -gt 0 ] || set -- "$tests"/*.test.js

kept=$(cd "$tests/../.." && pwd)/build/browser
mkdir -p "$kept/screenshots"
if ! cmp -s "$tests/package.json" "$kept/package.json"; then
	cp "$tests/package.json" "$kept/package.json.new" &&
		mv "$kept/package.json.new" "$kept/package.json" &&
		rm -rf "$kept/node_modules"
fi
if ! [ -d "$kept/node_modules" ]; then
	(cd "$kept" && npm install --no-package-lock --no-audit --no-fund \
		--ignore-scripts --cache "$kept/npm" >npm.out 2>&1) || {
		cat "$kept/npm.out"
		rm -rf "$kept/node_modules"
		exit 1
	}
fi

# what others have left, of every state and with every kind of name: at /seed
quire seed "$T/seed" >/dev/null && QUIRE_HOME=$T/seed quire config publicRuns on ||
	exit 1
cat >seed.conf <<END
\$HTTP["url"] =~ "^/seed/" {
	setenv.set-environment = ( "QUIRE_HOME" => "$T/seed" )
	alias.url = ( "/seed" => "$WEB_CGI" )
}
END

new_home
quire config publicRuns on

# colours, both streams, a bar that goes over itself, a job that fails
new_repo paint
cat >paint/job.sh <<'END'
i=0
while [ $i -lt 400 ]; do
	i=$((i + 1))
	printf '\033[2m%04d\033[0m \033[32mok\033[0m %s \033[1;34m%s\033[0m\n' \
		$i "compiling lib/part_$i.c" "lib/part_$i.o"
	[ $((i % 40)) != 0 ] || printf '\033[33mwarning:\033[0m part %d\n' $i >&2
	printf '%d%%\r%d%% of it done\n' $i $((i / 4))
done
END
cat >paint/fail.sh <<'END'
seq -f 'case %g: as it should be' 1 60
printf '\033[1;31merror:\033[0m expected \033[32m4\033[0m, got \033[31m5\033[0m\n' >&2
exit 3
END
git -C paint add .
pipeline paint '{"jobs": [
	{"id": "build", "run": ["sh job.sh", "true"]},
	{"id": "lint", "run": "echo clean"},
	{"id": "test", "needs": ["build"], "run": ["echo first", "sh fail.sh"]},
	{"id": "release", "needs": ["test"], "run": "echo never"}]}' \
	'Count parts, and find one too many'
push paint

# each of the 256 colours, and on each of them sixteen and some more
new_repo tones
cat >tones/job.sh <<'END'
for c in $(seq 0 255); do
	printf '\033[38;5;%dmtext\033[0m \033[48;5;%dmpaper' "$c" "$c"
	for on in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 21 46 51 196 201 226 231; do
		printf '\033[38;5;%dmx' "$on"
	done
	printf '\033[0m\n'
done
printf '\033[2mdim \033[41mon red\033[0m \033[7minverse\033[0m\n'
END
git -C tones add .
pipeline tones '{"jobs": [{"id": "all", "run": "sh job.sh"}]}' 'All colours'
push tones

# a log longer than what a page shows of one
new_repo big
pipeline big '{"jobs": [{"id": "all", "run":
	"seq -f \"%g: a line, $(printf %0200d 0)\" 1 8000"}]}' 'Very much output'
push big

# jobs that go on when they are told to, by a file: see tell() in browser.js
new_repo slow
cat >slow/wait.sh <<'END'
# wait.sh NAME: until somebody says so
until [ -e "$STEPS/$QUIRE_RUN_NUMBER.$1" ]; do sleep 0.05; done
END
cat >slow/build.sh <<'END'
echo begun
sh wait.sh build
i=0
while [ $i -lt 12 ]; do
	i=$((i + 1))
	printf '\033[2mcc\033[0m -O2 -c -o part_%d.o part_%d.c\n' $i $i
done
echo built
END
cat >slow/test.sh <<'END'
echo test one
sh wait.sh more
seq -f 'row %g' 1 300
sh wait.sh end
echo test last
exit "$(cat "$STEPS/$QUIRE_RUN_NUMBER.end")"
END
# all that a terminal knows, in pieces
cat >slow/paint.sh <<'END'
e=$(printf '\033')
for i in 0 1 2 3 4 5 6 7 8 9 21 22 23 24 27 29 '1;31' '4;9' '38;5;208' \
	'48;5;17;38;5;230' '38;2;255;100;0' '38:2::0:128:255' '48:5:250' 7 \
	'7;32' '31;44;7' 39 49 '' 92 101 '58;5;3' '3;4:0' 'x' '?5' '38;5' \
	'38;2;999;0;0;1'; do
	echo "plain $e[${i}mcode $i$e[K, still"
	[ $((${#i} % 3)) = 1 ] || printf '%s' "$e[m"
done
printf '\n10%%\r20%%\r\033[K30%%\r\n\033[32mgone\r\033[1mstays\033[0m\n'
printf 'abx\bc \033]8;;http://x.invalid/\033\\link\033]8;;\007 \033(B\007bell\n'
printf '<b>&amp;</b> \001 \342\200\256evil \302\205 \377 \360\237\230\200\n'
printf 'left\033[4Dover\033[2Gcol\033[1Gcolumn\n'
END
git -C slow add .
STEPS=$T/steps
mkdir "$STEPS"
quire config env "STEPS=$STEPS"
pipeline slow '{"jobs": [
	{"id": "build", "run": "sh build.sh"},
	{"id": "test", "needs": ["build"], "run": "sh test.sh"},
	{"id": "after", "needs": ["test"], "run": "echo after"}]}' 'Slow, on purpose'
new_repo paintslow
cp slow/paint.sh slow/wait.sh paintslow
git -C paintslow add .
pipeline paintslow '{"jobs": [{"id": "all",
	"run": "sh wait.sh go; sh paint.sh; sh wait.sh over"}]}' 'All colours'

wait_for 'test "$(sql "SELECT count(*) FROM runs WHERE repo IN ('\''paint.git'\'',
	'\''tones.git'\'', '\''big.git'\'') AND finished_at_ms > 0")" = 3' 60 || {
	quire runs
	echo 'browser.sh: the runs do not end' >&2
	exit 1
}
web_start "$T/seed.conf"

# the browser's own files go with $T
mkdir "$T/tmp"
TMPDIR=$T/tmp NODE_PATH=$kept/node_modules SCREENSHOTS=$kept/screenshots \
	STEPS=$STEPS node --test --test-concurrency=1 \
	${NAME:+"--test-name-pattern=$NAME"} "$@"
