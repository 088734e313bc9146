#!/bin/sh
# Who may see what, over every route there is: six kinds of repositories, three
# kinds of readers. Each repository's words are its own, so that one that slips
# out anywhere is seen.
# shellcheck disable=SC2016 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 17

new_home
for kind in plain open hidden few limits shut; do
	quire repo new "zebra$kind" >/dev/null || exit 1
done
quire config zebraopen publicRuns on
quire config zebrahidden private on
quire config zebrafew private on
quire config zebrafew readers 'ada ben'
quire config zebralimits readers 'ben, ada'
quire config zebrashut private on
quire config zebrashut publicRuns on

n=0
HIDDEN=000000aa-0000-7000-8000-000000000003
export HIDDEN
# Two runs each: 1 is red, and 2 was superseded, by a run of the hidden one as
# the row has it. Long ago, so that pages stay as they are from one second to
# the next.
for kind in plain open hidden few limits shut; do
	n=$((n + 1))
	id=000000aa-0000-7000-8000-00000000000$n
	sql "INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,
		failure_kind, reason, queued_at_ms, started_at_ms,
		finished_at_ms, number, push_seq, pusher, subject, author,
		previous_sha) VALUES ('$id', 'zebra$kind.git',
		'refs/heads/branch$kind', 'sha$kind', 1, 'failed',
		'pipeline-failure', 'reason$kind', 1, 1, 9000, 1, 1,
		'pusher$kind', 'subject$kind', 'author$kind <a@b>', 'before');
	INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state,
		queued_at_ms, finished_at_ms, number, push_seq, superseded_by,
		rerun_of, subject) VALUES ('000000bb-0000-7000-8000-00000000000$n', 'zebra$kind.git',
		'refs/heads/other$kind', 'second$kind', 1, 'superseded', 1, 1,
		2, 2, '$HIDDEN', '$HIDDEN', 'again$kind');
	INSERT INTO refs VALUES ('zebra$kind.git', 'refs/heads/branch$kind',
		'oid$kind', 'sha$kind', '$id', 1);
	INSERT INTO jobs VALUES ('$id', 'job$kind', 'failed', 3, 1, 9000, 1,
		'', 0, 'why$kind');
	INSERT INTO sh_events VALUES ('$id', 'job$kind', 1, 1, 9000, 3,
		'command$kind')"
	dir=$QUIRE_HOME/runs/zebra$kind.git/$id
	mkdir -p "$dir/jobs/job$kind" "$dir/artifacts/folder$kind"
	echo "1970-01-01T00:00:01.000000000Z stdout F output$kind" \
		>"$dir/jobs/job$kind/sh-1.log"
	echo "{\"at_ms\":1,\"type\":\"artifact\",\"job_id\":\"job$kind\",\"path\":\"folder$kind/file$kind.txt\",\"size\":9}" >"$dir/events.jsonl"
	echo "content$kind" >"$dir/artifacts/folder$kind/file$kind.txt"
	echo "page$kind" >"$dir/artifacts/page$kind.html"
done

cat >access.py <<'END'
import os, re, subprocess, sys

cgi = os.environ["QUIRE_BUILD"] + "/bin/quire-cgi"
KINDS = "plain open hidden few limits shut".split()
# what a repository's pages hold of it, and what only who sees output sees
WORDS = ["zebra", "branch", "other", "sha", "second", "reason", "pusher",
         "subject", "again", "author", "job", "why", "command", "oid"]
