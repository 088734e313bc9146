#!/bin/sh
# The crash campaign, briefly; make crash tries every system call.
. "$(dirname "$0")/lib.sh"
plan 3

# passes STEP SCENARIO/PROGRAM/FAULT...
passes() {
	STEP=$1
	shift
	(export STEP; sh "$ROOT/tests/crash/crash.sh" "$@")
}

check 'killed anywhere, nothing is lost, stuck or left' '
	passes 40 push/quire-push/KILL run/quire-run/KILL run/quire-ci/KILL \
		supersede/quire-run/KILL reconcile/quire-reconcile/KILL \
		upgrade/quire/KILL'
# a sanitizer maps its shadow first of all, and has no other way
if grep -q __asan_init "$QUIRE_BUILD/bin/quire-run"; then
	memory=
else
	memory=run/quire-run/ENOMEM
fi
check 'nor is it when a call fails' '
	passes 15 push/quire-push/ENOSPC run/quire-ci/ENOSPC \
		run/quire-run/EMFILE reconcile/quire-reconcile/EMFILE \
		takeover/quire/EMFILE supersede/quire-push/EIO \
		push/quire-push/ENOLCK $memory'
check 'without a reconcile the campaign finds what a crash leaves' '
	! (RECONCILE=true && export RECONCILE &&
		passes 40 run/quire-run/KILL >"$T/without") &&
	grep -q "live run: foo.git#1 active" "$T/without"'
