#!/bin/sh
# The pages under mini_httpd, where a program has the address of its file.
. "$(dirname "$0")/servers.sh"
need mini_httpd
MOUNT_TOP=/ci MOUNT_CI=/ci PASSES=''

instance() {
	LISTEN="-h 127.0.0.1 -p $PORT"
	[ "$1" != login ] || snippet mini-httpd 2 >"$DIR/root/.htpasswd"
	snippet mini-httpd 1 >"$DIR/start"
	background sh -e "$DIR/start"
}

promises