OUTPUT = ["output", "folder", "file", "content", "page"]
NONE, STATES, ALL = range(3)
READERS = {  # who: what each kind of repository is to them
    "nobody": [STATES, ALL, NONE, NONE, STATES, NONE],
    "tess": [ALL, ALL, ALL, NONE, STATES, ALL],
    "ada": [ALL, ALL, ALL, ALL, ALL, ALL],
}
# a shape as route.c has it: paths and queries of it, their status where it may
# be seen, and how much has to be
ROUTES = {
    "ci": (["", "?ref=branchK", "?state=failed", "?before=2",
            "?pusher=pusherK"], 200, STATES),
    "ci.json": (["", "?ref=branchK", "?state=superseded"], 200, STATES),
    "ci/badge.svg": (["", "?ref=branchK", "?ref=nope", "?job=jobK"], 200,
                     STATES),
    "ci/feed.atom": (["", "?ref=branchK", "?state=failed"], 200, STATES),
    "ci/latest": (["", "?ref=branchK"], 302, STATES),
    "ci/RUN.json": (["", "?x=y"], 200, STATES),
    "ci/RUN": (["", "?x=y"], 200, STATES),
    "ci/RUN/artifacts": ([""], 200, ALL),
    "ci/RUN/artifacts/PATH": ([""], 200, ALL),
    "ci/RUN/JOB/N.txt": ([""], 200, ALL),
    "ci/RUN/JOB/N": (["", "?from=1", "?time=1"], 200, ALL),
    # what find_bare() and the ci/ of route_repo() have
    "": ([""], 301, STATES),
    ".git": ([""], 301, STATES),
    "ci/": ([""], 301, STATES),
}
SITE = ["/", "/style.css", "/live.js", "/metrics"]


def run_id(kind):
    return "000000aa-0000-7000-8000-00000000000%d" % (KINDS.index(kind) + 1)


def ask(url, who="nobody", method="GET", **env):
    path, _, query = url.partition("?")
    env = dict(env, REQUEST_METHOD=method, PATH_INFO=path, QUERY_STRING=query,
               QUIRE_HOME=os.environ["QUIRE_HOME"])
    if who != "nobody":
        env["REMOTE_USER"] = who
    done = subprocess.run([cgi], env=env, capture_output=True)
    assert done.returncode == 0 and not done.stderr, (url, done)
    return done.stdout.decode()


def status(answer):
    m = re.match(r"Status: (\d+)", answer)
    return int(m[1]) if m else 200


def etag(answer):
    m = re.search(r"^ETag: (.*)\r$", answer, re.M)
    return m and m[1]


def urls(kind, name=None):
    """Every address below a repository: url, status, what it takes."""
    repo = "/" + (name or "zebra" + kind)
    for shape, (queries, code, needs) in ROUTES.items():
        runs = ["1", run_id(kind)] if "RUN" in shape else [""]
        files = ["page%s.html" % kind, "folder%s/file%s.txt" % (kind, kind),
                 "folder%s/" % kind] if "PATH" in shape else [""]
        for run in runs:
            for file in files:
                path = shape.replace("RUN", run).replace("PATH", file)
                path = path.replace("JOB", "job" + kind)
                path = re.sub(r"\bN\b", "1", path)
                slash = "/" if shape.startswith("ci") else ""
                for query in queries:
                    yield (repo + slash + path + query.replace("K", kind),
                           code, needs)


def each(who=None):
    """Every address, for each reader: who, kind, access, url, ..."""
    for reader in [who] if who else READERS:
        for kind, access in zip(KINDS, READERS[reader]):
            for url, code, needs in urls(kind):
                yield reader, kind, access, url, code, needs


def leaked(answer, kind, access):
    """What is in an answer that the reader may not see of that kind."""
    words = {NONE: WORDS + OUTPUT, STATES: OUTPUT, ALL: []}[access]
    return [w + kind for w in words if w + kind in answer]


def routes():
    source = open(os.environ["ROOT"] + "/lib/web/route.c").read()
    table = source[source.index("repo_routes[]"):]
    shapes = re.findall(r'\{ "([^"]*)", page_', table[:table.index("};")])
    assert len(shapes) >= 11
    missing = [s for s in shapes if s not in ROUTES]
    assert not missing, missing
    table = source[source.index("site_routes[]"):]
    paths = re.findall(r'\{ "([^"]*)", page_', table[:table.index("};")])
    assert sorted(paths) == sorted(SITE), paths


def statuses(who):
    n = 0
    for _, kind, access, url, code, needs in each(who):
        got = status(ask(url, who))
        assert got == (code if access >= needs else 404), (url, got)
        n += 1
    assert n > 100


