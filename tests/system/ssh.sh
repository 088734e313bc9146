# shellcheck shell=sh
# ssh.sh - for system tests, after lib.sh: sshd on the loopback interface, with
# keys and a configuration of its own.
#
#	. "$ROOT/tests/system/ssh.sh"
#	if ssh_start; then
#		git push "$SSH$QUIRE_HOME/repos/foo.git" main
#	else
#		skip 'a push over ssh' "$ssh_why"
#	fi

ssh_start() {
	ssh_why='sshd does not start'
	case $(getent passwd "$(id -un)" | cut -d: -f7) in
	*/nologin | */false)
		ssh_why='this user has no shell to log in with'
		return 1
		;;
	esac
	mkdir -m 700 "$T/ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/host" || return 1
	ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/key" || return 1
	cp "$T/ssh/key.pub" "$T/ssh/authorized"
	# as root it gives its privileges up in there
	[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
	for _ in 1 2 3 4 5; do
		SSH_PORT=$(shuf -i 20000-59999 -n 1)
		cat >"$T/ssh/config" <<-END
			Port $SSH_PORT
			ListenAddress 127.0.0.1
			HostKey $T/ssh/host
			AuthorizedKeysFile $T/ssh/authorized
			PidFile $T/ssh/pid
			StrictModes no
			UsePAM no
			PasswordAuthentication no
			KbdInteractiveAuthentication no
			PermitRootLogin prohibit-password
		END
		"$(command -v sshd || echo /usr/sbin/sshd)" \
			-f "$T/ssh/config" -E "$T/ssh/log" || continue
		wait_for 'test -s "$T/ssh/pid"' 5 || continue
		at_end 'kill "$(cat "$T/ssh/pid")"'
		GIT_SSH_COMMAND="ssh -F none -i $T/ssh/key -o BatchMode=yes \
			-o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
			-o UserKnownHostsFile=$T/ssh/known -o LogLevel=ERROR"
		export GIT_SSH_COMMAND
		SSH=ssh://$(id -un)@127.0.0.1:$SSH_PORT
		return 0
	done
	return 1
}
