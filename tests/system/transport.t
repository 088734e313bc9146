#!/bin/sh
# The three ways in which a push comes: over a path, over ssh, and over HTTP as
# another user, each from `git push` to the page of its run. The servers are
# those that people use: sshd, lighttpd with git's own http-backend.

. "$(dirname "$0")/lib.sh"

# Where another user can run the programs, wherever this tree is.
mkdir "$T/bin"
cp "$QUIRE_BUILD"/bin/quire* "$T/bin"
PATH=$T/bin:$PATH
WEB_CGI=$T/bin/quire-cgi
chmod 755 "$T" "$T/bin"
umask 022
. "$ROOT/tests/system/web.sh"
. "$ROOT/tests/system/ssh.sh"

PIPELINE='{"jobs":[{"id":"build","run":["echo the output","cat README"]}]}'

# ends_green RUN: it is complete, and what its commands said is on its page.
ends_green() {
	wait_idle && test "$(state "foo#$1")" = complete &&
		page "/foo/ci/$1" | grep 'complete' &&
		page_as_user "/foo/ci/$1" | grep 'the output'
}

# push_to URL BRANCH: a commit on a branch of its own, pushed there.
push_to() {
	git -C "$T/foo" checkout -q -B "$2" main
	git -C "$T/foo" commit -q --allow-empty -m "by $2"
	git -C "$T/foo" push "$1" "$2" 2>&1
}

# ---- git over HTTP, as another user: he may record, and nothing else

# http_config: for lighttpd, git's own program below /git/.
http_config() {
	backend=$(git --exec-path)/git-http-backend
	cat <<-END
		\$HTTP["url"] =~ "^/git/" {
			alias.url = ( "/git/" => "$backend/" )
			cgi.assign = ( "" => "" )
			setenv.add-environment += (
				"GIT_PROJECT_ROOT" => "$QUIRE_HOME/repos",
				"GIT_HTTP_EXPORT_ALL" => "1",
				"GIT_CONFIG_NOSYSTEM" => "1",
				"HOME" => "$T/git-home" )
		}
	END
}

http_start() {
	mkdir "$T/git-home"
	# the repositories belong to the owner of the home
	HOME=$T/git-home git config --global safe.directory '*'
	http_config >"$T/http.conf"
	WEB_RUN_AS=www-data web_start "$T/http.conf"
	HTTP=http://$WEB_LOGIN@127.0.0.1:$WEB_AUTH_PORT/git/foo.git
}

may_use_http() {
	[ "$(id -u)" = 0 ] && id www-data >/dev/null 2>&1
}

plan 16

if may_use_http; then
	quire init --shared www-data >"$T/.init" 2>&1 ||
		echo "# $(cat "$T/.init")"
else
	new_home
fi
new_repo foo
pipeline foo "$PIPELINE"
if may_use_http; then
	http_start
else
	web_start
fi

check 'a push over a path is told of its run' \
	'push_to "$QUIRE_HOME/repos/foo.git" path | grep "foo#1 queued for path"'
check 'which ends green and has its page' 'ends_green 1'

if ssh_start; then
	check 'a push over ssh is told of its run' \
		'push_to "$SSH$QUIRE_HOME/repos/foo.git" \
			ssh | grep "remote: quire: foo#2 queued for ssh"'
	check 'which ends green and has its page' 'ends_green 2'
	check 'nothing of the session is left behind by it' \
		'wait_for "! pgrep -P $(cat "$T/ssh/pid")"'
else
	skip 'a push over ssh is told of its run' "$ssh_why"
	skip 'which ends green and has its page' "$ssh_why"
	skip 'nothing of the session is left behind by it' "$ssh_why"
fi

if may_use_http; then
	next=$(($(sql 'SELECT max(number) FROM runs') + 1))
	check 'HTTP: without a login nobody pushes' \
		'! push_to "$WEB/git/foo.git" anonymous'
	check 'who has logged in is told of his run' \
		'push_to "$HTTP" http >"$T/told" && cat "$T/told" &&
		grep "remote: quire: foo#$next queued for http" "$T/told"'
	check 'and that it waits for quire-reconcile' \
		'grep "remote: quire: .*quire-reconcile" "$T/told"'
	check 'it is his, and it waits' \
		'test "$(sql "SELECT state, pusher FROM runs
			WHERE number = $next")" = "pending|tess"'
	check 'what he wrote, the group may write' \
		'test -z "$(find "$QUIRE_HOME/repos/foo.git/objects" \
			-type d ! -perm -g+w)"'
	check 'the other user cannot start it himself' \
		'setpriv --reuid=www-data --regid=www-data --init-groups \
			quire-run 2>"$T/err"; test $? = 75 && cat "$T/err" &&
		grep "belongs to" "$T/err"'
	check 'the next quire-reconcile starts it' 'quire-reconcile'
	check 'it ends green and has its page' 'ends_green "$next"'

	# What an operator has sudo for: a command that is the owner's.
	mkfifo "$T/door"
	chmod 666 "$T/door"
	(while read -r _; do quire-run; done) 0<>"$T/door" &
	door=$!
	at_end 'kill "$door"'
	quire config kick "echo kick >$T/door"
	next=$((next + 1))
	check 'with the setting kick nobody has to wait' \
		'push_to "$HTTP" kicked >"$T/told" && cat "$T/told" &&
		grep "foo#$next queued for kicked" "$T/told" &&
		! grep reconcile "$T/told"'
	check 'for the run to end green and have its page' 'ends_green "$next"'
	check 'no file in the home became another user'\''s to own but in repos' \
		'test -z "$(find "$QUIRE_HOME" -path "$QUIRE_HOME/repos" -prune \
			-o ! -user root -print)"'
else
	for what in 'HTTP: without a login nobody pushes' \
		'who has logged in is told of his run' \
		'and that it waits for quire-reconcile' \
		'it is his, and it waits' \
		'what he wrote, the group may write' \
		'the other user cannot start it himself' \
		'the next quire-reconcile starts it' \
		'it ends green and has its page' \
		'with the setting kick nobody has to wait' \
		'for the run to end green and have its page' \
		'no file in the home became another user'\''s'; do
		skip "$what" 'needs root, and the user www-data'
	done
fi
