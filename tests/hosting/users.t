#!/bin/sh
# Several users: each pushes as himself, and the home is shared with a group.
# Without the setting kick the next quire-reconcile starts the runs, with it a
# rule of sudo does.

. "$(dirname "$0")/host.sh"

S='Several users'
REPO=/var/quire/repos/foo.git
ALICE=alice@127.0.0.1:$REPO
BOB=bob@127.0.0.1:$REPO
CAROL=carol@127.0.0.1:$REPO

plan 31

for name in alice bob carol; do
	useradd -m -s /bin/sh $name
	# as sshd wants it of an account that has no password
	usermod -p '*' $name
	key $name
	install -d -m 700 -o $name /home/$name/.ssh
	cp "$T/keys/$name.pub" /home/$name/.ssh/authorized_keys
done
sshd_start

check 'the page can be followed' 'follow "$S" 1 && adduser bob dev'
check 'quire init says what git has to be told' '
	grep -F "git config --system --add safe.directory /var/quire/repos/NAME.git" \
		"$T/followed"'
check 'until then git takes no push' 'commit alice early &&
	! push_by alice "$ALICE" early >"$T/early" && cat "$T/early" &&
	grep "dubious ownership" "$T/early"'
check 'the page has that, too' 'follow "$S" 2'
check 'a push is told of its run, and who starts it' '
	push_by alice "$ALICE" early >"$T/early" && cat "$T/early" &&
	grep "remote: quire: foo#1 queued for early" "$T/early" &&
	grep "remote: quire: .*the next quire-reconcile does" "$T/early"'
check 'it waits' 'test "$(run_of early state)" = pending'
check 'for the line for cron, and ends green, and is hers' \
	'cron && green early alice'
check 'two push at the same time' 'both "$ALICE" "$BOB"'
check 'and each has a green run with its name' 'cron && both_green'

check 'the rule for sudo can be followed' '
	follow "$S" 3 && visudo -c -f /etc/sudoers.d/quire'
check 'a push starts its run at once then' '
	commit bob second && push_by bob "$BOB" second >"$T/second" &&
	cat "$T/second" && ! grep reconcile "$T/second" && green second bob'
check 'with ci.wait the failing command is in the terminal' 'red "$ALICE"'
check 'the rule is for that program alone, without operands' '
	! as alice "sudo -n -u quire /usr/bin/id" &&
	! as alice "sudo -n -u quire /usr/local/bin/quire-run --help" &&
	! as alice "sudo -n -u quire QUIRE_HOME=/tmp /usr/local/bin/quire-run" &&
	! as alice "sudo -n /usr/local/bin/quire-run"'
check 'two push at the same time, and both start' '
	both "$ALICE" "$BOB" again && both_green again'
check 'one pushes to the branch of another' '
	git -C "$T/bob" fetch -q "$T/alice" early &&
	git -C "$T/bob" checkout -q -B early FETCH_HEAD &&
	git -C "$T/bob" commit -q --allow-empty -m more &&
	push_by bob "$BOB" early && green early bob'
check 'but moves none back, until the page has been followed' '
	commit bob early && ! push_by bob "$BOB" early -f >"$T/back" &&
	cat "$T/back" && grep "denying non-fast-forward" "$T/back" &&
	follow "$S" 5 && push_by bob "$BOB" early -f && green early bob'

check 'the home is the group'\''s to write to' '
	modes "2770 quire dev" /var/quire /var/quire/repos /var/quire/runs \
		/var/quire/slots /var/quire/cache &&
	modes "660 quire dev" /var/quire/quire.db*'
check 'but not its secrets and hooks' '
	modes "2700 quire dev" /var/quire/secrets &&
	modes "2750 quire dev" /var/quire/hooks'
check 'all may write to what each has pushed' '
	test -z "$(find $REPO/objects $REPO/refs -type d \
		\( ! -perm -g+ws -o ! -group dev \) -print)"'
check 'what runs leave is the owner'\''s, and the group reads it' '
	test -z "$(find /var/quire/runs ! -user quire -print)" &&
	test -z "$(find /var/quire/runs ! -group dev -print)" &&
	as alice "quire log foo#1" | grep "the output"'

check 'who is not in the group pushes nothing' 'commit carol stranger &&
	! push_by carol "$CAROL" stranger'
check 'and is in as soon as he is' '
	adduser carol dev && push_by carol "$CAROL" stranger &&
	green stranger carol'
check 'a database that is closed to the group fails no push' 'lost "$ALICE" 660'
check 'the pusher is told' lost_told
check 'and the line for cron finds it' 'cron && green lost ""'
check 'with a rule that is gone the runs wait, and cron starts them' '
	rm /etc/sudoers.d/quire && commit bob unruled &&
	push_by bob "$BOB" unruled && cron && green unruled bob'
check 'the line for cron has nothing to say when all is done' \
	'wait_idle && test -z "$(cron 2>&1)"'
check 'quire doctor finds nothing wrong' 'doctor quire'

# another home: what is above was all in /var/quire
far() {
	install -d -o quire -g quire /srv/quire &&
		as quire "quire --home /srv/quire init --shared dev" &&
		as quire "quire --home /srv/quire repo new foo" &&
		git config --system --add safe.directory \
			/srv/quire/repos/foo.git &&
		follow "$S" 4 && visudo -c -f /etc/sudoers.d/quire
}
check 'a home elsewhere is named in the rule' far
check 'and a push there starts its run at once' '
	QUIRE_HOME=/srv/quire
	commit bob far && push_by bob bob@127.0.0.1:/srv/quire/repos/foo.git far |
	grep "queued for far" && green far bob'
check 'no other home can be named by it' '
	! as alice "sudo -n -u quire /usr/local/bin/quire --home /tmp run" &&
	! as alice "sudo -n -u quire /usr/local/bin/quire --home /srv/quire config"'
