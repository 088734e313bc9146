# shellcheck shell=sh
# cgi.sh - for system tests, after lib.sh: quire-cgi called directly, in an
# environment of nothing but what is given.
#
#	. "$ROOT/tests/system/cgi.sh"
#	check 'the home page lists it' 'body / | grep -q foo'
#	check 'a log needs a user' 'test "$(code /foo/ci/1/a/1)" = 404 &&
#		test "$(code /foo/ci/1/a/1 REMOTE_USER=tess)" = 200'

cgi=$QUIRE_BUILD/bin/quire-cgi

# get PATH [VAR=VALUE...]: the answer.
get() {
	get_path=$1
	shift
	env -i REQUEST_METHOD=GET QUIRE_HOME="$QUIRE_HOME" \
		PATH_INFO="$get_path" "$@" "$cgi"
}

# headers PATH [VAR=VALUE...], body PATH [VAR=VALUE...]: half of it, as it comes.
headers() {
	get "$@" | sed '/^\r$/,$d'
}
body() {
	get "$@" | sed '1,/^\r$/d'
}

# code PATH [VAR=VALUE...]: the number of the status.
code() {
	code_line=$(get "$@" | sed -n '1s/^Status: \([0-9]*\).*/\1/p')
	echo "${code_line:-200}"
}
