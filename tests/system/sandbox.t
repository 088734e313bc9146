#!/bin/sh
# What a job sees of the machine in a sandbox, and when there is none.
# shellcheck disable=SC2016,SC2034,SC2120 # what is in single quotes is for later
# The home is not below /tmp: there a sandbox has a folder of the run's.
TMPDIR=/var/tmp
. "$(dirname "$0")/lib.sh"
need_sandbox
plan 56

quire init >"$T/made"
check 'a new home is set to it' '
	grep "^sandbox is set to bwrap" made && test "$(quire config sandbox)" = bwrap'
check 'one that is there keeps its setting' '
	quire config sandbox none && quire init | grep "nothing to do" &&
	test "$(quire config sandbox)" = none && quire config --unset sandbox &&
	quire repo new x >/dev/null && quire init >out &&
	test "$(quire config sandbox)" = none'
quire config sandbox bwrap
new_repo foo
number=0

# job SCRIPT: a run of foo whose job has that as its one command, to its end.
job() {
	printf '%s\n' "$1" >"$T/foo/script"
	git -C foo add script
	pipeline foo '{"jobs":[{"id":"a","run":"sh ./script"}]}' >/dev/null
	git -C foo commit -q --allow-empty -m again
	pushed
}
pushed() {
	push foo >/dev/null
	number=$((number + 1))
	wait_idle
}
said() { text "$number" "${1:-a}" "${2:-1}"; }
green() { test "$(row $number state)" = complete || { said; row $number reason; false; }; }
# red KIND WORDS: the last run failed as that, with a reason that has these.
red() {
	test "$(row $number state,failure_kind)" = "failed|$1" &&
		row $number reason | grep -e "$2"
}

mkdir "$QUIRE_HOME/cache/foo.git"
job 'set -e
test "$(pwd)" = "$QUIRE_WORKSPACE"
touch written "$HOME/x" "$TMPDIR/y" "$QUIRE_CACHE/z" /tmp/w
test -e /tmp/y && test "$(stat -c %i /tmp)" = "$(stat -c %i "$TMPDIR")"
test ! -e /var/tmp && test "$(ls /root /home 2>/dev/null)" = ""
hostname >host
ls -A / >root
ls -A /dev >dev
grep -E "^(Cap|NoNewPrivs)" /proc/self/status >caps
(ls -d /proc/[0-9]* | wc -l) >procs
cat host root dev caps procs'
check 'it is green, and its row says what it had' '
	green && test "$(row $number sandbox)" = bwrap'
check 'so does quire show' 'quire show foo#1 | grep "sandbox.*bwrap"'
check 'and its page' '
	REQUEST_METHOD=GET PATH_INFO=/foo/ci/1 QUIRE_HOME=$QUIRE_HOME quire-cgi |
	grep "sandbox bwrap"'
check 'it writes to its workspace, HOME, TMPDIR, /tmp and cache' '
	green && test -e "$QUIRE_HOME/cache/foo.git/z"'
check 'the host has a name of its own' 'said | grep -x quire'
check 'of the root there is the system, and where its own folders are' '
	said | sed -n "/^quire\$/,/^var\$/p" | sed 1d |
	grep -vxE "bin|dev|etc|lib|lib32|lib64|libx32|proc|sbin|tmp|usr|var" >more
	test ! -s more || { cat more; false; }'
check 'of the devices there is what does no harm' '
	for dev in null zero full random urandom tty ptmx pts shm; do
		said | grep -qx $dev || exit
	done
	! said | grep -xE "sd.*|vd.*|mem|kmsg|fuse|kvm|loop.*|mapper|input"'
check 'it has no capability' '
	test "$(said | grep -c "^Cap[A-Z][a-z]*:.0*\$")" = 5'
check 'and gains no privilege' 'said | grep "^NoNewPrivs:.1"'
check 'it sees a handful of processes' 'test "$(said | tail -n 1)" -le 9'
check 'what it left in /tmp goes with the run' '
	! find "$QUIRE_HOME/runs" -name w -o -name y | grep .'

job 'df -k --output=size /dev/shm | tail -n 1
for f in /dev/x /dev/pts/x; do (echo x >$f) 2>/dev/null && echo "WROTE $f"; done
echo x >/dev/null && echo x >/dev/shm/x && cat /dev/shm/x'
check '/dev is read-only, and /dev/shm has a size' '
	green && ! said | grep WROTE && test "$(said | head -n 1)" -eq 262144 &&
	said | grep -x x'
