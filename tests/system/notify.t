#!/bin/sh
# The hooks run-finished: called at the end of every run, by whoever ends it,
# and of no weight to any of them.
. "$(dirname "$0")/lib.sh"
plan 42

new_home
new_repo foo
mkdir told home/hooks/foo.git
export SECRET_OF_THE_PUSHER=x

# hook [REPO]: what is on standard input becomes that hook, before it the shell
# that notes its call in $T/told.
hook() {
	rm -f "home/hooks/${1:+$1/}run-finished"
	{
		echo '#!/bin/sh'
		echo "told=$T/told/\${QUIRE_RUN#*#}; go=$T/go"
		cat
	} >"home/hooks/${1:+$1/}run-finished"
	chmod 755 "home/hooks/${1:+$1/}run-finished"
}

# told N [TIMES]: run N of foo has been told of, once
told() {
	wait_for "test -e $T/told/$1" &&
		wait_for 'test -z "$(notifiers)"' &&
		test "$(wc -l <"told/$1")" = "${2:-1}"
}

# of NAME: the processes of this home that are called so
of() {
	for p in $(survivors); do
		[ "$(cat "/proc/$p/comm")" != "$1" ] || echo "$p"
	done 2>/dev/null
}

notifiers() {
	for p in $(of quire-run); do
		! tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -- --notify ||
			echo "$p"
	done
}

supervisor() {
	for p in $(of quire-run); do
		tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -- --notify ||
			echo "$p"
	done
}

# crash PID...: SIGKILL, and wait until they are gone
crash() {
	kill -9 "$@"
	for pid; do
		wait_for "! grep -q '^State:.[^ZX]' /proc/$pid/status" || return 1
	done
}

number() { sql 'SELECT max(number) FROM runs'; }

quick='{"jobs":[{"id":"a","run":"true"}]}'
red='{"jobs":[{"id":"ok","run":"true"},
	{"id":"may","allow-failure":true,"run":"exit 9"},
	{"id":"a","run":["true","echo no; exit 3"]}]}'
slow="{\"jobs\":[{\"id\":\"a\",\"run\":\"touch $T/up; exec sleep 1000\"}]}"

# --- what a hook finds
hook <<'X'
cat >"$told.json"; env >"$told.env"; pwd >"$told.pwd"; umask >"$told.umask"
grep -E 'Sig(Ign|Blk)' /proc/self/status >"$told.sig"
ls /proc/self/fd >"$told.fd"; echo all >>"$told"
X
hook foo.git <<'X'
cat >"$told.json2"; echo foo >>"$told"; echo "$QUIRE_RUN" >>"$told"
X
quire config url https://ci.example.org/q/
pipeline foo "$red" 'it is "so"'
push foo >/dev/null
check 'both are called, that for all first, then that of the repository' \
	'told 1 3 && test "$(cat told/1)" = "all
foo
foo#1"'
check 'each finds the run on its standard input, as quire show --json has it' \
	'quire show --json foo#1 >shown; cmp shown told/1.json &&
	cmp shown told/1.json2'
var() { sed -n "s/^$2=//p" "told/$1.env"; }
check 'its variables say which run' '
	test "$(var 1 QUIRE_RUN)" = foo#1 && test "$(var 1 QUIRE_REPO)" = foo.git &&
	test "$(var 1 QUIRE_ID)" = "$(row 1 id)" &&
	test "$(var 1 QUIRE_REF)" = refs/heads/main &&
	test "$(var 1 QUIRE_SHA)" = "$(git -C foo rev-parse HEAD)" &&
	test "$(var 1 QUIRE_SUBJECT)" = "it is \"so\"" &&
	test "$(var 1 QUIRE_AUTHOR)" = "Tess Test <tess@example.org>" &&
	test "$(var 1 QUIRE_URL)" = https://ci.example.org/q/foo/ci/1'
check 'and what became of it' '
	test "$(var 1 QUIRE_STATE)" = failed &&
	test "$(var 1 QUIRE_FAILURE_KIND)" = pipeline-failure &&
	test "$(var 1 QUIRE_REASON)" = "$(row 1 reason)" &&
	test "$(var 1 QUIRE_NEWS)" = failed &&
	test -z "$(var 1 QUIRE_PREVIOUS_STATE)"'
