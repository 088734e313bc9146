#!/bin/sh
# What the pages show is what happens: their commands are run, in order, in a
# throw-away home, and print what the page says that they print.
# shellcheck disable=SC2016 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/system/older.sh"
plan 23

# The machine of the pages is a folder here.
here() {
	sed -e "s,/home/ann,$T,g" -e "s,/srv/,$T/srv/,g" \
		-e "s,/var/quire,$T/var/quire,g" -e "s,/backup/,$T/backup/,g"
}

# displays PAGE SECTION: what is shown there, a blank line after each display.
# \e and the like are the characters that they stand for.
displays() {
	awk -v section="$2" '
		/^\.S[hs] / { inside = substr($0, 5) == section }
		inside && /^\.Bd -literal/ { shown = 1; next }
		shown && /^\.Ed/ { shown = 0; print "" }
		shown' "$ROOT/man/$1" |
		sed -e 's/\\e/\\/g' -e 's/\\\[u2713\]/✓/g' -e 's/\\-/-/g' | here
}

# steps FOLDER: of displays, each command as FOLDER/N and what follows it as
# FOLDER/N.shown. A command begins with "$ ", and goes on after a backslash or
# to the end of its here-document.
steps() {
	mkdir -p "$1"
	awk -v folder="$1" '
		/^\$ / && !within { n++; file = sprintf("%s/%02d", folder, n)
			printf "" >(file ".shown")
			sub(/^\$ /, ""); command = 1 }
		command { print >file
			if ($0 ~ /<<.EOF.$/) { within = 1; next }
			if (within) { if ($0 == "EOF") within = command = 0; next }
			command = $0 ~ /\\$/; next }
		!NF { file = "" } # the end of a display
		file { print >(file ".shown") }'
}

# alike: times, ids and the widths of columns differ from run to run.
alike() {
	sed -E -e 's/\b[0-9]+(\.[0-9]+)?s\b/TIME/g' -e 's/\b[0-9a-f]{8,40}\b/ID/g' \
		-e 's/just now|[0-9]+ [a-z]+ ago/AGO/g' -e 's/ +/ /g' -e 's/ $//'
}

# as_shown N: the lines shown are among those printed, in their order.
as_shown() {
	alike <"$1.shown" >"$T/wanted"
	alike <"$1.printed" >"$T/printed"
	awk 'FILENAME == ARGV[1] { want[++n] = $0; next }
		n && $0 == want[i + 1] { i++ }
		END { if (i < n) { print "not printed: " want[i + 1]; exit 1 } }' \
		"$T/wanted" "$T/printed" && return
	cat "$1" "$1.printed"
	return 1
}

# run_steps FOLDER: runs them in this shell, since one may be a cd, and keeps
# what each printed, and its status.
run_steps() {
	for step in "$1"/??; do
		. "$step" >"$step.printed" 2>&1 </dev/null
		echo $? >"$step.status"
	done
}

# all_well FOLDER: every step succeeded, but for those that are of FAILING,
# an extended regular expression, and each printed what is shown.
all_well() {
	for step in "$1"/??; do
		grep -qE "^(${FAILING:-.^})\$" "$step" ||
		test "$(cat "$step.status")" = 0 || {
			echo "status $(cat "$step.status"):"
			cat "$step" "$step.printed"
			return 1
		}
		as_shown "$step" || return 1
	done
}

# A repository that is there already, for several of the pages.
bare() {
	mkdir -p "$T/srv/git"
	rm -rf "$T/srv/git/$1.git"
	git clone -q --bare "$T/tools" "$T/srv/git/$1.git"
}
git init -q "$T/tools"
pipeline tools '{"jobs": [{"id": "a", "run": "true"}]}'
bare tools