job 'unshare -U true && echo USERS; unshare -Urm true && echo MOUNTS; echo end'
check 'no namespace can be made' 'said | grep -x end && ! said | grep S'

# a bubblewrap as they were before 0.8.0, or one that is set-user-ID
mkdir "$T/older"
cat >"$T/older/bwrap" <<-END
	#!/bin/sh
	for word; do
		case \$word in
		--disable-userns)
			echo "bwrap: Unknown option --disable-userns" >&2
			exit 1 ;;
		esac
	done
	exec $(command -v bwrap) "\$@"
END
chmod +x "$T/older/bwrap"
check 'where that can not be forbidden, there is a sandbox all the same' '
	PATH=$T/older:$PATH
	job "test ! -e $QUIRE_HOME/quire.db && echo there" && green &&
	said | grep -x there && PATH=$T/older:$PATH quire doctor >told; cat told
	grep "sandbox.*does not keep jobs from making user namespaces" told'
number=$((number + 1))
check 'quire doctor says nothing of it where it can' '
	quire doctor >told; ! grep "making user namespaces" told'

job 'for f in /usr /etc /usr/bin/env /bin/sh / /lib /var "$QUIRE_CHANGED"; do
	if test -d "$f"; then touch "$f/quire-test"; else echo x >>"$f"; fi &&
		echo "WROTE $f"
done 2>/dev/null
tr "\0" "\n" <"$QUIRE_CHANGED"
! test -e written || echo OLD'
check 'the system is read-only, QUIRE_CHANGED too' '
	green && ! said | grep WROTE && said | grep -x script'
check 'a workspace is new' '! said | grep OLD'

# commands of a job share a sandbox, jobs do not
pipeline foo '{"jobs":[{"id":"a","run":[
	"python3 -u -m http.server --bind 127.0.0.1 0 >served 2>&1 & echo $! >pid; until grep port served; do sleep 0.05; done",
	"kill -0 $(cat pid) && python3 -c \"import urllib.request,re; print(urllib.request.urlopen('\''http://127.0.0.1:'\''+re.search('\''port ([0-9]+)'\'', open('\''served'\'').read()).group(1)).status)\"",
	"exit 3"]},
	{"id":"b","run":"! kill -0 $(cat pid)"},
	{"id":"c","run":[["no-such-program"]]},
	{"id":"d","run":[["/etc/passwd"]]},
	{"id":"e","run":"kill -KILL $$"},
	{"id":"f","run":"echo out; echo err >&2; cat; echo $0 $QUIRE_JOB"}]}'
quire config foo network off
pushed
check 'a server of one command is reached by the next, without a network' '
	test "$(said a 2)" = 200'
check 'and gone in the next job' 'test "$(sql "SELECT state FROM jobs
	WHERE run_id = '\''$(row $number id)'\'' AND job_id = '\''b'\''")" = complete'
status() {
	test "$(sql "SELECT exit_code FROM jobs WHERE job_id = '$1'
		AND run_id = '$(row $number id)'")" = "$2"
}
check 'statuses are as without' 'status a 3 && status c 127 && status d 126 &&
	status e 137 && status f 0'
check 'both outputs are logged, and input is empty' '
	log=$(dir $number)/jobs/f/sh-1.log
	grep "stderr F err" "$log" && grep "stdout F out" "$log" && said f 1 |
	grep -x "sh f"'

job 'tail -n +3 /proc/net/dev | cut -d: -f1; cat /proc/self/net/route; readlink /proc/self/ns/net'
check 'with the network off there is a loopback and no more' '
	green && said | grep -x " *lo" && ! said | grep -E "eth|wl|en[ops]|00000000" &&
	! said | grep -F "$(readlink /proc/self/ns/net)"'
quire config --unset foo network
job 'readlink /proc/self/ns/net; cat /etc/resolv.conf >/dev/null && echo resolves'
check 'with it on it is the one of the machine' '
	green && said | grep -F "$(readlink /proc/self/ns/net)" &&
	said | grep resolves'

