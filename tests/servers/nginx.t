#!/bin/sh
# The pages under nginx, with fcgiwrap.
. "$(dirname "$0")/servers.sh"
need nginx
need fcgiwrap
MOUNT_TOP='' MOUNT_CI=/ci PASSES='range etag'

instance() {
	server_stop "$1"
	rm -f "$DIR/fcgiwrap.socket"
	# shellcheck disable=SC2046 # the example's words
	background setsid env LD_LIBRARY_PATH="$(echo "$UNPACKED"/usr/lib/*-linux-gnu*)" \
		$(snippet nginx 1)
	mv "$DIR/pid" "$DIR/pgid"
	wait_for 'test -S "$DIR/fcgiwrap.socket"' 5 || return 1
	{
		cat <<-END
			error_log "$DIR/log";
			pid "$DIR/pid";
			events { }
			http {
				access_log off;
				client_body_temp_path "$DIR/body";
				fastcgi_temp_path "$DIR/fastcgi";
				proxy_temp_path "$DIR/proxy";
				scgi_temp_path "$DIR/scgi";
				uwsgi_temp_path "$DIR/uwsgi";
				server {
					listen 127.0.0.1:$PORT;
		END
		case $1 in
		top) snippet nginx 3 ;;
		ci) snippet nginx 2 ;;
		login)
			snippet nginx 4 >"$DIR/login"
			snippet nginx 2 | sed "/^location .* {/r $DIR/login"
			;;
		esac
		printf '}\n}\n'
	} >"$DIR/conf"
	# shellcheck disable=SC2086 # words
	$AS_READER nginx -e "$DIR/log" -p "$DIR" -c "$DIR/conf"
}

promises
