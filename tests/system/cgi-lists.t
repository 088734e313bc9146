#!/bin/sh
# quire-cgi: the list of repositories and the lists of runs.
. "$(dirname "$0")/lib.sh"
plan 43

cgi=$QUIRE_BUILD/bin/quire-cgi
QUIRE_HOME=$T/home
quire seed "$QUIRE_HOME" || {
	echo 'Bail out! quire seed'
	exit 1
}

# body PATH [QUERY [VAR=VALUE...]], headers: of the answer, in an environment
# of nothing else.
get() {
	get_path=$1 get_query=${2:-}
	shift
	[ $# = 0 ] || shift
	env -i REQUEST_METHOD=GET QUIRE_HOME="$QUIRE_HOME" \
		PATH_INFO="$get_path" QUERY_STRING="$get_query" "$@" "$cgi"
}
body() {
	get "$@" | sed '1,/^\r$/d'
}
headers() {
	get "$@" | sed '/^\r$/,$d'
}

# line REPO: what the index has of a repository, by the name on the page.
line() {
	body / | awk -v name=">$1</a></h2>" '
		index($0, "<li><h2>") { here = index($0, name) }
		here { print }'
}

# numbers: of the runs in the list on standard input, from above.
numbers() {
	sed -n 's|.*class="subject"><a href="[^"]*/ci/\([0-9]*\)".*|\1|p' |
		tr '\n' ' '
}

# add REPO NUMBER STATE REF [PUSHER [SPAN_MS]]: a run that has ended.
add() {
	echo "INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,
		failure_kind, queued_at_ms, started_at_ms, finished_at_ms,
		number, push_seq, pusher, subject)
	SELECT printf ('%08x-%s', $2, '$1'), '$1', '$4', printf ('%040x', $2),
		$2, '$3', CASE '$3' WHEN 'failed' THEN 'pipeline-failure' END,
		$2, $2, $2 + ${6:-1000}, $2, 100000 + $2,
		nullif ('${5:-}', ''), 'number $2';"
}

run=/work/parser/ci
main=refs/heads/main
git=$(sql "SELECT git_dir FROM repos WHERE name = 'hello.git'")

# the repositories

check 'a repository has the state of its main branch, not of what moved last' \
	'sql "$(add hello.git 4 failed refs/heads/topic)"
	line hello >seen
	sed -n 2p seen | grep -q "^<span class=\"st complete\">" &&
		grep -q "class=\"meta\">main #3 " seen'
check 'what moved last is named with it, and leads to that run' \
	'grep -A1 "class=\"other\"><span class=\"st failed\">" seen |
		grep -q "href=\"/hello/ci/4\">topic #4<"'
check 'one of another ref that is active comes before the newest' \
	'line work/parser >seen
	sed -n 2p seen | grep -q "^<span class=\"st pending\">" &&
		grep -q "class=\"other\"><span class=\"st active\">active</span> <a href=\"/work/parser/ci/18\">error-recovery #18<" seen'
check 'without any, nothing is said' \
	'! line "strange/&lt;b&gt;bold &amp; &quot;co&quot;" |
		grep -q "class=\"other\""'
check 'the main branch is the one that HEAD names' \
	'echo "ref: refs/heads/topic" >"$git/HEAD"
	line hello >seen
	sed -n 2p seen | grep -q "^<span class=\"st failed\">" &&
		grep -q "class=\"meta\">topic #4" seen'
check 'where HEAD is no branch, or none with runs, main is' \
	'for head in "ref: refs/heads/none" "ref: /etc/passwd" "" \
		1111111111111111111111111111111111111111; do
		echo "$head" >"$git/HEAD"
		line hello | grep -q "class=\"meta\">main #3 " || exit 1
	done'
check 'a HEAD that is a link or a FIFO is not read, and keeps nobody waiting' \
	'echo "ref: refs/heads/topic" >"$git/elsewhere"
	rm "$git/HEAD" && ln -s elsewhere "$git/HEAD" &&
		line hello | grep -q "class=\"meta\">main #3 " || exit 1
	rm "$git/HEAD" && mkfifo "$git/HEAD"
	timeout 10 sh -c "$(printf "env -i REQUEST_METHOD=GET QUIRE_HOME=%s %s" \
		"$QUIRE_HOME" "$cgi")" | grep -q "class=\"meta\">main #3 "'
