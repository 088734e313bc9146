#!/bin/sh
# Requests that are none, and names that are more than names. What a page is
# made of, tag by tag and attribute by attribute, is the same whatever is in
# the rows: that is compared between a home of harmless names and homes of
# hostile ones.
# shellcheck disable=SC2016 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 22

QUIRE_HOME=$T/home
quire seed "$QUIRE_HOME" || {
	echo 'Bail out! quire seed'
	exit 1
}

cat >ask.py <<'END'
import os, re, subprocess

cgi = os.environ["QUIRE_BUILD"] + "/bin/quire-cgi"


def run(env, home=None):
    """The answer to an environment of bytes or text: status, headers, body."""
    env = {k: v for k, v in env.items() if v is not None}
    env["QUIRE_HOME"] = home or os.environ["T"] + "/home"
    done = subprocess.run([cgi], env=env, capture_output=True)
    assert done.returncode == 0, (env, done.returncode, done.stderr)
    head, sep, body = done.stdout.partition(b"\r\n\r\n")
    assert sep, done.stdout[:200]
    headers = {}
    for line in head.decode("ascii").split("\r\n"):
        m = re.fullmatch(r"([A-Za-z-]+): ([ -~]*)", line)
        assert m, line
        assert m[1] not in headers, line
        headers[m[1]] = m[2]
    status = int(headers.get("Status", "200").split()[0])
    assert (status == 304) != ("Content-Length" in headers), headers
    if "Content-Length" in headers and env.get("REQUEST_METHOD") != "HEAD":
        assert int(headers["Content-Length"]) == len(body)
    return status, headers, body


def get(path="/", home=None, **more):
    return run(dict({"REQUEST_METHOD": "GET", "PATH_INFO": path}, **more), home)
END
cat >requests.py <<'END'
import sys
from ask import get, run

RUN = "/work/parser/ci/14"


def is_status(want, **env):
    status, headers, _ = run(env)
    assert status == want, (env, status)
    assert (status == 405) == ("Allow" in headers)


def methods():
    for m in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH",
              "get", "Get", "head", "GETT", "GE", "GET ", " GET", "GET\n",
              "G" * 10240, "HEAD,GET", "\x01", "G\u00cbT"):
        is_status(405, REQUEST_METHOD=m, PATH_INFO="/")
        is_status(405, REQUEST_METHOD=m, PATH_INFO="/nope")
    is_status(400, REQUEST_METHOD="", PATH_INFO="/")
    is_status(200, REQUEST_METHOD="HEAD")


def path_info():
    is_status(200, REQUEST_METHOD="GET")
    is_status(200, REQUEST_METHOD="GET", PATH_INFO="")
    for p in "foo", "hello/ci", ".", "..", "?", "http://a/hello/ci", "\\":
        is_status(400, REQUEST_METHOD="GET", PATH_INFO=p)


def dots():
    for p in ("/..", "/../", "/./", "//", "///", "//hello/ci", "/hello//ci",
              "/hello/./ci", "/hello/../hello/ci", "/work/../hello/ci",
              "/hello/ci/..", "/hello/ci/.", "/hello/ci//", "/hello/ci/1/",
              "/hello/ci/1/..", "/hello/ci/1/../1", "/hello/ci/1/greet/..",
              "/hello/ci/1/../../../quire.db", "/hello/ci/../../quire.db",
              "/quire.db", "/../quire.db", "/secrets/x", "/runs/hello.git",
              "/hello/ci/1/./1", "/hello/ci/1/greet/./1",
              RUN + "/../14/test/1", RUN + "/test/1/../1", "/hello/ci/1/../1/1",
              "/hello.git/../hello/ci"):
        is_status(404, REQUEST_METHOD="GET", PATH_INFO=p)
    for p in "/..", "/../../quire.db", "/x/../../events.jsonl", "/a//b", "/.":
        is_status(404, REQUEST_METHOD="GET", PATH_INFO=RUN + "/artifacts" + p)


