#!/bin/sh
# What tests/cgroup/run.sh runs in a virtual machine: quire-run below a cgroup v2 that is
# delegated, and jobs that reach their limits. Its last line is "passed", or
# what failed.
# shellcheck disable=SC2016
PATH=/bin:/sbin:/quire
HOME=/root LC_ALL=C
export PATH HOME LC_ALL
failed=
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t cgroup2 cgroup /sys/fs/cgroup
say() { echo "guest: $*"; }
check() {
	if eval "$2" >/tmp/out 2>&1; then
		say "ok - $1"
	else
		say "not ok - $1"
		sed 's/^/guest: # /' /tmp/out
		failed=1
	fi
}
# ci PIPELINE OPTION...: quire-ci in the group quire.work, as quire-run has it.
ci() {
	rm -rf /r /w
	mkdir -p /r /w/.quire
	echo "$1" >/w/.quire/ci.json
	shift
	sh -c 'echo $$ >/sys/fs/cgroup/base/quire.work/cgroup.procs
		exec quire-ci exec --workspace /w --run-dir /r "$@"' ci "$@" \
		</hold >/events 2>/err
}
one() { echo "{\"jobs\": [{\"id\": \"a\", \"run\": $1}]}"; }
reason() { sed -n '/"job_finished"/s/.*"reason":"\([^"]*\)".*/\1/p' /events; }
is() { [ "$(reason)" = "$1" ] || { cat /events /err; false; }; }
groups() { ls -d /sys/fs/cgroup/base/quire.*.* 2>/dev/null; }

mkfifo /hold
sleep 100000 >/hold &
mkdir /sys/fs/cgroup/base
echo '+memory +pids +cpu' >/sys/fs/cgroup/cgroup.subtree_control

check 'quire-run moves out of its group and hands the controllers down' '
	sh -c "echo \$\$ >/sys/fs/cgroup/base/cgroup.procs; exec /quire/settle"
	grep memory /sys/fs/cgroup/base/cgroup.subtree_control &&
	grep pids /sys/fs/cgroup/base/cgroup.subtree_control &&
	grep cpu /sys/fs/cgroup/base/cgroup.subtree_control &&
	test -d /sys/fs/cgroup/base/quire.work'
check 'a job runs in a group of its own' '
	ci "$(one "\"cat /proc/self/cgroup; cat /sys/fs/cgroup/base/quire.r.a/memory.max /sys/fs/cgroup/base/quire.r.a/pids.max /sys/fs/cgroup/base/quire.r.a/cpu.max\"")" \
		--limit maxMemory=64M --limit maxProcesses=50 --limit maxCpus=0.5 &&
	grep "0::/base/quire.r.a$" /r/jobs/a/sh-1.log &&
	grep " 67108864$" /r/jobs/a/sh-1.log && grep " 50$" /r/jobs/a/sh-1.log &&
	grep " 50000 100000$" /r/jobs/a/sh-1.log'
check 'the group has gone with it' 'test -z "$(groups)"'
check 'what takes more memory than maxMemory is ended, with the reason' '
	ci "$(one "\"head -c 200000000 /dev/zero | tail\"")" --limit maxMemory=32M &&
	is "out of memory: over its limit of 32M" && test -z "$(groups)"'
check 'the job may lower its limit' '
	ci "{\"jobs\": [{\"id\": \"a\", \"resources\": {\"memory\": \"16M\"},
		\"run\": \"head -c 200000000 /dev/zero | tail\"}]}" \
		--limit maxMemory=32M && is "out of memory: over its limit of 16M"'
check 'and not raise it' '
	ci "{\"jobs\": [{\"id\": \"a\", \"resources\": {\"memory\": \"64M\"},
		\"run\": \"head -c 200000000 /dev/zero | tail\"}]}" \
		--limit maxMemory=32M && is "out of memory: over its limit of 32M"'
check 'a fork bomb is held at maxProcesses, and the machine is usable' '
	ci "$(one "\"f() { f | f & }; f; sleep 3; exit 7\"")" --limit maxProcesses=40 &&
	reason | grep -E "at its limit of 40 processes" && test -z "$(groups)" &&
	test "$(ps | wc -l)" -lt 60'
check 'what hides in a group of its own goes with the job' '
	ci "$(one "\"mkdir /sys/fs/cgroup/base/quire.r.a/x; sleep 1000 & echo \$! >/sys/fs/cgroup/base/quire.r.a/x/cgroup.procs\"")" &&
	test -z "$(groups)" && ! ps | grep "[s]leep 1000$"'
check 'a crash leaves groups, which are cleared with the run' '
	mkdir -p /r2 /sys/fs/cgroup/base/quire.r2.a
	sh -c "echo \$\$ >/sys/fs/cgroup/base/quire.r2.a/cgroup.procs; exec sleep 2000" &
	sleep 1; echo -n /sys/fs/cgroup/base >/r2/cgroup
	settle /r2 r2; sleep 1
	test -z "$(groups)" && ! ps | grep "[s]leep 2000$"'
check 'half of a processor is half of it' '
	ci "$(one "\"i=0; while test \$i -lt 20000; do i=\$((i+1)); done; cat /sys/fs/cgroup/base/quire.r.a/cpu.stat\"")" --limit maxCpus=0.2 &&
	grep -E "nr_throttled [1-9]" /r/jobs/a/sh-1.log'

if [ "$failed" ]; then say failed; else say passed; fi
poweroff -f
