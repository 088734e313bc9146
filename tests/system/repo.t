#!/bin/sh
# quire repo: adopting, hooking, listing, forgetting.
# shellcheck disable=SC1091,SC2016,SC2034 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 71
new_home

# says STATUS 'words' COMMAND...: it ends so, with one line that has the words.
says() {
	say_want=$1 say_words=$2 say_got=0
	shift 2
	"$@" >"$T/out" 2>"$T/err" || say_got=$?
	cat "$T/out" "$T/err"
	[ "$say_got" = "$say_want" ] &&
		[ "$(grep -vc "^quire.*: try " "$T/err")" = 1 ] &&
		grep -qe "$say_words" "$T/err"
}

# names: what is registered
names() {
	sql 'SELECT name FROM repos ORDER BY name' | xargs
}

# hook REPO: the hook file of a repository below repos/
hook() {
	echo "$QUIRE_HOME/repos/$1.git/hooks/post-receive"
}

# run_row REPO NUMBER STATE: a run made by hand
run_row() {
	started=NULL finished=NULL
	[ "$3" = pending ] || started=1
	[ "$3" = pending ] || [ "$3" = active ] || finished=2
	sql "INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,
		queued_at_ms, started_at_ms, finished_at_ms, number, push_seq)
		VALUES ('0c9a1a52-$2', '$1', 'refs/heads/main', 'aa', 1, '$3',
		1, $started, $finished, $2, $2)"
}

# --- new
check 'new makes a bare repository and prints where' '
	test "$(quire repo new foo)" = "$QUIRE_HOME/repos/foo.git" &&
	test "$(git -C home/repos/foo.git rev-parse --is-bare-repository)" = \
		true'
check 'it has the hook, with the home in it' '
	test -x "$(hook foo)" && grep "^# home $QUIRE_HOME$" "$(hook foo)"'
check 'the branch it begins with is the one that git is configured for' '
	test "$(git -C home/repos/foo.git symbolic-ref HEAD)" = refs/heads/main'
check 'a name with folders, and .git given' '
	quire repo new work/deep/bar.git &&
	test -d home/repos/work/deep/bar.git'
check 'a name in use is refused' '
	says 2 "foo.git" quire repo new foo'
check 'and so is what is there but not registered' '
	git init -q --bare home/repos/here.git &&
	says 2 "quire repo adopt" quire repo new here'
check 'nothing half-made is left behind' '
	test -z "$(find home/repos -name ".new*")"'
check 'a name of bytes that are not UTF-8' '
	odd=$(printf "caf\\351 \\047\\044x") && quire repo new "$odd" &&
	test -d "home/repos/$odd.git" && quire repo list --json |
	python3 -m json.tool && quire repo rm --delete "$odd"'
for bad in ci work/ci api/x metrics style.css/x .x a/.x ../x /x a//b '' \
	'a#b' -x a.git/b; do
	check "the name '$bad' is refused" '
		says 2 "." quire repo new -- "'"$bad"'" &&
		test "$(names)" = "foo.git work/deep/bar.git"'
done

# --- adopt
git init -q --bare one.git
git init -q src
git -C src commit -q --allow-empty -m one
git -C src push -q "$T/one.git" main main:refs/heads/other
check 'adopt takes a repository in where it stands' '
	quire repo adopt one.git && test "$(sql "SELECT git_dir FROM repos
		WHERE name = '\''one.git'\''")" = "$T/one.git"'
check 'its refs are seen, and nothing is queued' '
	test "$(sql "SELECT count(*) FROM refs WHERE repo = '\''one.git'\''")" \
		= 2 && test "$(sql "SELECT count(*) FROM runs")" = 0'
