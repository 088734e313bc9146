#!/bin/sh
# What quire-db(5) says of states, edges, failure kinds and indexes is what the
# database and the source hold.
# shellcheck disable=SC2016 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 8
new_home
page=$ROOT/man/quire-db.5

# part NAME: the source of a .Ss of the page.
part() {
	sed -n "/^\.Ss $1\$/,/^\.S[hs]/p" "$page"
}

# states NAME: the states of the table in that part.
states() {
	part "$1" | sed -n 's/^\.It \([a-z]*\) Ta [NULsetany]* Ta .*/\1/p'
}

# shapes NAME: "STATE started finished", each 0 or 1, that the page lets be.
shapes() {
	part "$1" | sed -n 's/^\.It \([a-z]*\) Ta \([a-zA-Z]*\) Ta \(.*\)/\1 \2 \3/p' |
		sed 's/NULL/0/g; s/set/1/g' | while read -r state started finished; do
			[ "$started" = any ] && started='0 1'
			for s in $started; do
				echo "$state $s $finished"
			done
		done | sort
}

# edges NAME: "FROM TO" of the list in that part.
edges() {
	part "$1" | sed -n 's/^\.It from \(.*\) to \([a-z]*\)$/\2 \1/p' |
		while read -r to from; do
			for state in $from; do
				[ "$state" = or ] || echo "$state $to"
			done
		done | sort
}

# time_of 0 or 1
time_of() {
	[ "$1" = 1 ] && echo "$2" || echo NULL
}

RUN='INSERT INTO runs (repo, ref_name, sha, pushed_at_ms, queued_at_ms, push_seq,
	id, number, state, started_at_ms, finished_at_ms)
	VALUES ("x", "r", "s", 1, 1, 1'
JOB='INSERT INTO jobs (run_id, job_id, state, started_at_ms, finished_at_ms)
	VALUES ("active"'

# fits TABLE STATES: the shapes that the database takes, a row each.
fits() {
	n=1
	for state in $2; do
		for s in 0 1; do
			for f in 0 1; do
				n=$((n + 1))
				id="$state $s $f"
				times="$(time_of $s 2), $(time_of $f 3)"
				case $1 in
				runs) echo "$RUN, '$id', $n, '$state', $times);" ;;
				jobs) echo "$JOB, '$id', '$state', $times);" ;;
				esac
			done
		done
	done | sqlite3 "$QUIRE_HOME/quire.db" 2>"$T/refused"
	case $1 in
	runs) sql 'SELECT id FROM runs WHERE id GLOB "* [01] [01]"' ;;
	jobs) sql 'SELECT job_id FROM jobs WHERE job_id GLOB "* [01] [01]"' ;;
	esac | sort
}

check 'the shapes of a run: those of the table, and no others' '
	shapes "States of a run" >told
	fits runs "$(states "States of a run")" >there
	test "$(wc -l <told)" = 7 && grep -q CHECK refused && diff told there'
sql "$RUN, 'active', 1, 'active', 2, NULL)"
check 'the shapes of a job' '
	shapes "States of a job" >told
	fits jobs "$(states "States of a job")" >there
	test "$(wc -l <told)" = 7 && grep -q CHECK refused && diff told there'

# taken TABLE: every shape there is, to every state: which are taken. All that
# a state must have is set, and nothing that is set is changed.
taken() {
	key=id; [ "$1" = runs ] || key=job_id
	for shape in $(sql "SELECT replace($key, ' ', '_') FROM $1
		WHERE $key GLOB '* [01] [01]'"); do
		for to in $(states "States of a ${1%s}"); do
			from=$(echo "$shape" | tr _ ' ')
			[ "${shape%%_*}" != "$to" ] || continue
			started=$(sql "SELECT CASE WHEN '$to' IN ('active',
				'complete') THEN coalesce(started_at_ms, 2)
				ELSE started_at_ms END FROM $1 WHERE $key = '$from'")
			finished=3
			case $to in pending | active) finished=NULL ;; esac
			echo "SAVEPOINT e;
			UPDATE $1 SET state = '$to',
				started_at_ms = ${started:-NULL},
				finished_at_ms = coalesce(finished_at_ms, $finished)
				WHERE $key = '$from';
			SELECT '${shape%%_*} $to' WHERE EXISTS (SELECT 1 FROM $1
				WHERE $key = '$from' AND state = '$to');
			ROLLBACK TO e; RELEASE e;"
		done
	done | sqlite3 "$QUIRE_HOME/quire.db" 2>"$T/refused" | sort -u
}
check 'the edges of a run: those of the list, and no others' '
	edges "States of a run" >told
	taken runs >there
	test "$(wc -l <told)" = 6 && grep -q edge refused && diff told there'
check 'the edges of a job' '
	edges "States of a job" >told
	taken jobs >there
	test "$(wc -l <told)" = 6 && grep -q edge refused && diff told there'
check 'the table of edges in the source is that of runs' '
	sed -n "/^} edges\[\]/,/^};/p" "$ROOT/lib/store/run_edge.c" |
		sed -n "s/.*{ RUN_\([A-Z]*\), { RUN_\([A-Z]*\), RUN_\([A-Z]*\) } },/\2 \1 \3 \1/p" |
		tr "[:upper:]" "[:lower:]" | xargs -n 2 | sort -u >source
	edges "States of a run" | diff - source'
check 'the failure kinds are those of the source' '
	sed -n "s/^#define KIND_[A-Z_]* \"\([a-z-]*\)\".*/\1/p" \
		"$ROOT/lib/store/run.h" | sort >source
	part "Failure kinds" | sed -n "s/^\.It Cm //p" | sort >told
	test -s source && diff source told'
check 'each index has the columns that it is said to have' '
	sed -n "/^\.Sh INDEXES/,/^\.Sh VERS/p" "$page" | awk "
		/^\.It Li/ { name = \$3; next }
		name && /^\.Pq Va/ { sub(/^\.Pq Va /, \"\"); gsub(/ *[:.,]* *\$/, \"\")
			gsub(/ ,/, \",\"); print name \": \" \$0; name = \"\" }" |
		sort >told
	for name in $(sql "SELECT name FROM sqlite_master WHERE type = \"index\"
		AND sql IS NOT NULL"); do
		echo "$name: $(sql "SELECT group_concat(name, \", \")
			FROM pragma_index_info(\"$name\")")"
	done | sort >there
	test -s told && diff told there'
check 'each column that the page names is there' '
	for table in $(sql "SELECT name FROM sqlite_master
		WHERE type = \"table\""); do
		sql "SELECT name FROM pragma_table_info(\"$table\")" >there
		part "$table" | sed -n "s/^\.It Va //p" | sed "s/ , \(Va \)*/ /g" |
			xargs -r -n 1 >told
		! grep -vxFf there told || exit 1
	done'
