#!/bin/sh
# What a sandbox adds to a job that does nothing: runs of one job, and of ten,
# with and without, in turn. The time is that of the whole of quire-ci.
#
#	make bench-sandbox [ROUNDS=51]
#
# Prints medians, their ratio, and what a sandbox costs a job: the difference of
# ten jobs, by ten. Beside it, a bare bubblewrap that shows the same and runs
# `true`: what of it is not quire's.
set -eu

ROUNDS=${ROUNDS:-51}
BENCH=$(cd "$(dirname "$0")" && pwd)
QUIRE_BUILD=${QUIRE_BUILD:-$BENCH/../../build}
PATH=$(cd "$QUIRE_BUILD/bin" && pwd):$PATH
export LC_ALL=C PATH
unset QUIRE_RUN_ID QUIRE_BRANCH QUIRE_TAG

dir=$(mktemp -d "${TMPDIR:-/tmp}/quire-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$dir/1/.quire" "$dir/10/.quire"
awk -v one="$dir/1/.quire/ci.json" -v ten="$dir/10/.quire/ci.json" 'BEGIN {
	print "{\"jobs\":[{\"id\":\"j\",\"run\":\"true\"}]}" >one
	printf "{\"jobs\":[" >ten
	for (i = 0; i < 10; i++)
		printf "%s{\"id\":\"j%d\",\"run\":\"true\"}", i ? "," : "", i >ten
	print "]}" >ten }'

# timed NAME COMMAND...: its microseconds, into the file of that name.
timed() {
	timed_name=$1
	shift
	timed_from=$(date +%s%N)
	"$@" >/dev/null
	echo $((($(date +%s%N) - timed_from) / 1000)) >>"$dir/$timed_name.us"
}

ci() {
	cd "$dir/$1" && quire-ci run --sandbox "$2"
}

bare() {
	bwrap --unshare-user-try --unshare-pid --unshare-ipc --unshare-uts \
		--unshare-cgroup-try --new-session --die-with-parent \
		--cap-drop ALL --ro-bind /usr /usr --ro-bind /etc /etc \
		--ro-bind-try /lib /lib --ro-bind-try /lib64 /lib64 --dev /dev \
		--proc /proc --tmpfs /tmp --bind "$dir/1" "$dir/1" /usr/bin/true
}

ci 1 bwrap >/dev/null
round=0
while [ "$round" -lt "$ROUNDS" ]; do
	for jobs in 1 10; do
		for kind in none bwrap; do
			timed "$kind-$jobs" ci $jobs $kind
		done
	done
	timed bare bare
	round=$((round + 1))
done

median() {
	sort -n "$dir/$1.us" | awk '{ v[NR] = $1 } END {
		print v[int((NR + 1) / 2)] / 1000 }'
}
awk -v rounds="$ROUNDS" -v n1="$(median none-1)" -v b1="$(median bwrap-1)" \
	-v n10="$(median none-10)" -v b10="$(median bwrap-10)" \
	-v bare="$(median bare)" 'BEGIN {
	printf "%d rounds, medians: a job without %.1f ms, with %.1f ms (%.1f x); ten jobs %.1f ms, %.1f ms (%.1f x)\n",
		rounds, n1, b1, b1 / n1, n10, b10, b10 / n10
	printf "a sandbox costs a job %.1f ms; a bare bubblewrap with true takes %.1f ms\n",
		(b10 - n10) / 10, bare }'