if [ "$(id -u)" = 0 ]; then
	check 'a HEAD that may not be read is as one that is not there' \
		'rm "$git/HEAD" && echo "ref: refs/heads/topic" >"$git/HEAD"
		chmod 711 "$T" && chmod -R a+rX "$QUIRE_HOME" && chmod 700 "$git"
		setpriv --reuid=65534 --regid=65534 --clear-groups env -i \
			REQUEST_METHOD=GET QUIRE_HOME="$QUIRE_HOME" "$cgi" >seen
		chmod 755 "$git" "$T"
		grep -q "class=\"meta\">main #3 " seen &&
			line hello | grep -q "class=\"meta\">topic #4"'
else
	skip 'a HEAD that may not be read is as one that is not there' 'not root'
fi
check 'without main it is master, without both the ref of the newest run' \
	'rm -rf "$git/HEAD"
	sql "$(add vault.git 2 failed refs/heads/x)
		$(add vault.git 3 superseded refs/heads/y)
		DELETE FROM runs WHERE repo = '\''vault.git'\'' AND number = 1;
		INSERT INTO settings VALUES ('\''vault.git'\'', '\''readers'\'', '\''ada'\'');"
	one() { body / "" REMOTE_USER=ada | grep -A3 ">vault</a></h2>"; }
	one | grep -q "class=\"meta\">y #3" || exit 1
	sql "$(add vault.git 4 complete refs/heads/master)
		$(add vault.git 5 complete refs/heads/y)"
	one | grep -q "class=\"meta\">master #4"'
check 'a strip says in words what it shows' \
	'line work/parser >seen
	grep -q "role=\"img\" aria-label=\"Last 19 runs: 6 complete, 9 failed, 2 superseded, 1 active, 1 pending\"" seen'
check 'it has a bar a run, 20 at most, and a foot for each that failed' \
	'sql "$(for i in $(seq 5 40); do
		add hello.git $i $([ $((i % 4)) = 0 ] && echo failed ||
			echo complete) $main "" $((i * 1000))
	done)"
	line hello >seen
	grep -q "Last 20 runs: 15 complete, 5 failed\"" seen || exit 1
	grep -o "M[0-9]* 19v" seen | sort -u | wc -l | grep -qx 20 &&
		grep -o "M[0-9]* 21v" seen | wc -l | grep -qx 5'
check 'the newest is at the right, and the longer the higher' \
	'grep -o "class=\"failed\" d=\"[^\"]*" seen |
		grep -o "M[0-9]* 19v-[0-9]*" | tr "Mv-" "   " >bars
	sort -n bars | awk "{ if (\$3 < last || \$3 < 3 || \$3 > 18) exit 1
		last = \$3 }" && head -n 1 bars | grep -q "^ *114 "'
check 'one run has a strip of one' \
	'body / "" REMOTE_USER=ada >all
	sql "$(add solo.git 1 failed $main)
		INSERT INTO repos (name, git_dir, added_at_ms)
		VALUES ('\''solo.git'\'', '\''/nowhere'\'', 1);"
	line solo | grep -q "aria-label=\"Last 1 run: 1 failed\""'
check 'a repository without runs says so' \
	'quire repo new bare >/dev/null && line bare | grep -q "no runs yet"'
check 'the states of all main branches are counted' \
	'body / | grep -q "<p class=\"meta\">5 repositories, main branches: 2 complete, 1 failed, 1 pending</p>"'
check 'the newest activity comes first' \
	'sql "UPDATE runs SET state = '\''failed'\'', failure_kind = '\''canceled'\'',
		finished_at_ms = 9000000000000
		WHERE repo = '\''work/parser.git'\'' AND state = '\''pending'\''"
	sql "$(add solo.git 2 complete $main "" 9100000000000)"
	body / | sed -n "s|^<li><h2><a href=\"\([^\"]*\)/ci.*|\1|p" |
		sed "s|.*strange.*|/strange|" | tr "\n" " " >order
	grep -qx "/solo /work/parser /strange /hello /bare " order'
check 'a private repository is in no line, no count and no strip' \
	'! body / | grep -q "vault" &&
		body / | grep -q ">5 repositories" &&
		body / "" REMOTE_USER=ben | grep -q ">5 repositories" &&
		body / "" REMOTE_USER=ada | grep -q ">6 repositories"'
check 'a repository that was removed is in none either' \
	'sql "DELETE FROM repos WHERE name = '\''solo.git'\''"
	! body / | grep -q solo && body / | grep -q ">4 repositories"'
check 'an empty home says what to do' \
	'QUIRE_HOME=$T/new quire init >/dev/null 2>&1
	QUIRE_HOME=$T/new body / >seen
	grep -q "quire repo new NAME" seen && grep -q "quire repo adopt DIR" seen'
check 'one with nothing for this reader says no more and no less' \
	'QUIRE_HOME=$T/new quire repo new hidden >/dev/null &&
		QUIRE_HOME=$T/new quire config hidden private on
	QUIRE_HOME=$T/new body / | diff seen -'

