#!/bin/sh
# The limits that need a cgroup v2, in a virtual machine of its own: whatever
# the host has, and however a fork bomb ends. It needs qemu-system-x86,
# busybox-static, cpio, and a kernel that any user can read:
# KERNEL=/boot/vmlinuz-... make cgroup
set -eu
cd "$(dirname "$0")"
B=$QUIRE_BUILD
for kernel in "${KERNEL:-}" /boot/vmlinuz-* /boot/vmlinuz; do
	[ -r "$kernel" ] && break
done
[ -r "$kernel" ] || {
	echo "cgroup: no kernel in /boot: KERNEL=FILE make cgroup" >&2
	exit 1
}
for program in qemu-system-x86_64 busybox cpio; do
	command -v "$program" >/dev/null || {
		echo "cgroup: no $program: apt install qemu-system-x86" \
			"busybox-static cpio" >&2
		exit 1
	}
done

T=$(mktemp -d /tmp/quire-cgroup.XXXXXX)
trap 'rm -rf "$T"' EXIT
mkdir -p "$T/root/bin" "$T/root/quire"
(cd "$T/root" && mkdir -p proc sys dev tmp root etc)
busybox=$(command -v busybox)
cp "$busybox" "$T/root/bin/busybox"
for applet in $("$busybox" --list); do
	[ "$applet" = busybox ] || ln -s busybox "$T/root/bin/$applet"
done
cp "$B/bin/quire-ci" "$B/cgroup/settle" "$T/root/quire"
ldd "$B/bin/quire-ci" "$B/cgroup/settle" | grep -o '/[^ ]*\.so[^ ]*' | sort -u |
	while read -r lib; do
		mkdir -p "$T/root$(dirname "$lib")"
		cp -L "$lib" "$T/root$lib"
	done
cp guest.sh "$T/root/init"
chmod 755 "$T/root/init"
(cd "$T/root" && find . | cpio -o -H newc --quiet) | gzip -1 >"$T/initrd"

# in software, which needs no rights and works in a virtual machine, too
timeout 240 qemu-system-x86_64 -accel tcg -m 512 -smp 1 \
	-kernel "$kernel" -initrd "$T/initrd" -nographic -no-reboot -nic none \
	-append 'console=ttyS0 quiet panic=-1 cgroup_no_v1=all' </dev/null \
	>"$T/console" 2>&1 || true
tr -d '\r' <"$T/console" | sed -n 's/^.*guest: //p'
tr -d '\r' <"$T/console" | grep -q '^guest: passed$' || {
	[ -z "${VERBOSE:-}" ] || cat "$T/console"
	exit 1
}
