#!/bin/sh
# The pages under busybox httpd, which runs programs in /cgi-bin only.
. "$(dirname "$0")/servers.sh"
need busybox
MOUNT_TOP=/cgi-bin/index.cgi MOUNT_CI=/cgi-bin/index.cgi PASSES=''

instance() {
	: >"$DIR/quire.httpd"
	[ "$1" != login ] || snippet 'busybox httpd' 2 >"$DIR/quire.httpd"
	snippet 'busybox httpd' 1 >"$DIR/start"
	background sh -e "$DIR/start"
}

promises