check 'and by which command it failed: not one that may' '
	test "$(var 1 QUIRE_FAILED_JOB)" = a && test "$(var 1 QUIRE_FAILED_N)" = 2 &&
	test "$(var 1 QUIRE_FAILED_COMMAND)" = "echo no; exit 3" &&
	test "$(var 1 QUIRE_FAILED_STATUS)" = 3'
check 'QUIRE_RUN_ID, the mark of what a run left behind, is not there' \
	'! grep QUIRE_RUN_ID told/1.env'
check 'nor is anything of whoever pushed' '
	! grep -E "SECRET_OF|GIT_" told/1.env &&
	test "$(var 1 QUIRE_HOME)" = "$QUIRE_HOME" &&
	sed "s/=.*//" told/1.env | grep -vE "^(QUIRE_[A-Z_]*|PATH|HOME|LANG|TZ|PWD|OLDPWD|SHLVL|_)$" |
		grep -c . | grep -x 0'
check 'quire-hooks(5) has the same variables' '
	sed -n "s/^\.It Ev //p" "$ROOT/man/quire-hooks.5" | tr -s " ," "\n" |
		sort >page &&
	{ grep -o "^QUIRE_[A-Z_]*" told/1.env; printf "%s\n" PATH HOME LANG TZ; } |
		sort | diff - page'
check 'quire is in its PATH, the one that called it' \
	'case $(var 1 PATH) in "$QUIRE_BUILD/bin:"*) ;; *) false ;; esac'
# a fourth descriptor is that of ls
check 'it is in the home, umask 027, with three descriptors' '
	test "$(cat told/1.pwd)" = "$QUIRE_HOME" &&
	test "$(cat told/1.umask)" = 0027 &&
	test "$(tr "\n" " " <told/1.fd)" = "0 1 2 3 "'
check 'what was called is in run-finished.log' \
	'grep "foo#1: hooks/run-finished: done" home/run-finished.log &&
	grep "foo#1: hooks/foo.git/run-finished: done" home/run-finished.log'
check 'nothing is left of it in the run directory, nor in quire-run.log' \
	'! test -e "$(dir 1)/untold" && ! test -s home/quire-run.log'

