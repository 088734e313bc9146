#include "exec/seed_data.h"

#define PARSER "work/parser.git"
#define HELLO "hello.git"
#define STRANGE "strange/<b>bold & \"co\".git"
#define VAULT "vault.git"

#define ADA "Ada Sample <ada@example.org>"
#define BEN "Ben Muster <ben@example.org>"
#define CHI "Chi \xe8\x8a\xb1\xe5\xad\x90 <chi@example.org>"

const struct seed_repo seed_repos[] = {
	{ PARSER, "publicRuns" },
	{ HELLO, NULL },
	{ STRANGE, "publicRuns" },
	{ VAULT, "private" },
};
const size_t seed_repos_count = sizeof(seed_repos) / sizeof(seed_repos[0]);

#define CONFIGURE                                         \
	"checking for gcc... gcc\n"                       \
	"checking whether the C compiler works... yes\n"  \
	"checking for library containing regcomp... none" \
	" required\n"                                     \
	"config.status: creating Makefile\n"              \
	"config.status: creating config.h\n"

#define MAKE                                                                \
	"gcc -std=gnu17 -O2 -g -Wall -Wextra -c -o lexer.o src/lexer.c\n"   \
	"gcc -std=gnu17 -O2 -g -Wall -Wextra -c -o parser.o src/parser.c\n" \
	"!src/parser.c: In function 'parse_list':\n"                        \
	"!src/parser.c:214:13: warning: unused variable 'depth' "           \
	"[-Wunused-variable]\n"                                             \
	"!  214 |         int depth = 0;\n"                                 \
	"!      |             ^~~~~\n"                                      \
	"gcc -std=gnu17 -O2 -g -Wall -Wextra -c -o recover.o "              \
	"src/recover.c\n"                                                   \
	"ar rcs libparser.a lexer.o parser.o recover.o\n"                   \
	"gcc -o parse main.o libparser.a\n"

#define CHECK_RED                                                 \
	"tests/lexer ........... \033[32mok\033[0m\n"             \
	"tests/numbers ......... \033[32mok\033[0m\n"             \
	"tests/strings ......... \033[32mok\033[0m\n"             \
	"tests/recover ......... \033[31mFAILED\033[0m\n"         \
	"!tests/recover.c:88: a missing brace is reported once\n" \
	"!  expected: line 3, column 14: missing '}'\n"           \
	"!       got: line 3, column 14: missing '}'\n"           \
	"!            line 4, column 1: missing '}'\n"            \
	"tests/deep ............ \033[32mok\033[0m\n"             \
	"tests/unicode ......... \033[32mok\033[0m\n"             \
	"\n"                                                      \
	"5 of 6 passed, 1 failed\n"                               \
	"!make: *** [Makefile:41: check] Error 1\n"

#define CHECK_GREEN                      \
	"tests/lexer ........... ok\n"   \
	"tests/numbers ......... ok\n"   \
	"tests/strings ......... ok\n"   \
	"tests/recover ......... ok\n"   \
	"tests/deep ............ ok\n"   \
	"tests/unicode ......... ok\n\n" \
	"6 of 6 passed\n"

#define BUILD_GREEN                                                         \
	{                                                                   \
		"build", "complete", "",                                    \
			{ { "./configure --quiet", 0, 1900, CONFIGURE, 0 }, \
				{ "make -j2", 0, 9400, MAKE, 0 } },         \
			120, 0, NULL                                        \
	}

static const struct seed_job green[] = {
	BUILD_GREEN,
	{ "test", "complete", "build",
		{ { "make check", 0, 6100, CHECK_GREEN, 0 } }, 11500, 0, NULL },
	{ 0 },
};

static const struct seed_job red[] = {
	BUILD_GREEN,
	{ "lint", "failed", "",
		{ { "clang-tidy src/lexer.c src/parser.c src/recover.c", 1,
			3800,
			"!src/recover.c:57:9: warning: value stored to 'end' "
			"is never read [deadcode.DeadStores]\n"
			"1 warning generated.\n",
			0 } },
		11500, 1, NULL },
	{ "test", "failed", "build",
		{ { "make check", 2, 4700, CHECK_RED, 0 } }, 15400, 0, NULL },
	{ "fuzz", "complete", "build",
		{ { "./fuzz/run --seconds 20 corpus/", 0, 20300,
			"reading 1,204 inputs from corpus/\n"
			"20 s, 418,220 executions, 0 crashes\n",
			0 } },
		20200, 0, NULL },
	{ "package", "skipped", "test", { { 0 } }, 0, 0, "job test failed" },
	{ "publish", "skipped", "package", { { 0 } }, 0, 0,
		"job package was skipped" },
	{ 0 },
};

