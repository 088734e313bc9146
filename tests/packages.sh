#!/bin/sh
# packages.sh GROUP...: installs the Debian packages of these groups that are
# missing: with apt-get as root or through a sudo that asks no password; else
# prints the line to run, and fails.
set -eu

build='gcc make git libc6-dev libsqlite3-dev libgit2-dev libjson-c-dev'
run='bubblewrap sqlite3 lighttpd'
test='bubblewrap libcmocka-dev perl python3 spin sqlite3 lighttpd curl mandoc strace procps
	util-linux openssh-server openssh-client faketime tmux graphviz
	msmtp python3-aiosmtpd openssl zsh'
lint='clang clang-format clang-tidy cppcheck shellcheck mandoc'
asan='libclang-rt-dev'
fuzz='clang libclang-rt-dev'
projects='dpkg-dev clang cmake autoconf automake libtool'
bench='nq lighttpd cgit curl'
# the others' packages would start a service: see tests/servers/packages.sh
servers='busybox-static apache2-bin'
browser='chromium'
# node may be there from elsewhere
command -v node >/dev/null || browser="$browser nodejs"
command -v npm >/dev/null || browser="$browser npm"
# neither starts a service
hosting='gitolite3 sudo adduser debconf iproute2'
deb='debhelper lintian'
debtest='debootstrap procps sqlite3 util-linux'
valgrind='valgrind'

wanted=
for group; do
	case $group in
	build) wanted="$wanted $build" ;;
	run) wanted="$wanted $run" ;;
	test) wanted="$wanted $test" ;;
	lint) wanted="$wanted $lint" ;;
	asan) wanted="$wanted $asan" ;;
	fuzz) wanted="$wanted $fuzz" ;;
	projects) wanted="$wanted $projects" ;;
	servers) wanted="$wanted $servers" ;;
	bench) wanted="$wanted $bench" ;;
	deb) wanted="$wanted $deb" ;;
	debtest) wanted="$wanted $debtest" ;;
	browser) wanted="$wanted $browser" ;;
	hosting) wanted="$wanted $hosting" ;;
	valgrind) wanted="$wanted $valgrind" ;;
	*)
		echo "packages.sh: no group '$group'" >&2
		exit 2
		;;
	esac
done

missing=
for package in $wanted; do
	case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
	*' installed') ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

install='apt-get install -y --no-install-recommends'
if [ "$(id -u)" = 0 ]; then
	sudo=
elif sudo -n true 2>/dev/null; then
	sudo='sudo -n'
else
	echo 'Some packages are missing. Run this line, then try again:' >&2
	echo "  sudo apt-get update && sudo $install$missing" >&2
	exit 75
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# a fresh machine has no package lists, an old one has stale ones
# shellcheck disable=SC2086 # the lists are split on purpose
{
	$sudo apt-get update -qq
	$sudo $install -qq $missing
} >/dev/null
