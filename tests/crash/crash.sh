#!/bin/sh
# crash.sh [PASS...] - every program, killed at each of its system calls in
# turn, then with each of them failing in turn; after that one reconcile has
# to put everything right.
#
# A pass is SCENARIO/PROGRAM/FAULT: the scenarios are functions of
# scenarios.sh, a fault is KILL or an error number, as ENOSPC, which is given
# to those calls that can have it. Point n of a pass makes the scenario's state
# anew, lets its program meet the fault at its nth call, and runs
# quire-reconcile; then invariants.sh looks. A pass ends at the point that was
# not reached any more. Without operands: all passes.
#
# STEP (1) tries every STEPth point only, from OFFSET (1) on. JOBS (all cores)
# passes are run at once. VERBOSE=1 prints a line for each point; KEEP=DIR
# keeps the state after a violation there.
set -u

here=$(cd "$(dirname "$0")" && pwd)
QUIRE_BUILD=${QUIRE_BUILD:-$(cd "$here/../.." && pwd)/build}
STEP=${STEP:-1}
OFFSET=${OFFSET:-1}
# a program that is not through by then hangs
LIMIT=60
export QUIRE_BUILD

passes() {
	for pass in push/quire-push run/quire-run run/quire-ci \
		supersede/quire-push supersede/quire-run supersede/quire-ci \
		timeout/quire-run cancel/quire cancel/quire-run \
		reconcile/quire-reconcile lost/quire-reconcile \
		upgrade/quire-reconcile upgrade/quire upgrade/quire-run \
		takeover/quire rerun/quire page/quire-cgi
	do
		for fault in KILL ENOSPC EIO EMFILE EINTR EAGAIN ENOMEM ENOLCK
		do
			echo "$pass/$fault"
		done
	done
}

if [ $# != 1 ]; then
	results=$(mktemp "${TMPDIR:-/tmp}/quire-crash.XXXXXX") || exit 70
	trap 'rm -f "$results"' EXIT
	trap 'exit 130' INT TERM
	if [ $# = 0 ]; then
		passes
	else
		printf '%s\n' "$@"
	fi | xargs -P "${JOBS:-$(nproc)}" -n 1 sh "$0" | tee "$results"
	# a pass that said nothing is a violation too
	awk -v wanted="$(if [ $# = 0 ]; then passes | wc -l; else echo $#; fi)" '
	/^[^ ]+: [0-9]+ points/ {
		n++
		points += $2
		violations += $4
	}
	END {
		if (n != wanted)
			printf "%d passes did not end\n", wanted - n
		printf "crash: %d passes, %d points, %d violations\n", n,
			points, violations
		exit violations != 0 || n != wanted || points == 0
	}' "$results"
	exit
fi

# Where that is allowed, alone in a PID namespace: whoever looks through /proc
# finds just its own there, and nobody outlives the pass.
if [ -z "${ALONE:-}" ] &&
	unshare -m -p -f --mount-proc true 2>/dev/null
then
	ALONE=1
	export ALONE
	exec unshare -m -p -f --mount-proc --kill-child sh "$0" "$1"
fi

SCENARIO=${1%%/*}
FAULT=${1##*/}
TARGET=${1#*/}
TARGET=${TARGET%/*}

W=$(mktemp -d "${TMPDIR:-/tmp}/quire-crash.XXXXXX") || exit 70
S=$W/state
HOME=$W
unset GIT_DIR GIT_WORK_TREE QUIRE_HOME QUIRE_RUN_ID REMOTE_USER \
	XDG_CONFIG_HOME
GIT_CONFIG_NOSYSTEM=1
LC_ALL=C
export HOME GIT_CONFIG_NOSYSTEM LC_ALL
cd / || exit 70

# left: the processes that work for this home
left() {
	grep -lsaF "$S/" /proc/[0-9]*/environ |
		sed 's,/proc/\([0-9]*\)/.*,\1,'
}

finish() {
	trap - EXIT
	for pid in $(left); do
		kill -9 "$pid" 2>/dev/null
	done
	rm -rf "$W"
}
trap finish EXIT
trap 'exit 130' INT TERM

# The calls that can have an error.
calls() {
	# A close that strace fails closes nothing, other than the kernel's:
	# only where nobody waits for the end of a pipe, as for git's.
	case $TARGET in
	quire-push | quire-cgi) closing=close ;;
	*) closing= ;;
	esac
	case $1 in
	ENOSPC) echo write pwrite64 writev openat mkdir mkdirat ftruncate \
		fallocate fsync fdatasync mknodat symlinkat linkat rename \
		renameat renameat2 copy_file_range sendfile ;;
	EAGAIN) echo clone clone3 fork vfork ;;
	EIO) echo read pread64 write pwrite64 writev openat fsync fdatasync \
		getdents64 newfstatat fstat statx lstat stat access \
		faccessat faccessat2 readlink readlinkat unlink unlinkat \
		mkdirat rename renameat fchmod fchmodat ftruncate lseek \
		statfs fstatfs "$closing" ;;
	EMFILE) echo openat pipe2 pipe dup dup2 dup3 socket pidfd_open \
		epoll_create1 inotify_init1 memfd_create ;;
	EINTR) echo read write sendto recvfrom openat poll ppoll pselect6 wait4 waitid flock \
		clock_nanosleep fsync fdatasync ftruncate fallocate ;;
	# not brk, which malloc replaces by mmap
	ENOMEM) echo mmap mremap clone clone3 fork vfork execve openat \
		getdents64 newfstatat mkdirat unlinkat renameat poll ppoll \
		pipe2 socket memfd_create epoll_create1 inotify_init1 \
		inotify_add_watch ;;
	# a file system over the network has lost its lock server
	ENOLCK) echo flock fcntl ;;
	esac
}