static const struct seed_job eight[] = {
	BUILD_GREEN,
	{ "docs", "complete", "",
		{ { "make doc", 0, 2200, "mandoc -Tlint man/parse.1\n", 0 } },
		11500, 0, NULL },
	{ "lint", "failed", "",
		{ { "make lint", 1, 2900,
			"!style.md: line 12 is longer than 80 columns\n", 0 } },
		13800, 1, NULL },
	{ "test", "complete", "build",
		{ { "make check", 0, 6000, CHECK_GREEN, 20000 } }, 16800, 0,
		NULL },
	{ "sanitizers", "complete", "build",
		{ { "make clean", 0, 90, NULL, 0 },
			{ "make CFLAGS='-fsanitize=address,undefined' check", 0,
				24100, CHECK_GREEN, 0 } },
		22900, 0, NULL },
	{ "package", "complete", "test sanitizers docs",
		{ { "set -e\n"
		    "v=$(git describe)\n"
		    "tar czf dist/parser-$v.tar.gz --transform "
		    "\"s,^,parser-$v/,\" *\n"
		    "sha256sum dist/*",
			0, 800,
			"8d5a9c1f0f3f0a6bb1f0c2a3e7c1d0f4  "
			"dist/parser-1.2.0.tar.gz\n",
			0 } },
		47300, 0, NULL },
	{ "sign", "complete", "package",
		{ { "./sign dist/parser-1.2.0.tar.gz", 0, 300, NULL, 0 } },
		48200, 0, NULL },
	{ "deploy", "skipped", "sign", { { 0 } }, 0, 0,
		"branch is 'v1.2.0', not main" },
	{ 0 },
};

static const struct seed_job out_of_time[] = {
	BUILD_GREEN,
	{ "test", "aborted", "build",
		{ { "make check-slow", -1, 0,
			"tests/deep: nesting 1,000\n"
			"tests/deep: nesting 10,000\n"
			"tests/deep: nesting 100,000\n",
			0 } },
		11500, 0, NULL },
	{ "package", "aborted", "test", { { 0 } }, 0, 0, NULL },
	{ 0 },
};

static const struct seed_job killed[] = {
	BUILD_GREEN,
	{ "test", "failed", "build",
		{ { "make check", 137, 5200,
			"tests/lexer ........... ok\n"
			"!Killed\n",
			0 } },
		11500, 0, NULL },
	{ 0 },
};

static const struct seed_job running[] = {
	BUILD_GREEN,
	{ "test", "active", "build",
		{ { "make check", -1, 0,
			"tests/lexer ........... ok\n"
			"tests/numbers ......... ok\n",
			0 } },
		11500, 0, NULL },
	{ "package", "pending", "test", { { 0 } }, 0, 0, NULL },
	{ "publish", "pending", "package", { { 0 } }, 0, 0, NULL },
	{ 0 },
};

static const struct seed_job hello[] = {
	{ "greet", "complete", "",
		{ { "echo hello, world", 0, 4, "hello, world\n", 0 } }, 30, 0,
		NULL },
	{ 0 },
};

/* What a terminal, a browser or a careless program would trip over. */
static const struct seed_job odd[] = {
	{ "colours", "complete", "",
		{ { "printf '\\033[1;32m<b>green</b>\\033[0m'", 0, 20,
			  "\033[1;32m<b>green & bold</b>\033[0m\n"
			  "\033]0;a window title\007plain again\n"
			  "\033]8;;http://example.org/\033\\a link\033]8;;"
			  "\033\\\n"
			  "10%\r20%\r100% done\n"
			  "a line for DOS\r\n",
			  0 },
			{ "cat latin1.txt /dev/zero | head -c 99", 0, 20,
				"caf\xe9, na\xefve, \xff\xfe\n"
				"\xed\xa0\x80 is half a character\n"
				"right to left: \xe2\x80\xae"
				"drawrof\n"
				"a tab:\there; a bell:\007; a backspace:\bx\n",
				0 } },
		30, 0, NULL },
	{ "unicode", "complete", "",
		{ { "echo '\xe8\x8a\xb1 \xf0\x9f\x8c\xb8 "
		    "\xd8\xa8\xd8\xb1\xd8\xa7\xd8\xb9\xd9\x85'",
			0, 9,
			"\xe8\x8a\xb1 \xf0\x9f\x8c\xb8 "
			"\xd8\xa8\xd8\xb1\xd8\xa7\xd8\xb9\xd9\x85\n",
			0 } },
		90, 0, NULL },
	{ "a-job-with-a-name-that-is-as-long-as-names-may-be-0123456789-abcd",
		"failed", "colours unicode",
		{ { "</summary></details><script>alert(1)</script>", 127, 3,
			"!sh: 1: Syntax error: \"</pre><script>alert(2)"
			"</script>\" unexpected\n",
			0 } },
		120, 0, NULL },
	{ 0 },
};

