#!/bin/sh
# The pages under apache2.
. "$(dirname "$0")/servers.sh"
need apache2
MOUNT_TOP='' MOUNT_CI=/ci PASSES='range etag'

instance() {
	cat >"$DIR/conf" <<-END
		ServerName localhost
		ServerRoot "$DIR"
		Listen 127.0.0.1:$PORT
		PidFile "$DIR/pid"
		ErrorLog "$DIR/log"
		ScriptSock "$DIR/sock"
		DocumentRoot "$DIR/root"
	END
	for module in mpm_event authn_core authn_file authz_core authz_user \
		auth_basic alias env cgid; do
		echo "LoadModule ${module}_module" \
			"/usr/lib/apache2/modules/mod_$module.so"
	done >"$DIR/modules"
	{
		cat "$DIR/modules" "$DIR/conf"
		# as Debian's own configuration has it
		printf '<Directory "/">\nRequire all denied\n</Directory>\n'
		case $1 in
		top)
			snippet apache2 2
			# what a client says of itself gets through, and counts
			# for nothing
			printf '<Location "/">\nCGIPassAuth On\n</Location>\n'
			;;
		ci) snippet apache2 1 ;;
		login) snippet apache2 1; snippet apache2 3 ;;
		esac
	} >"$DIR/all"
	# shellcheck disable=SC2086 # words
	$AS_READER apache2 -f "$DIR/all" -k start
}

promises
