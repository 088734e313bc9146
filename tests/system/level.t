#!/bin/sh
# A hook is the fast path and no more: whatever became of it, the next
# quire-reconcile gives the tip its run, one, that runs once. Pushes with a
# database that cannot be written are in push-bad.t.
. "$(dirname "$0")/lib.sh"
plan 13

new_home
new_repo foo
BARE=$QUIRE_HOME/repos/foo.git
HOOK=$BARE/hooks/post-receive
pipeline foo "{\"jobs\":[{\"id\":\"a\",\"run\":\"git --version >/dev/null; echo \$QUIRE_SHA >>$T/executed\"}]}"
push foo >/dev/null
wait_idle
cp "$HOOK" hook

commit() {
	git -C foo commit -q --allow-empty -m 'one more'
	git -C foo rev-parse HEAD
}

# rows: of the tip: state and what queued it
rows() {
	sql "SELECT state, \"trigger\" FROM runs WHERE sha =
		'$(git -C "$BARE" rev-parse main)'" | paste -s -d ' '
}

arrived() {
	test "$(git -C "$BARE" rev-parse main)" = "$(git -C foo rev-parse main)"
}

# caught_up: what the push left undone is done, once, and then there is nothing
# to do
caught_up() {
	quire-reconcile >"$T/out" 2>&1
	cat "$T/out"
	wait_idle && test "$(rows)" = "complete|${1:-drift}" &&
		test "$(grep -c "$(git -C "$BARE" rev-parse main)" \
			executed)" = 1 && ! quire-reconcile 2>&1 | grep .
}

# through COMMAND...: the hook, started by that
through() {
	{
		echo '#!/bin/sh'
		sed -n 's/^\(# .*\)/\1/p' hook
		echo "exec $* '$QUIRE_BUILD/bin/quire-push' \"\$0\" \"\$@\""
	} >"$HOOK"
	chmod +x "$HOOK"
}

# killed at its first, at a middle and at its last step before the commit
for at in openat:when=1 fcntl:when=1 pwrite64:when=1; do
	through strace -qq -o /dev/null -e "trace=${at%%:*}" \
		-e "inject=${at%%:*}:signal=KILL:${at#*:}"
	commit >/dev/null
	check "a hook that is killed at ${at%%:*}: the push stands" \
		'push foo main; arrived && test -z "$(rows)"'
	check 'it is caught up' caught_up
done

# one that has stopped: reconcile is faster, and the hook finds that out
through "sh -c 'echo \$\$ >$T/hook.pid; kill -STOP \$\$; exec \"\$@\"' sh"
commit >/dev/null
push foo main >said &
pushing=$!
wait_for 'grep -q "^State:.T" "/proc/$(cat hook.pid)/status"'
check 'a hook that has stopped: the push waits, and has arrived' \
	'arrived && kill -0 $pushing && test -z "$(rows)"'
check 'its run does not wait for it' caught_up
kill -CONT "$(cat hook.pid)"
wait $pushing
check 'when it goes on, it says who was faster, and nothing is done twice' \
	'grep "quire: foo#[0-9]* for main: quire-reconcile was faster" said &&
	caught_up push'
cp hook "$HOOK"

# The client is killed when its ref has moved; git has nobody to report to, and
# ends before it runs post-receive.
cat >"$BARE/hooks/reference-transaction" <<END
#!/bin/sh
[ "\$1" = committed ] || exit 0
kill -9 \$(cat '$T/client.pid')
sleep 0.2
END
chmod +x "$BARE/hooks/reference-transaction"
through "sh -c 'touch $T/hooked; exec \"\$@\"' sh"
commit >/dev/null
sh -c 'echo $$ >client.pid; exec git -C foo push -q origin main' 2>/dev/null
wait_for '! fuser -s "$BARE" 2>/dev/null'
check 'a client that is gone before the report: post-receive never runs' \
	'arrived && ! test -e hooked && test -z "$(rows)"'
rm "$BARE/hooks/reference-transaction"
cp hook "$HOOK"
check 'it is caught up' caught_up

# a minute's lock, here a short one; the job of a run that is under way waits
(
	printf '%s\n' '.timeout 10000' 'BEGIN IMMEDIATE;' ".shell touch $T/locked"
	wait_for 'test -e "$T/go"' 100
	echo 'COMMIT;'
) | sqlite3 "$QUIRE_HOME/quire.db" &
wait_for 'test -e locked'
commit >/dev/null
check 'a locked database: the pusher is told, and not held up' \
	'push foo main >said; cat said; arrived && test -z "$(rows)" &&
	grep "locked: the push stands, nothing is queued; the next quire-reconcile finds it" said'
(sleep 1; touch go) &
check 'reconcile waits for it, and then all is caught up' caught_up
wait