# What strace is given so that the fault is met at the nth of a call.
inject() {
	case $FAULT in
	KILL) echo "-e inject=$1:signal=KILL:when=$2" ;;
	*) echo "-e inject=$1:error=$FAULT:when=$2" ;;
	esac
}

# Whether the fault was met: the trace is long enough for the point to be in.
was_met() {
	[ "$(grep -c "^$1(" "$W/trace")" -ge "$2" ]
}

# The calls in the trace that can have the fault, and how many of each.
traced_calls() {
	sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$W/trace" | sort | uniq -c |
		awk -v some="$(calls "$FAULT")" -v fault="$FAULT" '
		BEGIN { n = split(some, name, " ")
			while (n) can[name[n--]] }
		fault == "KILL" || $2 in can { print $2, $1 }'
}

# How many mappings in the trace are the dynamic loader's: it ends with giving
# back its cache. Without memory for the first of them it crashes, by itself.
loader_mappings() {
	awk '/ld\.so\.cache/ { is_dynamic = 1 }
		/^mmap\(/ { n++ }
		/^munmap\(/ { exit }
		END { print is_dynamic ? n : 0 }' "$W/trace"
}

# traced PROGRAM ARG...: the program, and if it is the one this pass is about,
# with its fault. $W/inject is taken by the first that comes.
traced() {
	traced_program=$1
	shift
	if [ "$traced_program" = "$TARGET" ] && [ -e "$W/inject" ] &&
		mv "$W/inject" "$W/injected" 2>/dev/null
	then
		# shellcheck disable=SC2046 # options are split on purpose
		QUIRE_HOME=$S/home timeout -k 5 $LIMIT strace -e signal=none \
			-o "$W/trace" $(cat "$W/injected") \
			"$W/bin/$traced_program" "$@"
	else
		QUIRE_HOME=$S/home timeout -k 5 $LIMIT \
			"$W/bin/$traced_program" "$@"
	fi
}

# The programs that others start are traced by a script in their place, which
# runs the real one from beside them.
mkdir "$W/bin" "$W/real" "$S"
cp "$QUIRE_BUILD"/bin/quire* "$W/bin"
mv "$W/bin/quire-ci" "$W/real"
cat >"$W/tracer" <<END
#!/bin/sh
program=\$1
shift
if [ "\${program##*/}" = $TARGET ] &&
	mv $W/inject $W/injected 2>/dev/null; then
	exec strace -e signal=none -o $W/trace \$(cat $W/injected) \
		"\$program" "\$@"
fi
exec "\$program" "\$@"
END
printf '#!/bin/sh\nexec sh %s/tracer %s/real/quire-ci "$@"\n' "$W" "$W" \
	>"$W/bin/quire-ci"
chmod +x "$W/bin/quire-ci"

quire() {
	QUIRE_HOME=$S/home "$W/bin/quire" "$@"
}

. "$here/scenarios.sh"
. "$here/invariants.sh"

violation() {
	violations=$((violations + 1))
	echo "$SCENARIO/$TARGET/$FAULT $point: $*"
	[ -z "${KEEP:-}" ] || cp -a "$W" \
		"$KEEP/$SCENARIO-$TARGET-$FAULT-$point" 2>/dev/null
}

# Until no process works for the home: seen twice, since one that is in the
# middle of an exec has no environment for a moment. What is left after that
# long is a violation, and ended.
settle_down() {
	tries=0
	while [ -n "$(left)" ] || { sleep 0.02; [ -n "$(left)" ]; }; do
		tries=$((tries + 1))
		if [ $tries -gt 400 ]; then
			for pid in $(left); do
				echo "process left: $(tr '\0' ' ' \
					<"/proc/$pid/cmdline")"
				kill -9 "$pid" 2>/dev/null
			done
			return
		fi
		sleep 0.05
	done
}

# reconcile FILE: runs it, with what it says in FILE; a line if it failed.
reconcile() {
	QUIRE_HOME=$S/home timeout -k 5 $LIMIT \
		"${RECONCILE:-$W/bin/quire-reconcile}" >"$1" 2>&1
	status=$?
	[ $status = 0 ] || echo "reconcile: status $status: $(cat "$1")"
}

# try CALL N: one point; without operands, none: that has to go well as well.
try() {
	point="$*"
	rm -rf "$S" "$W/trace" "$W/injected" "$W/wrong"
	cp -a "$W/template" "$S"
	if [ $# = 0 ]; then
		echo '-e trace=all'
	else
		inject "$@"
	fi >"$W/inject"
	"act_$SCENARIO" >"$W/said" 2>&1
	status=$?
	{
		case $status in
		124) echo 'hangs' ;;
		132 | 134 | 135 | 136 | 139) echo "crashes: status $status" ;;
		esac
		[ -e "$W/trace" ] || echo 'the program was not traced'
		[ "$FAULT" = KILL ] || [ "$TARGET" = quire-ci ] ||
			! grep -q '^+++ killed by' "$W/trace" ||
			echo "killed: $(tail -n 1 "$W/trace")"
		rm -f "$W/inject"
		reconcile "$W/reconciled"
		settle_down
		invariants
		reconcile "$W/again"
		[ ! -s "$W/again" ] ||
			echo "a second reconcile says: $(cat "$W/again")"
	} >"$W/found" 2>&1
	[ -z "${VERBOSE:-}" ] || echo "$SCENARIO/$TARGET/$FAULT $point:" \
		"status $status; $(tr '\n' ' ' <"$W/said");" \
		"$(tr '\n' ' ' <"$W/reconciled")"
	while read -r line; do
		violation "$line (at $(grep -e INJECTED "$W/trace" ||
			tail -n 1 "$W/trace"))"
	done <"$W/found"
}