static const struct seed_job secret[] = {
	{ "rotate", "complete", "",
		{ { "./rotate-keys", 0, 1300, "rotated 3 keys\n", 0 } }, 40, 0,
		NULL },
	{ 0 },
};

#define MAIN "refs/heads/main"
#define RECOVERY "refs/heads/error-recovery"
#define TAG "refs/tags/v1.2.0"
#define ODD_REF "refs/heads/fix/<i>&amp;\"quotes'\xe8\x8a\xb1"
#define LONG_REF                                                          \
	"refs/heads/a-branch-whose-name-goes-on-and-on-because-somebody-" \
	"pasted-the-whole-title-of-the-ticket-into-it-without-a-thought"
#define DAY 86400

const struct seed_run seed_runs[] = {
	/* work/parser.git */
	{ PARSER, MAIN, "Read tokens from a buffer, not from a file", ADA,
		"ada", RUN_COMPLETE, NULL, NULL, "push", 31 * DAY, 40, 18200, 0,
		0, green, NULL, 0 },
	{ PARSER, MAIN, "Keep the position of every token", BEN, "ben",
		RUN_COMPLETE, NULL, NULL, "push", 24 * DAY, 35, 18900, 0, 0,
		green, NULL, 0 },
	{ PARSER, MAIN, "Build before the tests", BEN, "ben", RUN_FAILED,
		KIND_PIPELINE_FAILURE,
		"jobs[1].needs[0]: no job 'biuld' (did you mean 'build'?)",
		"push", 19 * DAY, 30, 60, 0, 0, NULL, NULL, 0 },
	{ PARSER, MAIN, "Add the corpus", ADA, "ada", RUN_FAILED,
		KIND_WORKSPACE,
		"corpus/\xc2\xa0.git: a name that no workspace may hold",
		"push", 18 * DAY, 30, 20, 0, 0, NULL, NULL, 0 },
	{ PARSER, MAIN, "Test deep nesting", ADA, "ada", RUN_FAILED,
		KIND_TIMEOUT,
		"the run was ended after its time limit of 1h 00m", "push",
		15 * DAY, 50, 3600000, 0, 0, out_of_time, NULL, 0 },
	{ PARSER, MAIN, "Test less deep nesting", ADA, "ada", RUN_FAILED,
		KIND_CANCELED, NULL, "push", 14 * DAY, 40, 400000, 0, 0,
		out_of_time, NULL, 0 },
	{ PARSER, MAIN, "Move the allocator out", CHI, "chi", RUN_FAILED,
		KIND_ORPHANED, NULL, "push", 12 * DAY, 60, 90000, 0, 0,
		out_of_time, NULL, 0 },
	{ PARSER, MAIN, "Do not copy strings", CHI, "chi", RUN_FAILED,
		KIND_PROCESS_CRASHED, "quire-ci was killed by signal 9", "push",
		11 * DAY, 60, 14000, 0, 0, out_of_time,
		"quire-ci: cannot read its own pipeline: Input/output error\n",
		0 },
	{ PARSER, MAIN, "Keep every core file", CHI, "chi", RUN_FAILED,
		KIND_DISK_FULL, "no space left below /var/quire", "push",
		10 * DAY, 60, 20000, 0, 0, out_of_time, NULL, 0 },
	{ PARSER, TAG, "Release 1.2.0", ADA, "ada", RUN_COMPLETE, NULL, NULL,
		"push", 6 * DAY, 80, 48700, 0, 0, eight, NULL, 1 },
	{ PARSER, MAIN, "Mention the release", ADA, "ada", RUN_SUPERSEDED, NULL,
		NULL, "push", 5 * DAY + 90, -1, 60000, 12, 0, NULL, NULL, 0 },
	{ PARSER, MAIN, "Mention the release, spelt right", ADA, "ada",
		RUN_COMPLETE, NULL, NULL, "push", 5 * DAY, 30, 18800, 0, 0,
		green, NULL, 0 },
	{ PARSER, RECOVERY, "Go on behind a missing brace", BEN, "ben",
		RUN_SUPERSEDED, NULL, NULL, "push", 3 * 3600 + 70, 45, 42000,
		14, 0, out_of_time, NULL, 0 },
	{ PARSER, RECOVERY, "Report a missing brace once", BEN, "ben",
		RUN_FAILED, KIND_PIPELINE_FAILURE, "failed: test", "push",
		3 * 3600, 41, 40700, 0, 0, red, NULL, 0 },
	{ PARSER, RECOVERY, "Report a missing brace once", BEN, NULL,
		RUN_FAILED, KIND_PIPELINE_FAILURE, "failed: test", "rerun",
		2 * 3600, 38, 17000, 0, 14, killed, NULL, 0 },
	{ PARSER, MAIN, "Fold constants while parsing", CHI, "mirror",
		RUN_COMPLETE, NULL, NULL, "drift", 2900, 31000, 18100, 0, 0,
		green, NULL, 0 },
	{ PARSER, MAIN, "Fold constants while parsing", CHI, NULL, RUN_COMPLETE,
		NULL, NULL, "start", 1300, 22, 18400, 0, 0, green, NULL, 0 },
	{ PARSER, RECOVERY, "Recover at the next statement", BEN, "ben",
		RUN_ACTIVE, NULL, NULL, "push", 21, 35, 0, 0, 0, running, NULL,
		1 },
	{ PARSER, MAIN, "Fold strings as well", CHI, "chi", RUN_PENDING, NULL,
		NULL, "push", 9, -1, 0, 0, 0, NULL, NULL, 1 },

	/* hello.git */
	{ HELLO, MAIN, "Say hello", ADA, "ada", RUN_COMPLETE, NULL, NULL,
		"push", 40 * DAY, 20, 60, 0, 0, hello, NULL, 0 },
	{ HELLO, MAIN, "Say it to the world", ADA, "ada", RUN_FAILED,
		"cosmic-ray", "a kind that is not known here", "push", 8 * DAY,
		20, 60, 0, 0, NULL, NULL, 0 },
	{ HELLO, MAIN, "Say it with a comma", ADA, "ada", RUN_COMPLETE, NULL,
		NULL, "push", 4 * DAY, 20, 60, 0, 0, hello, NULL, 1 },

	/* strange/... */
	{ STRANGE, ODD_REF, "<script>alert('subject')</script> & \"quotes\"",
		"<b>Mallory</b> & co <m@example.org>", "<u>mallory</u>",
		RUN_FAILED, KIND_PIPELINE_FAILURE, NULL, "push", 2 * DAY, 20,
		400, 0, 0, odd, NULL, 1 },
	{ STRANGE, LONG_REF,
		"A subject that goes on, as some do, far beyond what fits in "
		"a line of any list, and then a little further still, with "
		"averyveryverylongwordthatnobodycanbreakbecauseithasnospacesin"
		"itatallnotevenahyphen at its end",
		CHI, "chi", RUN_COMPLETE, NULL, NULL, "push", DAY, 25, 60, 0, 0,
		hello, NULL, 1 },
	{ STRANGE, "refs/heads/latin",
		"caf\xe9 \xff \xe2\x80\xae"
		"olleh",
		"Ren\xe9 <rene@example.org>", NULL, RUN_COMPLETE, NULL, NULL,
		"push", DAY / 2, 25, 60, 0, 0, hello, NULL, 1 },

	/* vault.git */
	{ VAULT, MAIN, "Rotate the keys", ADA, "ada", RUN_COMPLETE, NULL, NULL,
		"push", 7 * DAY, 25, 1400, 0, 0, secret, NULL, 1 },
};
const size_t seed_runs_count = sizeof(seed_runs) / sizeof(seed_runs[0]);

