#!/bin/sh
# The pages under lighttpd.
. "$(dirname "$0")/servers.sh"
need lighttpd
MOUNT_TOP='' MOUNT_CI=/ci PASSES='range etag'

instance() {
	cat >"$DIR/conf" <<-END
		server.bind = "127.0.0.1"
		server.port = $PORT
		server.document-root = "$DIR/root"
		server.errorlog = "$DIR/log"
		server.upload-dirs = ( "$DIR" )
	END
	case $1 in
	top) snippet lighttpd 2 ;;
	ci) snippet lighttpd 1 ;;
	login) snippet lighttpd 1; snippet lighttpd 3 ;;
	esac >>"$DIR/conf"
	background lighttpd -D -f "$DIR/conf"
}

promises
