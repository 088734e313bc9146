#!/bin/sh
# How long quire itself takes for a run that does nothing: COUNT in a row, from
# queue to finish, with workspace, log and durable state.
#
#	make bench-noop [COUNT=200]
#
# "in turn": each is queued by itself, its quire-run kicked, and waited for: the
# time is that from queued_at_ms to finished_at_ms of its row. "queued": all
# are queued first, one quire-run drains them. Goal: at most 8 ms each.
set -eu

COUNT=${COUNT:-200}
BENCH=$(cd "$(dirname "$0")" && pwd)
QUIRE_BUILD=${QUIRE_BUILD:-$BENCH/../../build}
PATH=$(cd "$QUIRE_BUILD/bin" && pwd):$PATH
export LC_ALL=C GIT_CONFIG_NOSYSTEM=1 PATH
unset QUIRE_RUN_ID GIT_DIR

dir=$(mktemp -d "${TMPDIR:-/tmp}/quire-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
HOME=$dir QUIRE_HOME=$dir/home
export HOME QUIRE_HOME

quire init >/dev/null
# what that one costs is bench-sandbox's to say
quire config sandbox none
quire repo new foo >/dev/null
git init -q -b main "$dir/foo"
mkdir "$dir/foo/.quire"
echo '{"jobs":[{"id":"noop","run":"true"}]}' >"$dir/foo/.quire/ci.json"
git -C "$dir/foo" add .quire
git -C "$dir/foo" -c user.name=Tess -c user.email=tess@example.org \
	commit -qm noop
git -C "$dir/foo" remote add origin "$QUIRE_HOME/repos/foo.git"
git -C "$dir/foo" push -q origin main 2>/dev/null

sql() {
	sqlite3 -cmd '.timeout 10000' "$QUIRE_HOME/quire.db" "$1"
}

# wait_all N: until N runs are complete
wait_all() {
	until [ "$(sql "SELECT count(*) FROM runs
			WHERE state = 'complete'")" -ge "$1" ]; do
		sleep 0.05
	done
}

wait_all 1
i=1
while [ $i -le "$COUNT" ]; do
	quire start foo main >/dev/null
	i=$((i + 1))
	wait_all $i
done
sql "SELECT finished_at_ms - queued_at_ms FROM runs WHERE number > 1" |
	sort -n | awk '{ v[NR] = $1; sum += $1 } END {
		printf "%d in turn: median %d ms, mean %.1f, from %d to %d\n",
			NR, v[int((NR + 1) / 2)], sum / NR, v[1], v[NR] }'

i=0
while [ $i -lt "$COUNT" ]; do
	QUIRE_RUN_ID=none quire start foo main >/dev/null
	i=$((i + 1))
done
from=$(date +%s%N)
quire-run
to=$(date +%s%N)
wait_all $((2 * COUNT + 1))
awk -v n="$COUNT" -v t=$((to - from)) 'BEGIN {
	printf "%d queued: %.1f ms each\n", n, t / 1e6 / n }'
