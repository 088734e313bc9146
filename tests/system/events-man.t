#!/bin/sh
# quire-events(5) has every type of event with its fields, and so has the stream
# of a run.
# shellcheck disable=SC2016 # check evaluates what is quoted
. "$(dirname "$0")/lib.sh"
plan 4

cat >events.py <<'EOF'
import json, re, sys

def of_source(text):
    """type: (fields, those that may be missing), from the table of shapes and
    from what event_write() writes for each flag of it."""
    writer = text[text.index("void event_write"):]
    writer = writer[:writer.index("\n}")]
    fields, flag = {}, None
    for line in writer.split("\n"):
        found = re.search(r"shape->fields & (F_\w+)(\) && (ev->\w+))?", line)
        if found:
            flag, optional = found[1], bool(found[3])
        if "timeout_ms > 0" in line:
            optional = True
        for name in re.findall(r'o, "(\w+)"', line):
            if flag:
                fields.setdefault(flag, []).append((name, optional))
                optional = bool(found and found[3]) if found else False
    types = {}
    for name, flags in re.findall(
            r'\[EVENT_\w+\] = { "(\w+)",\s*([F_A-Z| \n\t]+)}', text):
        both = [f for g in re.findall(r"F_\w+", flags) for f in fields[g]]
        types[name] = ({n for n, _ in both}, {n for n, o in both if o})
    return types

def of_page(text):
    types = {}
    for name, rest in re.findall(r"^\.It Cm (\w+) : (.*)$", text, re.M):
        may = set(re.findall(r"(?:Op|Oo) Cm (\w+)", rest))
        words = set(re.findall(r"\b[a-z_]\w*\b", rest))
        types[name] = (words, may)
    return types

def of_example(text):
    shown = text[text.index(".Bd -literal\n{") + 13:]
    return shown[:shown.index("\n.Ed")].replace("\n  ", "").split("\n")

def conform(lines, types):
    seen = set()
    for line in lines:
        event = json.loads(line)
        fields = set(event) - {"type", "at_ms"}
        known, may = types[event["type"]]
        if "at_ms" not in event or fields - known or known - may - fields:
            sys.exit("not as told: " + line)
        seen.add(event["type"])
    return seen

source = of_source(open(sys.argv[2]).read())
text = open(sys.argv[3]).read()
page = of_page(text)
what = sys.argv[1]
if what == "same":
    if len(source) < 8 or source != page:
        sys.exit(f"source: {source}\npage: {page}")
elif what == "example":
    lacking = set(page) - conform(of_example(text), page)
    if lacking:
        sys.exit(f"without example: {lacking}")
elif what == "jobs":
    known = set(re.findall(r'json_add_\w+\(o, "(\w+)"',
        re.search(r"jobs_to_json.*?\n}", open(sys.argv[2]).read(), re.S)[0]))
    tag = re.search(r"^\.It Cm pipeline :.*?(?=^\.It)", text, re.M | re.S)[0]
    lacking = known - set(re.findall(r"\w+", tag))
    if not known or lacking:
        sys.exit(f"of a job: {lacking or 'nothing found'}")
else:
    seen = conform(open(what).read().splitlines(), page)
    lacking = set(page) - seen
    if lacking:
        sys.exit(f"not seen: {lacking}")
EOF
events() {
	python3 "$T/events.py" "$1" "$ROOT/lib/base/event.c" \
		"$ROOT/man/quire-events.5"
}

check 'every type, with its fields and those that may be missing' 'events same'
check 'what a job has in the first of them' 'events jobs'
check 'the example shows every type, with its fields' 'events example'

new_home
new_repo foo
pipeline foo '{ "timeout": "10m", "jobs": [
	{ "id": "build", "run": "touch made", "artifacts": ["made"] },
	{ "id": "lint", "allow-failure": true, "run": "false" },
	{ "id": "manual", "when": { "tag": "v*" }, "run": "true" } ] }'
check 'a run has every type, and each as it is told' '
	push foo && wait_idle && events "$(dir 1)/events.jsonl"'
