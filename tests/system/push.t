#!/bin/sh
# git push, its runs, and what the pusher is told. Nothing is started here: a
# pusher with QUIRE_RUN_ID in its environment is a job, and does not kick.

. "$(dirname "$0")/lib.sh"

plan 39

NOOP='{"jobs":[{"id":"a","run":"true"}]}'
new_home
new_repo foo
BARE=$QUIRE_HOME/repos/foo.git
QUIRE_RUN_ID=job
export QUIRE_RUN_ID
unset QUIRE_PUSHER GL_USER LOGNAME USER

# said REF...: pushes; the lines that quire had for the pusher, but for the one
# that a job gets.
said() {
	push foo "$@" >"$T/push.out" || return
	sed -n '/quire: a job starts nothing/d
		s/^remote: \(quire: .*[^ ]\) *$/\1/p' "$T/push.out"
}

# commit MESSAGE: an empty one on the branch that is checked out.
commit() {
	git -C "$T/foo" commit -q --allow-empty -m "$1"
}

runs() {
	sql 'SELECT count(*) FROM runs'
}

# last COLUMN: of the newest run.
last() {
	sql "SELECT $1 FROM runs ORDER BY number DESC LIMIT 1"
}

check 'a commit without a pipeline says nothing and makes no run' \
	'test -z "$(said main)" && test "$(runs)" = 0'
check 'its ref is seen all the same' \
	'test "$(sql "SELECT oid FROM refs WHERE ref_name = '\''refs/heads/main'\''
		AND run_id IS NULL")" = "$(git -C foo rev-parse main)"'

pipeline foo "$NOOP" "$(printf 'one\nline\n\nand a body')"
QUIRE_PUSHER=alice
export QUIRE_PUSHER
check 'a commit with one is queued, and the pusher told so' \
	'test "$(said main)" = "quire: foo#1 queued for main"'
unset QUIRE_PUSHER
check 'the row says what was pushed' \
	'test "$(last "state, repo, ref_name, \"trigger\", attempt")" = \
	"pending|foo.git|refs/heads/main|push|1" &&
	test "$(last sha)" = "$(git -C foo rev-parse main)" &&
	test "$(last previous_sha)" = "$(git -C foo rev-parse main~1)"'
check 'by whom, of whom, and what for' \
	'test "$(last "pusher, author, subject")" = \
	"alice|Tess Test <tess@example.org>|one line"'
check 'where, and with a trace' \
	'test "$(last git_dir)" = "$BARE" &&
	last traceparent | grep -Eqx "00-[0-9a-f]{32}-[0-9a-f]{16}-01"'
check 'its id is a UUID of version 7' \
	'last id | grep -Eqx \
	"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"'

commit two
check 'a newer push supersedes the older run' \
	'test "$(said main)" = "quire: foo#2 queued for main" &&
	test "$(sql "SELECT state, superseded_by = (SELECT id FROM runs
		WHERE number = 2) FROM runs WHERE number = 1")" = "superseded|1"'
git -C foo tag v1
check 'runs before it are counted' \
	'test "$(said v1)" = "quire: foo#3 queued for v1 (1 ahead)"'
quire config url 'https://ci.example.org/'
git -C foo tag v2
check 'with the setting url, there is a link' \
	'test "$(said v2)" = "quire: foo#4 queued for v2 (2 ahead)  https://ci.example.org/foo/ci/4"'
quire config --unset url 2>/dev/null || quire config url ''

for name in QUIRE_PUSHER GL_USER REMOTE_USER LOGNAME USER; do
	eval "$name=by-$name; export $name"
done
for name in QUIRE_PUSHER GL_USER REMOTE_USER LOGNAME USER; do
	commit "by $name"
	push foo >/dev/null
	echo "$name $(last pusher)"
	unset "$name"
done >names
check 'the pusher is the first known of five' \
	'test "$(grep -c "^\(.*\) by-\1$" names)" = 5'

