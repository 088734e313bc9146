#!/bin/sh
# What quire-run makes of a run is the same where its jobs are in a sandbox.
SANDBOX=bwrap
. "$(dirname "$0")/lib.sh"
need_sandbox
export SANDBOX
sh "$ROOT/tests/system/run-outcomes.t"
