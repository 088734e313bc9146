#!/bin/sh
# The cache of a repository's jobs: kept between runs, cut down by reconcile.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 23
new_home
new_repo foo
pipeline foo '{"jobs": [{"id": "a",
	"run": "echo x >>\"$QUIRE_CACHE/count\"; wc -l <\"$QUIRE_CACHE/count\""}]}'
push foo >/dev/null
wait_idle
cache=$QUIRE_HOME/cache/foo.git

# file NAME DAYS [SIZE]: one that was used so many days ago.
file() {
	mkdir -p "$(dirname "$cache/$1")"
	head -c "${3:-4096}" /dev/urandom >"$cache/$1"
	touch -d "-$2 days" "$cache/$1"
}
# sweep [OPTION]: as if an hour had passed.
# shellcheck disable=SC2120 # called from quoted strings
sweep() {
	rm -f "$QUIRE_HOME/cache/.swept"
	quire-reconcile "$@"
}
left() { (cd "$cache" && find . -mindepth 1 | sort | sed 's,^\./,,' | tr '\n' ' '); }
same() { test "$1" = "$2" || { echo "is: $1"; echo "not: $2"; false; }; }
empty() { chmod -R u+rwX "$cache"; find "$cache" -mindepth 1 -delete; }

quire rerun foo#1 >/dev/null
wait_idle
check 'what a job puts into it is there for the next run' \
	'quire log foo#2 | grep -x 2'

empty
file old 31; file fresh 29; file deep/er/old 40; file deep/new 0
check 'what was not used for cacheDays is removed, quietly' '
	same "$(sweep 2>&1)" "" &&
	same "$(left)" "deep deep/er deep/new fresh "'
check 'an empty folder goes when it is as old' '
	touch -d "-31 days" "$cache/deep/er" && sweep &&
	same "$(left)" "deep deep/new fresh "'
check 'that it was read counts as use' '
	touch -m -d "-90 days" "$cache/fresh" && touch -a -d "-1 days" "$cache/fresh" &&
	sweep && test -e "$cache/fresh"'

empty
file a 5 400000; file b 4 400000; file c 3 400000; file d 2 400000
quire config foo cacheSize 1M
check 'a dry run says what would go' \
	'sweep -n | grep "foo: would remove . MB from its cache" && test -e "$cache/a"'
check 'beyond cacheSize the least recently used goes first' \
	'sweep && same "$(left)" "c d "'
check 'a file in holes takes no room' '
	truncate -s 1G "$cache/holes" && sweep && same "$(left)" "c d holes "'
rm "$cache/holes"
check 'it is looked at once an hour' '
	sweep && file e 1 900000 && quire-reconcile && test -e "$cache/c"'
check 'the time in the future does not put it off for ever' '
	touch -d "+10 days" "$QUIRE_HOME/cache/.swept" && quire-reconcile &&
	same "$(left)" "e "'


# cacheSize counts all that there is
size() { du -sk "$cache" | cut -f1; }
# deep LEVELS: a folder so far down, with a file of 3 MB in it
deep() {
	(cd "$cache" && perl -e 'for (1 .. $ARGV[0]) {
			mkdir "x" x 200 or die; chdir "x" x 200 or die }
		open F, ">big" or die; print F "y" x 3e6; close F' "$1")
}
empty; deep 120
check 'a file further down than a path may be long' \
	'sweep && test "$(size)" -le 1024'
empty; (cd "$cache" && seq 1000 | xargs touch)
check 'empty files, each as 4K' '
	sweep && n=$(left | wc -w) && test "$n" -gt 200 && test "$n" -le 256'
empty; (cd "$cache" && seq 1000 | xargs mkdir)
check 'empty folders' 'sweep && n=$(left | wc -w) &&
	test "$n" -gt 100 && test "$n" -le 256'
empty; (cd "$cache" && for i in $(seq 10); do mkdir "d$i"
	(cd "d$i" && seq 40 | sed s,$,/e, | xargs mkdir -p); done)
check 'and folders with something in them, which go when that has gone' '
	sweep && n=$(left | wc -w) && test "$n" -gt 100 && test "$n" -le 256'

# what memory reconcile needs is the same for any cache
empty
grep -q __asan_init "$QUIRE_BUILD/bin/quire-reconcile"
sanitized=$?
base=20000
# shellcheck disable=SC3045 # every sh of Debian has it
until [ $sanitized = 0 ] || [ $base -gt 400000 ] ||
	(ulimit -v $base && sweep) 2>/dev/null; do
	base=$((base + 2000))
done
(cd "$cache" && perl -e 'for (1 .. 14) {
	mkdir "x" x 250 or die; chdir "x" x 250 or die }
	for (1 .. 8000) { open F, ">$_" or die }')
if [ $sanitized = 0 ]; then
	skip 'thousands of files far down take no more memory' 'sanitized'
	sweep
else
	check 'thousands of files far down take no more memory' '
		(ulimit -v $((base + 8000)) && sweep) &&
		test "$(size)" -le 1024'
fi

quire config --unset foo cacheSize
empty
mkdir -p "$T/precious" && echo 1 >"$T/precious/file"
touch -d '-90 days' "$T/precious/file"
ln -s "$T/precious" "$cache/link"
ln -s "$T/precious/file" "$cache/link2"
touch -h -d '-90 days' "$cache/link" "$cache/link2"
check 'links are removed, not followed' '
	sweep && same "$(left)" "" && test -e "$T/precious/file"'
check 'a cache that is a link itself is left alone' '
	rmdir "$cache" && ln -s "$T/precious" "$cache" && ! sweep 2>err &&
	test -e "$T/precious/file"; rm "$cache"; mkdir "$cache"'

# as Go has it: folders without w
file mod/m@v1/a 60; file mod/m@v1/sub/b 1; file mod/m@v2/a 60; file mod/m@v2/sub/b 50
chmod -R a-w "$cache/mod/m@v1" "$cache/mod/m@v2"
check 'a folder that is not to be written goes as a whole, or stays' '
	sweep && same "$(left)" "mod mod/m@v1 mod/m@v1/a mod/m@v1/sub mod/m@v1/sub/b "'
if [ "$(id -u)" != 0 ]; then
	mkdir "$cache/shut"; chmod 0 "$cache/shut"
	check 'a folder that is closed to its owner goes' \
		'sweep && test ! -e "$cache/shut"'
else
	skip 'a folder that is closed to its owner goes' 'nothing is to root'
fi
file going/.quire-going.m/a 0
check 'what was to go as a whole and was cut short goes' '
	sweep && test ! -e "$cache/going/.quire-going.m" && test -e "$cache/going"'
check '0 is no limit' '
	quire config foo cacheDays 0 && quire config foo cacheSize 0 &&
	file ancient 4000 && sweep && test -e "$cache/ancient"'
quire config --unset foo cacheDays

# while a run goes on
pipeline foo '{"jobs": [{"id": "a",
	"run": "touch \"$QUIRE_CACHE/began\"; until test -e \"$QUIRE_CACHE/end\"; do sleep 0.1; done"}]}'
push foo >/dev/null
wait_for 'test -e "$cache/began"'
check 'while a run of the repository is active nothing is removed' \
	'sweep && test -e "$cache/ancient"'
touch "$cache/end"
wait_idle
check 'and then it is' 'sweep && test ! -e "$cache/ancient"'
check 'a name with any bytes goes, too' '
	n=$(printf "a\nb\377c*") && file "$n" 60 && sweep && test ! -e "$cache/$n"'