git -C foo tag -a -m 'a note' annotated
check 'the run of an annotated tag is of its commit, the tag is seen' \
	'said annotated | grep -q "queued for annotated" &&
	test "$(last sha)" = "$(git -C foo rev-parse main)" &&
	test "$(sql "SELECT oid FROM refs WHERE ref_name LIKE '\''%/annotated'\''")" \
	= "$(git -C foo rev-parse annotated)"'
git -C foo tag tree 'main^{tree}'
git -C foo tag blob main:README
git -C foo tag -a -m 'of a blob' noted main:README
n=$(runs)
check 'tags of trees and blobs are seen, and no run' \
	'test -z "$(said tree blob noted)" && test "$(runs)" = "$n" &&
	test "$(sql "SELECT count(*) FROM refs WHERE sha IS NULL")" = 3'

gen() {
	sql "SELECT refs_gen FROM repos WHERE name = 'foo.git'"
}
commit three
for b in b1 b2 b3; do git -C foo branch $b; done
g=$(gen)
check 'three refs in one push: three runs' \
	'test "$(said b1 b2 b3 | grep -c "queued for b[123] ")" = 3'
check 'in one transaction' 'test "$(gen)" = $((g + 1))'
i=0
while [ $i -lt 100 ]; do
	echo "create refs/heads/many/$i $(git -C foo rev-parse main)"
	i=$((i + 1))
done | git -C foo update-ref --stdin
n=$(runs)
check 'a hundred refs in one push: a hundred runs, numbered in order' \
	'test "$(said "refs/heads/many/*" | grep -c "queued for many/")" = 100 &&
	test "$(runs)" = $((n + 100)) && test "$(last number)" = $((n + 100))'
check 'each with its place in the queue' \
	'test "$(sed -n "s/.*(\([0-9]*\) ahead).*/\1/p" push.out | sort -nu |
	wc -l)" = 100'

check 'a deletion says nothing, and supersedes' \
	'test -z "$(said :b1)" && test "$(sql "SELECT state,
	superseded_by IS NULL FROM runs WHERE ref_name = '\''refs/heads/b1'\''")" = \
	"superseded|1"'
check 'and the ref is not seen any more' \
	'test "$(sql "SELECT count(*) FROM refs
	WHERE ref_name = '\''refs/heads/b1'\''")" = 0'
check 'made again, it gets a run again' \
	'said b1 | grep -q "queued for b1"'
git -C foo checkout -q --detach main
git -C foo rm -qr .quire
commit 'no pipeline'
check 'a push without a pipeline supersedes as well' \
	'test -z "$(said HEAD:b2)" && test "$(sql "SELECT state FROM runs
	WHERE ref_name = '\''refs/heads/b2'\''")" = superseded'
git -C foo checkout -q main

# an active run: as quire-run leaves it
activate() {
	sql "UPDATE runs SET state = 'active', started_at_ms = queued_at_ms
		WHERE id = '$1'"
	mkdir -p "$QUIRE_HOME/runs/foo.git/$1"
	mkfifo "$QUIRE_HOME/runs/foo.git/$1/wake"
}
commit four
push foo main >/dev/null
ID=$(last id)
activate "$ID"
commit five
check 'a superseded run that is active is woken' \
	'(exec 9<>"$QUIRE_HOME/runs/foo.git/$ID/wake" &&
	said main | grep -q "queued for main" &&
	test "$(timeout 10 dd bs=1 count=1 <&9 2>/dev/null | wc -c)" = 1) &&
	test "$(sql "SELECT state FROM runs WHERE id = '\''$ID'\''")" = superseded'
ID=$(last id)
activate "$ID"
quire config foo keepRunning 'refs/heads/ma*'
commit six
push foo main >/dev/null
SIX=$(last id)
commit seven
push foo main >/dev/null
check 'keepRunning: a newer push supersedes only what is pending' \
	'test "$(sql "SELECT state FROM runs WHERE id IN ('\''$ID'\'', '\''$SIX'\'')
	ORDER BY number")" = "active