def words(who):
    for url in SITE + [u for *_, u, _, _ in each(who)]:
        answer = ask(url, who)
        for kind, access in zip(KINDS, READERS[who]):
            found = leaked(answer, kind, access)
            assert not found, (url, kind, found)


def shown():
    """Or the words would prove nothing."""
    for who in READERS:
        index, metrics = ask("/", who), ask("/metrics", who)
        for kind, access in zip(KINDS, READERS[who]):
            for text in index, metrics:
                assert ("zebra" + kind in text) == (access > NONE), kind
    run = ask("/zebrafew/ci/1", "ada")
    for word in ["subject", "author", "command", "output", "file"]:
        assert word + "few" in run, word
    assert "subjectfew" in ask("/zebrafew/ci/feed.atom", "ada")
    assert "contentfew" in ask(
        "/zebrafew/ci/1/artifacts/folderfew/filefew.txt", "ada")


def same():
    """What may not be seen answers as what is not there."""
    for who in "nobody", "tess":
        for kind, access in zip(KINDS, READERS[who]):
            if access != NONE:
                continue
            for (url, *_), (other, *_) in zip(urls(kind), urls(kind, "nope")):
                assert ask(url, who) == ask(other, who), url


def tags():
    """A tag that was seen, or guessed, opens nothing."""
    n = 0
    for who, kind, access, url, code, needs in each():
        if access >= needs or code != 200:
            continue
        tag = etag(ask(url, "ada"))
        if tag:
            n += 1
            assert status(ask(url, "ada", HTTP_IF_NONE_MATCH=tag)) == 304, url
            for guess in tag, "*", "W/" + tag:
                got = ask(url, who, HTTP_IF_NONE_MATCH=guess)
                assert got == ask(url, who) and status(got) == 404, url
    assert n > 60


def heads():
    for who, kind, access, url, code, needs in each():
        got, head = ask(url, who), ask(url, who, "HEAD")
        assert got.split("\r\n\r\n")[0] + "\r\n\r\n" == head, url


def ranges():
    for who, kind, access, url, code, needs in each():
        if access < needs:
            for r in "bytes=0-3", "bytes=9999-":
                got = ask(url, who, HTTP_RANGE=r, HTTP_IF_RANGE='"x"')
                assert got == ask(url, who), url
                got = ask(url, who, HTTP_RANGE=r)
                assert status(got) == 404, url


SPOOFS = {name: "ada" for name in """
    HTTP_REMOTE_USER HTTP_X_REMOTE_USER HTTP_X_FORWARDED_USER HTTP_USER
    HTTP_X_USER HTTP_REMOTEUSER HTTP_FROM HTTP_X_WEBAUTH_USER
    HTTP_X_FORWARDED_PREFERRED_USERNAME HTTP_AUTH_USER LOGNAME USER AUTH_TYPE
    REMOTE_IDENT REDIRECT_REMOTE_USER HTTP_REDIRECT_REMOTE_USER
    """.split()}
SPOOFS.update({
    "HTTP_AUTHORIZATION": "Basic YWRhOnNlY3JldA==",
    "HTTP_PROXY_AUTHORIZATION": "Basic YWRhOnNlY3JldA==",
    "HTTP_PROXY": "http://127.0.0.1:1", "HTTP_HOST": "evil.example",
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_X_FORWARDED_FOR": "127.0.0.1", "HTTP_X_REAL_IP": "127.0.0.1",
    "HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_PREFIX": "/x",
    "HTTP_FORWARDED": "for=127.0.0.1;host=evil.example",
    "HTTP_SCRIPT_NAME": "/x", "HTTP_PATH_INFO": "/zebrafew/ci/1",
    "HTTP_X_ORIGINAL_URL": "/zebrafew/ci/1",
    "HTTP_X_REWRITE_URL": "/zebrafew/ci/1",
    "HTTP_QUERY_STRING": "state=failed", "HTTP_REQUEST_METHOD": "POST",
    "HTTP_X_HTTP_METHOD_OVERRIDE": "POST", "HTTP_QUIRE_HOME": "/tmp",
    "HTTP_QUIRE_RUN_ID": "1", "HTTP_COOKIE": "user=ada; REMOTE_USER=ada",
    "HTTP_REFERER": "https://evil.example/", "HTTP_USER_AGENT": "<script>",
    "HTTP_ACCEPT": "application/json", "HTTP_ACCEPT_LANGUAGE": "ar",
    "HTTP_IF_MATCH": '"x"', "HTTP_IF_UNMODIFIED_SINCE": "x",
    "HTTP_IF_MODIFIED_SINCE": "Tue, 24 Nov 2099 00:00:00 GMT",
    "HTTP_TRANSFER_ENCODING": "chunked", "HTTP_CONTENT_LENGTH": "9",
    "HTTP_CONNECTION": "Remote-User", "HTTP_EXPECT": "100-continue",
    "HTTP_PURPOSE": "prefetch", "HTTP_": "x", "CONTENT_LENGTH": "5",
    "CONTENT_TYPE": "application/x-www-form-urlencoded",
    "REMOTE_ADDR": "127.0.0.1", "REMOTE_HOST": "localhost",
})


