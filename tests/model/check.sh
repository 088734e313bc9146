#!/bin/sh
# check.sh [brief] - the model of the queue, checked by spin exhaustively: no
# fault as it is, and each fault found where the mechanism against it is taken
# out. brief: two pushes instead of three, in seconds instead of minutes.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/quire-model.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
cd "$scratch"

# explore FLAGS: the states that were visited, or "fault" and what was found
explore() {
	# shellcheck disable=SC2086 # the flags are split on purpose
	spin -a $1 "$here/queue.pml" >spin.log || { cat spin.log >&2; exit 1; }
	gcc -w -O2 -DSAFETY -DCOLLAPSE -DMEMLIM=16000 -o pan pan.c
	./pan -m200000 >pan.log 2>&1 || :
	if grep -q '^pan:1:' pan.log; then
		echo "fault $(sed -n 's/^pan:1: //p' pan.log)"
	elif grep -q 'errors: 0$' pan.log && ! grep -q 'not completed' pan.log
	then
		sed -n 's/^ *\([0-9]*\) states, stored.*/\1 states/p' pan.log
	else
		echo 'the search did not come to its end' >&2
		tail -n 20 pan.log >&2
		exit 1
	fi
}

case ${1:-} in
brief) size='-DPUSHES=2 -DCRASHES=1' ;;
*) size='-DPUSHES=3 -DCRASHES=1' ;;
esac
found=$(explore "$size")
echo "as it is ($size): $found"
case $found in fault*) exit 1 ;; esac

caught=0
for without in '-DNO_LOOK_AGAIN -DPUSHES=2 -DCRASHES=0' \
	'-DNO_CHAIN_KICK -DPUSHES=2 -DCRASHES=2' \
	'-DNO_REFS_GEN -DPUSHES=2 -DCRASHES=0'; do
	found=$(explore "$without")
	echo "$without: $found"
	case $found in fault*) caught=$((caught + 1)) ;; esac
done
echo "model: 0 violations, $caught of 3 removed mechanisms noticed"
[ "$caught" = 3 ]
