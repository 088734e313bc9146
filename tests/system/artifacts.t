#!/bin/sh
# Artifacts: what of a workspace is kept with its run, and quire artifacts.
# shellcheck disable=SC2016,SC2034 # what is in single quotes is for later
. "$(dirname "$0")/lib.sh"
plan 37
. "$ROOT/tests/system/exec.sh"

# ci GLOBS COMMAND [OPTION...]: quire-ci exec of one job with these artifacts.
ci() {
	fresh
	ci_run=$(echo "$2" | tr '\n\t' '; ')
	printf '%s\n' "{\"jobs\": [{\"id\": \"a\", \"artifacts\": [$1],
		\"run\": \"${ci_run%;}\"}]}" >"$T/w/.quire/ci.json"
	shift 2
	again "$@"
}

# what was kept, each path with a blank behind it
kept() {
	(cd "$T/r/artifacts" 2>/dev/null && find . ! -type d | sort |
		sed 's,^\./,,' | tr '\n' ' ')
}
job_is() { grep "\"job_finished\",\"job_id\":\"a\",\"outcome\":\"$1\"" "$T/events"; }
reason() { sed -n '/"job_finished"/s/.*"reason":"\([^"]*\)".*/\1/p' "$T/events"; }

# which files
ci '"dist/*", "*.log"' 'mkdir -p dist/sub; echo 1 >dist/a; echo 2 >dist/sub/b
	echo 3 >x.log; echo 4 >other; echo 5 >dist/.hidden'
check 'what the globs match is kept, with its path; * stops at /' \
	'same "$(kept)" "dist/.hidden dist/a x.log "'
check 'with its content' 'same "$(cat "$T/r/artifacts/dist/a")" 1'
check 'an event tells of each, before the job has finished' '
	grep -n "\"type\":\"artifact\",\"job_id\":\"a\",\"path\":\"x.log\",\"size\":2}" \
		"$T/events" | cut -d: -f1 >n1 &&
	grep -n job_finished "$T/events" | cut -d: -f1 >n2 &&
	test "$(cat n1)" -lt "$(cat n2)" &&
	same "$(grep -c "\"artifact\"" "$T/events")" 3'
ci '"dist/**"' 'mkdir -p dist/sub; echo 1 >dist/a; echo 2 >dist/sub/b'
check '** is everything below' 'same "$(kept)" "dist/a dist/sub/b "'
ci '"a*"' 'echo x >a1; echo x >a2; chmod 755 a1; chmod 600 a2'
check 'a program stays one, whatever else its mode was' '
	same "$(stat -c %a "$T/r/artifacts/a1" "$T/r/artifacts/a2" |
		tr "\n" " ")" "755 644 "'
ci '"report.xml"' 'echo bad >report.xml; exit 1'
check 'a job that failed has its artifacts kept' \
	'job_is failed && same "$(kept)" "report.xml "'
check 'and the reason is its own' \
	'same "$(reason)" "command 1 failed with exit status 1"'
ci '"out"' 'head -c 20000000 /dev/urandom >out'
check 'a large file is whole' 'cmp "$T/w/out" "$T/r/artifacts/out"'

# nothing there
ci '"nothing/*"' 'true'
check 'a glob that matches nothing does not fail a green job, but is told' '
	job_is complete &&
	same "$(reason)" "artifacts: no file matches '\''nothing/*'\''"'
