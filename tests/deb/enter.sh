#!/bin/sh
# enter.sh ROOT ARCHIVES READY - run by `unshare --mount --pid --fork`: makes
# ROOT the root of these namespaces, with apt's downloads in ARCHIVES, makes the
# file READY, and stays. All mounts and processes go with the namespaces. The
# root is changed by pivot_root: in a chroot nobody may make user namespaces, and
# so bubblewrap would not work.
set -eu
root=$1

mount --bind "$root" "$root"
mount --bind "$2" "$root/var/cache/apt/archives"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
touch "$3"
cd "$root"
mkdir -p .old
pivot_root . .old
umount -l /.old
rmdir /.old
# orphans become children of this process: it waits for them all
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c '
	while :; do sleep 3600 & wait; done' </dev/null >/dev/null 2>&1
