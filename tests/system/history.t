#!/bin/sh
# "history": true: what git says in a workspace.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 21

new_home
new_repo foo
same() { test "$1" = "$2" || { echo "is: $1"; echo "not: $2"; false; }; }
text() { sed 's/^[^ ]* [a-z]* [FP] //' "$(dir "$1")/jobs/$2/sh-$3.log"; }
bare=$QUIRE_HOME/repos/foo.git
# frozen: all files of the repository, with their times and sizes
frozen() { find "$bare" -printf '%p %T@ %C@ %s %m\n' | sort; }

# a history with a branch that was merged, and two tags
(
	cd foo || exit
	echo one >one && git add . && git commit -qm one
	git tag -a -m 'first release' v1.0
	git checkout -qb side && echo side >side && git add . && git commit -qm side
	git checkout -q main && echo two >two && git add . && git commit -qm two
	git merge -q --no-ff -m merge side
	git tag light
	mkdir dir && echo '#!/bin/sh' >dir/script && chmod +x dir/script
	ln -s one link
	printf '* text=auto\n*.bat eol=crlf\n*.txt ident\n' >.gitattributes
	printf 'a\nb\n' >a.bat
	echo '$Id$' >id.txt
	git add . 2>/dev/null && git commit -qm files
)
history='{"history": true, "jobs": [
	{"id": "a", "run": ["git describe --dirty", "git status --porcelain --ignored; git diff-index HEAD",
		"git log --format=%s", "git rev-parse HEAD && ! git symbolic-ref -q HEAD",
		"true"]},
	{"id": "b", "run": ["git merge-base v1.0 HEAD", "git tag", "git diff --stat v1.0 -- one two",
		"git describe --tags --match light; git fsck --no-dangling",
		"echo more >>one; git describe --dirty; git -c user.name=j -c user.email=j@j commit -qam x && git tag mine && git gc -q && git log -1 --format=%s"]}]}'
pipeline foo "$history"
check 'a pipeline that asks for it runs' '
	push foo --follow-tags main light && wait_idle && quire show foo#1 &&
	grep "\"job_id\":\"b\",\"outcome\"" "$(dir 1)/events.jsonl"'
check 'status: nothing differs, with attributes, modes and links' \
	'same "$(text 1 a 2)" ""'
check 'describe --dirty is that of the commit, as the first that looks' \
	'same "$(text 1 a 1)" "$(git -C foo describe)"'
check 'log is the whole of it' \
	'same "$(text 1 a 3)" "$(git -C foo log --format=%s)"'
check 'HEAD is the commit, on no branch' \
	'same "$(text 1 a 4)" "$(git -C foo rev-parse HEAD)"'
check 'merge-base, tags and diff' '
	same "$(text 1 b 1)" "$(git -C foo rev-parse v1.0^{})" &&
	same "$(text 1 b 2 | tr "\n" " ")" "light v1.0 " &&
	text 1 b 3 | grep "two | 1 +"'
check 'a light tag; fsck has nothing to say' \
	'text 1 b 4 | grep "^light-2-g" && ! text 1 b 4 | grep -i "error\|missing"'
check 'a job may change and commit' '
	text 1 b 5 | grep -e "-dirty$" && text 1 b 5 | grep -x x'
check 'of which the repository knows nothing' \
	'test -z "$(git -C "$bare" tag -l mine)"'
check 'making it writes nothing into the repository' '
	pipeline foo "{\"history\": true, \"jobs\": [{\"id\": \"a\",
		\"run\": \"git status --porcelain; git log --oneline\"}]}" &&
	push foo && wait_idle && frozen >before && quire rerun foo#2 && wait_idle &&
	same "$(state foo#3)" complete && frozen >after && diff before after'
check 'diff-index too, when the index was refreshed' '
	pipeline foo "{\"history\": true, \"jobs\": [{\"id\": \"a\",
		\"run\": \"git update-index -q --refresh; git diff-index HEAD\"}]}" &&
	push foo && wait_idle && same "$(state foo#4)" complete &&
	same "$(text 4 a 1)" ""'
check 'without it there is none' '
	pipeline foo "{\"jobs\": [{\"id\": \"a\", \"run\": \"test ! -e .git\"}]}" &&
	push foo && wait_idle && same "$(state foo#5)" complete'

# a repository with many tags
(
	cd foo || exit
	c=$(git rev-parse v1.0^{})
	for i in $(seq 2000); do
		printf 'tag t%s\nfrom %s\ntagger T <t@example.org> %s +0000\ndata 1\nx\n' \
			"$i" "$c" "$((1700000000 + i))"
	done | git fast-import --quiet
)
check '2,000 tags' '
	pipeline foo "{\"history\": true, \"jobs\": [{\"id\": \"a\",
		\"run\": [\"git tag | wc -l\", \"git describe\", \"ls .git/refs/tags\"]}]}" &&
	push foo main --tags && wait_idle && same "$(state foo#6)" complete &&
	same "$(text 6 a 1)" 2002 && same "$(text 6 a 2)" "$(git -C foo describe)" &&
	same "$(text 6 a 3)" ""'

