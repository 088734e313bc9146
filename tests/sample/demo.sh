#!/bin/sh
# demo.sh - make demo: a throw-away home, the hook in a bare repository, two
# real pushes of the sample project (one green, one red), and how they went.
# With SERVE=1 the pages are then served on loopback until interrupted.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${QUIRE_BUILD:-$root/build}
demo=$(mktemp -d "${TMPDIR:-/tmp}/quire-demo.XXXXXX")
server=
finish() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
	chmod -R u+rwX "$demo"
	rm -rf "$demo"
}
trap finish EXIT
trap 'exit 130' INT TERM

PATH=$build/bin:$PATH
HOME=$demo
QUIRE_HOME=$demo/home
unset GIT_DIR GIT_WORK_TREE QUIRE_RUN_ID
export PATH HOME QUIRE_HOME
git config --global user.name 'Ada Sample'
git config --global user.email ada@example.org
git config --global init.defaultBranch main
git config --global push.default current

step() {
	printf '\n$ %s\n' "$*"
	"$@"
}

# wait_for RUN: until the run has ended.
wait_for() {
	tries=600
	while quire show "$1" --json |
		grep -Eq '"state": ?"(pending|active)"'; do
		tries=$((tries - 1))
		if [ "$tries" = 0 ]; then
			echo "demo: $1 did not end within a minute" >&2
			exit 1
		fi
		sleep 0.1
	done
}

step quire init
step quire repo new roman
[ -z "${SERVE:-}" ] || quire config url "http://127.0.0.1:${PORT:-8080}"

work=$demo/roman
cp -R "$root/tests/sample" "$work"
rm -f "$work/demo.sh"
cd "$work"
git init -q
git add .
git commit -qm 'Roman numerals, and back'
git remote add origin "$QUIRE_HOME/repos/roman.git"
step git push -q origin main
wait_for roman#1
step quire show roman#1
state=$(quire show roman#1 --json | grep -c '"state": *"complete"' || :)

printf '\nNow a change that breaks it:\n'
sed -i '/"IV"/d' roman.c
git commit -qam 'Write four as IIII'
step git push -q origin main
wait_for roman#2
step quire show roman#2 || :
step quire log roman#2 || :

if [ "$state" = 0 ]; then
	echo "demo: the first run should have been green" >&2
	exit 1
fi
if [ -z "${SERVE:-}" ]; then
	printf '\nBoth runs are done. SERVE=1 make demo also serves the pages.\n'
	exit 0
fi

cat >"$demo/lighttpd.conf" <<EOF
server.document-root = "$demo"
server.bind = "127.0.0.1"
server.port = ${PORT:-8080}
server.modules = ( "mod_alias", "mod_cgi", "mod_setenv" )
setenv.set-environment = ( "QUIRE_HOME" => "$QUIRE_HOME" )
alias.url = ( "" => "$build/bin/quire-cgi" )
cgi.assign = ( "" => "" )
EOF
lighttpd=$(PATH=$PATH:/usr/sbin command -v lighttpd)
"$lighttpd" -D -f "$demo/lighttpd.conf" &
server=$!
printf '\nThe pages: http://127.0.0.1:%s/  (interrupt to end)\n' "${PORT:-8080}"
wait "$server"
