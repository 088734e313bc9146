#!/bin/sh
# How long a workspace of FILES files takes, beside `git archive | tar -x`: in
# turn, medians, in memory and on the disk that TMPDIR (default /tmp) is on.
# Contents are compared first.
#
#	make bench-workspace [FILES=5000] [ROUNDS=9]
#
# Goals: at most 0.65 times the other; a run right after another was removed,
# at most 1.5 times a fresh one.
set -eu

FILES=${FILES:-5000}
ROUNDS=${ROUNDS:-9}
BENCH=$(cd "$(dirname "$0")" && pwd)
LAY_OUT=${QUIRE_BUILD:-$BENCH/../../build}/bench/lay_out
export LC_ALL=C GIT_CONFIG_NOSYSTEM=1
umask 022

disk=$(mktemp -d "${TMPDIR:-/tmp}/quire-bench.XXXXXX")
memory=$(mktemp -d /dev/shm/quire-bench.XXXXXX)
trap 'rm -rf "$disk" "$memory"' EXIT
trap 'exit 130' INT TERM
HOME=$disk
export HOME

repo=$disk/tree.git
git init -q --bare "$repo"
awk -v n="$FILES" -f "$BENCH/source_tree.awk" |
	git -C "$repo" fast-import --quiet --done
git -C "$repo" repack -adfq
sha=$(git -C "$repo" rev-parse main)

archive() {
	mkdir "$1"
	git -C "$repo" -c tar.umask=0022 archive main | tar -x -C "$1"
}

# timed COMMAND...: its milliseconds
timed() {
	timed_from=$(date +%s%N)
	"$@" >&2
	echo $((($(date +%s%N) - timed_from) / 10000)) | sed 's/..$/.&/'
}

median() {
	sort -n "$1" | awk '{ v[NR] = $1 }
		END { print v[int((NR + 1) / 2)] }'
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}

echo "$FILES files, $(git -C "$repo" archive main | wc -c |
	awk '{ printf "%.0f", $1 / 1e6 }') MB, medians of $ROUNDS, in ms"
for place in "$memory" "$disk"; do
	archive "$place/theirs"
	"$LAY_OUT" "$repo" "$sha" "$place/ours"
	diff -r "$place/theirs" "$place/ours"
	for side in theirs ours; do
		(cd "$place/$side" && find . -printf '%M %l %p\n' | sort) \
			>"$place/$side.list"
	done
	cmp "$place/theirs.list" "$place/ours.list"
	rm -rf "$place/theirs" "$place/ours"

	# each in a block group of its own, as quire-run does it (ext4 goes by
	# a hash of the name), so that what was deleted in the last minutes is
	# in nobody's way
	mkdir "$place/rounds"
	chattr +T "$place/rounds" 2>/dev/null || :
	: >"$place/theirs.ms" && : >"$place/ours.ms"
	i=0
	while [ $i -lt "$ROUNDS" ]; do
		a=$(mktemp -d "$place/rounds/XXXXXXXXXX")
		b=$(mktemp -d "$place/rounds/XXXXXXXXXX")
		timed archive "$a/w" >>"$place/theirs.ms"
		timed "$LAY_OUT" "$repo" "$sha" "$b/w" >>"$place/ours.ms"
		rm -rf "$a/w" "$b/w"
		i=$((i + 1))
	done

	mkdir "$place/home"
	"$LAY_OUT" "$repo" "$sha" "$place/home" "$ROUNDS" >"$place/row"
	fresh=$(head -n 1 "$place/row" | cut -d ' ' -f 1)
	sed 1d "$place/row" | cut -d ' ' -f 1 >"$place/row.ms"
	cut -d ' ' -f 2 "$place/row" >"$place/removed.ms"

	theirs=$(median "$place/theirs.ms") ours=$(median "$place/ours.ms")
	again=$(median "$place/row.ms")
	echo "$(df --output=fstype "$place" | tail -n 1) ($place):"
	echo "  git archive | tar -x   $theirs"
	echo "  workspace              $ours, $(ratio "$ours" "$theirs") times"
	echo "  fresh, then in a row   $fresh, $again: $(ratio "$again" \
		"$fresh") times; removing $(median "$place/removed.ms")"
done