ci '"dist"' 'mkdir dist; echo >dist/a'
check 'where it matches a folder, the right one is told' \
	'reason | grep -F "a folder: '\''dist/**'\'' would be all in it"'

# never outside
echo secret >"$T/secret"
ci '"**"' 'ln -s ../secret link; ln -s .. up; ln -s ../secret .quire/s
	mkfifo pipe; echo 1 >file'
check 'links are not followed and not kept, FIFOs do not hang it' \
	'same "$(kept)" ".quire/ci.json file " && job_is complete'
ci '"up/secret"' 'ln -s .. up'
check 'a link on the way is not followed either' 'same "$(kept)" ""'
ci '"../secret"' 'true'
check 'a glob that leads out is refused' \
	'tail -n 1 "$T/events" | grep "pipeline-failure" && same "$(kept)" ""'
rm -rf "$T/w" "$T/r"
mkdir -p "$T/w/.quire" "$T/r" "$T/elsewhere"
ln -s "$T/elsewhere" "$T/r/artifacts"
echo '{"jobs": [{"id": "a", "artifacts": ["x"], "run": "echo >x"}]}' \
	>"$T/w/.quire/ci.json"
check 'nor is a link in the place where they are kept' '
	quire-ci exec --workspace "$T/w" --run-dir "$T/r" <"$T/hold" \
		>"$T/events" && job_is failed &&
	test ! -e "$T/elsewhere/x" && reason | grep "artifact x: Not a directory"'
ci '"*"' 'touch $(printf \"bad\\\\377\")'
check 'a name that is no UTF-8 fails the job, with a reason' \
	'job_is failed && reason | grep "its name is not UTF-8"'

# limits
ci '"*"' 'head -c 200000 /dev/zero >z; echo 1 >a' --limit maxArtifacts=100K
check 'more than maxArtifacts fails the job, with the reason' '
	job_is failed &&
	same "$(reason)" "artifact z: the run'\''s artifacts are larger than maxArtifacts (100K)" &&
	! kept | grep z'
ci '"*"' 'truncate -s 1T z' --limit maxArtifacts=1G
check 'a file of holes counts by its size' 'job_is failed && same "$(kept)" ""'
ci '"e/*"' 'mkdir e; cd e; seq 100 | xargs touch' --limit maxArtifacts=100K
check 'empty files count, too' 'job_is failed && test "$(kept | wc -w)" -le 25'
ci '"e/*"' 'mkdir e; cd e; for i in $(seq 40); do head -c 4000 /dev/zero >$(printf %0200d $i); done' \
	--limit maxArtifacts=100K
check 'a path counts, which is in an event' \
	'job_is failed && n=$(kept | wc -w) && test "$n" -le 12 && test "$n" -gt 9'
ci '"**"' 'echo 1 >a; perl -e \"for (1 .. 17) { mkdir q(x) x 250; chdir q(x) x 250 or die }; open F, q(>big)\"'
check 'a path longer than can be opened fails the job, which says so in short' '
	job_is failed && ! kept | grep big && test "$(reason | wc -c)" -lt 500 &&
	reason | grep "x/xx*\.\.\.: its path is longer than 4095 bytes"'
ci '"a"' 'echo 1 >a; perl -e \"for (1 .. 17) { mkdir q(x) x 250; chdir q(x) x 250 or die }; open F, q(>big)\"'
check 'where no glob leads it is nothing' 'job_is complete && same "$(kept)" "a "'
two() {
	fresh
	printf '%s\n' "{\"jobs\": [
		{\"id\": \"a\", \"artifacts\": [\"**/f\"], \"run\": \"$1\"},
		{\"id\": \"b\", \"needs\": [\"a\"], \"artifacts\": [\"**/f\"],
			\"run\": \"rm -rf f; $2\"}]}" >"$T/w/.quire/ci.json"
	again
}
check 'a file with the path of a folder that another job keeps is refused' '
	two "mkdir -p f/x; touch f/x/f" "touch f" &&
	same "$(reason)" "artifact f: a folder with artifacts of another job has this path: give one of them another"'
check 'and one in a folder with the path of a file' '
	two "touch f" "mkdir -p f/x; touch f/x/f" &&
	same "$(reason)" "artifact f/x/f: an artifact of another job has the path of a folder that this one is in: give one of them another"'

# Globs that take long for folders that are deep: each is tried at each level.
slow=$(perl -e 'print "**/", "a/" x 500, "b"')
fresh
(cd "$T/w" && perl -e 'for (1 .. 2000) { mkdir "a" or die; chdir "a" or die }')
printf '%s\n' "{\"jobs\": [{\"id\": \"a\", \"timeout\": \"3s\",
	\"artifacts\": [\"$slow\", \"$slow?\", \"$slow??\", \"$slow???\"],
	\"run\": \"true\"}]}" >"$T/w/.quire/ci.json"
check 'the timeout of the job holds for what is kept, too' '
	again && job_is failed &&
	same "$(reason)" "timed out after 3s while its artifacts were kept"'
cat >"$T/pipeline" <<'P'
{"parallel": 2, "jobs": [
	{"id": "a", "artifacts": ["x"], "run": "head -c 60000 /dev/zero >x"},
	{"id": "b", "artifacts": ["y"], "run": "head -c 60000 /dev/zero >y"}]}