def encodings():
    """PATH_INFO comes decoded: what looks encoded is a name."""
    for p in ("/hello%2fci", "/hello/ci%2f1", "/hello/ci/1%00", "/%2e%2e/x",
              "/hello/ci/%31", "/hello/ci/1/greet%2f1", "/%", "/%zz", "/%0",
              "/hello/ci/1?x", "/hello/ci/1#x", "/hello/ci/1;x", "/hello/ci/1 ",
              "/hello/ci/01", "/hello/ci/0", "/hello/ci/-1", "/hello/ci/1.0",
              "/hello/ci/1e0", "/hello/ci/+1", "/hello/ci/0x1",
              "/hello/ci/99999999999999999999", "/hello/ci/9223372036854775807",
              "/hello/ci/18446744073709551617", "/hello/ci/1/greet/01",
              "/hello/ci/1/greet/4294967297", "/hello/ci/1/greet/0",
              "/hello/ci/1/greet/1.txt.txt", "/hello/ci/.json",
              "/hello/ci/1.json.json", "/HELLO/ci", "/hello/CI",
              b"/hello\xff/ci", b"/\xc0\xae\xc0\xae/ci", "/hello\n/ci",
              "/hello/ci\n", "/hello/ci/1\r\nX: y", "/'\"<>/ci", "/\x7f"):
        is_status(404, REQUEST_METHOD="GET", PATH_INFO=p)


def overlong():
    for n in 255, 256, 300, 4095:
        is_status(404, REQUEST_METHOD="GET", PATH_INFO="/" + "a" * n)
        is_status(404, REQUEST_METHOD="GET",
                  PATH_INFO=("/hello/ci/1/" + "a" * n)[:4096])
        is_status(404, REQUEST_METHOD="GET",
                  PATH_INFO=("/hello/ci/" + "1" * n)[:4096])
    is_status(404, REQUEST_METHOD="GET", PATH_INFO="/ci" * 1365)
    is_status(404, REQUEST_METHOD="GET", PATH_INFO="/" * 4096)
    for n in 4097, 100000:
        is_status(414, REQUEST_METHOD="GET", PATH_INFO="/" * n)
        is_status(414, REQUEST_METHOD="GET", QUERY_STRING="a" * n)
    is_status(200, REQUEST_METHOD="GET", QUERY_STRING="&" * 4096)
    is_status(200, REQUEST_METHOD="GET", PATH_INFO="/hello/ci",
              QUERY_STRING="ref=" + "%41" * 1364)


def queries():
    for q in ("%", "ref=%", "ref=%4", "ref=%zz", "ref=%00", "ref=a%00b", "=",
              "&&&", "===", "ref", "ref=", "ref&ref=main", "ref=main&ref=nope",
              "state=nope", "state=", "state=failed&state=complete",
              "before=", "before=-1", "before=x", "before=0",
              "before=9223372036854775808", "before=99999999999999999999",
              "before=1&before=2", "pusher=%ff%fe", "ref=%0d%0aX:%20y",
              "ref=../../HEAD", "ref=refs/heads/../x", "ref=*", "ref=%25",
              "ref='%20OR%201=1", "job=%00", "from=-1", "from=1e9", "from=",
              "from=9223372036854775807", "a;b", "ref[]=x", "ref=main#x"):
        for p in ("/", "/hello/ci", "/hello/ci.json", "/hello/ci/1",
                  "/hello/ci/badge.svg", "/hello/ci/feed.atom", "/metrics",
                  RUN + "/test/1", "/style.css"):
            is_status(200, REQUEST_METHOD="GET", PATH_INFO=p, QUERY_STRING=q)
        assert run({"REQUEST_METHOD": "GET", "QUERY_STRING": q, "PATH_INFO":
                    "/hello/ci/latest"})[0] in (302, 404)


def first_counts():
    """Of a parameter that is given twice the first counts, everywhere."""
    for p in "/hello/ci", "/hello/ci.json", "/hello/ci/feed.atom":
        one = get(p, QUERY_STRING="state=failed")[2]
        two = get(p, QUERY_STRING="state=failed&state=complete")[2]
        assert one == two, p


def headers():
    for value in ("", '"', '""', "*", ",", ",,,", '"a', 'W/', 'W/"', 'W/"a"',
                  '"a" "b"', "\x01", "x" * 100000, '",' * 50000, b"\xff\xfe"):
        for p in "/hello/ci/1.json", RUN + "/test/1.txt", "/style.css":
            status = get(p, HTTP_IF_NONE_MATCH=value)[0]
            assert status == (304 if value == "*" else 200), (p, value, status)
    for value in ("", "bytes", "bytes=", "bytes=-", "bytes=--1", "bytes=1",
                  "bytes=a-b", "bytes=5-2", "bytes=0-1,2-3", "lines=1-2",
                  "bytes=99999999999999999999-", "bytes=0-0;x", "BYTES=0-0",
                  "bytes= 0-1", "bytes=" + "0-0," * 30000, "\x00"[:0]):
        assert get(RUN + "/test/1.txt", HTTP_RANGE=value)[0] == 200, value
    assert get(RUN + "/test/1.txt", HTTP_RANGE="bytes=999999999999-")[0] == 416
    assert get(RUN + "/test/1.txt",
               HTTP_RANGE="bytes=0-999999999999999999")[0] == 206
    for p in "/", "/hello/ci", "/hello/ci/1.json", "/hello/ci/badge.svg":
        assert get(p, HTTP_RANGE="bytes=0-3")[0] == 200, p