displays quire-tutorial.7 'A FIRST RUN' | steps first
check 'the tutorial has its steps' 'test "$(ls first/?? | wc -l)" -ge 20 &&
	grep -q "hello#2 complete in" first/*.shown'
run_steps "$T/first"
cd "$T" || exit 70
check 'they go as it says, and end with a green run' '
	FAILING="quire wait hello#1|quire doctor"; all_well first'
check 'the red run is red, and the doctor misses cron' '
	test "$(cat first/*.status | grep -cx 1)" = 2 &&
	grep "^wrong *cron" first/*.printed'
check 'the line for the crontab is the one that quire init printed' '
	line=$(displays quire-tutorial.7 "A FIRST RUN" | grep "^\* \*" |
		sed "s,/usr/local,$QUIRE_BUILD,") && test "$line" &&
	grep -F "$line" first/02.printed'
check 'quire ci run is red before there is a hello.c' '
	git -C hello rm -q hello.c && (cd hello && ! quire ci run) &&
	git -C hello reset -q --hard'
check 'what was adopted has its first run' 'wait_idle && test "$(
	quire show tools#1 --json | grep -c "\"trigger\": *\"start\"")" = 1'
quire config sandbox none

# pipelines: what is said to be one. A list of jobs alone is put into one.
check 'every pipeline that is shown is right' '
	mkdir -p json && for page in "$ROOT"/man/*.[1-9]; do
		awk -v name="json/${page##*/}" "
			/^\.Bd -literal/ { shown = 1; n++; text = \"\"; next }
			/^\.Ed/ { if (text ~ /^\{ *\n? *\"(jobs|timeout|history)/)
				printf \"%s\", text >(name \".\" n)
				else if (text ~ /^\{ \"id\"/)
				printf \"{\\\"jobs\\\": [\n%s]}\", text >(name \".\" n)
				shown = 0 }
			shown { text = text \$0 \"\n\" }" "$page"
	done
	test "$(ls json | wc -l)" -ge 6 && for file in json/*; do
		quire ci check "$file" || exit 1
	done'
check 'every script that is shown can be read by sh' '
	for page in "$ROOT"/man/*.[1-9]; do
		sed -n "/^\.Bd -literal/,/^\.Ed/p" "$page" | sed "s/\\\\\\\\e/\\\\\\\\/g" |
		awk -v name="${page##*/}" "
			/^\.Bd/ { n++; on = 0; next }
			/^#!\/bin\/sh/ { on = 1 }
			/^\.Ed/ { on = 0 }
			on { print >(\"script.\" name \".\" n) }"
	done
	test "$(ls script.* | wc -l)" -ge 5 && for file in script.*; do
		sh -n "$file" || exit 1
	done'
displays quire-pipeline.5 EXAMPLES | sed '/^$/,$d' >matrix
check 'the program that is shown prints four jobs' '
	mkdir -p tree/.quire && cp matrix tree/.quire/ci && cd tree &&
	git init -q && chmod +x .quire/ci && quire ci check &&
	test "$(quire ci run --list | grep -c "^[a-z]*-O[02] ")" = 4'

# recipe: in quire-tutorial(7), the display of that section that has PATTERN
recipe() {
	displays quire-tutorial.7 "$1" | awk -v RS= -v p="$2" '$0 ~ p'
}
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=protocol.file.allow \
	GIT_CONFIG_VALUE_0=always
bare library
git -C tools submodule --quiet add "$T/srv/git/library.git" library
recipe Submodules history >tools/.quire/ci.json
printf 'all:\n\ttest -s library/.quire/ci.json\n' >tools/Makefile
git -C tools add -A
git -C tools commit -qm 'A submodule'
unset GIT_CONFIG_COUNT
recipe Submodules 'config tools' | steps submodules
run_steps submodules
check 'submodules are filled as it says' '
	all_well submodules && git -C tools push -q "$T/srv/git/tools.git" main &&
	wait_idle && quire runs tools -n 1 | grep complete'
check 'and an empty folder in a workspace without that' '
	quire config tools env "" && quire rerun tools#2 && wait_idle &&
	quire runs tools -n 1 | grep failed'

new_repo site
recipe Deploys jobs >site.json
pipeline site "$(cat site.json)"
printf 'check:\n' >site/Makefile
printf '#!/bin/sh\necho "$KEY" >%s/deployed\n' "$T" >site/deploy
chmod +x site/deploy
git -C site add -A
git -C site commit -qm deploy
mkdir -p .ssh
echo a-long-secret >.ssh/deploy
recipe Deploys 'secret set' | sed 's,<.*,<"$T/.ssh/deploy",' >deploys.text
steps deploys <deploys.text
run_steps deploys
check 'a deploy gets its key on the one branch' '
	all_well deploys && push site && wait_idle &&
	test "$(cat deployed)" = a-long-secret'
check 'and on no other, whatever the pipeline says there' '
	rm deployed && git -C site checkout -q -b other &&
	sed -i "s/\"when\"[^}]*},//" site/.quire/ci.json &&
	git -C site commit -qam other && push site other && wait_idle &&
	test ! -e deployed && quire show site#2 | grep protectedRefs'

# the hook that goes from one repository to another
quire repo new program >/dev/null
git -C tools push -q "$QUIRE_HOME/repos/program.git" main 2>/dev/null
quire repo adopt "$T/srv/git/library.git" >/dev/null
wait_idle
mkdir -p "$QUIRE_HOME/hooks/library.git"
recipe 'When another repository has changed' '#!/bin/sh' \
	>"$QUIRE_HOME/hooks/library.git/run-finished"
chmod 755 "$QUIRE_HOME/hooks/library.git/run-finished"
check 'a library that is right has the program tried' '
	before=$(quire runs program --json | grep -c "\"id\"")
	quire start library main &&
	wait_for "test \"\$(quire runs program --json |
		grep -c \"\\\"id\\\"\")\" -gt $before" && wait_idle'

# Settings: the lines are commands as they are.
for name in foo mirror releases secret; do
	quire repo new $name >/dev/null
done
sed -n '/^\.Bd -literal/,/^\.Ed/p' "$ROOT/man/quire-config.5" |
	grep '^quire ' | sed 's/^/$ /' | steps settings
run_steps settings
check 'the settings of quire-config(5) can be set as shown' '
	test "$(ls settings/?? | wc -l)" -ge 10 && all_well settings'

check 'the queries of quire-db(5) are answered' '
	displays quire-db.5 EXAMPLES >queries &&
	test "$(grep -c "^SELECT" queries)" = 2 &&
	sed "s/foo\.git/hello.git/" queries | sqlite3 "$QUIRE_HOME/quire.db" >answer &&
	grep "^[23]|" answer && grep "^build|1$" answer'

# The list of quire-ci(1), with a pipeline that it is of.
git init -q "$T/list"
pipeline list '{"jobs": [{"id": "build", "run": "true"},
	{"id": "manual", "when": {"paths": "doc/**"}, "run": "true"},
	{"id": "release", "needs": ["build"], "when": {"tag": "v*"}, "run": "true"}]}'
git -C list update-ref refs/remotes/origin/main main
displays quire-ci.1 EXAMPLES | sed '/^$/,$d' | steps list.steps
check 'quire-ci run --list prints what is shown' '
	cd list && run_steps "$T/list.steps" && cd "$T" && all_well list.steps &&
	test -s list.steps/02.shown'

# Coming from elsewhere.
cat >"$T/srv/git/tools.git/hooks/old" <<EOF
#!/bin/sh
echo old >>$T/old
EOF
chmod +x "$T/srv/git/tools.git/hooks/old"
quire repo rm tools >/dev/null
mv "$T/srv/git/tools.git/hooks/old" "$T/srv/git/tools.git/hooks/post-receive"
displays quire-moving.7 'FROM A HOOK WRITTEN BY HAND' >hook.text
sed '/^$/,$d' hook.text | steps hook
run_steps hook
check 'a hook that was there runs beside the pipeline' '
	all_well hook && git -C tools commit -q --allow-empty -m x &&
	git -C tools push "$T/srv/git/tools.git" main 2>&1 | grep "queued for main" &&
	grep old old && wait_idle'
sed '1,/^$/d' hook.text | sed '/^$/,$d' | steps unhook
run_steps unhook
check 'and no more when it is removed, which needs nothing else' '
	all_well unhook && rm old && git -C tools commit -q --allow-empty -m y &&
	git -C tools push "$T/srv/git/tools.git" main 2>&1 | grep "queued for main" &&
	test ! -e old && wait_idle && quire doctor | grep "^ok.*tools:"'
displays quire-moving.7 DESCRIPTION | steps scan
bare new
run_steps scan
check 'a scan adopts what is new, and queues nothing' '
	all_well scan && quire repo list | grep "^new.git" &&
	test "$(quire runs new | wc -l)" = 0'
check 'a script of laminar stays as it is, but for the fetching' '
	new_repo lam && displays quire-moving.7 "FROM LAMINAR" >lam.json &&
	pipeline lam "$(cat lam.json)" &&
	printf "#!/bin/sh -ex\ntar -czf lam.tar.gz README\n" >lam/.quire/build.run &&
	chmod +x lam/.quire/build.run && git -C lam add -A &&
	git -C lam commit -qm run && push lam && wait_idle &&
	quire artifacts lam#1 | grep lam.tar.gz'

# A home that is elsewhere now, as after a move to another machine.
mv "$QUIRE_HOME" "$T/moved"
QUIRE_HOME=$T/moved
for name in $(quire repo list | sed 1d | awk '$3 ~ /\/quire\/repos\// { print $1 }'); do
	name=${name%.git}
	displays quire.7 'Moving to another machine' | grep '^\$ quire repo move' |
		sed "s/foo/$name/g" | steps "move.$name"
	run_steps "move.$name"
done
displays quire.7 'Moving to another machine' |
	grep '^\$ quire repo hook' | steps move.zz
run_steps move.zz
check 'a home that moved goes on, with its runs and logs' '
	for folder in move.*; do all_well "$folder" || exit 1; done
	quire log hello#1 | grep hello.c && ! quire doctor | grep "^wrong *repository" &&
	git -C hello commit -q --allow-empty -m moved &&
	git -C hello push -q -o ci.wait "$QUIRE_HOME/repos/hello.git" HEAD 2>&1 |
	grep "hello#4 complete"'

older 7
mkdir -p "$T/var" "$T/backup"
mv "$QUIRE_HOME" "$T/var/quire"
git clone -q --bare "$T/tools" "$T/var/quire/repos/a.git" 2>/dev/null
displays quire-moving.7 'FROM THE OLDER SYSTEM' | steps older
run_steps older
check 'a home of the older system is taken over' '
	test -s older/03 && all_well older && test -s backup/quire-before.db &&
	quire repo list | grep "^a.git" && quire show a#5 | grep "make check" &&
	test "$(quire config keepDays)" = 0'
