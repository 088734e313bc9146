#!/bin/sh
# The manual pages and the programs tell of the same: what --help says, what
# the source takes, what a page says.
# shellcheck disable=SC2016 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
command -v mandoc >/dev/null || {
	echo '1..0 # SKIP no mandoc'
	exit 0
}

# Who is asked: the programs, and the subcommands that are none.
programs='quire-ci quire-run quire-push quire-reconcile quire-cgi'
subcommands=$(quire --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' |
	while read -r name; do
		test -x "$QUIRE_BUILD/bin/quire-$name" || echo "$name"
	done)
plan $((11 + 2 * $(echo "$programs $subcommands" | wc -w)))

page_of() {
	printf '%s\n' "$ROOT/man/$1".[1-9] | head -n 1
}

# plain: a page as wide as its longest line.
plain() {
	mandoc -T ascii -O width=999 "$1" | sed "s/.$(printf '\b')//g"
}

# alike: NAME and name, "name ..." and "name..." are the same in a synopsis.
alike() {
	tr '[:upper:]' '[:lower:]' | tr -s ' ' | sed 's/^ //; s/ \.\.\./.../g'
}

# usage COMMAND...: its forms, a line each.
usage() {
	"$@" --help | sed '/^$/,$d; s/^usage: / /' | awk '
		/^ *quire/ { if (form) print form; form = $0; next }
		{ form = form " " $0 }
		END { print form }' | alike
}

# synopsis_of PAGE
synopsis_of() {
	plain "$1" | sed -n '/^SYNOPSIS$/,/^DESCRIPTION$/p' | grep '^ ' | alike
}

# forms NAME: of a subcommand, from the tags of quire(1).
forms() {
	plain "$ROOT/man/quire.1" | sed '/^   What the doctor looks at/,$d' |
		grep -E "^     $1( |\$)" | sed 's/^ */quire /' | alike
}

# options: of a text, a line each.
options() {
	grep -oE '(^|[][ |,(=])--?[a-z][-a-z]*' | sed 's/^[^-]//' | sort -u
}

# marked: those that lines of a page have as Fl, a line each.
marked() {
	awk '{
		flag = 0
		sub(/^\./, "")
		for (i = 1; i <= NF; i++) {
			if ($i ~ /^[A-Z][a-z]$/) flag = $i == "Fl"
			else if (flag && $i ~ /^-?[A-Za-z]/) {
				sub(/[^-A-Za-z].*/, "", $i)
				print "-" $i
			}
		}
	}' | sort -u
}

# items NAME: the source of what quire(1) says of a subcommand.
items() {
	awk -v name="$1" '
		/^\.S[sh] What the doctor/ { exit }
		/^\.It Cm / { mine = $3 == name }
		/^\.(El|Ss|Sh)/ { mine = 0 }
		mine' "$ROOT/man/quire.1"
}

# known SOURCE: the options that it takes, from its table.
known() {
	sed -n -e 's/.*{ "\([a-z-]*\)", [a-z]*_argument,.*/--\1/p' \
		-e 's/.*{ "\([a-z-]*\)", [A-Z |]*, [A-Z]*, TO(.*/--\1/p' \
		"$1" | sort -u
}

# same_options HELP PAGE SOURCE, as files
same_options() {
	diff help page || return 1
	known "$3" | grep -vx -e --help >source
	grep -e '^--' help | grep -vx -e --help | diff source -
}

for program in $programs; do
	check "$program: the synopsis" "
		usage $program >help
		synopsis_of '$(page_of "$program")' >page
		test -s page && diff help page"
	check "$program: the options" "
		$program --help | options >help
		sed -n '/^.Sh SYNOPSIS/,/^.Sh DESC/p; /^.It Fl/p' \
			'$(page_of "$program")' | marked >page
		test -s page && same_options help page '$ROOT/bin/$program.c'"
