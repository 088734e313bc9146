# shellcheck shell=sh
# web.sh - for system tests, after lib.sh: the pages behind lighttpd.
#
#	. "$ROOT/tests/system/web.sh"
#	web_start
#	check 'the home page lists it' 'page / | grep -q foo'
#	check 'a log needs a user' 'test "$(status /foo/ci/1/a/1.txt)" = 404'
#	check 'who logs in sees it' 'page_as_user /foo/ci/1/a/1.txt'
#
# One lighttpd with two loopback ports: $WEB asks for nothing, $WEB_AUTH for a
# password, so that REMOTE_USER is set there ("tess"). Both run quire-cgi from
# $QUIRE_BUILD/bin for every address that nothing else has.

WEB_CGI=${WEB_CGI:-$QUIRE_BUILD/bin/quire-cgi}
WEB_LOGIN=tess:secret

web_port() {
	shuf -i 20000-59999 -n 1
}

# web_config [FILE...]: the configuration, the FILEs (lighttpd's own language)
# in front of the rule that hands everything else to quire-cgi.
web_config() {
	cat <<-END
		server.modules = ( "mod_access", "mod_accesslog", "mod_auth",
			"mod_authn_file", "mod_alias", "mod_setenv", "mod_cgi" )
		server.bind = "127.0.0.1"
		server.port = $WEB_PORT
		server.document-root = "$T/web/root"
		server.pid-file = "$T/web/pid"
		server.errorlog = "$T/web/error.log"
		accesslog.filename = "$T/web/access.log"
		server.upload-dirs = ( "$T/web/upload" )
		auth.backend = "plain"
		auth.backend.plain.userfile = "$T/web/users"
		setenv.add-environment = ( "QUIRE_HOME" => "$QUIRE_HOME",
			"PATH" => "$PATH" )
		\$SERVER["socket"] == "127.0.0.1:$WEB_AUTH_PORT" {
			auth.require = ( "/" => ( "method" => "basic",
				"realm" => "quire", "require" => "valid-user" ) )
		}
		cgi.assign = ( "quire-cgi" => "" )
	END
	[ -z "${WEB_RUN_AS:-}" ] || cat <<-END
		server.username = "$WEB_RUN_AS"
		server.groupname = "$WEB_RUN_AS"
	END
	[ $# = 0 ] || cat "$@"
	echo "alias.url += ( \"\" => \"$WEB_CGI\" )"
}

# web_start [FILE...]: starts the server and has it stopped at the end. Run as
# root, $WEB_RUN_AS names the user and group that it becomes.
web_start() {
	mkdir -p "$T/web/root" "$T/web/upload"
	echo "$WEB_LOGIN" >"$T/web/users"
	if [ -n "${WEB_RUN_AS:-}" ]; then
		chown -R "$WEB_RUN_AS" "$T/web"
	fi
	web_tries=0
	while :; do
		WEB_PORT=$(web_port)
		WEB_AUTH_PORT=$(web_port)
		web_config "$@" >"$T/web/conf"
		# goes into the background when it has both ports
		lighttpd -f "$T/web/conf" >"$T/web/start" 2>&1 && break
		web_tries=$((web_tries + 1))
		if [ "$web_tries" -ge 5 ]; then
			echo "Bail out! lighttpd: $(tail -n 3 "$T/web/start")"
			exit 1
		fi
	done
	at_end web_stop
	WEB=http://127.0.0.1:$WEB_PORT
	WEB_AUTH=http://127.0.0.1:$WEB_AUTH_PORT
	export WEB WEB_AUTH
	wait_for 'curl -s -o /dev/null "$WEB/"' 10 || {
		echo "Bail out! lighttpd does not answer"
		exit 1
	}
}

web_stop() {
	web_pid=$(cat "$T/web/pid" 2>/dev/null) || return 0
	kill "$web_pid" 2>/dev/null || return 0
	wait_for '! kill -0 "$web_pid"' 10
}

# page ADDRESS: the body, as anybody sees it; fails if the status is an error.
page() {
	curl -sS --fail --path-as-is "$WEB$1"
}

# page_as_user ADDRESS: the same as a reader who has logged in.
page_as_user() {
	curl -sS --fail --path-as-is -u "$WEB_LOGIN" "$WEB_AUTH$1"
}

# status ADDRESS, status_as_user ADDRESS: the number of the status alone.
status() {
	curl -s -o /dev/null -w '%{http_code}' --path-as-is "$WEB$1"
}
status_as_user() {
	curl -s -o /dev/null -w '%{http_code}' --path-as-is -u "$WEB_LOGIN" \
		"$WEB_AUTH$1"
}

# raw ADDRESS [HEADER...]: the status line and headers, lower-cased, as they
# come; the body is left in $T/body.
raw() {
	raw_path=$1
	shift
	for h; do
		set -- "$@" -H "$h"
		shift
	done
	curl -s -D - -o "$T/body" --path-as-is "$@" "$WEB$raw_path" |
		tr -d '\r' | tr '[:upper:]' '[:lower:]'
}