# a list's filters

check 'a filter by ref' \
	'test "$(body $run ref=error-recovery | numbers)" = "18 15 14 13 "'
check 'a filter by pusher' \
	'test "$(body $run pusher=mirror | numbers)" = "16 "'
check 'all filters together' \
	'test "$(body $run "ref=refs/heads/error-recovery&state=failed&pusher=ben" |
		numbers)" = \
		"$(sql "SELECT number FROM runs WHERE repo = '\''work/parser.git'\''
			AND ref_name = '\''refs/heads/error-recovery'\''
			AND state = '\''failed'\'' AND pusher = '\''ben'\''
			ORDER BY number DESC" | tr "\n" " ")" &&
		body $run "ref=error-recovery&state=failed&pusher=ben" |
		numbers | grep -q 14'
check 'what finds nothing says so' \
	'for q in ref=none pusher=none "state=complete&pusher=none"; do
		body $run "$q" | grep -q "No such runs" || exit 1
	done'
check 'the form keeps what was typed' \
	'body $run "ref=error-recovery&state=failed&pusher=ben" >seen
	grep -q "name=\"ref\" value=\"error-recovery\"" seen &&
		grep -q "<option selected>failed</option>" seen &&
		grep -q "name=\"pusher\" value=\"ben\"" seen'
check 'each filter is told, with a link to the list without it' \
	'grep "class=\"filtered\"" seen | sed "s/<a /\n<a /g" >links
	grep "of <strong>error-recovery<" links |
		grep -q "href=\"$run?state=failed&amp;pusher=ben\"" &&
		grep "are <strong>failed<" links |
		grep -q "href=\"$run?ref=refs/heads/error-recovery&amp;pusher=ben\"" &&
		grep "by <strong>ben<" links |
		grep -q "href=\"$run?ref=refs/heads/error-recovery&amp;state=failed\"" &&
		grep "all runs" links | grep -q "href=\"$run\""'
check 'without a filter, nothing is told' \
	'! body $run | grep -q "class=\"filtered\"" &&
		! body $run "ref=&state=&pusher=" | grep -q "class=\"filtered\""'
check 'the fields offer the refs and pushers there are, each once' \
	'for q in "" state=complete; do
		body $run "$q" >seen
		grep "id=\"of-ref\"" seen | grep -o "value=\"[^\"]*\"" | sort |
			tr "\n" " " | grep -qx \
			"value=\"error-recovery\" value=\"main\" value=\"v1.2.0\" " &&
			grep "id=\"of-pusher\"" seen | grep -o "value=\"[^\"]*\"" |
			sort | tr "\n" " " | grep -qx \
			"value=\"ada\" value=\"ben\" value=\"chi\" value=\"mirror\" " ||
			exit 1
	done'
check 'markup, quotes and bidi controls in a filter stay text' \
	'for f in ref pusher; do
		body $run "$f=%22%3E%3Cscript%3Ealert(1)%3C/script%3E%27%E2%80%AE" |
			tee seen | grep -q "<script>" && exit 1
		grep -q "value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;\[U+202E\]\"" \
			seen || exit 1
	done'
check 'they stay in their place in the links that keep them' \
	'sql "$(for i in $(seq 100 160); do
		add hello.git $i failed "refs/heads/a&b" "x\"<&y z"
	done)"
	body /hello/ci "ref=a%26b&pusher=x%22%3C%26y+z" >seen
	grep -q "href=\"/hello/ci?ref=refs/heads/a%26b&amp;pusher=x%22%3C%26y%20z&amp;before=111\">Older<" seen'
check 'a filter that is long, torn or not UTF-8 does no harm' \
	'for q in "ref=$(printf %03000d 0)" "pusher=%ff%fe" "ref=%00" "pusher=%" \
		"state=%zz" "before=x" "after=-1" "before=99999999999999999999" \
		"after=9223372036854775807" "before=1" "ref&pusher&state" "&&=&="; do
		headers $run "$q" >seen
		! grep -q "^Status" seen || { echo "$q"; exit 1; }
	done'
check 'who pushed is told where it is not the author' \
	'body $run >seen
	grep "/ci?ref=refs/heads/main" seen | grep "#16 " |
		grep -q " by Chi .*, pushed by mirror" &&
		grep "#14 " seen | grep -q " by Ben Muster" &&
		! grep "#14 " seen | grep -q "pushed by"'
check 'how a run began is told where it was no push' \
	'grep "#15 " seen | grep -q "a rerun" &&
		grep "#16 " seen | grep -q "found by reconcile" &&
		grep "#17 " seen | grep -q "started by hand"'