#define REPORT                                                              \
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">" \
	"<title>Coverage</title><link rel=\"stylesheet\" "                  \
	"href=\"report.css\"></head>\n<body><h1>Coverage</h1>\n<table>"     \
	"<tr><th>File<th>Lines\n<tr><td>lexer.c<td>98 %\n<tr><td>parser.c"  \
	"<td>94 %\n</table><script>document.title = 'scripted'</script>"    \
	"</body></html>\n"

const struct seed_artifact seed_artifacts[] = {
	{ PARSER, 10, "package", "dist/parser-1.2.0.tar.gz",
		"\x1f\x8b\x08not really an archive\n" },
	{ PARSER, 10, "package", "dist/parser-1.2.0.tar.gz.sha256",
		"8d5a9c1f0f3f0a6bb1f0c2a3e7c1d0f4  parser-1.2.0.tar.gz\n" },
	{ PARSER, 10, "sanitizers", "coverage/index.html", REPORT },
	{ PARSER, 10, "sanitizers", "coverage/report.css",
		"body { font-family: sans-serif; margin: 2rem }\n"
		"th, td { text-align: left; padding: 0 1rem }\n" },
	{ STRANGE, 1, "colours", "out/<img src=x onerror=alert(1)>.html",
		"<script>alert(3)</script>\n" },
	{ STRANGE, 1, "colours", "\xe8\x8a\xb1 & \"quotes\".bin",
		"\x01\x02\n" },
};
const size_t seed_artifacts_count =
	sizeof(seed_artifacts) / sizeof(seed_artifacts[0]);
