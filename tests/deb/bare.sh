#!/bin/sh
# bare.sh DIR: makes DIR/CODENAME.tar, a bare Debian of the release that runs
# here, if it is not there yet, and prints its name.
set -eu
. /etc/os-release
tar=$1/$VERSION_CODENAME-$(dpkg --print-architecture).tar
[ ! -s "$tar" ] || {
	echo "$tar"
	exit
}
mkdir -p "$1"
rm -rf "$1/root"
# the archive that apt uses here
mirror=$(apt-get indextargets --format '$(REPO_URI)' \
	"Codename: $VERSION_CODENAME" 'Created-By: Packages' | head -n 1)
debootstrap --variant=minbase "$VERSION_CODENAME" "$1/root" ${mirror:+"$mirror"} \
	>"$1/debootstrap.log" 2>&1 || {
	tail "$1/debootstrap.log" >&2
	exit 1
}
tar -C "$1/root" --one-file-system -cf "$tar.part" .
mv "$tar.part" "$tar"
rm -rf "$1/root"
echo "$tar"
