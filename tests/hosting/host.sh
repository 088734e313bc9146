# shellcheck shell=sh
# host.sh - for tests/hosting: a machine of its own, on which quire(7) is
# followed as root, word by word.
#
#	. "$(dirname "$0")/host.sh"
#	plan 2
#	check 'the page can be followed' 'follow "One user, many keys"'
#	key alice
#	check 'a push is told of its run' 'push_by alice git | grep queued'
#
# The machine is this one seen through name spaces: mounts (what is written
# below /etc, /home, /root, /srv, /usr/local and /var is in memory, in front of
# what is there), processes and the network. So users, their keys, rules for
# sudo and git's system configuration are real, and gone with the script,
# however it ends; sshd has port 22 and lighttpd port 80 of a loopback that
# nobody else sees.

host_skip() {
	echo "1..0 # SKIP $1"
	exit 0
}

# host_enter: the script once more, inside. It begins again from its top.
host_enter() {
	[ "$(id -u)" = 0 ] || host_skip 'makes users, and so needs root'
	unshare --mount --pid --net --fork --mount-proc --kill-child sh -c '
		ip link set lo up && mount -t tmpfs none /mnt &&
		mkdir /mnt/up /mnt/work &&
		mount -t overlay -o lowerdir=/etc,upperdir=/mnt/up,workdir=/mnt/work \
			none /etc' 2>/dev/null ||
		host_skip 'no name spaces with an overlay file system here'
	# the shell between reaps what is detached in there
	exec unshare --mount --pid --net --fork --mount-proc --kill-child \
		sh -c '"$@"; exit $?' sh env HOST_INSIDE=1 sh "$0"
}

# host_cover: what is written to these stays in memory.
host_cover() {
	mount -t tmpfs none /mnt || exit 70
	for cover in etc home root srv usr/local var; do
		mkdir -p "/mnt/$cover" "/mnt/work/$cover" &&
			mount -t overlay -o "lowerdir=/$cover,upperdir=/mnt/$cover,workdir=/mnt/work/$cover" \
				none "/$cover" || exit 70
	done
	mount -t tmpfs none /run && mkdir /run/sshd /run/lock || exit 70
	ip link set lo up || exit 70
}

# host_clear: nothing of what the page makes is there before.
host_clear() {
	for name in quire git gitolite3 alice bob carol; do
		! id "$name" >/dev/null 2>&1 || userdel "$name"
	done 2>/dev/null
	! getent group dev >/dev/null || groupdel dev 2>/dev/null
	rm -f /etc/gitolite3/gitolite.rc /etc/cron.d/quire \
		/etc/sudoers.d/quire /etc/gitconfig /etc/ssh/sshd_config.d/quire.conf
	rm -rf /var/quire /var/lib/gitolite3 /srv/git
	# as `make hosting` has installed them
	cp -R "$QUIRE_BUILD/hosting/usr/local/." /usr/local || exit 70
}

[ "${HOST_INSIDE:-}" ] || host_enter
host_cover
. "$(dirname "$0")/../system/lib.sh"
host_clear

# a user's own, as on a machine where nobody has set anything
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset QUIRE_HOME QUIRE_BUILD GIT_CONFIG_NOSYSTEM HOST_INSIDE
# for lib.sh, and not for programs
QUIRE_HOME=/var/quire
umask 022
chmod 755 "$T"
PIPELINE='{"jobs":[{"id":"build","run":["echo the output","test ! -e bad"]}]}'

# block SECTION N: the Nth literal block of a section of quire(7), as printed.
block() {
	awk -v want=".Ss $1" -v n="$2" '
		/^\.S[sh] / { on = $0 == want }
		/^\.Ed/ { inside = 0 }
		on && inside && count == n
		/^\.Bd -literal/ { inside = 1; count += on }
	' "$ROOT/man/quire.7" | sed 's/\\e/\\/g; s/\\&//g'
}

# follow SECTION N: what root types in that block, the lines after "# ", each of
# which has to succeed. What it printed is in $T/followed.
follow() {
	block "$1" "$2" | awk '
		/^# / { print substr($0, 3); more = /\\$/; next }
		more { print; more = /\\$/ }' >"$T/typed"
	cat "$T/typed"
	test -s "$T/typed" || return 1
	HOME=/root sh -ex "$T/typed" >"$T/followed" 2>&1
	follow_status=$?
	cat "$T/followed"
	return $follow_status
}

# as USER COMMAND: by a shell, with nothing of this one's environment.
as() {
	env -i PATH="$PATH" su -s /bin/sh "$1" -c "$2"
}

# cron: what the line in /etc/cron.d does, once.
cron() {
	cron_user=$(cut -d' ' -f6 /etc/cron.d/quire)
	cron_command=$(cut -d' ' -f7- /etc/cron.d/quire)
	env -i PATH=/usr/bin:/bin setpriv --reuid="$cron_user" \
		--regid="$(id -g "$cron_user")" --init-groups \
		/bin/sh -c "$cron_command"
}

# ---- pushers

# key NAME: a key of his, $T/keys/NAME.
key() {
	mkdir -p "$T/keys"
	[ -e "$T/keys/$1" ] ||
		ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$T/keys/$1"
}

