#!/bin/sh
# HTTP: lighttpd runs git's http-backend as www-data, and who has logged in is
# the pusher.

. "$(dirname "$0")/host.sh"

S=HTTP
REPO=/var/quire/repos/foo.git
ALICE=http://alice:secret-a@127.0.0.1/git/foo.git
BOB=http://bob:secret-b@127.0.0.1/git/foo.git

plan 20

check 'the page can be followed' 'follow "$S" 1'
block "$S" 2 >/etc/lighttpd/conf-enabled/50-git.conf
for name in alice bob; do
	echo "$name:$(openssl passwd -apr1 "secret-${name%"${name#?}"}")"
done >/etc/lighttpd/git.users
install -d -o www-data -g www-data /run/lighttpd /var/log/lighttpd \
	/var/cache/lighttpd/uploads

# http_start: as Debian starts it, with an environment that has next to nothing.
http_start() {
	env -i PATH=/usr/bin:/bin /usr/sbin/lighttpd \
		-f /etc/lighttpd/lighttpd.conf || exit 70
	wait_for 'curl -s -o /dev/null http://127.0.0.1/'
}

check 'lighttpd takes the lines of the page, and warns of nothing' '
	http_start >"$T/start" 2>&1; cat "$T/start" &&
	! grep -i "warn\|duplicate\|unknown\|deprecated" "$T/start" \
		/var/log/lighttpd/error.log'
at_end 'kill "$(cat /run/lighttpd.pid)"'

check 'without a login nobody pushes' 'commit alice first &&
	! push_by alice http://127.0.0.1/git/foo.git first'
check 'nor reads' '! git ls-remote http://127.0.0.1/git/foo.git'
check 'a push is told of its run, and who starts it' '
	push_by alice "$ALICE" first >"$T/first" && cat "$T/first" &&
	grep "remote: quire: foo#1 queued for first" "$T/first" &&
	grep "remote: quire: .*the next quire-reconcile does" "$T/first"'
check 'it waits' 'test "$(run_of first state)" = pending'
check 'for the line for cron, and ends green, and is hers' \
	'cron && green first alice'
check 'two push at the same time' 'both "$ALICE" "$BOB"'
check 'and each has a green run with its name' 'cron && both_green'
check 'the rule for sudo can be followed' '
	follow "$S" 3 && visudo -c -f /etc/sudoers.d/quire'
check 'a push starts its run at once then' '
	commit bob second && push_by bob "$BOB" second >"$T/second" &&
	cat "$T/second" && ! grep reconcile "$T/second" && green second bob'
check 'with ci.wait the failing command is in the terminal' 'red "$ALICE"'
check 'the home is the group'\''s to write to' '
	modes "2770 quire quire" /var/quire /var/quire/repos /var/quire/runs &&
	modes "2700 quire quire" /var/quire/secrets &&
	modes "2750 quire quire" /var/quire/hooks &&
	modes "660 quire quire" /var/quire/quire.db*'
check 'what was pushed is the group'\''s, too' '
	test -z "$(find $REPO/objects $REPO/refs -type d \
		\( ! -perm -g+ws -o ! -group quire \) -print)"'
check 'what runs leave is the owner'\''s' '
	test -z "$(find /var/quire/runs ! -user quire -print)"'
check 'no job sees anything of the web server' '
	commit bob env && printf "%s\n" "{\"jobs\":[{\"id\":\"e\",\"run\":\"env\"}]}" \
		>"$T/bob/.quire/ci.json" &&
	git -C "$T/bob" commit -qam env && push_by bob "$BOB" env &&
	green env bob && quire_log env >"$T/env" && cat "$T/env" &&
	grep "QUIRE_PUSHER=bob" "$T/env" &&
	! grep "^GIT_\|^HTTP_\|^REMOTE_\|^SUDO_" "$T/env"'
check 'a database that is closed to the group fails no push' 'lost "$ALICE" 660'
check 'the pusher is told' lost_told
check 'and the line for cron finds it' 'cron && green lost ""'
check 'quire doctor finds nothing wrong' 'doctor quire'
