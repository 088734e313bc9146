#!/bin/sh
# The storm, briefly: make storm is fifty pushers with twenty pushes each.
. "$(dirname "$0")/lib.sh"
plan 2

storm() {
	PUSHERS=$1 PUSHES=$2 REPOS=$3 sh "$ROOT/tests/bench/storm.sh"
}

check 'a crowd of pushers sees no error, and nothing of theirs is lost' '
	storm 10 4 4 >"$T/said"; status=$?; cat "$T/said"; test $status = 0 &&
	grep -q "^40 pushes, 0 errors, .* 0 violations$" "$T/said"'

# One that records nothing, and says nothing. Whether its pushes are without a
# row hangs on the reconciles beside it, which may come to each in time.
mkdir -p "$T/mute/bin"
cp "$QUIRE_BUILD"/bin/* "$T/mute/bin/"
printf '#!/bin/sh\n' >"$T/mute/bin/quire-push"
check 'a hook that keeps its pushes to itself is found out' '
	! QUIRE_BUILD=$T/mute storm 4 2 2 >"$T/said" && cat "$T/said" &&
	grep -q "^error: push: .*: silent$" "$T/said"'
