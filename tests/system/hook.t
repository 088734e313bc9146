#!/bin/sh
# The hook as git runs it: both readings of the file, the hook that was there
# before, and what becomes of descriptors, signals and processes.

. "$(dirname "$0")/lib.sh"

plan 29

new_home
new_repo foo
BARE=$QUIRE_HOME/repos/foo.git
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":\"until test -e $T/go; do sleep 0.05; done\"}]}"

# ---- what is started is on its own ----
check 'git does not wait for the run' \
	'push foo | cat >out && test ! -e go && grep -q "foo#1 queued" out'
wait_for 'test "$(state foo#1)" = active'
RUN=$(sql 'SELECT id FROM runs')
pid() {
	for p in $(pgrep -x quire-run); do
		{ tr '\0' '\n' <"/proc/$p/environ"; } 2>/dev/null |
			grep -qx "QUIRE_HOME=$QUIRE_HOME" &&
			test "$(tr '\0' ' ' <"/proc/$p/cmdline")" = 'quire-run ' &&
			echo "$p" && return
	done
	return 1
}
check 'quire-run is named after itself, in the home' \
	'P=$(pid) && test "$(readlink /proc/$P/cwd)" = "$QUIRE_HOME"'
P=$(pid)
check 'it leads a session of its own' \
	'test "$(ps -o sid= -p "$P" | tr -d " ")" = "$P"'
check 'its descriptors 0 to 2 are /dev/null, none is a pipe of git' \
	'for fd in 0 1 2; do test "$(readlink /proc/$P/fd/$fd)" = /dev/null ||
	exit 1; done; ! readlink /proc/$P/fd/* | grep -v "^anon_inode\|^/\|^pipe"'
check 'its environment is the allowed one' \
	'test -z "$(tr "\0" "\n" <"/proc/$P/environ" |
	grep -v "^\(QUIRE_HOME\|PATH\|HOME\|LANG\|TZ\)=")"'
# one that says how it was started, in the place of quire-run
mkdir beside
cp "$QUIRE_BUILD/bin/quire-push" beside
cat >beside/quire-run <<END
#!/bin/sh
exec >'$T/started.new'
umask
# no child reads this: a shell blocks signals while it starts one
while read -r key mask; do
	case \$key in Sig[BI]*) echo "\$key \$mask" ;; esac
done </proc/\$\$/status
mv '$T/started.new' '$T/started'
END
chmod +x beside/quire-run
check 'its umask is 027, and no signal is blocked or ignored' \
	'rm -f started started.new && git -C foo commit -q --allow-empty -m next &&
	git -C "$BARE" fetch -q "$T/foo" +main:main &&
	(umask 0; trap "" PIPE HUP USR1; { git -C foo rev-parse main~1 main |
	tr "\n" " "; echo refs/heads/main; } | beside/quire-push --git-dir "$BARE") &&
	wait_for "test -e started" && test "$(tr "\n" " " <started)" = \
	"0027 SigBlk: 0000000000000000 SigIgn: 0000000000000000 "'
touch go
wait_idle

# the pipe that git waits for, on descriptors that no hook expects
rm -f go
mv "$BARE/hooks/post-receive" "$BARE/hooks/real"
printf '#!/bin/sh\nexec 3>&2 9>&2\nexec hooks/real\n' \
	>"$BARE/hooks/post-receive"
chmod +x "$BARE/hooks/post-receive"
check 'the run keeps no copy of its pipe open' \
	'git -C foo commit -q --allow-empty -m next &&
	timeout 20 git -C foo push -q origin main && test ! -e go &&
	wait_for "test \"\$(state foo#3)\" = active"'
touch go
wait_idle
mv "$BARE/hooks/real" "$BARE/hooks/post-receive"

rm -f go
check 'a push by a job kicks nobody' \
	'rm -f started started.new && git -C foo commit -q --allow-empty -m next && QUIRE_RUN_ID=x push foo |
	grep -q "foo#4 queued for main *$" && sleep 0.3 &&
	test "$(state foo#4)" = pending'
touch go
check 'the next push that is none starts both' \
	'git -C foo tag v1 && push foo v1 >/dev/null && wait_idle &&
	test "$(sql "SELECT count(*) FROM runs WHERE state = '\''complete'\''")" = 4'
check 'signals that are ignored here are not in the run' \
	'rm -f started started.new && git -C foo commit -q --allow-empty -m next &&
	(trap "" PIPE XFSZ HUP CHLD; push foo >/dev/null) && wait_idle &&
	test "$(sql "SELECT state FROM runs ORDER BY number DESC LIMIT 1")" = complete'

# ---- both readings ----
HOOK=$BARE/hooks/post-receive
check 'the hook is run by quire-push itself' \
	'head -n 1 "$HOOK" | grep -q "^#!/.*/quire-push$"'
cp -r "$QUIRE_BUILD" "my build's"
rm -rf "my build's/obj" "my build's/asan"
mv home "home of 'q'"
ODD="home of 'q'/repos/foo.git"
git -C foo remote set-url origin "$T/$ODD"
check 'white space and quotes in the paths of the program and the home' \
	'QUIRE_HOME="$T/home of '\''q'\''" PATH="$T/my build'\''s/bin:$PATH"
	export QUIRE_HOME; sql "UPDATE repos SET git_dir = replace(git_dir,
	'\''/home/'\'', '\''/home of '\'''\''q'\'''\''/'\'')" &&
	quire repo hook foo && head -n 1 "$ODD/hooks/post-receive" |
	grep -qx "#!/bin/sh" &&
	git -C foo commit -q --allow-empty -m next &&
	push foo | grep "quire: foo#[0-9]* queued for main" && wait_idle'