# key_line SECTION N NAME: what authorized_keys has in that block, for his key.
key_line() {
	block "$1" "$2" | sed "s/=alice\\([ \"]\\)/=$3\\1/
		s|ssh-ed25519 AAAA.*|$(cat "$T/keys/$3.pub")|"
}

# sshd as Debian configures it.
sshd_start() {
	[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -A
	/usr/sbin/sshd -E "$T/sshd.log" || exit 70
	wait_for 'test -s /run/sshd.pid' || exit 70
	at_end 'kill "$(cat /run/sshd.pid)"'
}

sshd_reload() {
	kill -HUP "$(cat /run/sshd.pid)"
	# it starts anew under the same id, and answers then
	wait_for 'ssh-keyscan -t ed25519 127.0.0.1 | grep ed25519'
}

# ssh_by NAME: a command for ssh with his key.
ssh_by() {
	echo "ssh -F none -i $T/keys/$1 -o BatchMode=yes \
		-o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=$T/known -o LogLevel=ERROR"
}

# commit NAME BRANCH [FILE]: one in his clone, with a file if named.
commit() {
	if [ ! -e "$T/$1" ]; then
		git init -q "$T/$1"
		echo hello >"$T/$1/README"
		git -C "$T/$1" add README
		pipeline "$1" "$PIPELINE" 'a pipeline'
	fi
	git -C "$T/$1" checkout -q -B "$2" main
	[ -z "${3:-}" ] || {
		touch "$T/$1/$3"
		git -C "$T/$1" add "$3"
	}
	git -C "$T/$1" commit -q --allow-empty -m "$2 by $1"
}

# push_by NAME URL BRANCH [OPTION...]: pushes it with his key; what he reads. With
# ci.wait it would wait for ever for a run that nobody starts.
push_by() {
	push_name=$1 push_url=$2 push_branch=$3
	shift 3
	GIT_SSH_COMMAND=$(ssh_by "$push_name") timeout 60 \
		git -C "$T/$push_name" push "$@" "$push_url" "$push_branch" 2>&1
}

# run_of BRANCH COLUMNS: of its newest run.
run_of() {
	sql "SELECT $2 FROM runs WHERE ref_name = 'refs/heads/$1'
		ORDER BY push_seq DESC LIMIT 1"
}

# green BRANCH NAME: its run ends green, and is his.
green() {
	wait_for "test \"\$(run_of $1 'state, pusher')\" = 'complete|$2'" || {
		sql 'SELECT number, ref_name, state, failure_kind, pusher
			FROM runs'
		return 1
	}
}

# modes WANT FILE...: all have that mode, owner and group.
modes() {
	modes_want=$1
	shift
	for file; do
		modes_is=$(stat -c '%a %U %G' "$file")
		[ "$modes_is" = "$modes_want" ] || {
			echo "$file: $modes_is, not $modes_want"
			return 1
		}
	done
}

# doctor USER: as he sees it, nothing is wrong.
doctor() {
	as "$1" 'quire doctor' >"$T/doctor"
	doctor_status=$?
	cat "$T/doctor"
	test $doctor_status = 0
}

# quire_log BRANCH: what its run has printed.
quire_log() {
	quire log "$(run_of "$1" id)"
}

# ---- promises that all set-ups keep

# red URL: alice waits for a run that fails, and sees why.
red() {
	commit alice red bad
	push_by alice "$1" red -o ci.wait >"$T/red" || return
	cat "$T/red"
	grep 'remote: .*✗ build.*exit 1' "$T/red" &&
		grep 'remote: .*test ! -e bad' "$T/red" &&
		grep "remote: foo#$(run_of red number) failed" "$T/red"
}

# both URL_OF_ALICE URL_OF_BOB [BRANCH]: they push at the same time, each a
# branch, BRANCH-alice and BRANCH-bob.
both() {
	both_branch=${3:-same}
	commit alice "$both_branch-alice" && commit bob "$both_branch-bob"
	push_by alice "$1" "$both_branch-alice" >"$T/alice.told" &
	both_pid=$!
	push_by bob "$2" "$both_branch-bob" >"$T/bob.told"
	both_status=$?
	wait "$both_pid" || both_status=1
	cat "$T/alice.told" "$T/bob.told"
	test $both_status = 0 || return
	for name in alice bob; do
		grep "remote: quire: .* queued for $both_branch-$name" \
			"$T/$name.told" || return
	done
}

# both_green [BRANCH]: and each has a run of his own.
both_green() {
	green "${1:-same}-alice" alice && green "${1:-same}-bob" bob
}

# lost URL MODE: alice pushes while the database is closed; its mode else.
lost() {
	commit alice lost
	chmod 000 "$QUIRE_HOME/quire.db"
	push_by alice "$1" lost >"$T/lost"
	lost_status=$?
	chmod "$2" "$QUIRE_HOME/quire.db"
	cat "$T/lost"
	test $lost_status = 0
}

# lost_told: she has read what becomes of it.
lost_told() {
	cat "$T/lost"
	grep 'remote: quire: /var/quire/quire.db: .*: the push stands,' \
		"$T/lost" | grep 'the next quire-reconcile finds it'
}
