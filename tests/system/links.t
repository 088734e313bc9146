#!/bin/sh
# What each program is linked with: the hook and the pages start fast because
# they carry no more than they need, and the executor can't reach the database
# because it has no code that could.

. "$(dirname "$0")/lib.sh"

BIN=$QUIRE_BUILD/bin

# One function that a program with the library in it cannot lack, whether it is
# linked statically (defined) or not (undefined).
GIT2=git_libgit2_init
JSON=json_tokener_parse_ex
SQLITE='sqlite3_open\(_v2\)*'

# uses PROGRAM SYMBOL
uses() {
	nm "$BIN/$1" >"$T/symbols" || exit 70
	grep -q " [TUt] $2\(@.*\)*$" "$T/symbols"
}

# loads PROGRAM LIBRARY
loads() {
	ldd "$BIN/$1" 2>&1 | grep -q "$2"
}

is_static() {
	! readelf -l "$BIN/$1" | grep -q INTERP
}

plan 14

check 'quire-push uses sqlite3' 'uses quire-push "$SQLITE"'
check 'quire-push has no JSON parser' \
	'! uses quire-push "$JSON" && ! uses quire-push "json_object_put"'
check 'quire-push has no libgit2' '! uses quire-push "$GIT2"'
check 'quire-cgi uses sqlite3' 'uses quire-cgi "$SQLITE"'
check 'quire-cgi has no libgit2' '! uses quire-cgi "$GIT2"'
check 'quire-ci uses json-c' 'uses quire-ci "$JSON" && loads quire-ci json-c'
check 'quire-ci has no database access' \
	'! uses quire-ci "sqlite3_[a-z0-9_]*" && ! loads quire-ci sqlite3'
check 'quire-ci has no libgit2' \
	'! uses quire-ci "$GIT2" && ! loads quire-ci git2'
check 'neither hook nor pages load libgit2' \
	'! loads quire-push git2 && ! loads quire-cgi git2'

for program in quire quire-run; do
	check "$program uses all three" "uses $program '$SQLITE' &&
		uses $program $JSON && uses $program '$GIT2'"
done
check 'quire-reconcile uses sqlite3 and json-c' \
	'uses quire-reconcile "$SQLITE" && uses quire-reconcile "$JSON"'

# make STATIC= is for the sanitizers, which cannot be linked statically
if nm "$BIN/quire-push" | grep -q '__asan_init'; then
	skip 'the hook and the pages are static' 'built with a sanitizer'
	skip 'static programs look up no users' 'built with a sanitizer'
else
	check 'the hook and the pages are static' \
		'is_static quire-push && is_static quire-cgi'
	check 'static programs look up no users' \
		'! uses quire-push "getpw.*" && ! uses quire-cgi "getpw.*"'
fi