big=$(head -c 100000 /dev/zero | tr '\0' x)
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"env\":{\"BIG\":\"$big\",
	\"EMPTY\":\"\"},\"run\":[[\"sh\",\"-c\",
	\"printf %s \\\"\$1\$BIG\\\" | wc -c; env | grep ^EMPTY; echo \$#\",
	\"sh\",\"$big\",\"\"]]}]}"
pushed
check 'arguments and variables may be long, and may be empty' '
	green && said | grep -x 200000 && said | grep -x "EMPTY=" &&
	said | grep -x 2'

# dynamic pipelines
git -C foo rm -q .quire/ci.json
mkdir -p foo/.quire
cat >foo/.quire/ci <<'END'
#!/bin/sh
test -e "$QUIRE_HOME_SEEN" && echo seen >&2
readlink /proc/self/ns/pid >&2
test "$PPID" = 1 && echo '{"jobs":[{"id":"a","run":"true"}]}'
END
chmod +x foo/.quire/ci
git -C foo add .quire
git -C foo commit -qm dynamic
pushed
check '.quire/ci runs in one, too' '
	green && ! grep -F "$(readlink /proc/self/ns/pid)" \
		"$(dir $number)/quire-ci.log" &&
	grep pid: "$(dir $number)/quire-ci.log"'
git -C foo rm -q .quire/ci

# binds
mkdir -p "$T/tools/bin" "$T/data" "$T/beside"
echo tool >"$T/tools/bin/tool"
echo secret >"$T/beside/file"
ln -s "$T/tools" "$T/link"
quire config foo bind "$T/tools $T/data:rw $T/link"
job "cat $T/tools/bin/tool && ! touch $T/tools/x && touch $T/data/x &&
	cat $T/link/bin/tool && ! ls $T/beside && ls $T"
check 'a bind is seen, and beside it nothing is' '
	green && test "$(said | grep -c "^tool$")" = 2 && said | grep -x tools &&
	! said | grep -x beside'
check 'with :rw it may be written to' 'test -e "$T/data/x"'
quire config foo bind "$T"
job "cat $T/beside/file && ls -A $QUIRE_HOME && ! touch $QUIRE_HOME/x &&
	test -w . && ! cat $QUIRE_HOME/quire.db"
check 'below a bind the home is hidden, but for what is the run'\''s own' '
	green && said | grep secret && test "$(said | tail -n +2 | head -n 2 |
	tr "\n" " ")" = "cache runs "'
quire config foo bind "/var"
job "ls -A $QUIRE_HOME && ls /var/lib | head -n 1 && ! cat $QUIRE_HOME/quire.db"
check 'wherever above it is bound' '
	green && test "$(said | head -n 2 | tr "\n" " ")" = "cache runs "'
mkdir "$QUIRE_HOME/.tools"
echo own >"$QUIRE_HOME/.tools/own"
quire config foo bind "$T $QUIRE_HOME/.tools"
job "cat $QUIRE_HOME/.tools/own && ! cat $QUIRE_HOME/quire.db"
check 'a toolchain in the home may be bound' 'green && said | grep own'

for path in quire.db runs secrets/x cache/foo.git repos; do
	mkdir -p "$QUIRE_HOME/secrets/x"
	quire config foo bind "$QUIRE_HOME/$path"
	job true
	check "but not quire's own: $path" "red workspace \"bind: .*$path: is quire's\""
done
ln -s "$QUIRE_HOME/secrets" "$T/innocent"
quire config foo bind "$T/innocent"
job true
check 'nor through a link' 'red workspace "innocent: is quire.s"'
quire config foo bind "$QUIRE_HOME"
job true
check 'nor the home' 'red workspace "bind: $QUIRE_HOME: is quire.s"'
quire config foo bind "$T:rw"
job true
check 'what jobs may write to has no home below it' \
	'red workspace "bind: $T: .*home lies below"'
quire config foo bind "$T/tools:rw $T/tools/bin"
job true
check 'and no other bind' 'red workspace "tools/bin lies below"'
quire config foo bind "$T/absent"
job true
check 'a path that is not there fails the run, with the path' \
	'red workspace "bind: $T/absent: No such file"'
check 'paths are checked when they are set' '
	! quire config foo bind tools 2>err && grep "no absolute path" err &&
	! quire config foo bind / 2>err && ! quire config foo bind /proc 2>err &&
	! quire config foo bind /opt/../etc 2>err'
