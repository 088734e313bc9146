#!/bin/sh
# make install and make uninstall; what is installed works from where it is, and
# completes in bash and zsh what it is asked for.
BUILT=${QUIRE_BUILD:-$(dirname "$0")/../../build}
case $BUILT in /*) ;; *) BUILT=$PWD/$BUILT ;; esac
. "$(dirname "$0")/lib.sh"

PREFIX=$T/prefix
DEST="$T/a dest"
BIN=$DEST$PREFIX/bin
SHARE=$DEST$PREFIX/share

# what is built is taken as it is, with whatever flags it was
installation() {
	make -s -C "$ROOT" -o all "$1" B="$BUILT" DESTDIR="$DEST" \
		PREFIX="$PREFIX" sysconfdir="$T/etc"
}

# installed FOLDER FILE...: these, and only these, are in it.
installed() {
	folder=$1
	shift
	ls "$folder" >"$T/there"
	printf '%s\n' "$@" | sed 's|.*/||' | sort | diff - "$T/there"
}

# completed LINE: what bash offers at its end, in one line.
completed() {
	# shellcheck disable=SC2086 # its words
	bash -c '
	source "$1"
	shift
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_quire "$1" "${COMP_WORDS[COMP_CWORD]}"
	echo "${COMPREPLY[*]}"' bash "$SHARE/bash-completion/completions/quire" "$@"
}

# offered WORD...: what zsh offers for the last of these, with descriptions.
offered() {
	zsh -f -c '
	fpath=($1 $fpath)
	shift
	autoload -Uz _quire
	_describe() { print -rl -- ${(P)@[-1]} }
	_files() { print FILES }
	words=("$@") CURRENT=$#
	_quire' zsh "$SHARE/zsh/site-functions" "$@"
}

plan 27

umask 077
check 'make install writes below DESTDIR' 'installation install'
check 'and nowhere else' 'test ! -e "$PREFIX" && test ! -e "$T/etc"'
check 'the programs are there' '
	installed "$BIN" quire quire-push quire-run quire-ci quire-reconcile \
		quire-cgi'
check 'and every page of the manual' '
	installed "$SHARE/man/man1" "$ROOT"/man/*.1 &&
	installed "$SHARE/man/man5" "$ROOT"/man/*.5 &&
	installed "$SHARE/man/man7" "$ROOT"/man/*.7 &&
	installed "$SHARE/man/man8" "$ROOT"/man/*.8'
check 'and what a home is told of a run with' '
	installed "$SHARE/quire/hooks" "$ROOT"/hooks/run-finished.*'
check 'all may read it, and run what is to be run' '
	test -z "$(find "$DEST" ! -perm -444 -o -type d ! -perm -111)" &&
	test -z "$(find "$BIN" "$SHARE/quire/hooks" ! -perm -111)"'
check 'cron and systemd start what was installed' '
	grep -q "quire $PREFIX/bin/quire-reconcile\| $PREFIX/bin/quire-reconcile\$" \
		"$DEST$T/etc/cron.d/quire" &&
	grep -qx "ExecStart=$PREFIX/bin/quire-reconcile" \
		"$DEST$PREFIX/lib/systemd/system/quire-reconcile.service" &&
	! grep -r @ "$DEST$T/etc" "$DEST$PREFIX/lib"'
check 'systemd leaves the runs alone that it starts' '
	grep -qx KillMode=process \
		"$DEST$PREFIX/lib/systemd/system/quire-reconcile.service"'

# ---- from there ----
PATH=$BIN:/usr/local/bin:/usr/bin:/bin
new_home
check 'a program finds the others beside itself' '
	echo "{}" >bad.json
	PATH=/usr/bin:/bin "$BIN/quire" ci check bad.json 2>&1 | grep jobs &&
	PATH=/usr/bin:/bin "$BIN/quire" reconcile --dry-run'
new_repo foo
new_repo 'work/b c'
check 'the hook starts quire-push from there' '
	grep -F "$BIN/quire-push" "$QUIRE_HOME/repos/foo.git/hooks/post-receive"'
pipeline foo '{"jobs":[{"id":"one","run":"echo it runs"},{"id":"two","run":"false"}]}' \
	'a: b'
check 'a push makes a run' '
	push foo | grep "foo#1 queued" && wait_idle &&
	test "$(state foo#1)" = failed && quire log foo#1 one | grep "it runs"'

# ---- bash ----
check 'bash completes the commands' '
	completed quire re | grep -x "repo rerun reconcile"'
check 'and the words of a command' 'completed quire repo "" |
	grep -x "new adopt move list hook unhook rm"'
check 'and its options' 'completed quire repo list - | grep -x -- "--help --json" &&
	completed quire-ci run --ch | grep -x -- --changed-since &&
	completed quire ci run --ch | grep -x -- --changed-since'
check 'and repositories, as the shell needs them' '
	completed quire runs "" | grep -xF "foo work/b\ c" &&
	completed quire repo unhook f | grep -x foo &&
	test -z "$(completed quire repo new "")"'
check 'and runs, and their jobs' '
	completed quire show "foo#" | grep -x "foo#1" &&
	completed quire log "foo#1" t | grep -x two'
check 'and settings, for all or for a repository' '
	completed quire config maxR | grep -x maxRuns &&
	completed quire config foo keepD | grep -x keepDays'
check 'and what an option takes, behind a blank or =' '
	completed quire runs --state f | grep -x failed &&
	completed quire runs --state = f | grep -x failed &&
	completed quire runs --state = | grep -xF \
		"pending active complete failed superseded"'
check 'of the home that the line names' '
	test -z "$(completed quire --home "$T/none" show foo)" &&
	QUIRE_HOME=$T/none completed quire --home "$T/home" show foo |
		grep -x "foo#1" &&
	QUIRE_HOME=$T/none completed quire --home = "$T/home" show foo |
		grep -x "foo#1"'

# ---- zsh ----
if command -v zsh >/dev/null; then
	check 'zsh completes commands, with what they do' '
		offered quire c | grep -x "cancel:end a run"'
	check 'and runs, with what they are of' '
		offered quire show "" | grep -x "foo#1:a: b"'
	check 'and options with = as one word' '
		offered quire runs --state=c | grep -x -- --state=complete'
	check 'and files where they may be' '
		offered quire repo adopt "" | grep -x FILES &&
		! offered quire show "" | grep FILES'
else
	for what in commands runs options files; do
		skip "zsh completes $what" 'zsh is not here'
	done
fi

# ---- away ----
echo '# mine' >>"$DEST$T/etc/cron.d/quire"
check 'a changed cron entry stays as it is' '
	installation install && grep -x "# mine" "$DEST$T/etc/cron.d/quire"'
echo mine >"$SHARE/quire/hooks/mine"
check 'make uninstall leaves what it did not install, and says so' '
	installation uninstall >said && grep -F "$DEST$T/etc/cron.d/quire" said &&
	find "$DEST" -type f | sort >left &&
	printf "%s\n" "$DEST$T/etc/cron.d/quire" "$SHARE/quire/hooks/mine" |
		sort | diff - left'
rm -r "$DEST"
check 'of what it installed, nothing is left' '
	installation install && installation uninstall &&
	find "$DEST" ! -type d >left && find "$DEST$PREFIX" -name "*quire*" >>left &&
	cat left && test ! -s left'
check 'to uninstall what is not there is no error' 'installation uninstall'