done
for name in $subcommands; do
	check "quire $name: the synopsis" "
		usage quire $name >help
		forms $name >page
		test -s page && diff help page"
	source=$ROOT/bin/cmd_$name.c
	[ "$name" != help ] || source=/dev/null
	check "quire $name: the options" "
		quire $name --help | options >help
		items $name | marked >page
		same_options help page '$source'"
done

check 'quire: the synopsis and the options' '
	usage quire >help
	synopsis_of "$ROOT/man/quire.1" >page
	diff help page && quire --help | options >help &&
	sed -n "/^.Sh SYNOPSIS/,/^.Sh DESC/p" "$ROOT/man/quire.1" |
		marked >page && diff help page'
check 'quire --help names every subcommand that there is' '
	ls "$ROOT"/bin/cmd_*.c | xargs grep -lE "^int cmd_[a-z]+\(int argc" |
	sed "s/.*cmd_//; s/\.c$//" | sort >source
	echo "$subcommands" | grep -vx help | sort | diff source -'

# commands_in PAGE...: what is typed in them, as "COMMAND" or "COMMAND -OPTION":
# in displays and in quotes, where a command begins.
commands_in() {
	awk '
	function typed(text,   i, n, w, name, first) {
		gsub(/[|;&<>"`'\''(){}]/, " ; ", text)
		n = split(text, w, " ")
		first = 1
		for (i = 1; i <= n; i++) {
			if (w[i] == ";") { first = 1; name = ""; continue }
			if (first && w[i] ~ \
/^([$#*0-9\/]+|[A-Z_]+=.*|exec|then|do|if|while|until|!|else|\\e)$/)
				continue
			if (first) {
				first = 0
				name = w[i]
				sub(/.*\//, "", name)
				if (name !~ /^quire(-[a-z]+)?$/) name = ""
				else if (w[i + 1] == "--home") i += 2
				if (name == "quire" && w[i + 1] ~ /^[a-z]+$/)
					name = name " " w[++i]
				if (name != "") print name
			} else if (name != "" && w[i] ~ /^--?[a-z]/) {
				sub(/=.*/, "", w[i])
				print name " " w[i]
			}
		}
	}
	/^\.Bd -literal/ { shown = 1; script = 0; next }
	/^\.Ed/ { shown = 0 }
	shown && /^#!/ { script = 1 }
	shown && !(script && /^#/) { typed($0) }
	/^\.(Dl|Ql|Ic) / { sub(/^\.[A-Z][a-z] /, ""); typed($0) }' "$@" | sort -u
}

# exists COMMAND [-OPTION], of the lines that commands_in prints
exists() {
	case $1 in
	'quire '*)
		quire --help | grep -q "^  ${1#quire } " || return 1
		if [ -x "$QUIRE_BUILD/bin/quire-${1#quire }" ]; then
			set -- "quire-${1#quire }" "$2"
		fi ;;
	quire) ;;
	*) command -v "$1" >/dev/null || return 1 ;;
	esac
	test -z "$2" || $1 --help | options | grep -qxe "$2"
}

check 'what the pages say to type is there' '
	failed=0
	commands_in "$ROOT"/man/*.[1-9] "$ROOT/README.md" >typed
	test "$(wc -l <typed)" -gt 20 || exit 1
	while read -r line; do
		command=${line%% -*} option=
		test "$command" = "$line" || option=-${line#* -}
		exists "$command" "$option" </dev/null && continue
		echo "no $line"; failed=1
	done <typed
	exit $failed'

# Not of quire: bubblewrap, ulimit, sendmail.
check 'no page names an option that there is not' '
	for command in quire $programs; do $command --help; done >all
	for name in $subcommands; do quire $name --help; done >>all
	options <all >there
	printf "%s\n" --disable-userns -c -t -i >>there
	grep -h "Fl " "$ROOT"/man/*.[1-9] | marked >named
	test -s named && ! grep -vxFf there named'
check 'every Xr to a page of quire is to one that is there' '
	grep -h "^\.Xr quire" "$ROOT"/man/*.[1-9] | cut -d" " -f2,3 |
		sort -u >links
	test -s links && while read -r name section; do
		test -f "$ROOT/man/$name.$section" || {
			echo "no $name($section)"; exit 1; }
	done <links'
check 'every page is named by another, and by quire(7)' '
	for page in "$ROOT"/man/*.[1-9]; do
		name=${page##*/} section=${page##*.}
		name=${name%.*}
		test "$name.$section" = quire.7 ||
		grep -q "^\.Xr $name $section" "$ROOT/man/quire.7" || {
			echo "quire(7) lacks $name($section)"; exit 1; }
	done'
check 'SEE ALSO is in order: by section, then by name' '
	for page in "$ROOT"/man/*.[1-9]; do
		sed -n "/^\.Sh SEE ALSO/,/^\.Sh [^S]/p; /^\.Sh SEC/q" "$page" |
			sed -n "s/^\.Xr \([^ ]*\) \([1-9]\).*/\2 \1/p" >links
		sort links | diff links - || { echo "$page"; exit 1; }
	done'
check 'mandoc finds nothing wrong' 'mandoc -Tlint -W warning "$ROOT"/man/*.[1-9]'

# status PAGE COMMAND...: the exit status is one that the page tells of.
status() {
	page=$(page_of "$1")
	shift
	"$@" >"$T/.said" 2>&1 </dev/null
	status=$?
	sed -n '/^\.Sh EXIT STATUS/,/^\.Sh [^E]/p' "$page" |
		grep -qE "^(\.It )?$status( |\$)" && return
	echo "$*: $status, of which $page says nothing"
	cat "$T/.said"
	return 1
}
# told_in PAGE COMMAND...: its --help says at the end where all is told.
told_in() {
	page=$1
	shift
	"$@" --help | tail -n 1 | grep -q "[Ss]ee $page\.\$" && return
	echo "$* --help does not end with: See $page."
	return 1
}
check 'every --help ends with the name of its page' '
	for program in $programs; do
		page=$(page_of "$program")
		told_in "$program(${page##*.})" "$program" || exit 1
	done
	for name in $subcommands; do
		told_in "quire(1)" quire "$name" || exit 1
	done'
check 'exit statuses are those of the pages' '
	failed=0
	nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
	quire init "$T/home" && chmod 755 "$T" "$T/home"
	for program in $programs quire; do
		status $program $program --help &&
		status $program $program --no-such-option || failed=1
	done
	for program in quire-run quire-reconcile "quire runs"; do
		status ${program% *} env QUIRE_HOME=/none $program || failed=1
		test "$(id -u)" != 0 ||
		status ${program% *} $nobody $program || failed=1
	done
	status quire quire show foo#1 || failed=1
	mkdir -p "$T/tree/.quire" && cd "$T/tree" && git init -q
	echo "{}" >.quire/ci.json && status quire-ci quire-ci check || failed=1
	echo "{\"jobs\": [{\"id\": \"a\", \"run\": \"false\"}]}" >.quire/ci.json
	status quire-ci quire-ci run || failed=1
	exit $failed'

# The variables: of three runs, so that all that there can be are.
new_repo foo
pipeline foo '{"jobs": [{"id": "a", "run": [["env"]]}]}'
check 'the variables of a job are those of quire-run(8)' '
	quire init >/dev/null && quire config sandbox none
	LOGNAME=tess push foo && wait_idle && git -C foo commit -q --allow-empty -m x &&
	git -C foo tag v1 && push foo main v1 && wait_idle &&
	cat "$QUIRE_HOME"/runs/foo.git/*/jobs/a/sh-1.log |
		sed -n "s/^[^ ]* [^ ]* F \([A-Z_]*\)=.*/\1/p" | sort -u >job
	sed -n "/^Jobs get none/,/^The words/p" "$ROOT/man/quire-run.8" |
		grep -E "^\.It Ev|^\.Ev QUIRE_(BRANCH|TAG)" |
		grep -oE "[A-Z_]{2,}" | sort -u >page
	diff job page'
