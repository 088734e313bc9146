#!/bin/sh
# The model of the queue, briefly; make model checks three pushes.
. "$(dirname "$0")/lib.sh"
plan 1
check 'no lost wake-up, no idle slot, and the model notices what is left out' \
	'sh "$ROOT/tests/model/check.sh" brief'