P
rm -rf "$T/w" "$T/r"
mkdir -p "$T/w/.quire" "$T/r"
cp "$T/pipeline" "$T/w/.quire/ci.json"
check 'the limit is of all jobs together' '
	quire-ci exec --workspace "$T/w" --run-dir "$T/r" \
		--limit maxArtifacts=100K <"$T/hold" >"$T/events" &&
	same "$(grep -c "outcome\":\"failed" "$T/events")" 1 &&
	test "$(kept | wc -w)" = 1'
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	check 'a full disk fails the job, and leaves no part of a file' '
		rm -rf "$T/w" "$T/r" && mkdir -p "$T/w/.quire" "$T/r" &&
		echo "{\"jobs\": [{\"id\": \"a\", \"artifacts\": [\"*\"],
			\"run\": \"head -c 900000 /dev/urandom >z\"}]}" \
			>"$T/w/.quire/ci.json" && export T && unshare -m sh -c "
		mount -t tmpfs -o size=500k none \"\$T/r\" &&
		quire-ci exec --workspace \"\$T/w\" --run-dir \"\$T/r\" \
			<\"\$T/hold\" >\"\$T/events\" &&
			find \"\$T/r/artifacts\" -type f >\"\$T/found\"" &&
		job_is failed && reason | grep "No space left" &&
		test ! -s "$T/found" && grep "\"cause\":\"disk-full\"" "$T/events"'
else
	skip 'a full disk fails the job, and leaves no part of a file' \
		'needs a mount namespace'
fi

# quire-ci run leaves them where they are
check 'a run in a working tree keeps nothing' '
	mkdir -p tree/.quire && cd tree && echo "{\"jobs\": [{\"id\": \"a\",
		\"artifacts\": [\"x\"], \"run\": \"echo >x\"}]}" >.quire/ci.json &&
	quire-ci run && test -e x && same "$(ls)" x'

# of a run
new_home
new_repo foo
pipeline foo '{"jobs": [
	{"id": "build", "artifacts": ["dist/**"],
		"run": "mkdir -p dist/doc; echo hello >dist/app; chmod +x dist/app; echo text >dist/doc/a.txt; echo text >dist/[x]"},
	{"id": "test", "needs": ["build"], "artifacts": ["dist/app", "report"],
		"run": "echo again >dist/app; echo red >report; exit 1"}]}'
push foo >/dev/null
wait_idle
check 'the artifacts of a run are listed with size and job, the last one counts' '
	quire artifacts foo#1 >list &&
	same "$(awk "{ print \$1, \$2, \$3 }" list | tr "\n" ,)" \
"PATH SIZE JOB,dist/[x] 5 build,dist/app 6 test,dist/doc/a.txt 5 build,report 4 test,"'
check 'as JSON, too' '
	quire artifacts foo#1 --json | tr -d " \n" |
		grep -F "{\"path\":\"report\",\"size\":4,\"job\":\"test\"}"'
check 'they are there when the workspace has gone' \
	'test -f "$(dir 1)/artifacts/dist/app" && test ! -e "$(dir 1)/workspace"'
check 'one goes to standard output' \
	'same "$(quire artifacts foo#1 dist/app -p)" again &&
	same "$(quire artifacts foo#1 "dist/[x]" -p)" text'
check 'all are copied, with their modes, and nothing is replaced' '
	quire artifacts foo#1 -o out/here && test -x out/here/dist/app &&
	test ! -x out/here/report && test -f out/here/dist/doc/a.txt &&
	! quire artifacts foo#1 -o out/here 2>err && grep "File exists" err'
check 'a glob chooses' '
	quire artifacts foo#1 "**/*.txt" "rep*" -o some &&
	same "$(cd some && find . -type f | sort | tr "\n" " ")" \
		"./dist/doc/a.txt ./report "'
check 'what is not there is said, with status 2' '
	quire artifacts foo#1 nope 2>err; test $? = 2 && grep "no artifact" err'
check 'copying follows no link that is there before it' '
	mkdir linked && ln -s "$T/elsewhere" linked/dist &&
	! quire artifacts foo#1 -o linked && test ! -e "$T/elsewhere/app"'
check 'a path in the events that leads out is not followed' '
	cp -r "$(dir 1)/events.jsonl" saved &&
	sed -i "s,\"path\":\"report\",\"path\":\"../../../../quire.db\"," \
		"$(dir 1)/events.jsonl" &&
	! quire artifacts foo#1 "../../../../quire.db" -p >out.db &&
	test ! -s out.db && cp saved "$(dir 1)/events.jsonl"'
check 'reconcile leaves them, and pruning the run removes them' '
	kept_dir=$(dir 1) && quire-reconcile && test -d "$kept_dir/artifacts" &&
	git -C foo commit -q --allow-empty -m 2 && push foo >/dev/null &&
	wait_idle && quire config keepRuns 1 && quire-reconcile &&
	test ! -e "$kept_dir"'
