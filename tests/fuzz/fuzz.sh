#!/bin/sh
# fuzz.sh [TARGET...] - libFuzzer over each target for SECONDS (60), with what
# corpus/ holds to begin with; what it finds further stays in build/fuzz. A
# crash is kept there, too, and told. Prints one line of figures.
set -u

here=$(cd "$(dirname "$0")" && pwd)
build=${QUIRE_BUILD:-$here/../../build}/libfuzzer
SECONDS_EACH=${SECONDS_EACH:-60}

# shellcheck disable=SC2046 # a list
[ $# -gt 0 ] || set -- $(cd "$here/corpus" && ls)
line=fuzz:
failed=0
for target; do
	found=$build/corpus/$target
	mkdir -p "$found" "$build/crashes"
	"$build/fuzz_$target" -max_total_time="$SECONDS_EACH" -timeout=5 \
		-rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$build/crashes/$target-" \
		"$found" "$here/corpus/$target" >"$build/$target.log" 2>&1 || {
		failed=$((failed + 1))
		tail -30 "$build/$target.log" >&2
	}
	line="$line $target $(sed -n \
		's/^stat::number_of_executed_units: *//p' \
		"$build/$target.log"),"
done
echo "$line executions; $failed targets crashed"
[ "$failed" = 0 ]
