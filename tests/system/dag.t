#!/bin/sh
# Random pipelines through quire-ci exec, compared with a model of which job
# must run, be skipped or fail. SEEDS="7" tries that one alone.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/exec.sh"
SEEDS=${SEEDS:-$(seq 30)}
plan "$(echo "$SEEDS" | wc -w)"

mkdir -p "$T/w/.quire"

# Writes ci.json for a seed, and what is to become of its jobs: "ID OUTCOME"
# lines, the outcome of the run behind. A job may need any that has a lower
# rank, wherever that is in the file.
cat >"$T/make.awk" <<'E'
function roll(sides) { return int(rand() * sides) }
function fate(j,    k, bad) {
	if (j in known)
		return known[j]
	for (k = 0; k < n; k++)
		if ((j, k) in needs && (fate(k) == "job_skipped" ||
			(fate(k) == "failed" && !allowed[k])))
			bad = 1
	known[j] = status[j] ? "failed" : "complete"
	if (bad || branch[j] == "other")
		known[j] = "job_skipped"
	return known[j]
}
BEGIN {
	srand(seed)
	n = 3 + roll(14)
	for (i = 0; i < n; i++) {
		at = roll(i + 1); rank[i] = rank[at]; rank[at] = i
	}
	printf "{\"parallel\": %d, \"jobs\": [", 1 + roll(8) >json
	for (j = 0; j < n; j++) {
		status[j] = roll(5) ? 0 : 1 + roll(100)
		allowed[j] = !roll(3)
		branch[j] = roll(9) ? "ma*" : "other"
		list = ""
		for (k = 0; k < n; k++)
			if (rank[k] < rank[j] && !roll(4)) {
				needs[j, k] = 1
				list = list (list ? "," : "") "\"" k "\""
			}
		if (j)
			printf "," >json
		printf "\n{\"id\": \"%d\", \"run\": \"exit %d\"", j, status[j] >json
		if (allowed[j])
			printf ", \"allow-failure\": true" >json
		if (list)
			printf ", \"needs\": [%s]", list >json
		printf ", \"when\": {\"branch\": \"%s\"}}", branch[j] >json
	}
	print "]}" >json
	for (j = 0; j < n; j++) {
		print j, fate(j)
		red = red || (fate(j) == "failed" && !allowed[j])
	}
	print "run", red ? "pipeline-failure" : "success"
}
E

# From events, what became of each job; and whatever begins before what it
# needs has ended, begins twice, or is one too many at a time.
cat >"$T/read.awk" <<'E'
function field(name,    s) {
	s = $0
	if (!sub(".*\"" name "\":\"?", "", s))
		return ""
	sub("[\",}].*", "", s)
	return s
}
FNR == NR {
	if (match($0, /"parallel": [0-9]+/))
		parallel = substr($0, RSTART + 12, RLENGTH - 12)
	if (match($0, /"id": "[0-9]+"/)) {
		id = substr($0, RSTART + 7, RLENGTH - 8)
		if (sub(/.*"needs": \[/, "") && sub(/\].*/, "")) {
			gsub(/[^0-9,]/, "")
			needs[id] = $0
		}
	}
	next
}
{ type = field("type"); job = field("job_id") }
type == "job_started" {
	m = split(needs[job], list, ",")
	for (i = 1; i <= m; i++)
		if (!(list[i] in ended))
			print job, "began before", list[i], "had ended"
	if (job in begun)
		print job, "began twice"
	begun[job] = 1
	if (++running > parallel + 0)
		print job, "is one too many"
}
type == "job_finished" { running--; ended[job] = 1; print job, field("outcome") }
type == "job_skipped" { print job, type }
type == "run_finished" { print "run", field("outcome") }
E

model_agrees() {
	awk -v seed="$1" -v json="$T/w/.quire/ci.json" -f "$T/make.awk" \
		>"$T/model" && sort "$T/model" >"$T/expected" &&
		test -s "$T/expected" || return 1
	rm -rf "$T/r" && mkdir "$T/r"
	QUIRE_BRANCH=main quire-ci exec --workspace "$T/w" --run-dir "$T/r" \
		<"$T/hold" >"$T/events" || return 1
	awk -f "$T/read.awk" "$T/w/.quire/ci.json" "$T/events" >"$T/read" &&
		sort "$T/read" | diff "$T/expected" - && return
	cat "$T/w/.quire/ci.json" "$T/events"
	return 1
}

for seed in $SEEDS; do
	check "pipeline $seed goes as its graph says" 'model_agrees "$seed"'
done
