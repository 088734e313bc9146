#!/bin/sh
# quire repo adopt --scan: every bare repository below a folder.
. "$(dirname "$0")/lib.sh"
plan 18

new_home
bare() { git init -q --bare "$1"; }
names() { quire repo list --json | python3 -c "
import json, sys
print(*[r['name'] for r in json.load(sys.stdin)])"; }
hooks() { quire repo list --json | python3 -c "
import json, sys
print(*[r['hook'] for r in json.load(sys.stdin)])"; }

mkdir -p srv/empty srv/.hidden
for r in one.git work/two.git work/deep/er/three bare; do bare "srv/$r"; done
bare srv/.hidden/five.git
bare srv/one.git/modules/inner.git
git init -q srv/tree
git -C srv/tree commit -q --allow-empty -m x
bare srv/tree/below.git
ln -s one.git srv/alias.git
ln -s "$T/elsewhere.git" srv/linked.git
bare elsewhere.git
mkdir elsewhere && bare elsewhere/six.git && ln -s "$T/elsewhere" srv/folder
ln -s nowhere srv/dangling
touch srv/file

check 'all of them are adopted, each by its path' '
	quire repo adopt --scan srv >out &&
	test "$(names)" = \
	"bare.git linked.git one.git work/deep/er/three.git work/two.git"'
check 'with a line for each' '
	grep -x "$T/srv/one.git: adopted as one.git" out &&
	grep -x "$T/srv/work/deep/er/three: adopted as work/deep/er/three.git" out &&
	grep -x "$T/srv/linked.git: adopted as linked.git" out'
check 'a link to one of them is no further one' \
	'grep -x "$T/srv/alias.git: is known as one.git" out && test "$(wc -l <out)" = 6'
check 'each has the hook' 'test "$(hooks)" = "quire quire quire quire quire"'
check 'and its refs seen' \
	'test "$(sql "SELECT min(baseline) FROM repos")" = 1'
check 'once more: all are known, and nothing is wrong' '
	quire repo adopt --scan "$T/srv/" >out && test "$(grep -c "is known as" out)" = 6 &&
	test "$(wc -l <out)" = 6'
bare srv/work/new.git
quire repo adopt srv/work/new.git other >/dev/null
check 'one that has another name keeps it' '
	quire repo adopt --scan srv | grep "work/new.git: is known as other.git" &&
	names | grep other.git'

# --- what is refused
bare srv/work/later.git
bare srv/ci.git
git init -q --bare --object-format=sha256 srv/sha256.git
bare srv/bare.git
check 'those that are refused are named, with the reason; the others are adopted' '
	quire repo adopt --scan srv >out 2>err; test $? = 1 &&
	grep "^quire repo: .*ci.git" err && grep "^quire repo: .*sha256.git" err &&
	grep "^quire repo: $T/srv/bare.git: bare.git: the name is in use" err &&
	test "$(wc -l <err)" = 3 && grep "adopted as work/later.git" out'
rm -rf srv/ci.git srv/sha256.git srv/bare.git
if [ "$(id -u)" = 0 ]; then
	skip 'a folder that may not be read is named' 'root reads all'
else
	mkdir srv/closed && chmod 0 srv/closed
	check 'a folder that may not be read is named' '
		quire repo adopt --scan srv 2>err; test $? = 1 &&
		grep "$T/srv/closed: Permission denied" err'
	chmod 700 srv/closed
fi

# --- without hooks; below the home
mkdir mirrors
bare mirrors/a.git
bare mirrors/b.git
check 'mirrors, without a hook' '
	quire repo adopt --no-hook --scan mirrors &&
	test ! -e mirrors/a.git/hooks/post-receive &&
	quire repo list --json | grep -A2 mirrors/b.git | grep "\"hook\": \"none\""'
mkdir -p home/repos/sub
bare home/repos/sub/in.git
check 'one below the repos/ of the home has its path there' \
	'quire repo adopt --scan home/repos/sub | grep "adopted as sub/in.git"'

# --- usage
check 'the folder is a repository itself' '
	quire repo adopt --scan srv/one.git 2>err; test $? = 2 &&
	grep "is a repository itself: quire repo adopt srv/one.git" err'
check 'there is nothing' '
	quire repo adopt --scan srv/empty 2>err; test $? = 1 &&
	grep "no repository below" err'
check 'no such folder' \
	'quire repo adopt --scan nosuch 2>err; test $? = 2 && grep nosuch err'
check 'a file' 'quire repo adopt --scan srv/file 2>err; test $? = 1 &&
	grep "Not a directory" err'
check 'a name for all of them' \
	'quire repo adopt --scan srv name 2>err; test $? = 2 && grep "name" err'
check 'no folder' 'quire repo adopt --scan 2>/dev/null; test $? = 2'
check 'other actions know no --scan' \
	'quire repo list --scan 2>err; test $? = 2 && grep "takes no --scan" err'