def no_header_is_added():
    """A line break in what an answer's headers repeat makes no header."""
    evil = "x\r\nX-Evil: 1\r\n\r\n<script>"
    for path, more in [("/hello", {"SCRIPT_NAME": "/" + evil}),
                       ("/hello/ci/latest", {"SCRIPT_NAME": "/" + evil}),
                       ("/hello/ci/latest",
                        {"QUERY_STRING": "ref=main%0d%0aX-Evil:%201"}),
                       ("/work/parser/ci.json",
                        {"SCRIPT_NAME": "/" + evil, "QUERY_STRING":
                         "ref=%0d%0aX-Evil:%201&state=failed"}),
                       ("/" + evil, {}), ("/hello/ci/" + evil, {}),
                       ("/hello/ci/feed.atom", {"SERVER_NAME": evil}),
                       ("/", {"REMOTE_USER": evil})]:
        _, headers, _ = get(path, **more)
        assert "X-Evil" not in headers


def environment():
    """Much of it, and odd."""
    more = {"X%d" % i: "y" * 1000 for i in range(1000)}
    assert get("/hello/ci", **more)[0] == 200
    assert get("/", REMOTE_USER="u" * 100000)[0] == 200
    assert get("/hello/ci", SCRIPT_NAME="/s" * 50000)[0] == 200
    assert get("/", SCRIPT_NAME="no slash")[0] == 200
    for name in "PATH", "HOME", "LANG", "TZ", "TMPDIR":
        assert get("/hello/ci/1", **{name: "\x01" * 5000})[0] == 200


def fixed():
    """Every answer has the headers that protect it."""
    for path in ("/", "/hello/ci/1", "/nope", "/metrics", "/style.css",
                 "/live.js", "/hello/ci/badge.svg", "/hello/ci/feed.atom",
                 "/hello/ci.json", RUN + "/test/1.txt", "/hello"):
        for method in "GET", "HEAD", "POST":
            _, h, _ = get(path, REQUEST_METHOD=method)
            csp = h["Content-Security-Policy"]
            assert "default-src 'none'" in csp and "unsafe" not in csp, csp
            assert "frame-ancestors 'none'" in csp and "*" not in csp, csp
            assert h["X-Content-Type-Options"] == "nosniff"
            assert h["Referrer-Policy"] == "same-origin"


globals()[sys.argv[1]]()
END

cat >shapes.py <<'END'
import html.parser, json, os, re, shutil, sqlite3, subprocess, sys
import urllib.parse, xml.etree.ElementTree
from ask import get

HARMLESS = b"harmless"
HOSTILE = {
    "markup": b"<script>alert(1)</script><img src=x onerror=alert(1)>",
    "quotes": b"\" onmouseover=\"alert(1)\" x='y' '>\"><svg onload=alert(1)>`",
    "ends": b"</title></h1></a></p></pre></main></body></html><plaintext>",
    "comments": b"<!-- --!> <![CDATA[ ]]> <?xml ?> <!DOCTYPE x> ]]>",
    "references": b"&lt;script&gt; &#60; &amp;lt; &amp &; &#x3c;b&#x3e; &#0;",
    "controls": bytes(c for c in range(1, 32) if c != 10) + b"\x7f\xc2\x80\xc2\x9b",
    "bidi": "\u202ea\u202d\u2066\u2067\u2068\u2069\u200e\u200f\u061cb".encode(),
    "torn": b"\xff\xfe\x80\xc0\xbcscript\xc0\xbe\xe8\x8a\xf4\x90\x80\x80\xed\xa0\x80",
    "odd": "\ufffe\uffff\ufeff\u2028\u2029\u0000\U0001f338a\u0301".replace(
        "\0", "").encode(),
    "links": b"javascript:alert(1)//%22%3E%00%s%r$(id)`id`{{7*7}}",
    "long": b"<" * 300,
}
VOID = {"meta", "link", "input", "br", "hr", "img", "wbr"}