quire config --unset foo bind

# no sandbox, no run
mkdir "$T/fake"
printf '#!/bin/sh\necho "bwrap: No permissions to create new namespace" >&2\nexit 1\n' \
	>"$T/fake/bwrap"
chmod +x "$T/fake/bwrap"
pipeline foo '{"jobs":[{"id":"a","run":"touch ran"}]}'
kept_path=$PATH
PATH=$T/fake:$PATH
push foo >/dev/null
number=$((number + 1))
check 'where it does not work the log says so' '
	wait_for "grep \"sandbox does not work.*No permissions\" \
		\"$QUIRE_HOME/quire-run.log\""'
check 'and no run is claimed' '
	wait_for "quire-run 2>$T/err; test \$? = 75" 5 &&
	test "$(row $number state)" = pending && grep "No permissions" err'
check 'quire doctor says what helps' '
	quire doctor >out; grep "^wrong *sandbox.*No permissions.*sysctl" out'
check 'a new home has none then, and says why' '
	quire init other >out && grep "sandbox is set to none.*" out &&
	grep "No permissions" out &&
	test "$(quire --home "$T/other" config sandbox)" = none'
check 'quire-ci falls back to none as little' '
	cd foo && ! quire-ci run --sandbox bwrap >out && test ! -e ran &&
	grep "a *failed.*sandbox could not be started: bwrap: No perm" out'
PATH=$kept_path
check 'when it works again the run is done' 'quire-run && green'
check 'a setting that is none holds the run' '
	sql "UPDATE settings SET value = '\''jail'\'' WHERE key = '\''sandbox'\''" &&
	git -C foo commit -q --allow-empty -m held && push foo >/dev/null
	quire-run 2>err; number=$((number + 1))
	test "$(row $number state)" = pending'
number=$((number + 1))
quire config sandbox bwrap
quire-run

# for a person
mkdir "$T/person"
echo private >"$T/person/file"
cat >foo/script <<'END'
set -x
! cat "$HOME/file" && touch "$HOME/x" && test "$(pwd)" = "$QUIRE_WORKSPACE" &&
	touch here
END
pipeline foo '{"jobs":[{"id":"a","run":"sh ./script"}]}'
check 'quire-ci run can have one, without the person'\''s files' '
	cd foo && HOME=$T/person quire-ci run --sandbox bwrap >out && test -e here &&
	test ! -e "$T/person/x"'
check 'whose /tmp and HOME have a size' '
	cd foo && echo "df -k --output=size /tmp \$HOME" >script &&
	HOME=$T/person quire-ci run --sandbox bwrap >out; cat out
	test "$(grep -c "1048576\$" out)" = 2'
check 'with what is bound, and without a network' '
	cd foo && echo "cat $T/person/file && ! grep -v lo: /proc/net/dev | grep :" \
		>script && quire-ci run --sandbox bwrap --no-network \
	--bind "$T/person/file"'
check 'by default there is none' '
	cd foo && echo "cat $T/person/file" >script && quire-ci run &&
	quire-ci run --sandbox none'
# a host whose resolv.conf is a link to a link below /run
mkdir -p "$T/etc"
cp /etc/passwd /etc/group /etc/ld.so.cache "$T/etc/"
ln -s ../run/first/link "$T/etc/resolv.conf"
echo 'nameserver 192.0.2.1' >"$T/resolv"
check 'names are resolved as outside, wherever resolv.conf leads' '
	cd foo && echo "cat /etc/resolv.conf; ls -A /run /run/second" >script &&
	bwrap --dev-bind / / --ro-bind "$T/etc" /etc --tmpfs /run --dir /run/first \
		--symlink ./../second/file /run/first/link \
		--ro-bind "$T/resolv" /run/second/file --ro-bind "$T/resolv" \
		/run/second/other quire-ci run --sandbox bwrap >out &&
	grep "nameserver 192.0.2.1" out && ! grep other out'
check 'options of a sandbox want one' '
	cd foo; quire-ci run --bind /opt 2>err; test $? = 2 && grep sandbox err &&
	{ quire-ci run --sandbox jail 2>err; test $? = 2; } &&
	{ quire-ci run --sandbox bwrap --bind opt 2>err; test $? = 2; }'
