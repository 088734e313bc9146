#!/bin/sh
# gitolite, as Debian's package sets it up: its user owns the home, and the
# pusher is whom gitolite takes him for.

. "$(dirname "$0")/host.sh"

S=gitolite
AT=gitolite3@127.0.0.1
URL=$AT:foo
BASE=/var/lib/gitolite3

plan 19

key admin
key alice
key bob

# package_setup: what the package does when it is installed and has asked.
package_setup() {
	printf 'gitolite3 gitolite3/adminkey string %s\n' \
		"$(cat "$T/keys/admin.pub")" | debconf-set-selections &&
		DEBIAN_FRONTEND=noninteractive \
			/var/lib/dpkg/info/gitolite3.postinst configure \
			</dev/null
}

# administer 'what' : the administrator's change of gitolite's configuration.
administer() {
	git -C "$T/admin" add -A && git -C "$T/admin" commit -qm "$1" &&
		push_by admin "$AT:gitolite-admin" HEAD
}

sshd_start
check 'the package sets gitolite up' 'package_setup && id gitolite3'
check 'with two users and a repository' '
	GIT_SSH_COMMAND=$(ssh_by admin) \
		git clone -q $AT:gitolite-admin "$T/admin" &&
	cp "$T/keys/alice.pub" "$T/keys/bob.pub" "$T/admin/keydir" &&
	printf "repo foo\n    RW+ = alice\n    RW+ = bob\n" \
		>>"$T/admin/conf/gitolite.conf" && administer users'
check 'the page can be followed' 'follow "$S" 2'
check 'a repository is called what gitolite calls it' \
	'as gitolite3 "quire repo list" | grep -w "foo.*$BASE/repositories/foo.git"'

check 'a push is told of its run' 'commit alice first &&
	push_by alice "$URL" first | grep "remote: quire: foo#1 queued for first"'
check 'which starts at once, ends green, and is hers' 'green first alice'
check 'with ci.wait the failing command is in the terminal' 'red "$URL"'
check 'two push at the same time' 'both "$URL" "$URL"'
check 'and each has a green run with its name' both_green
check 'who may not write makes no run' '
	key carol && cp "$T/keys/carol.pub" "$T/admin/keydir" &&
	sed -i "/RW+ = bob/a\    R = carol" "$T/admin/conf/gitolite.conf" &&
	administer carol && commit carol none &&
	! push_by carol "$URL" none && test -z "$(run_of none id)"'
check 'gitolite sets its repositories up again, and the hook stays' '
	as gitolite3 "gitolite setup" && commit bob again &&
	push_by bob "$URL" again | grep "queued for again" && green again bob'

check 'the trigger can be made' '
	mkdir -p $BASE/local/triggers &&
	block "$S" 3 >$BASE/local/triggers/quire &&
	chmod 755 $BASE/local/triggers/quire &&
	block "$S" 4 >"$T/rc" &&
	sed -i "/^%RC = (/r $T/rc" /etc/gitolite3/gitolite.rc &&
	as gitolite3 "gitolite query-rc POST_CREATE" | grep -w quire'
check 'and a repository that is new then has its hook' '
	printf "repo work/bar\n    RW+ = alice\n" \
		>>"$T/admin/conf/gitolite.conf" &&
	administer bar && commit alice new &&
	push_by alice $AT:work/bar new |
	grep "remote: quire: work/bar#1 queued for new" && green new alice'

check 'the home is its owner'\''s' '
	modes "2750 gitolite3 gitolite3" /var/quire /var/quire/runs &&
	modes "2700 gitolite3 gitolite3" /var/quire/secrets &&
	modes "640 gitolite3 gitolite3" /var/quire/quire.db*'
check 'a database that cannot be read fails no push' 'lost "$URL" 640'
check 'the pusher is told' lost_told
check 'and the line for cron finds it' 'cron && green lost ""'
check 'which has nothing to say when all is done' 'test -z "$(cron 2>&1)"'
check 'quire doctor finds nothing wrong' 'doctor gitolite3'