check 'its signals are as new, also where those of the caller are not' '
	(trap "" INT USR1 PIPE; quire-run --notify foo#1) &&
	test "$(sed "s/.*:.//" told/1.sig | tr -d "0\n")" = ""'

# --- which news it is
pipeline foo "$quick"
push foo >/dev/null
check 'a run that is complete after a failed one: recovered' \
	'told 2 3 && test "$(var 2 QUIRE_NEWS)" = recovered &&
	test "$(var 2 QUIRE_PREVIOUS_STATE)" = failed &&
	test -z "$(var 2 QUIRE_FAILED_JOB)"'
quire rerun foo#1 >/dev/null
check 'a rerun that fails as before is no news' \
	'told 3 3 && test "$(var 3 QUIRE_STATE)" = failed &&
	test -z "$(var 3 QUIRE_NEWS)"'
quire rerun foo#2 >/dev/null
check 'nor is what is still complete' \
	'told 4 3 && test "$(var 4 QUIRE_STATE)" = complete &&
	test -z "$(var 4 QUIRE_NEWS)"'
rm home/hooks/foo.git/run-finished

# --- it delays nothing
hook <<'X'
[ "${told##*/}" != 5 ] || {
	echo $$ >"$told.pid"
	until [ -e "$go" ]; do sleep 0.05; done
}
echo >>"$told"
X
git -C foo commit -q --allow-empty -m 'its hook is slow'
push foo >/dev/null
wait_for 'test -s told/5.pid'
check 'a slow hook does not hold up the end of its run, nor its lock' \
	'wait_for "flock -n \"$(dir 5)/lock\" true" &&
	test "$(row 5 state)" = complete && ! test -e told/5'
git -C foo commit -q --allow-empty -m 'the next one'
push foo >/dev/null
check 'its slot is free: the next run goes through, with its hook' \
	'wait_for "test -e told/6" && ! test -e told/5'
check 'and has not ended the slow one, nor has a reconcile' \
	'quire-reconcile && kill -0 "$(cat told/5.pid)" && touch go && told 5'

# --- it changes nothing
hook <<'X'
echo >>"$told"; echo 'not today' >&2; exit 7
X
hook foo.git <<'X'
echo >>"$told"
X
git -C foo commit -q --allow-empty -m 'its hook fails'
push foo >/dev/null
check 'a hook that fails changes nothing about its run, nor the other hook' \
	'told 7 2 && test "$(row 7 state)" = complete'
check 'what it said and how it ended is logged' \
	'grep "foo#7: hooks/run-finished: exit status 7" home/run-finished.log &&
	grep "foo#7: hooks/run-finished: | not today" home/run-finished.log'
check 'and where faults are looked for there is a word of it' \
	'grep "foo#7: hooks/run-finished: exit status 7.*see.*run-finished.log" \
	home/quire-run.log'
rm home/hooks/foo.git/run-finished
hook <<'X'
head -c 300000 /dev/zero | tr '\0' x; echo >>"$told"
X
git -C foo commit -q --allow-empty -m 'its hook says too much'
push foo >/dev/null
check 'of much output only the beginning is kept' \
	'told 8 && test "$(wc -c <home/run-finished.log)" -lt 20000 &&
	grep "foo#8: hooks/run-finished: | and 291808 bytes more" \
	home/run-finished.log'

# --- its time is limited
check 'a time limit ends it, and what it started' '
	quire config notifyTimeout 1s && hook <<-X &&
		trap "" TERM
		sh -c "trap \"\" TERM; while :; do sleep 0.1; done" &
		while :; do sleep 0.1; done
	X
	! quire-run --notify foo#8 && wait_for "test -z \"\$(survivors)\"" &&
	grep "foo#8: hooks/run-finished: was ended after its time limit of 1.0s" \
		home/run-finished.log'
quire config --unset notifyTimeout
check 'what it leaves in the background ends with it' '
	hook <<-X &&
		sleep 1000 &
	X
	quire-run --notify foo#8 && wait_for "test -z \"\$(survivors)\""'
check 'but not a run that it starts' '
	hook <<-X &&
		[ "\$QUIRE_RUN" != foo#8 ] || quire rerun foo#8
		echo >>"\$told"
	X
	quire-run --notify foo#8 && wait_idle && told 9 &&
	test "$(row 9 state)" = complete'

# --- every end
hook <<'X'
echo "$QUIRE_STATE $QUIRE_FAILURE_KIND $QUIRE_FAILED_STATUS" >>"$told"
X
git -C foo checkout -q -b slow
pipeline foo "$slow"
rm -f up
push foo slow >/dev/null
wait_for 'test -e up'
check 'a run that goes on: exit status 2' \
	'quire-run --notify "foo#$(number)" 2>err; test $? = 2 &&
	grep "is still active" err'
git -C foo commit -q --allow-empty -m 'waits'
git -C foo push -q origin slow:other 2>/dev/null
git -C foo commit -q --allow-empty -m 'waits as well'
git -C foo push -q origin slow:third 2>/dev/null
check 'a pending run that is canceled' \
	'quire cancel foo#11 && told 11 && grep "failed canceled" told/11'
git -C foo commit -q --allow-empty -m 'newer'
git -C foo push -q origin slow:third 2>/dev/null
check 'not one that was superseded while it waited' \
	'test "$(row 12 state)" = superseded && test -z "$(notifiers)" &&
	! test -e told/12'
# the file is where the directory of run 13 should be
touch "$(dir 13)"
rm -f up
push foo slow >/dev/null
check 'an active run that was superseded' \
	'told 10 && grep superseded told/10'
check 'a run that failed before it began' \
	'told 13 && grep "failed workspace" told/13'
wait_for 'test -e up'
# shellcheck disable=SC2046
crash $(supervisor)
check 'a run that reconcile settled' \
	'wait_for "test -z \"\$(of quire-ci)\"" && quire-reconcile &&
	told 14 && grep "failed orphaned" told/14'
check 'reconcile tells once' '! quire-reconcile 2>&1 | grep . && told 14'

# begin: one more that goes on
begin() {
	rm -f up
	git -C foo commit -q --allow-empty -m 'one more'
	push foo slow >/dev/null
	wait_for 'test -e up'
}
begin
supervisor=$(supervisor)
kill -STOP "$supervisor"
quire cancel foo#15 >/dev/null
crash "$supervisor"
wait_for 'test -z "$(of quire-ci)"'
check 'one that was ended, with a supervisor that was killed before it told' \
	'quire-reconcile | grep "foo#15: called the hooks of its end" &&
	told 15 && grep "failed canceled" told/15 &&
	! quire-reconcile 2>&1 | grep . && told 15'
touch "$(dir 14)/untold"
check 'and one whose supervisor was killed after all but that' '
	quire-reconcile -n | grep "foo#14: would call the hooks of its end" &&
	test "$(wc -l <told/14)" = 1 && quire-reconcile >out &&
	grep "foo#14: called the hooks of its end" out &&
	test "$(wc -l <out)" = 1 && told 14 2 && ! quire-reconcile 2>&1 | grep .'
begin
quire cancel foo#16 >/dev/null
wait_for 'test -z "$(supervisor)"'
git -C foo commit -q --allow-empty -m 'of a repository that goes away'
mv home/hooks kept
begin
git -C foo commit -q --allow-empty -m 'waits'
git -C foo push -q origin slow:last 2>/dev/null
mv kept home/hooks
mv home/repos/foo.git away
quire-reconcile >/dev/null
check 'of a pending run whose repository is gone reconcile tells' \
	'quire-reconcile | grep "foo#18: its repository is gone" && told 18 &&
	grep "failed orphaned" told/18'
check 'of an active one its supervisor does' \
	'told 17 && grep "failed orphaned" told/17'
mv away home/repos/foo.git
wait_idle

# --- whose it is
check 'one that is not executable is not called, and the logs say so' '
	chmod 644 home/hooks/run-finished && ! quire-run --notify foo#1 2>err &&
	grep "hooks/run-finished: is not executable" err &&
	grep "foo#1: hooks/run-finished: is not executable" home/quire-run.log &&
	quire doctor | grep "^wrong.*hooks/run-finished: is not executable"'
rm -f told/1
check 'nor is one that others may write to, itself or by its folder' '
	chmod 775 home/hooks/run-finished && ! quire-run --notify foo#1 2>err &&
	grep "others than its owner may write" err &&
	chmod 755 home/hooks/run-finished && chmod 2770 home/hooks &&
	! quire-run --notify foo#1 2>err && grep "hooks: mode 2770" err &&
	quire doctor | grep "^wrong.*hooks: mode" && chmod 2750 home/hooks &&
	! test -e told/1 && quire-run --notify foo#1 && test -e told/1'
check 'what quire doctor says mends it' '
	chmod 666 home/hooks/run-finished && mkdir -p home/hooks/foo.git &&
	echo "#!/bin/sh" >home/hooks/foo.git/run-finished &&
	quire doctor --json >d.json; python3 - <<-X >mend &&
		import json
		for f in json.load(open("d.json")):
		    if f["check"] == "hooks" and f["kind"] == "wrong":
		        print(f["command"])
	X
	test "$(wc -l <mend)" = 2 && sh mend && quire-run --notify foo#1 &&
	quire doctor | grep "^ok.*hooks/foo.git/run-finished is called" &&
	rm home/hooks/foo.git/run-finished'
if [ "$(id -u)" = 0 ]; then
	check 'nor another user'"'"'s' '
		chown 65534 home/hooks/run-finished &&
		! quire-run --notify foo#1 2>err && grep "belongs to uid 65534" err &&
		chown 0 home/hooks/run-finished'
else
	skip 'nor another user'"'"'s' 'not root'
fi
check 'a link to what is shipped is followed' '
	mv home/hooks/run-finished "$T/shipped" && rm -f told/1 &&
	ln -s "$T/shipped" home/hooks/run-finished &&
	quire-run --notify foo#1 && test -e told/1'