check 'again: nothing changes' '
	cksum one.git/hooks/* one.git/config >before &&
	quire repo adopt one.git && cksum one.git/hooks/* one.git/config |
	cmp before && test "$(sql "SELECT count(*) FROM repos
		WHERE git_dir LIKE '\''%/one.git'\''")" = 1'
check 'again, after a crash behind the first step' '
	rm one.git/hooks/post-receive && sql "UPDATE repos SET baseline = 0
		WHERE name = '\''one.git'\''" &&
	quire repo adopt one.git && test -x one.git/hooks/post-receive &&
	test "$(sql "SELECT baseline FROM repos
		WHERE name = '\''one.git'\''")" = 1'
check 'under a second name it is refused' '
	says 2 "adopted already, as one.git" quire repo adopt one.git two'
check 'a name in use is refused, and says by whom' '
	git init -q --bare x/one.git &&
	says 2 "$T/one.git" quire repo adopt x/one.git &&
	test ! -e x/one.git/hooks/post-receive'
check 'with another name it is taken' '
	quire repo adopt x/one.git group/two && names | grep group/two.git'
check 'a link is resolved' '
	git init -q --bare real.git && ln -s real.git link.git &&
	quire repo adopt link.git && test "$(sql "SELECT git_dir FROM repos
		WHERE name = '\''link.git'\''")" = "$T/real.git"'
check 'from inside, as .' '
	git init -q --bare in && (cd in && quire repo adopt .) &&
	names | grep -w in.git'
check 'below repos/, its name is its path there' '
	git init -q --bare home/repos/work/old.git &&
	quire repo adopt home/repos/work/old.git && names | grep work/old.git'
check 'a hook that was there goes on running' '
	git init -q --bare hooked.git &&
	printf "#!/bin/sh\necho chained\n" >hooked.git/hooks/post-receive &&
	chmod +x hooked.git/hooks/post-receive && quire repo adopt hooked.git &&
	grep chained hooked.git/hooks/post-receive.before-quire'
check 'without a hook, for a mirror' '
	git init -q --bare mirror.git && quire repo adopt --no-hook mirror.git &&
	test ! -e mirror.git/hooks/post-receive &&
	quire repo list | grep "^mirror.git *none "'
before=$(names)
check 'refused: what is not there' '
	says 2 "no such repository" quire repo adopt none.git'
check 'refused: a folder' 'says 2 "not a git repo" quire repo adopt x'
check 'refused: a working tree' 'says 2 "working tree" quire repo adopt src'
check 'refused: the .git of one' '
	says 2 "not a bare" quire repo adopt src/.git src'
check 'refused: SHA-256' '
	git init -q --bare --object-format=sha256 sha.git &&
	says 2 "sha256" quire repo adopt sha.git'
check 'refused: reftable' '
	git init -q --bare table.git && git -C table.git config \
		extensions.refstorage reftable &&
	says 2 "reftable" quire repo adopt table.git'
check 'refused: a name that the pages need' '
	git init -q --bare ci.git && says 2 "ci" quire repo adopt ci.git'
check 'refused: hooks shared by several repositories' '
	git init -q --bare shared.git && mkdir hooks.d &&
	git -C shared.git config core.hooksPath "$T/hooks.d" &&
	says 2 "hooks.d/post-receive the line: .*quire repo adopt --no-hook $T/shared.git" \
		quire repo adopt shared.git'
check 'nothing of what was refused is registered' 'test "$(names)" = "$before"'

# --- one that has moved
new_repo goer
pipeline goer '{"jobs":[{"id":"a","run":"true"}]}'
quire config goer timeout 7m
QUIRE_RUN_ID=x push goer >/dev/null
mv home/repos/goer.git gone.git
git -C goer remote set-url origin "$T/gone.git"
git -C goer commit -q --allow-empty -m later
push goer >/dev/null
check 'reconcile and adopt name the way for one that has moved' '
	quire-reconcile --dry-run >out; grep "quire repo move goer.git DIR" out &&
	says 2 "quire repo move goer.git $T/gone.git" quire repo adopt gone.git goer'
check 'move refuses what is no repository, another one'\''s and no name' '
	says 2 "not a git" quire repo move goer hooks.d &&
	says 2 "registered already, as" quire repo move goer home/repos/foo.git &&
	says 2 "no repository" quire repo move goner gone.git'
check 'move keeps its settings, runs and refs; pending ones follow' '
	quire repo move goer gone.git && quire repo list | grep "^goer.git *quire *$T/gone.git$" &&
	test "$(quire config goer timeout)" = 7m &&
	test "$(sql "SELECT git_dir, state FROM runs WHERE repo = '\''goer.git'\''")" = \
		"$T/gone.git|pending"'
check 'and what was pushed meanwhile is found' '
	quire-reconcile >out; grep "goer#2 queued for main" out && wait_idle &&
	test "$(state goer#2)" = complete && quire repo rm --purge goer'

# --- hooks
check 'hook refreshes what was lost' '
	rm "$(hook foo)" && quire repo hook foo | grep installed &&
	test -x "$(hook foo)"'
check 'hook of a hook that is right changes nothing' '
	cksum "$(hook foo)" >sum && quire repo hook foo &&
	cksum "$(hook foo)" | cmp sum'
check 'hook --all goes on behind one that fails, and says so' '
	mv in gone && rm "$(hook work/deep/bar)" &&
	says 75 "in.git" quire repo hook --all; s=$?
	mv gone in; test $s = 0 && test -x "$(hook work/deep/bar)"'
check 'hook of nothing is a question' 'says 2 "--all" quire repo hook'
check 'unhook restores what was there' '
	quire repo unhook hooked && grep chained hooked.git/hooks/post-receive &&
	test ! -e hooked.git/hooks/post-receive.before-quire'
check 'list says whose hook there is' '
	quire repo list | grep "^hooked.git *other " &&
	quire repo list | grep "^foo.git *quire *$QUIRE_HOME/repos/foo.git$"'
check 'list --json' '
	quire repo list --json | python3 -c "
import json, sys
all = {r[\"name\"]: r for r in json.load(sys.stdin)}
assert all[\"one.git\"][\"git_dir\"] == \"$T/one.git\"
assert all[\"foo.git\"][\"hook\"] == \"quire\" and all[\"foo.git\"][\"baseline\"]"'

# --- rm
check 'an unknown repository, with the near miss' '
	says 2 "did you mean .hooked" quire repo rm hookde'
check 'rm unhooks and forgets' '
	quire repo rm in && ! names | grep -w in.git &&
	test ! -e in/hooks/post-receive && test -d in/objects'
check 'its runs stay, and are numbered on when it comes back' '
	run_row one.git 7 complete && quire repo rm one &&
	test "$(sql "SELECT count(*) FROM runs")" = 1 &&
	quire repo adopt one.git && test "$(sql "SELECT last_number FROM repos
		WHERE name = '\''one.git'\''")" = 7'
check '--delete is refused for what is elsewhere' '
	says 2 "not below" quire repo rm --delete one && test -d one.git &&
	names | grep -w one.git && test -x one.git/hooks/post-receive'
check 'a live run is a reason to refuse' '
	run_row foo.git 1 active && says 75 "foo#1" quire repo rm foo --purge &&
	names | grep foo.git && test -x "$(hook foo)"'
sql "UPDATE runs SET state = 'failed', finished_at_ms = 2
	WHERE state = 'active'"
check 'a run whose supervisor is not done yet, too' '
	mkdir -p home/runs/foo.git/0c9a1a52-1 &&
	lock=home/runs/foo.git/0c9a1a52-1/lock && : >$lock &&
	flock -o $lock env QUIRE_HOME="$QUIRE_HOME" quire repo rm --purge foo
	test $? = 75 && names | grep foo.git && test -x "$(hook foo)"'
check 'what is pending is canceled' '
	run_row foo.git 2 pending && quire repo rm foo &&
	test "$(sql "SELECT failure_kind FROM runs WHERE repo = '\''foo.git'\''
		AND number = 2")" = canceled'
check '--purge takes runs, logs and cache along' '
	quire repo adopt home/repos/foo.git && mkdir -p home/cache/foo.git/x &&
	run_row foo.git 3 pending && quire repo rm foo --purge &&
	test "$(sql "SELECT count(*) FROM runs WHERE repo = '\''foo.git'\''")" \
		= 0 && test ! -e home/runs/foo.git &&
	test ! -e home/cache/foo.git && test -d home/repos/foo.git &&
	test -z "$(ls home/runs/.pruned)"'
check '--delete removes it, and the folders it leaves empty' '
	quire repo rm work/deep/bar --delete && test ! -e home/repos/work/deep &&
	test -d home/repos/work'
check '--delete spares what another borrows from' '
	git clone -q --bare --shared home/repos/work/old.git b.git &&
	quire repo adopt b.git && says 2 "b.git borrows" \
		quire repo rm --delete work/old && test -d home/repos/work/old.git'
check 'what is gone can be forgotten' '
	rm -rf real.git && quire repo rm link && ! names | grep link.git'

# --- usage
check 'an action that is not known, with the near miss' '
	says 2 "did you mean .adopt" quire repo adpot x'
check 'an option that the action does not take' '
	says 2 "takes no --purge" quire repo new x --purge && test ! -e home/x'
check 'too few, too many' '
	says 2 "." quire repo rm && says 2 "." quire repo rm one two &&
	says 2 "." quire repo'
check 'a home that was never made' '
	QUIRE_HOME=$T/nowhere says 70 "quire init" quire repo list'
check 'a folder that is no home' '
	mkdir plain && QUIRE_HOME=$T/plain says 70 "quire init" quire repo list'
check 'an option that is none says where the others are' '
	says 2 "try .quire repo --help" quire repo list --bogus'