def spoofs():
    """All at once for every address; each alone where it would show most."""
    for url in SITE + [u for *_, u, _, _ in each("nobody")]:
        assert ask(url, **SPOOFS) == ask(url), url
    for name, value in SPOOFS.items():
        for url in ("/", "/metrics", "/zebraplain/ci/1/jobplain/1.txt",
                    "/zebraplain/ci/1", "/zebrafew/ci/1",
                    "/zebraplain/ci/feed.atom"):
            assert ask(url, **{name: value}) == ask(url), (url, name)


def names():
    """Who is nearly somebody is somebody else, and an empty name nobody."""
    for who in " ada", "ada ", "Ada", "ada,ben", "ada ben", "ad", "adam", ",", \
            "ada\n":
        for url in "/zebrafew/ci", "/zebralimits/ci/1/joblimits/1":
            assert status(ask(url, who)) == 404, (url, who)
    assert status(ask("/zebrahidden/ci", "")) == 404
    assert status(ask("/zebrahidden/ci", " ")) == 200


def queries():
    for url in ("/zebrafew/ci", "/zebraplain/ci/1/jobplain/1"):
        for q in "REMOTE_USER=ada", "user=ada", "repo=zebraplain.git", \
                "access=2", "publicRuns=on":
            assert ask(url + "?" + q) == ask(url), (url, q)


def others():
    """A run is found in its own repository alone, by id as well."""
    for who in READERS:
        for kind in "plain", "open":
            for other in KINDS:
                for end in "", ".json", "/job%s/1.txt" % other, "/artifacts":
                    if kind == other:
                        continue
                    url = "/zebra%s/ci/%s%s" % (kind, run_id(other), end)
                    assert status(ask(url, who)) == 404, url


def neighbours():
    """A row that names a run of another repository shows nothing of it."""
    for kind in "plain", "open":
        for end in "", ".json":
            text = ask("/zebra%s/ci/2%s" % (kind, end))
            assert status(text) == 200
            assert os.environ["HIDDEN"] in text
            assert not leaked(text, "hidden", NONE), text


globals()[sys.argv[1]](*sys.argv[2:])
END
export ROOT
# access NAME...: that function of it
access() {
	python3 access.py "$@"
}

check 'every route that there is, is asked for here' 'access routes'
for who in nobody tess ada; do
	check "$who gets what $who may see, and 404 for the rest" \
		"access statuses $who"
done
for who in nobody tess ada; do
	check "no word of what $who may not see is in any answer to $who" \
		"access words $who"
done
check 'what may be seen is shown' 'access shown'
check 'what may not be seen answers as what is not there, to the byte' \
	'access same'
check 'an entity tag, seen or guessed, opens nothing' 'access tags'
check 'HEAD says what GET does' 'access heads'
check 'a range opens nothing' 'access ranges'
check 'no header changes anything' 'access spoofs'
check 'who is nearly a reader is none' 'access names'
check 'nothing in a query changes it' 'access queries'
check 'a run is found in its own repository alone' 'access others'
check 'a run that is named by another'\''s row is not shown there' \
	'access neighbours'