# pages of a list

# next QUERY TEXT: the query of the link that is called so.
next() {
	body /hello/ci "$1" | grep ">$2</a>" |
		sed "s/.*ci?*\([^\"]*\)\">$2.*/\1/; s/&amp;/\&/g"
}
sql "$(for i in $(seq 161 360); do
	state=complete ref=$main
	[ $((i % 3)) != 0 ] || state=failed
	[ $((i % 2)) != 0 ] || ref=refs/heads/even
	add hello.git "$i" $state $ref tess
done)"
# walk FILTER: down to the end by the links and up again; the pages, one a line
walk() {
	q=$1 last=$1
	while :; do
		body /hello/ci "$q" | numbers
		echo
		q=$(next "$q" Older)
		[ "$q" ] || break
		last=$q
	done >down
	q=$last
	while :; do
		body /hello/ci "$q" | numbers
		echo
		q=$(next "$q" Newer)
		[ "$q" ] || break
	done >up
}
check 'down by Older each run is seen once, and up by Newer the same pages' \
	'walk ""
	test "$(wc -l <down)" -gt 4 && tac down | diff up - &&
		tr -s " " "\n" <down | sed "/^$/d" >seen &&
		sql "SELECT number FROM runs WHERE repo = '\''hello.git'\''
			ORDER BY number DESC" | diff seen -'
check 'with filters too' \
	'walk "ref=even&state=complete&pusher=tess"
	test "$(wc -l <down)" = 2 && tac down | diff up - &&
		tr -s " " "\n" <down | sed "/^$/d" >seen &&
		sql "SELECT number FROM runs WHERE repo = '\''hello.git'\''
			AND number > 160 AND number % 2 = 0 AND number % 3 > 0
			ORDER BY number DESC" | diff seen -'
check 'the first page has no Newer, the last no Older, a lone one neither' \
	'body /hello/ci >seen
	grep -q ">Older<" seen && ! grep -q ">Newer<\|>Newest<" seen || exit 1
	body /hello/ci before=5 >seen
	grep -q ">Newer<" seen && grep -q ">Newest<" seen &&
		! grep -q ">Older<" seen || exit 1
	! body $run | grep -q "class=\"pager\""'
check 'below the oldest and above the newest there is a way back' \
	'body /hello/ci before=1 >seen
	grep -q "No such runs" seen && grep -q ">Newer<" seen || exit 1
	body /hello/ci after=360 >seen
	grep -q "No such runs" seen && grep -q "ci?before=361\">Older<" seen'
check 'the list as JSON has the same pages' \
	'for q in "" before=200 after=100 "ref=even&state=complete&pusher=tess" \
		"pusher=tess&after=180"; do
		body /hello/ci.json "$q" |
			sed -n "s/.*\"number\": *\([0-9]*\).*/\1/p" |
			tr "\n" " " >json
		body /hello/ci "$q" | numbers | diff - json || exit 1
	done'
check 'and names those before and after it in its Link header' \
	'headers /hello/ci.json "pusher=tess&after=180" |
		grep -q "^Link: </hello/ci.json?pusher=tess&before=181>; rel=\"next\", </hello/ci.json?pusher=tess&after=230>; rel=\"prev\"" &&
		! headers $run.json | grep -q "^Link"'

# pictures

check 'the chart has a bar for each run shown, a link to it, and words' \
	'body /hello/ci before=101 >seen
	n=$(numbers <seen | wc -w)
	test "$(grep -c "<a tabindex=\"-1\" href=\"/hello/ci/[0-9]*\"><path" seen)" = "$n" &&
		grep -q "<title>#40 failed, 40s</title>" seen &&
		grep -q "<figcaption>Durations of these $n runs" seen'
check 'a handful of runs has none' \
	'! body $run ref=error-recovery | grep -q "class=\"chart\""'
check 'a run has a timeline with each job, once one has begun' \
	'body $run/10 >seen
	for job in build docs lint test sanitizers package sign deploy; do
		grep "^<li class" seen | grep -q "href=\"#job-$job\">$job<" ||
			exit 1
	done
	grep -q "make -j2, 9.4s</title>" seen &&
		grep -q "longest <code>make CFLAGS=.*</code> in sanitizers, 24s of 48s" seen &&
		! body $run/19 | grep -q "class=\"timeline\""'
check 'commands in it are escaped' \
	'body "/strange/<b>bold & \"co\"/ci/1" >seen
	grep "</title></path>" seen | grep -q "&lt;" &&
		! grep "</title></path>" seen | grep -q "<b>\|<script"'