# alternates of the repository's own, one of them relative
ask='{"history": true, "jobs": [{"id": "a", "run": ["git log --format=%s | wc -l", "git status --porcelain; git describe --always", "git fsck"]}]}'
check 'a repository with alternates of its own' '
	git clone -q --bare --shared "$bare" "$T/middle.git" &&
	git clone -q --bare --shared "$T/middle.git" "$QUIRE_HOME/repos/deep.git" &&
	echo "../info/../../../../middle.git/objects" >"$QUIRE_HOME/repos/deep.git/objects/info/alternates" &&
	quire repo adopt "$QUIRE_HOME/repos/deep.git" &&
	git clone -q "$QUIRE_HOME/repos/deep.git" deep &&
	pipeline deep "$ask" && git -C deep push -q origin main 2>&1 && wait_idle &&
	quire show deep#1; cat "$QUIRE_HOME"/runs/deep.git/*/quire-ci.log
	same "$(state deep#1)" complete &&
	d="$QUIRE_HOME/runs/deep.git/*/jobs/a" &&
	same "$(sed "s/.* F //" $d/sh-1.log)" "$(git -C deep log --format=%s | wc -l)"'
if bwrap --ro-bind / / --unshare-pid true 2>/dev/null; then
	check 'in a sandbox that hides the home, a job sees their objects, and no more' '
		git clone -q "$QUIRE_HOME/repos/deep.git" tree && rm -rf tree/.git r &&
		QUIRE_SHA=$(git -C deep rev-parse HEAD) && export QUIRE_SHA && mkdir r &&
		echo "{\"history\": true, \"jobs\": [{\"id\": \"a\", \"run\":
			[\"git log --format=%s | wc -l; git status --porcelain\",
			\"! cat $bare/HEAD && ! touch $bare/objects/x\"]}]}" |
			tr "\n" " " >tree/.quire/ci.json &&
		mkfifo hold && { sleep 1000 >hold & } && sleeper=$! &&
		quire-ci exec --sandbox bwrap --hide "$QUIRE_HOME" \
			--git-dir "$QUIRE_HOME/repos/deep.git" \
			--workspace "$T/tree" --run-dir "$T/r" <hold >events
		kill $sleeper; cat events r/jobs/a/*; grep "outcome.:.success" events &&
		same "$(sed -n "s/.*stdout F //p" r/jobs/a/sh-1.log | tr "\n" ,)" \
			"$(git -C deep log --format=%s | wc -l), M .quire/ci.json,"'
else
	skip 'in a sandbox that hides the home, a job sees their objects, and no more' \
		'no bubblewrap'
fi
check 'a shallow repository ends where it ends' '
	git clone -q --bare --depth 3 "file://$bare" "$QUIRE_HOME/repos/flat.git" &&
	quire repo adopt "$QUIRE_HOME/repos/flat.git" &&
	git clone -q "file://$QUIRE_HOME/repos/flat.git" flat &&
	pipeline flat "$ask" && git -C flat push -q origin main 2>&1 && wait_idle &&
	same "$(state flat#1)" complete &&
	same "$(sed "s/.* F //" "$QUIRE_HOME"/runs/flat.git/*/jobs/a/sh-1.log)" 4'
check 'a repository of another user' '
	test "$(id -u)" != 0 || {
		chown -R 65534 "$bare" && quire rerun foo#6 && wait_idle;
		chown -R 0 "$bare"
		same "$(state foo#7)" complete
	}'

# what a tree may hold is not trusted
check 'no filter of the tree, of HOME or of a .git that a program made is run' '
	cd foo && git rm -q .quire/ci.json && mkdir -p .quire && cat >.quire/ci <<-"E" &&
	#!/bin/sh
	mkdir -p .git && git init -q . && mv .git/config .git/config.old
	for f in .git/config "$HOME/.gitconfig"; do
		git config -f "$f" filter.evil.clean "touch $QUIRE_CACHE/evil; cat"
		git config -f "$f" core.fsmonitor "touch $QUIRE_CACHE/evil; false"
	done
	echo "{\"history\": true, \"jobs\": [{\"id\": \"a\", \"run\": \"! grep -r evil .git/config && git rev-parse HEAD\"}]}"
	E
	chmod +x .quire/ci && echo "* filter=evil" >.gitattributes &&
	git add . && git commit -qm evil && git push -q origin main && wait_idle &&
	n=$(sql "SELECT max(number) FROM runs WHERE repo = '\''foo.git'\''") &&
	same "$(state "foo#$n")" complete && test ! -e "$QUIRE_HOME/cache/foo.git/evil"'
check 'what .quire/ci makes of the tree stops no git outside' '
	cd foo && cat >.quire/ci <<-"E" && quire config timeout 20 &&
	#!/bin/sh
	rm .gitattributes; mkfifo .gitattributes
	mkdir sub && mkfifo sub/.gitattributes; rm one; mkfifo one
	echo "{\"history\": true, \"jobs\": [{\"id\": \"a\", \"run\": \"test -p .gitattributes && test -p one && git rev-parse HEAD\"}]}"
	E
	git commit -qam fifo && git push -q origin main && wait_idle 60 &&
	n=$(sql "SELECT max(number) FROM runs WHERE repo = '\''foo.git'\''") &&
	same "$(state "foo#$n")" complete'
check 'quire-ci exec says what it needs for it' '
	mkdir -p w/.quire r && echo "$ask" >w/.quire/ci.json &&
	! quire-ci exec --workspace "$T/w" --run-dir "$T/r" </dev/zero 2>err &&
	grep "needs --git-dir and QUIRE_SHA" err'
check 'a repository that is not there is a fault of the host' '
	! QUIRE_SHA=$(git -C foo rev-parse HEAD) quire-ci exec --git-dir "$T/none" \
		--workspace "$T/w" --run-dir "$T/r" </dev/zero 2>err; cat err
	grep "no history for the workspace: .*not a git repository" err'