class Shape(html.parser.HTMLParser):
    """The tags and the names of their attributes, in order, strictly."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.shape, self.open, self.text = [], [], []
        self.feed(page.decode("utf-8"))
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.shape.append((tag, tuple(name for name, _ in attrs)))
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        for name, value in attrs:
            assert not name.startswith("on") and name != "style", (tag, attrs)
            assert re.fullmatch("[a-z][a-zA-Z-]*", name), (tag, name)
            if name in ("href", "src", "action", "xlink:href", "data-log"):
                assert re.match(r"/(?!/)|#|\?|https://git\.example\.org/|"
                                r"data:image/svg\+xml,", value), (tag, value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        while self.open and self.open[-1] != tag and self.open[-1] in (
                "li", "option"):
            self.open.pop()
        assert self.open and self.open.pop() == tag, (tag, self.open)

    def handle_data(self, data):
        assert not self.open or self.open[-1] not in ("script", "style"), data
        bad = re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]|"
                        "[\0-\x08\x0b-\x1f\x7f-\x9f]", data)
        assert not bad, (bad, data)

    def handle_comment(self, data):
        assert 0, data

    def unknown_decl(self, data):
        assert 0, data

    def handle_pi(self, data):
        assert 0, data


def part(word):
    """What a component of a path may hold of it; # and control characters are
    not for names of repositories."""
    return bytes(c for c in word if c >= 32 and c != 127 and c not in b"#/"
                 ).lstrip(b"-.")[:60]


def make(home, word):
    """A home whose every word is this one."""
    subprocess.run(["quire", "init"], check=True, env=dict(
        os.environ, QUIRE_HOME=home), stdout=subprocess.DEVNULL)
    db = sqlite3.connect(home + "/quire.db")
    name = part(word)
    repo = name + b".git"
    word_ref = b"refs/heads/" + word

    def insert(table, **row):
        db.execute("INSERT INTO %s (%s) VALUES (%s)" % (
            table, ", ".join('"%s"' % k for k in row), ", ".join(
                "CAST(? AS TEXT)" if isinstance(v, bytes) else "?"
                for v in row.values())), list(row.values()))

    insert("repos", name=repo, git_dir=b"/nowhere/" + word, added_at_ms=1)
    insert("settings", repo=repo, key="publicRuns", value="on")
    insert("settings", repo=repo, key="commitUrl",
           value=b"https://git.example.org/%r?id=%s&x='<>%")
    for n, (state, kind) in enumerate([
            ("complete", None), ("failed", "pipeline-failure"),
            ("failed", word), ("superseded", None), ("pending", None),
            ("active", None)], 1):
        ended = state not in ("pending", "active")
        insert("runs", id=b"%08d-" % n + name[:20], repo=repo,
               ref_name=word_ref, sha=word, pushed_at_ms=1, state=state,
               failure_kind=kind, reason=word if ended else None,
               queued_at_ms=1, started_at_ms=None if state == "pending" else 1,
               finished_at_ms=9000 if ended else None, number=n, push_seq=n,
               previous_sha=word, pusher=word, subject=word,
               author=word + b" <" + word + b">",
               superseded_by=word if state == "superseded" else None,
               rerun_of=word if n == 3 else None, sandbox=word,
               trigger="rerun" if n == 3 else "push")
        if n == 2:
            insert("refs", repo=repo, ref_name=word_ref, oid=word, sha=word,
                   seen_at_ms=1)
        if state in ("pending", "superseded"):
            continue
        for pos, (job, its) in enumerate([
                (name, "complete" if n == 1 else "failed"),
                (b"x" + name, "skipped")], 1):
            skipped = its == "skipped"
            insert("jobs", run_id=b"%08d-" % n + name[:20], job_id=job,
                   state=its, exit_code=None if skipped else n - 1,
                   started_at_ms=None if skipped else 1, finished_at_ms=9000,
                   position=pos, needs=name.replace(b" ", b"_")
                   if skipped else b"", reason=word, allow_failure=0)
            if not skipped:
                insert("sh_events", run_id=b"%08d-" % n + name[:20], job_id=job,
                       n=1, started_at_ms=1, finished_at_ms=9000,
                       exit_code=n - 1, cmd=word + b"\n" + word)
        where = (home.encode() + b"/runs/" + repo + b"/%08d-" % n + name[:20])
        os.makedirs(where + b"/jobs/" + name)
        # control bytes are the log's own business: see the tests of it
        line = bytes(c for c in word if c >= 32 and c != 127)
        with open(where + b"/jobs/" + name + b"/sh-1.log", "wb") as f:
            f.write(b"2026-01-01T00:00:00.000000000Z stdout F " + line + b"\n"
                    b"2026-01-01T00:00:00.000000001Z stderr F " + line + b"\n")
    db.commit()
    db.close()
    return name


def quoted(value):
    return urllib.parse.quote(value, safe="")


def pages(name, word):
    """What is asked for: path and query."""
    r = b"/" + name + b"/ci"
    ref = quoted(word)
    yield b"/", ""
    yield r, ""
    yield r, "ref=%s&pusher=%s" % (ref, ref)
    yield r, "ref=%s&state=failed&before=4" % ref
    for n in range(1, 7):
        yield r + b"/%d" % n, ""
    yield r + b"/2/" + name + b"/1", ""
    yield r + b"/2/" + name + b"/1", "time=1"
    yield b"/nope/" + word, ""
    yield r + b"/nope/" + name, ref
    yield b"/" + name, ""


def shapes(word, home):
    name = make(home, word)
    for path, query in pages(name, word):
        status, headers, body = get(
            path, home, QUERY_STRING=query, REMOTE_USER=word,
            SCRIPT_NAME=b"/" + word)
        assert headers["Content-Type"] == "text/html; charset=utf-8", path
        yield path, status, Shape(body).shape
    others(home, name, word)


def others(home, name, word):
    """What is no HTML."""
    r = b"/" + name + b"/ci"
    for path in r + b".json", r + b"/2.json", r + b"/6.json":
        json.loads(get(path, home)[2].decode("utf-8"))
    for path in (r + b"/feed.atom", r + b"/badge.svg",
                 r + b"/badge.svg?job=" + quoted(name).encode()):
        path, _, query = path.partition(b"?job=")
        status, headers, body = get(
            path, home, QUERY_STRING=b"job=" + query if query else b"",
            SCRIPT_NAME=b"/" + word)
        assert status == 200
        tree = xml.etree.ElementTree.fromstring(body)
        for e in tree.iter():
            assert e.tag.split("}")[1] in (
                "feed", "title", "id", "updated", "published", "link", "author",
                "name", "entry", "category", "content", "svg", "rect", "path",
                "g", "text"), e.tag
            assert not any(k.startswith("on") for k in e.keys())
    for line in get("/metrics", home)[2].decode("utf-8").split("\n"):
        assert re.fullmatch(r'|#.*|[a-z_]+(\{([a-z]+="([^"\\]|\\[\\n"])*",?)*\})?'
                            r' [0-9.]+', line), line


def compare(which):
    want = list(shapes(HARMLESS, os.environ["T"] + "/harmless-" + which))
    got = list(shapes(HOSTILE[which], os.environ["T"] + "/hostile-" + which))
    assert len(want) == len(got) > 10
    for (_, *a), (path, *b) in zip(want, got):
        assert a == b, (path, [x for x in zip(a[1], b[1]) if x[0] != x[1]][:3])


compare(sys.argv[1])
END
export PYTHONDONTWRITEBYTECODE=1

check 'other methods are 405, and no method is 400' \
	'python3 requests.py methods'
check 'a path that is missing is the index, a relative one is 400' \
	'python3 requests.py path_info'
check 'dots and double slashes lead nowhere' 'python3 requests.py dots'
check 'what looks encoded is a name, and a number is written in one way' \
	'python3 requests.py encodings'
check 'what is overlong is 404 where it is a name, else 414' \
	'python3 requests.py overlong'
check 'a query that is broken is no error' 'python3 requests.py queries'
check 'of a parameter that is given twice the first counts' \
	'python3 requests.py first_counts'
check 'headers that are broken count as not given' \
	'python3 requests.py headers'
check 'nothing adds a header' 'python3 requests.py no_header_is_added'
check 'a huge and an odd environment is none' 'python3 requests.py environment'
check 'every answer has the headers that protect it' \
	'python3 requests.py fixed'
for which in markup quotes ends comments references controls bidi torn odd \
	links; do
	check "$which in all names: every page is as with harmless ones" \
		"python3 shapes.py $which"
done
check 'a commitUrl that is no address of the web is no link' \
	'for u in "javascript:alert(1)//%s" "data:text/html,%s" "//x/%s" "%s"; do
		sql "INSERT INTO settings VALUES ('\''work/parser.git'\'',
			'\''commitUrl'\'', '\''$u'\'') ON CONFLICT DO UPDATE SET
			value = excluded.value"
		env -i REQUEST_METHOD=GET PATH_INFO=/work/parser/ci/14 \
			QUIRE_HOME="$QUIRE_HOME" "$QUIRE_BUILD/bin/quire-cgi" >page || exit 1
		grep -q 17fbc556bf page && ! grep -q "javascript:\|data:text\|\"//x" page &&
			! grep -q "href=\"17fbc" page || exit 1
	done'
