#!/bin/sh
# The workspace of a pushed commit: all of its tree, and nothing but it.
. "$(dirname "$0")/lib.sh"
plan 21

new_home
new_repo foo

# list DIR: modes, targets of links and names, sorted.
list() {
	(cd "$1" && find . -mindepth 1 -printf '%M %l %p\n' | sort)
}

# The job copies its workspace to where the test can see it.
COPY="{\"jobs\":[{\"id\":\"copy\",\"run\":\"cp -a . $T/copy\"}]}"

cd foo || exit 1
mkdir -p a/b/c/d/e/f empty-once .hidden 'with blank'
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	echo "$i" >"a/file$i"
	echo "$i" >"a/b/c/d/e/f/deep$i"
done
printf '#!/bin/sh\n' >a/script && chmod +x a/script
: >a/b/empty
head -c 3000000 /dev/urandom >a/big
echo 1 >'with blank/ leading and trailing '
echo 2 >"$(printf 'new\nline')"
echo 3 >'*'
echo 4 >-dash
echo 5 >"$(printf 'caf\303\251')"
echo 6 >.hidden/.file
echo 7 >"$(printf 'latin\351')"
ln -s script a/link
ln -s /etc/passwd absolute
ln -s ../../nowhere dangling
ln -s a/b folder-link
printf 'one\ntwo\n' | tee dos.bat unix.sh text.txt >binary.bat
printf 'secret\n' >a/left-out
printf '%s\n' '* text=auto' '*.bat text eol=crlf' 'binary.bat -text' \
	'*.sh text eol=lf' 'left-out export-ignore' '*.id ident' >.gitattributes
printf 'x $Id$ y\n' >who.id
git -c core.safecrlf=false add -A
git update-index --add --cacheinfo \
	"160000,1234567812345678123456781234567812345678,sub/module"
cd ..
git -C "$QUIRE_HOME/repos/foo.git" config core.autocrlf true
git -C "$QUIRE_HOME/repos/foo.git" config core.eol crlf
pipeline foo "$COPY" all
push foo >/dev/null
wait_idle

# git archive is the measure, but for what it leaves out on purpose, and for
# the configuration, which the workspace is free of
mkdir archive
git -C foo archive HEAD >/dev/null
git -C foo -c core.autocrlf=false -c core.eol=lf -c tar.umask=0022 \
	archive HEAD | tar -x -C archive
cp foo/a/left-out archive/a/left-out
check 'the run is green' 'test "$(state foo#1)" = complete'
check 'every file is there, with its content' \
	'diff -r --no-dereference archive copy'
check 'every mode, link and submodule' \
	'list archive >expected && list copy | diff expected -'
check 'a submodule is an empty folder' \
	'test -d copy/sub/module && test -z "$(ls -A copy/sub/module)"'
check 'export-ignore files are there' 'test "$(cat copy/a/left-out)" = secret'
check 'eol attributes are applied, configuration is not' \
	'printf "one\r\ntwo\r\n" | cmp - copy/dos.bat &&
	printf "one\ntwo\n" | cmp - copy/binary.bat &&
	printf "one\ntwo\n" | cmp - copy/unix.sh &&
	printf "one\ntwo\n" | cmp - copy/text.txt'
check 'ident names the blob' \
	'grep "^x .Id: $(git -C foo rev-parse HEAD:who.id) . y$" copy/who.id'
check 'the same from a pack' \
	'git -C "$QUIRE_HOME/repos/foo.git" gc -q && rm -rf copy &&
	quire rerun foo#1 && wait_idle &&
	test "$(state foo#2)" = complete &&
	diff -r --no-dereference archive copy && list copy | diff expected -'
check 'a commit that is only in an alternate' \
	'rm -rf copy && cp -a "$QUIRE_HOME/repos/foo.git/objects" elsewhere &&
	echo "$T/elsewhere" >"$QUIRE_HOME/repos/foo.git/objects/info/alternates" &&
	rm -rf "$QUIRE_HOME/repos/foo.git/objects/pack"/* &&
	quire rerun foo#1 && wait_idle && test "$(state foo#3)" = complete &&
	diff -r --no-dereference archive copy'

# Trees that no git would make. Whatever they hold, nothing is written but in
# the workspace, and the run says what is wrong with its commit.
cd "$T/foo" || exit 1
blob=$(echo evil | git hash-object -w --stdin)
# octal ID: the id as bytes, for printf
octal() {
	echo "$1" | sed 's/../\\x&/g'
}
entry() { # MODE NAME ID
	env printf '%s %b\0' "$1" "$2"
	env printf "$(octal "$3")"
}
tree() {
	git hash-object -t tree --literally -w --stdin
}
quire_tree=$(git rev-parse HEAD:.quire)
inner=$(entry 100644 escaped "$blob" | tree)
up=$(printf .. | git hash-object -w --stdin)
home_link=$(printf '%s' "$QUIRE_HOME" | git hash-object -w --stdin)

# around: what is beside the home and the clone
around() {
	find "$T" -path "$QUIRE_HOME" -prune -o -path "$T/foo" -prune -o \
		-path "$T/.out" -o -path "$T/before" -o -print | sort
}
around >"$T/before"
number=3
# evil 'promise' ENTRIES...: a push of a tree with these beside .quire
evil() {
	promise=$1
	shift
	bad=$({
		entry 40000 .quire "$quire_tree"
		while [ $# -gt 0 ]; do
			entry "$1" "$2" "$3"
			shift 3
		done
	} | tree)
	commit=$(git commit-tree -m evil "$bad")
	git push -q -f origin "$commit:refs/heads/main" >/dev/null 2>&1
	number=$((number + 1))
	wait_idle
	check "$promise" 'test "$(row "$number" state,failure_kind)" = \
			"failed|workspace" &&
		row "$number" reason | grep "commit" &&
		! find "$QUIRE_HOME" "$T" -name escaped | grep .'
}
evil "a folder called .." 40000 .. "$inner"
evil "a name with a slash" 100644 ../../escaped "$blob"
evil "an absolute name" 100644 "$T/escaped" "$blob"
evil "a folder called .git" 40000 .git "$inner"
evil "a folder called .GIT" 40000 .GIT "$inner"
evil "what HFS+ takes for .git" 40000 '.g\xe2\x80\x8cit' "$inner"
evil "what NTFS takes for .git" 40000 'git~1' "$inner"
evil "a link, then a folder of its name" 120000 x "$up" 40000 x "$inner"
evil "a folder, then a link of its name" 40000 x "$inner" 120000 x "$home_link"
evil "a link, then a file of its name" 120000 x "$home_link" 100644 x "$blob"
evil "a file, and a folder of its name" 100644 x "$blob" 40000 x "$inner"
check 'nothing of these is left anywhere' \
	'around | diff - "$T/before" &&
	! find "$QUIRE_HOME/runs" -name workspace | grep .'
