#!/bin/sh
# packages.sh DIR - the web servers that Debian starts when it installs them,
# unpacked into DIR instead: no service comes to this machine, and no port of
# it is taken. Prints nothing; needs apt-get's package lists.
set -eu

dir=$1
packages='nginx fcgiwrap libfcgi0ldbl mini-httpd'

[ ! -e "$dir/complete" ] || exit 0
rm -rf "$dir"
mkdir -p "$dir/deb"
cd "$dir/deb"
# shellcheck disable=SC2086 # a list
apt-get download -qq $packages >log 2>&1 || {
	cat log >&2
	echo "packages.sh: apt-get could not download $packages;" \
		"perhaps 'apt-get update' helps" >&2
	exit 75
}
for deb in *.deb; do
	dpkg -x "$deb" "$dir"
done
for program in nginx fcgiwrap mini_httpd; do
	missing=$(LD_LIBRARY_PATH=$(echo "$dir"/usr/lib/*-linux-gnu*) \
		ldd "$dir/usr/sbin/$program" | grep 'not found') || continue
	echo "packages.sh: $program: $missing" >&2
	exit 75
done
rm -r "$dir/deb"
: >"$dir/complete"
