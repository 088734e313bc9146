#!/bin/sh
# git-shell: the login shell of the account lets nothing but git in, and sshd
# sets the pusher's name.

. "$(dirname "$0")/host.sh"

S=git-shell
URL=git@127.0.0.1:/var/quire/repos/foo.git

plan 12

sshd_start
check 'the page can be followed' 'follow "$S" 1 && sshd_reload'

for name in alice bob; do
	key $name
	key_line "$S" 2 $name >>/srv/git/.ssh/authorized_keys
done

check 'a push is told of its run' 'commit alice first &&
	push_by alice "$URL" first | grep "remote: quire: foo#1 queued for first"'
check 'which starts at once, ends green, and is hers' 'green first alice'
check 'with ci.wait the failing command is in the terminal' 'red "$URL"'
check 'two push at the same time' 'both "$URL" "$URL"'
check 'and each has a green run with its name' both_green
check 'a key is good for git and for nothing else' '
	! $(ssh_by alice) git@127.0.0.1 "echo in" >"$T/in" 2>&1 &&
	cat "$T/in" && grep "unrecognized command" "$T/in"'
check 'a hook that cannot be read: the push stands, and git says so' '
	commit alice closed &&
	chmod 600 /var/quire/repos/foo.git/hooks/post-receive &&
	push_by alice "$URL" closed >"$T/closed"
	test $? = 0 && cat "$T/closed" &&
	chmod 755 /var/quire/repos/foo.git/hooks/post-receive &&
	grep "hook was ignored because it.s not set as executable" "$T/closed"'
check 'and the line for cron finds what it did not see' \
	'cron && green closed ""'
check 'the jobs run although the account has no shell' '
	quire_log same-alice | grep "the output"'
check 'the home is its owner'\''s' '
	modes "2750 git git" /var/quire && modes "640 git git" /var/quire/quire.db*'
check 'quire doctor finds nothing wrong' 'doctor git'