# The points that were not tried yet of the calls that the last trace has. A
# fault can lead to calls that there were none of without it.
try_calls() {
	while read -r call count; do
		case $tried in *" $call "*) continue ;; esac
		tried="$tried$call "
		n=1
		[ "$FAULT/$call" != ENOMEM/mmap ] || n=$((mappings + 1))
		while [ "$STEP" = 1 ] || [ $n -le "$count" ]; do
			index=$((index + 1))
			if [ $((index % STEP)) = $((OFFSET % STEP)) ]; then
				try "$call" $n
				was_met "$call" $n || break
				points=$((points + 1))
				traced_calls >>"$W/more"
			fi
			n=$((n + 1))
		done
	done
}

violations=0
points=0
index=0
tried=' '
"prepare_$SCENARIO" >"$W/prepared" 2>&1 || {
	echo "$1: cannot be prepared: $(tail -n 3 "$W/prepared")"
	exit 1
}
settle_down
mv "$S" "$W/template"
try
mappings=$(loader_mappings)
traced_calls >"$W/more"
while [ -s "$W/more" ]; do
	sort "$W/more" | uniq >"$W/calls"
	: >"$W/more"
	try_calls <"$W/calls"
done
echo "$1: $points points, $violations violations"
[ $violations = 0 ]
