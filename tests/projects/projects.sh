#!/bin/sh
# projects.sh - projects that nobody here wrote, from Debian's source packages,
# pushed and built: cJSON (CMake), libyaml (autotools), zlib (a matrix of gcc
# and clang by an executable .quire/ci).
#
#	make projects [ROUNDS=5] [KEEP=DIR]
#
# After its first run each is rerun ROUNDS times, in turn with the same
# commands run by hand on a fresh copy of the tree; the times are those of the
# run, workspace included, against those of the commands. KEEP holds the
# sources for the next time.
set -eu

ROUNDS=${ROUNDS:-5}
here=$(cd "$(dirname "$0")" && pwd)
QUIRE_BUILD=${QUIRE_BUILD:-$here/../../build}
PATH=$(cd "$QUIRE_BUILD/bin" && pwd):$PATH
export LC_ALL=C.UTF-8 GIT_CONFIG_NOSYSTEM=1 PATH
unset QUIRE_RUN_ID GIT_DIR

dir=$(mktemp -d "${TMPDIR:-/tmp}/quire-projects.XXXXXX")
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
KEEP=${KEEP:-$dir/sources}
HOME=$dir QUIRE_HOME=$dir/home
export HOME QUIRE_HOME
# a quire-run beside the measured ones would be measured with them
export QUIRE_RUN_ID=none

# fetch PACKAGE...: their trees, below $KEEP, by deb-src lines of our own that
# say what the machine's deb lines say
fetch() {
	state=$KEEP/.apt
	mkdir -p "$state/parts" "$state/lists/partial" "$state/cache"
	for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ ! -f "$list" ] || sed -n 's/^deb /deb-src /p' "$list"
	done >"$state/parts/all.list"
	for list in /etc/apt/sources.list.d/*.sources; do
		[ ! -f "$list" ] || sed 's/^Types:.*/Types: deb-src/' "$list" \
			>"$state/parts/${list##*/}"
	done
	set -- -o "Dir::Etc::sourceparts=$state/parts" \
		-o Dir::Etc::sourcelist=/dev/null \
		-o "Dir::State::lists=$state/lists" \
		-o "Dir::Cache=$state/cache" -o APT::Sandbox::User=root -- "$@"
	options=
	while [ "$1" != -- ]; do
		options="$options '$1'"
		shift
	done
	shift
	eval "apt-get -qq $options update" >/dev/null
	(cd "$KEEP" && eval "apt-get -qq $options source $*" >"$state/log" \
		2>&1) || {
		tail -5 "$state/log" >&2
		exit 1
	}
}

# tree PACKAGE: its folder below $KEEP
tree() {
	find "$KEEP" -mindepth 1 -maxdepth 1 -type d -name "$1-*"
}

mkdir -p "$KEEP"
wanted=
for package in cjson libyaml zlib; do
	[ "$(tree $package)" ] || wanted="$wanted $package"
done
# shellcheck disable=SC2086 # a list
[ -z "$wanted" ] || fetch $wanted

# what .quire/ holds; $1 is the package
pipeline() {
	case $1 in
	cjson)
		cat <<-'EOF' >ci.json
		{ "jobs": [
		  { "id": "configure", "run": "cmake -S . -B out" },
		  { "id": "build", "needs": ["configure"],
		    "run": "cmake --build out" },
		  { "id": "test", "needs": ["build"],
		    "run": "ctest --test-dir out" } ] }
		EOF
		;;
	libyaml)
		cat <<-'EOF' >ci.json
		{ "jobs": [
		  { "id": "configure", "run": ["autoreconf -fi", "./configure"] },
		  { "id": "build", "needs": ["configure"], "run": "make" },
		  { "id": "test", "needs": ["build"], "run": "make check" } ] }
		EOF
		;;
	zlib)
		cat <<-'EOF' >ci
		#!/bin/sh
		comma=
		echo '{ "jobs": ['
		for cc in gcc clang; do
			echo "$comma { \"id\": \"$cc\", \"run\": [
				\"mkdir out-$cc && cd out-$cc && CC=$cc ../configure\",
				\"make -C out-$cc\", \"make -C out-$cc test\" ] }"
			comma=,
		done
		echo '] }'
		EOF
		chmod +x ci
		;;
	esac
}

# the same commands, one after the other
by_hand() {
	case $1 in
	cjson)
		cmake -S . -B out && cmake --build out && ctest --test-dir out
		;;
	libyaml)
		autoreconf -fi && ./configure && make && make check
		;;
	zlib)
		for cc in gcc clang; do
			(mkdir out-$cc && cd out-$cc && CC=$cc ../configure) &&
				make -C out-$cc && make -C out-$cc test ||
				return 1
		done
		;;
	esac
}

sql() {
	sqlite3 -cmd '.timeout 10000' "$QUIRE_HOME/quire.db" "$1"
}

# the newest run of a repository: $2
newest() {
	sql "SELECT $2 FROM runs WHERE repo = '$1.git'
		ORDER BY number DESC LIMIT 1"
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

now_ms() {
	date +%s%3N
}

quire init >"$dir/init"
echo "sandbox: $(quire config sandbox)"
failed=0
for package in cjson libyaml zlib; do
	quire repo new $package >/dev/null
	cp -R "$(tree $package)" "$dir/$package"
	cd "$dir/$package"
	mkdir .quire
	(cd .quire && pipeline $package)
	git init -q -b main .
	git add -Af
	git -c user.name=Tess -c user.email=tess@example.org commit -qm import
	git push -q "$QUIRE_HOME/repos/$package.git" main 2>"$dir/push"
	i=0
	while [ $i -le "$ROUNDS" ]; do
		if [ $i -gt 0 ]; then
			quire rerun $package#1 >/dev/null
		fi
		env -u QUIRE_RUN_ID quire-run
		if [ "$(newest $package state)" != complete ]; then
			echo "$package: not green" >&2
			quire show "$package#$((i + 1))" >&2 || :
			failed=1
			break
		fi
		rm -rf "$dir/tree"
		git -c advice.detachedHead=false clone -q . "$dir/tree"
		from=$(now_ms)
		(cd "$dir/tree" && unset QUIRE_RUN_ID &&
			PATH=$(quire config path) by_hand $package) \
			>"$dir/by-hand" 2>&1 || {
			echo "$package: not green by hand" >&2
			tail -20 "$dir/by-hand" >&2
			failed=1
			break
		}
		hand=$(($(now_ms) - from))
		run=$(newest $package 'finished_at_ms - started_at_ms')
		# the first warms the caches
		if [ $i -gt 0 ]; then
			echo "$run" >>"$dir/$package.run"
			echo "$hand" >>"$dir/$package.hand"
			echo "$run $hand" | awk '{ print $1 / $2 }' \
				>>"$dir/$package.ratio"
		fi
		i=$((i + 1))
	done
	[ ! -f "$dir/$package.run" ] ||
		echo "$package: $(git ls-files | wc -l) files," \
			"run $(median <"$dir/$package.run") ms," \
			"by hand $(median <"$dir/$package.hand") ms," \
			"median ratio $(median <"$dir/$package.ratio")"
done
exit $failed
