#!/bin/sh
# fuzz.t - what fuzzing has kept, and variations of it, through every target:
# the short form of `make fuzz`.
. "$(dirname "$0")/lib.sh"

corpus=$ROOT/tests/fuzz/corpus
targets=$(ls "$corpus")
# shellcheck disable=SC2086 # a list
set -- $targets
plan $(($# + 1))

check 'each folder of kept inputs has its target' '
	test "$targets" &&
	for t in $targets; do test -x "$QUIRE_BUILD/fuzz/fuzz_$t" || exit 1; done'
for t in $targets; do
	check "fuzz_$t takes what is kept for it" \
		'"$QUIRE_BUILD/fuzz/fuzz_$t" "$corpus/$t"/* >"$T/$t" &&
		sed "s/^/# $t: /" "$T/$t" >&2'
done
