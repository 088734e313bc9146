#!/bin/sh
# build.sh BUILD VERSION: makes BUILD/quire_VERSION_ARCH.deb, with debhelper,
# from the files beside this script: they become BUILD/deb/debian. Fails if
# lintian has anything to say.
set -eu

TOP=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1/deb"
BUILD=$(cd "$1" && pwd)
version=$2
DEB_BUILD_OPTIONS=noautodbgsym
DEB_RULES_REQUIRES_ROOT=no
export TOP BUILD DEB_BUILD_OPTIONS DEB_RULES_REQUIRES_ROOT

rm -rf "$BUILD/deb/debian"
cp -R "$TOP/hooks/debian" "$BUILD/deb/debian"
cd "$BUILD/deb"
rm debian/build.sh

# the time of the last change, so that the same source makes the same package
date=$(git -C "$TOP" log -1 --format=%aD 2>/dev/null) || date=$(date -R)
cat >debian/changelog <<END
quire ($version) unstable; urgency=medium

  * What has changed is in the log of the source.

 -- $(sed -n 's/^Maintainer: //p' debian/control)  $date
END

debian/rules binary >build.log 2>&1 || {
	cat build.log
	exit 1
}
deb=$BUILD/quire_${version}_$(dpkg --print-architecture).deb
lintian --allow-root --fail-on error,warning "$deb"
echo "$deb"
