#!/bin/sh
# The Debian package in a bare Debian: installed, used, upgraded, removed and
# purged. `make deb-test` runs it, as root. OLD and NEW are the packages; BARE is
# a folder for what is kept for the next time.
. "$(dirname "$0")/../system/lib.sh"

if [ "$(id -u)" != 0 ]; then
	echo '1..0 # SKIP only root can make a root folder'
	exit 0
fi
TAR=$(sh "$ROOT/tests/deb/bare.sh" "$BARE") || {
	echo 'Bail out! no bare Debian: debootstrap has failed'
	exit 1
}
mkdir -p "$BARE/archives/partial" "$T/root"
tar -C "$T/root" -xpf "$TAR"
D=$T/root

# ---- the machine ----
# apt in there uses what apt here does, and what was downloaded here already
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
	/etc/apt/sources.list.d/*.sources; do
	[ ! -s "$list" ] || cp "$list" "$D$list"
done
cp -R /usr/share/keyrings/. "$D/usr/share/keyrings"
cp -R /etc/apt/trusted.gpg.d/. "$D/etc/apt/trusted.gpg.d"
apt-config dump Acquire >"$D/etc/apt/apt.conf.d/90here"
cp -R /var/lib/apt/lists/. "$D/var/lib/apt/lists"
cp -n /var/cache/apt/archives/*.deb "$BARE/archives" 2>/dev/null
cp -L /etc/resolv.conf /etc/hosts "$D/etc"
# no package starts a service: the network is that of the machine outside
printf '#!/bin/sh\nexit 101\n' >"$D/usr/sbin/policy-rc.d"
chmod 755 "$D/usr/sbin/policy-rc.d"
cp "$OLD" "$D/root/old.deb"
cp "$NEW" "$D/root/new.deb"

unshare --mount --pid --fork --kill-child sh "$ROOT/tests/deb/enter.sh" \
	"$D" "$BARE/archives" "$T/ready" >"$T/enter.log" 2>&1 &
UNSHARE=$!
at_end 'kill -9 "$UNSHARE"; wait "$UNSHARE" 2>/dev/null'
wait_for 'test -e "$T/ready"' || {
	echo "Bail out! no namespaces: $(cat "$T/enter.log")"
	exit 1
}
INIT=$(pgrep -P "$UNSHARE")

# inside COMMAND: a line of shell in there, by root.
inside() {
	nsenter -t "$INIT" -m -p env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		sh -c "cd /root; $1"
}

# as_quire COMMAND: a line of shell in there, by the user quire.
as_quire() {
	inside "cd /; runuser -u quire -- sh -c '$1'"
}

# install FILE: by apt; what is said is in $T/said.
install() {
	inside "apt-get install -y --reinstall $1" >"$T/said" 2>&1 || {
		tail -n 40 "$T/said"
		return 1
	}
}

# state_of RUN: also of a database that the programs in there do not read yet.
state_of() {
	sqlite3 "$D/var/quire/quire.db" \
		"SELECT state FROM runs WHERE number = ${1#*#}"
}

version() {
	sqlite3 "$D/var/quire/quire.db" 'PRAGMA user_version'
}

# uses_cron: what cron would do, as it would.
uses_cron() {
	line=$(grep '^[*]' "$D/etc/cron.d/quire")
	as_quire "${line#* quire }"
}

# push_over_ssh [OPTION...]: of /root/foo in there.
# shellcheck disable=SC2120 # options are given in a check
push_over_ssh() {
	inside "GIT_SSH_COMMAND='ssh -F none -o BatchMode=yes \
		-o StrictHostKeyChecking=no -o LogLevel=ERROR \
		-o \"ProxyCommand=/usr/sbin/sshd -i\"' \
		git -C foo push $* quire@here:/var/quire/repos/foo.git main 2>&1"
}

# commit JSON: in /root/foo in there, a pipeline.
commit() {
	mkdir -p "$D/root/foo/.quire"
	printf '%s\n' "$1" >"$D/root/foo/.quire/ci.json"
	inside 'git -C foo add .quire && git -C foo commit -qm "a pipeline"'
}

# live_run RUN: pushes one that goes on until $T/root/go says so.
live_run() {
	commit "{\"jobs\":[{\"id\":\"long\",\"run\":\"until test -e \$QUIRE_CACHE/go-${1#*#}; do sleep 0.1; done\"}]}" &&
		push_over_ssh | grep "$1 queued" &&
		wait_for 'test "$(state_of "$1")" = active'
}

plan 33

# ---- installed ----
inside 'apt-get update' >"$T/update" 2>&1
check 'a bare Debian has no git, cron or user quire' '
	! inside "command -v git || command -v cron || getent passwd quire"'
check 'the package installs, with what it needs' 'install ./old.deb'
check 'nobody is told of a crontab, which is there' '
	grep "made /var/quire" "$T/said" && ! grep -F "crontab -e" "$T/said"'
check 'there is a user, and a home that is his' '
	test "$(inside "stat -c %U:%G:%a /var/quire")" = quire:quire:2750 &&
	test "$(inside "getent passwd quire" | cut -d: -f6)" = /var/quire'
check 'jobs are confined' '
	test "$(as_quire "quire config sandbox")" = bwrap'
check 'the doctor has no more to say than that nothing has run yet' '
	as_quire "quire doctor" >doctor
	cat doctor; ! grep "^wrong" doctor | grep -v reconcile'
check 'the timer is enabled, for a machine with systemd' '
	inside "test -L /etc/systemd/system/timers.target.wants/quire-reconcile.timer"'
check 'cron starts quire-reconcile' '
	! inside "test -e /var/quire/slots/reconcile" && uses_cron &&
	test -z "$(find "$D/var/quire/slots" -name "reconcile*" -mmin +60)" &&
	ls "$D/var/quire/slots" | grep reconcile &&
	as_quire "quire doctor"'
check 'not where systemd runs' '
	rm "$D"/var/quire/slots/reconcile* &&
	inside "mkdir -p /run/systemd/system" && uses_cron
	inside "rmdir /run/systemd/system"
	! ls "$D/var/quire/slots" | grep reconcile'
check 'pages of the manual come with it, compressed' '
	inside "dpkg -L quire" | grep -x /usr/share/man/man8/quire-run.8.gz'
check 'bash completes in there' '
	inside "bash -c \". /usr/share/bash-completion/completions/quire
		COMP_WORDS=(quire rec) COMP_CWORD=1; _quire; echo \\\${COMPREPLY[*]}\"" |
		grep -x reconcile'

# ---- used ----
check 'a repository is made' '
	as_quire "quire repo new foo" | grep -x /var/quire/repos/foo.git'
inside 'apt-get install -y --no-install-recommends openssh-server' \
	>"$T/ssh.log" 2>&1 || tail "$T/ssh.log" >&2
inside 'mkdir -p /run/sshd && mkdir -m 700 -p .ssh && ssh-keygen -q -t ed25519 -N "" -f .ssh/id_ed25519 &&
	install -d -o quire -g quire -m 700 /var/quire/.ssh &&
	install -o quire -g quire -m 600 .ssh/id_ed25519.pub \
		/var/quire/.ssh/authorized_keys &&
	git init -q -b main foo && git -C foo config user.name Ann &&
	git -C foo config user.email ann@example.org'
commit '{"jobs":[{"id":"who","run":["id -un","echo it broke here; exit 3"]}]}'
check 'a push over ssh shows how its run goes' '
	push_over_ssh -o ci.wait >out; cat out
	grep "foo#1 queued" out && grep "it broke here" out &&
	grep "foo#1 failed" out'
check 'it ran as quire, confined' '
	as_quire "quire log foo#1 who 1" | grep -x quire &&
	as_quire "quire show foo#1 --json" | grep "\"sandbox\": \"bwrap\""'
check 'who made it again sees the same' '
	as_quire "quire rerun foo#1" && wait_for "test \"\$(state_of foo#2)\" = failed"'

# ---- upgraded ----
check 'to install it again keeps the runs' '
	install ./old.deb && as_quire "quire show foo#2" | grep "foo#2"'
was=$(version)
live_run foo#3 >"$T/live" 2>&1 || cat "$T/live" >&2
check 'an upgrade while a run is live does not fail' 'install ./new.deb'
check 'it says what is left to do' '
	grep "no run is live any more" "$T/said" &&
	grep -F "runuser -u quire -- quire init" "$T/said"'
check 'the run goes on, and ends well' '
	test "$(state_of foo#3)" = active && test "$(version)" = "$was" &&
	inside "runuser -u quire -- touch /var/quire/cache/foo.git/go-3" &&
	wait_for "test \"\$(state_of foo#3)\" = complete"'
check 'then cron upgrades the home' '
	wait_for "uses_cron" && test "$(version)" = "$((was + 1))"'
check 'with all that was in it' '
	as_quire "quire show foo#3" && as_quire "quire log foo#1 who 1" | grep -x quire'
sqlite3 "$D/var/quire/quire.db" "PRAGMA user_version" >/dev/null
check 'to install over a home without live runs says nothing to do' '
	install ./new.deb && grep "/var/quire: nothing to do" "$T/said"'

# ---- removed ----
check 'removing takes the programs' '
	inside "apt-get remove -y quire" && ! inside "command -v quire-push"'
check 'and keeps the home and its user' '
	test -s "$D/var/quire/quire.db" && test -d "$D/var/quire/repos/foo.git" &&
	inside "getent passwd quire"'
check 'cron does not stumble over that' 'test -z "$(uses_cron 2>&1)"'
commit '{"jobs":[{"id":"later","run":"true"}]}'
check 'a push arrives without it' '
	push_over_ssh && test "$(git -C "$D/var/quire/repos/foo.git" \
		rev-parse main)" = "$(git -C "$D/root/foo" rev-parse main)"'
check 'and has its run when quire is back' '
	install ./new.deb && uses_cron &&
	wait_for "test \"\$(state_of foo#4)\" = complete" &&
	as_quire "quire show foo#1" | grep "foo#1"'

# ---- purged ----
check 'purging keeps all that where nobody can be asked' '
	inside "apt-get purge -y quire" && test -s "$D/var/quire/quire.db" &&
	inside "getent passwd quire" && test ! -e "$D/etc/cron.d/quire"'
check 'else it asks, and no is no' '
	install ./new.deb &&
	inside "echo no | DEBIAN_FRONTEND=teletype script -qec \
		\"dpkg --purge quire\" /dev/null" >out; cat out
	grep "Delete /var/quire" out && test -s "$D/var/quire/quire.db"'
check 'it installs over what was kept' '
	install ./new.deb && as_quire "quire show foo#1" | grep "foo#1"'
live_run foo#5 >"$T/live" 2>&1 || cat "$T/live" >&2
uid=$(inside 'id -u quire')
check 'if it may, it deletes the home with a run that is live' '
	inside "echo quire quire/delete-home boolean true | debconf-set-selections" &&
	inside "apt-get purge -y quire" && test ! -e "$D/var/quire"'
check 'and the user, and nothing of him is left' '
	! inside "getent passwd quire" && ! inside "getent group quire" &&
	test -z "$(inside "find /proc -maxdepth 1 -user $uid")" &&
	test -z "$(inside "find / -xdev -user $uid")"'
check 'nor of the package' '
	test -z "$(inside "find / -xdev -name quire\* ! -path \*/archives/\* \
		! -path /root/\*")"'
