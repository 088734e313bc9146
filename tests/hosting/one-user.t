#!/bin/sh
# One user, many keys: everybody pushes as git, who owns the home, and a forced
# command says who it was.

. "$(dirname "$0")/host.sh"

S='One user, many keys'
URL=git@127.0.0.1:/var/quire/repos/foo.git

plan 14

check 'the page can be followed' 'follow "$S" 1'

for name in alice bob; do
	key $name
	key_line "$S" 2 $name >>/srv/git/.ssh/authorized_keys
done
sshd_start

check 'a push is told of its run' 'commit alice first &&
	push_by alice "$URL" first | grep "remote: quire: foo#1 queued for first"'
check 'which starts at once, ends green, and is hers' 'green first alice'
check 'with ci.wait the failing command is in the terminal' 'red "$URL"'
check 'two push at the same time' 'both "$URL" "$URL"'
check 'and each has a green run with its name' both_green
check 'a key is good for git and for nothing else' '
	! $(ssh_by alice) git@127.0.0.1 "echo in" >"$T/in" 2>&1 &&
	! grep "^in" "$T/in" &&
	! $(ssh_by alice) git@127.0.0.1 >"$T/in" 2>&1 </dev/null'
check 'the home is its owner'\''s, and its group reads' '
	modes "2750 git git" /var/quire /var/quire/repos /var/quire/runs \
		/var/quire/hooks &&
	modes "2700 git git" /var/quire/secrets &&
	modes "640 git git" /var/quire/quire.db*'
check 'nobody else may enter it' '! as nobody "ls /var/quire"'
check 'a database that cannot be read fails no push' 'lost "$URL" 640'
check 'the pusher is told' lost_told
check 'and the line for cron finds it' 'cron && green lost ""'
check 'which has nothing to say when all is done' 'test -z "$(cron 2>&1)"'
check 'quire doctor finds nothing wrong' 'doctor git'