superseded"'
quire config foo refs 'refs/heads/main refs/tags/v*'
git -C foo branch quiet
n=$(runs)
check 'a ref that the setting refs leaves out has no run' \
	'test -z "$(said quiet)" && test "$(runs)" = "$n"'
quire config foo refs 'refs/heads/* refs/tags/*'
check 'and floods nobody when the setting is widened' \
	'quire-reconcile 2>/dev/null | grep quiet; test "$(runs)" = "$n"'

git -C "$BARE" symbolic-ref refs/heads/alias refs/heads/main
commit eight
check 'a push to a symbolic ref is one of its target' \
	'said main:alias | grep -q "queued for" &&
	test "$(last ref_name)" = refs/heads/main &&
	test "$(sql "SELECT count(*) FROM refs WHERE ref_name LIKE '\''%alias'\''")" = 0'
commit nine
n=$(runs)
check 'pushed under both names, it is one run' \
	'said main main:alias >/dev/null; test "$(runs)" = $((n + 1))'

BYTES=$(printf 'caf\303\251-\377')
check 'a ref name may be any bytes, and is shown made plain' \
	'said "main:refs/heads/$BYTES" | grep -q "queued for café-�" &&
	test "$(last "hex(ref_name)")" = \
	"$(printf "refs/heads/%s" "$BYTES" | od -An -tx1 | tr -d " \n" |
	tr a-f A-F)"'
check 'a name that a shell would run is a name' \
	'said "main:refs/heads/a\$(touch\${IFS}x);'\''\"&|" |
	grep -Fq "queued for a\$(touch\${IFS}x);'\''\"&|" && ! test -e "$BARE/x"'
commit "$(printf 'a \033[31mred\007 \342\200\256subject')"
check 'a commit message may be anything' \
	'said main >/dev/null && test "$(last subject)" = \
	"$(git -C foo log -1 --format=%s)"'

# hint FILE MODE-OR-KIND: a branch with just that below .quire
hint() {
	git -C foo checkout -q --orphan "hint$1" &&
		git -C foo rm -qrf . && mkdir -p "foo/$(dirname "$2")" &&
		eval "$3" && git -C foo add -A && git -C foo commit -qm hint &&
		said "hint$1" >hint.out
	cat hint.out
}
n=$(runs)
check 'a .quire/ci that is not executable' \
	'hint 1 .quire/ci "echo x >foo/.quire/ci" | grep -q \
	"^quire: hint1: .quire/ci is not executable.*: no run$"'
check 'a pipeline of the older system' \
	'hint 2 .quire/ci.fnl "echo x >foo/.quire/ci.fnl" | grep -q \
	"^quire: hint2: .quire/ci.fnl .*: no run$"'
check 'a pipeline as others have it' \
	'hint 7 .quire/ci.yml "echo x >foo/.quire/ci.yml" | grep -q \
	"^quire: hint7: .*not YAML (see quire-pipeline(5)): no run$"'
check 'a ci.json that is a link' \
	'hint 3 .quire/ci.json "ln -s ../x foo/.quire/ci.json" | grep -q \
	"^quire: hint3: .*not a regular file: no run$"'
check 'a .quire that is a file' \
	'hint 4 .quire "rm -rf foo/.quire; echo x >foo/.quire" | grep -q \
	"^quire: hint4: .quire is not a folder: no run$"'
check 'a .quire that is a link' \
	'hint 5 .quire "rm -rf foo/.quire; ln -s x foo/.quire" | grep -q \
	"^quire: hint5: .quire is not a folder: no run$"'
check 'none of these made a run' 'test "$(runs)" = "$n"'
check 'an executable .quire/ci does' \
	'hint 6 .quire/ci "rm -f foo/.quire; mkdir -p foo/.quire;
	echo x >foo/.quire/ci; chmod +x foo/.quire/ci" |
	grep -q "queued for hint6"'

git -C foo checkout -q main
commit options
check 'push options that quire does not know break nothing' \
	'git -C foo push -q -o ci.unknown -o "any thing" origin main 2>&1 |
	grep -q "quire: foo#[0-9]* queued for main"'