mv "home of 'q'" home
sql "UPDATE repos SET git_dir = '$BARE'"
git -C foo remote set-url origin "$BARE"
LONG=$T/$(printf '%0120d/%0120d' 0 0)
mkdir -p "$LONG"
cp "$QUIRE_BUILD/bin/"* "$LONG"
check 'a program with a path that is too long for #!' \
	'"$LONG/quire" repo hook foo && test "${#LONG}" -gt 240 &&
	head -n 1 "$HOOK" | grep -qx "#!/bin/sh" &&
	git -C foo commit -q --allow-empty -m next &&
	push foo | grep "quire: foo#[0-9]* queued for main" && wait_idle'
quire repo hook foo >/dev/null
check 'the home in the hook beats the environment' \
	'rm -f started started.new && git -C foo commit -q --allow-empty -m next &&
	QUIRE_HOME=$T/nowhere push foo | grep "quire: foo#[0-9]* queued"'
wait_idle

# ---- the hook that was there before ----
quire repo unhook foo >/dev/null
cat >"$HOOK" <<END
#!/bin/sh
cat >'$T/stdin'
echo "\$0 \$# \$PWD \$GIT_DIR \$MARK" >'$T/seen'
sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status >'$T/ignored'
exit 7
END
chmod +x "$HOOK"
quire repo hook foo >/dev/null
# hook: as git runs it, by hand
hook() {
	(cd "$BARE" && GIT_DIR=. MARK=mark hooks/post-receive 2>"$T/err")
}
git -C foo commit -q --allow-empty -m next
check 'it runs after quire'\''s, with the same input' \
	'push foo | grep "queued for main" && test "$(cat stdin)" = \
	"$(git -C foo rev-parse main~1 main | tr "\n" " ")refs/heads/main"'
check 'with the same folder, arguments and environment' \
	'echo x | hook; test "$(cat seen)" = \
	"hooks/post-receive.before-quire 0 $BARE . mark"'
check 'its exit status is the hook'\''s' 'hook </dev/null; test $? = 7'
check 'it ignores no signal that quire-push does' \
	'test "$((0x$(cat ignored) & 0x1000))" = 0'
check 'its input may be long' \
	'i=0; while [ $i -lt 3000 ]; do
	echo "a line of some length that is not what git would say, number $i"
	i=$((i + 1)); done >long && hook <long; cmp long stdin'
check 'also when there is no home' \
	'rm stdin; mv home/quire.db keep; echo x | hook; s=$?; mv keep home/quire.db
	test $s = 7 && test "$(cat stdin)" = x && test -s err'
check 'also when quire'\''s hook is damaged' \
	'rm stdin; cp "$HOOK" keep; sed -i "/^# home/d" "$HOOK"; echo x | hook
	s=$?; mv keep "$HOOK"; test $s = 7 && test "$(cat stdin)" = x'
OLD=$BARE/hooks/post-receive.before-quire
printf 'cat >%s/stdin\nexit 8\n' "$T" >"$OLD"
check 'a script without #! is run by sh, as git does' \
	'rm stdin; echo x | hook; test $? = 8 && test "$(cat stdin)" = x'
chmod -x "$OLD"
check 'one that git did not run does not run now' \
	'rm stdin; echo x | hook; test $? = 0 && ! test -e stdin'
rm "$OLD"
check 'one that is gone is no failure' 'echo x | hook; test $? = 0'
printf '#!/bin/sh\nexit 9\n' >real
chmod +x real
ln -s "$T/real" "$OLD"
check 'one that is a link is followed' 'echo x | hook; test $? = 9'
check 'unhook restores the link' \
	'quire repo unhook foo && test "$(readlink "$HOOK")" = "$T/real"'
quire repo hook foo >/dev/null

# ---- a pusher that has gone ----
rm "$OLD"
sed -i '/^# chain/d' "$HOOK"
check 'a pusher that does not listen any more is no failure' \
	'rm -f started started.new && git -C foo commit -q --allow-empty -m next &&
	git -C "$BARE" fetch -q "$T/foo" +main:main &&
	{ git -C foo rev-parse main~1 main | tr "\n" " "; echo refs/heads/main; } \
	>line && { (cd "$BARE" && sleep 0.2 && GIT_DIR=. hooks/post-receive <"$T/line"
	echo $? >"$T/status"); } 2>&1 | true; wait_for "test -s status" &&
	test "$(cat status)" = 0 && test "$(sql "SELECT count(*) FROM runs
	WHERE sha = '\''$(git -C foo rev-parse main)'\''")" = 1'
check 'nor is one whose standard error is closed' \
	'rm -f started started.new && git -C foo commit -q --allow-empty -m next &&
	git -C "$BARE" fetch -q "$T/foo" +main:main &&
	{ git -C foo rev-parse main~1 main | tr "\n" " "; echo refs/heads/main; } \
	>line && (cd "$BARE" && GIT_DIR=. hooks/post-receive <"$T/line" 2>&-) &&
	test "$(sql "SELECT count(*) FROM runs
	WHERE sha = '\''$(git -C foo rev-parse main)'\''")" = 1'
wait_idle

cat >"$OLD" <<-END
	#!/bin/sh
	cat >/dev/null # the shell has no other child
	echo "\$\$:\$(cat /proc/\$\$/task/\$\$/children | wc -w)" >"$T/children"
END
chmod +x "$OLD"
rm "$HOOK"
quire repo hook foo >/dev/null
check 'a hook that was there before gets no child that it does not know' \
	'git -C foo commit -q --allow-empty -m next && push foo >said &&
	grep "queued for main" said && grep -x "[0-9]*:1" children && wait_idle'
