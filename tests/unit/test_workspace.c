/*
 * A workspace against hand-made trees, the conversions, and the attributes.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "exec/attributes.h"
#include "exec/convert.h"
#include "exec/tree.h"
#include "exec/workspace.h"

static char dir[64], repo[96], place[96];

/* Runs a shell command in the folder of the test; its first line is the
 * answer. */
static const char *sh(const char *command)
{
	static char line[256];
	char full[4096];
	FILE *p;

	snprintf(full, sizeof(full), "cd %s && . ./trees.sh && { %s\n}", dir,
		command);
	p = popen(full, "r");
	assert_non_null(p);
	if (!fgets(line, sizeof(line), p))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (pclose(p) != 0)
		fail_msg("failed: %s", command);
	return line;
}

/*
 * ent MODE NAME OID prints an entry of a tree, and raw makes a tree of some, in
 * the order given, duplicates and all: git mktree would sort and refuse. $b is
 * a blob.
 */
static const char trees_sh[] =
	"ent() { env printf '%s %b\\0' \"$1\" \"$2\";\n"
	"env printf \"$(echo \"$3\" | sed 's/../\\\\x&/g')\"; }\n"
	"raw() { git hash-object -t tree --literally -w --stdin; }\n"
	"b=ce013625030ba8dba906f756967f9e9ca394464a\n"
	"gone=1234567812345678123456781234567812345678\n";

static int setup(void **state)
{
	char path[128];
	int fd;
	struct err e;

	(void)state;
	strcpy(dir, "/tmp/quire-workspace.XXXXXX");
	if (!mkdtemp(dir) || workspace_init(&e))
		return -1;
	snprintf(repo, sizeof(repo), "%s/repo.git", dir);
	snprintf(place, sizeof(place), "%s/place", dir);
	setenv("GIT_DIR", repo, 1);
	setenv("GIT_AUTHOR_NAME", "Tess", 1);
	setenv("GIT_AUTHOR_EMAIL", "tess@example.org", 1);
	setenv("GIT_COMMITTER_NAME", "Tess", 1);
	setenv("GIT_COMMITTER_EMAIL", "tess@example.org", 1);
	setenv("HOME", dir, 1);
	umask(022);
	snprintf(path, sizeof(path), "%s/trees.sh", dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || fs_write_all(fd, trees_sh, sizeof(trees_sh) - 1) ||
		close(fd))
		return -1;
	sh("git init -q --bare repo.git && "
	   "echo hello | git hash-object -w --stdin");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	workspace_shutdown();
	return fs_remove_tree(AT_FDCWD, dir);
}

/* A commit of the tree that the shell command prints the id of. */
static int lay_out(const char *tree_command, struct err *e)
{
	char command[3500], sha[64];

	snprintf(command, sizeof(command),
		"t=$(%s) && git commit-tree -m x \"$t\"", tree_command);
	strcpy(sha, sh(command));
	assert_int_equal(strlen(sha), 40);
	return workspace_lay_out(repo, sha, place, NULL, NULL, e);
}

static void modes_links_and_submodules(void **state)
{
	struct stat st;
	struct err e;
	char target[64] = "";

	(void)state;
	assert_int_equal(
		lay_out("s=$(printf ../../target | git hash-object -w "
			"--stdin); "
			"d=$(printf '100644 blob %s\\tinner\\n' $b | "
			"git mktree); "
			"z=$(git hash-object -w --stdin </dev/null); "
			"printf '100644 blob %s\\tfile\\n100755 blob "
			"%s\\texec\\n120000 blob %s\\tlink\\n040000 tree "
			"%s\\tdir\\n160000 commit %s\\tsub\\n"
			"100644 blob %s\\tempty\\n' "
			"$b $b $s $d $gone $z | git mktree",
			&e),
		0);
	sh("test \"$(cat place/file)\" = hello");
	sh("test \"$(cat place/dir/inner)\" = hello");
	sh("test ! -s place/empty && test -f place/empty");
	sh("test -d place/sub && test -z \"$(ls -A place/sub)\"");
	assert_int_equal(stat(sh("echo $PWD/place/file"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(stat(sh("echo $PWD/place/exec"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(
		readlink(sh("echo $PWD/place/link"), target, sizeof(target)),
		12);
	assert_string_equal(target, "../../target");
}

/* Each of these trees is refused, and nothing appears beside the place. */
static void refuse(const char *tree_command)
{
	struct err e = { 0, "" };

	assert_int_equal(lay_out(tree_command, &e), -1);
	assert_int_equal(e.status, EXIT_INTERNAL);
	assert_true(e.text[0]);
	sh("ls -A | grep -vx -e repo.git -e place -e trees.sh && exit 1; rm -rf place");
}

static void names_that_would_escape(void **state)
{
	static const char *const names[] = { "..", ".", ".git", ".GIT", ".gIt",
		"a/b", "../x", "/etc/x", "", "git~1", "GIT~1", ".git.", ".git ",
		".git. .", ".git::$INDEX_ALLOCATION", "a\\\\.git",
		".g\\xe2\\x80\\x8cit", "\\xef\\xbb\\xbf.git" };
	static const char *const kinds[] = { "100644", "40000", "120000",
		"160000" };
	char command[512];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t k = 0; k < 4; k++) {
			snprintf(command, sizeof(command),
				"o=$b; test %s != 40000 || "
				"o=$(ent 100644 x $b | raw); "
				"ent %s '%s' $o | raw",
				kinds[k], kinds[k], names[i]);
			refuse(command);
		}
}

static void one_name_twice(void **state)
{
	(void)state;
#define ESCAPE                                          \
	"s=$(printf .. | git hash-object -w --stdin); " \
	"d=$(ent 100644 escaped $b | raw); "
	/* through a link to the folder above, in every order */
	refuse(ESCAPE "{ ent 120000 a $s; ent 40000 a $d; } | raw");
	refuse(ESCAPE "{ ent 40000 a $d; ent 120000 a $s; } | raw");
	refuse(ESCAPE "{ ent 100644 a $b; ent 40000 a $d; } | raw");
	refuse(ESCAPE "{ ent 40000 a $d; ent 100644 a $b; } | raw");
	refuse(ESCAPE "{ ent 120000 a $s; ent 100644 a $b; } | raw");
	refuse(ESCAPE "{ ent 100644 a $b; ent 100755 a $b; } | raw");
	refuse(ESCAPE "{ ent 40000 a $d; ent 40000 a $d; } | raw");
	refuse(ESCAPE "{ ent 160000 a $b; ent 120000 a $s; } | raw");
}

static void trees_that_lie(void **state)
{
	(void)state;
	/* a folder that is a file, a file that is a folder, absent ones */
	refuse("ent 40000 a $b | raw");
	refuse("d=$(ent 100644 x $b | raw); ent 100644 a $d | raw");
	refuse("d=$(ent 100644 x $b | raw); ent 120000 a $d | raw");
	refuse("ent 100644 a 1234567812345678123456781234567812345678 | "
	       "raw");
	/* modes, links that lead nowhere, bytes that are no tree */
	refuse("ent 10644 a $b | raw");
	refuse("ent 0 a $b | raw");
	refuse("z=$(git hash-object -w --stdin </dev/null); "
	       "ent 120000 a $z | raw");
	refuse("z=$(printf 'a\\0b' | git hash-object -w --stdin); "
	       "ent 120000 a $z | raw");
	refuse("printf '100644 a' | raw");
	refuse("printf '100644 a\\0short' | raw");
	refuse("printf 'nonsense' | raw");
}

static void unknown_commits(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(workspace_lay_out(repo,
				 "1234567812345678123456781234567812345678",
				 place, NULL, NULL, &e),
		-1);
	assert_int_equal(e.status, EXIT_INTERNAL);
	sh("rmdir place");
	assert_int_equal(
		workspace_lay_out(repo, "HEAD", place, NULL, NULL, &e), -1);
	sh("rmdir place");
	assert_int_equal(workspace_lay_out("/nonexistent.git", "HEAD", place,
				 NULL, NULL, &e),
		-1);
}

/* Says yes when he was asked so often, or when that link is there. */
struct asker {
	pthread_t thread;
	int asked, patience;
	char link[128];
};

static int is_over(void *arg)
{
	struct asker *a = arg;
	struct stat st;

	assert_true(pthread_equal(a->thread, pthread_self()));
	return ++a->asked > a->patience ||
	       (*a->link && lstat(a->link, &st) == 0);
}

/* How many of the 300 files and 200 links were made, and the folder goes. */
static void made_are(int least, int most)
{
	int made = atoi(sh("find place ! -type d | wc -l"));

	assert_in_range(made, least, most);
	sh("rm -r place");
}

static void given_up(void **state)
{
	struct asker a = { .thread = pthread_self(), .patience = 1000000 };
	struct err e;
	char sha[64];

	(void)state;
	strcpy(sha, sh("t=$(seq -f \"100644 blob $b\tfile.%g\" 100 399 |"
		       " git mktree) &&"
		       "l=$(seq -f \"120000 blob $b\tlink.%g\" 100 299 |"
		       " git mktree) &&"
		       "t=$(printf '40000 tree %s\\t%s\\n' $t a $l b |"
		       " git mktree) && git commit-tree -m x $t"));
	assert_int_equal(
		workspace_lay_out(repo, sha, place, is_over, &a, &e), 0);
	made_are(500, 500);

	/* in the walk: what is behind was not even put on the list */
	a.asked = 0;
	a.patience = 50;
	assert_int_equal(
		workspace_lay_out(repo, sha, place, is_over, &a, &e), -1);
	assert_int_equal(errno, ECANCELED);
	assert_int_equal(a.asked, 51);
	made_are(0, 50);

	/* with all on the list: the files' threads end, no link is made */
	a.asked = 0;
	a.patience = 2 + 300 + 200;
	assert_int_equal(
		workspace_lay_out(repo, sha, place, is_over, &a, &e), -1);
	assert_int_equal(errno, ECANCELED);
	made_are(0, 300);

	/* among the links */
	a.patience = 1000000;
	snprintf(a.link, sizeof(a.link), "%s/b/link.150", place);
	assert_int_equal(
		workspace_lay_out(repo, sha, place, is_over, &a, &e), -1);
	assert_int_equal(errno, ECANCELED);
	made_are(300 + 51, 300 + 51);
}

static void convert_is(const char *from, const char *to, size_t to_len,
	const struct conversion *c)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, from);
	convert_apply(c, "0123", &b);
	assert_int_equal(b.len, to_len);
	assert_memory_equal(b.ptr, to, to_len);
	buf_release(&b);
}
#define CONVERT(from, to, ...) \
	convert_is(            \
		from, to, sizeof(to) - 1, &(struct conversion){ __VA_ARGS__ })

static void conversions(void **state)
{
	(void)state;
	CONVERT("a\nb\n", "a\r\nb\r\n", .crlf = CRLF_TEXT);
	CONVERT("a\r\nb\nc", "a\r\nb\r\nc", .crlf = CRLF_TEXT);
	CONVERT("\n", "\r\n", .crlf = CRLF_TEXT);
	CONVERT("", "", .crlf = CRLF_TEXT);
	CONVERT("a\r\nb\n", "a\r\nb\n", .crlf = CRLF_AUTO);
	CONVERT("a\rb\n", "a\rb\n", .crlf = CRLF_AUTO);
	CONVERT("a\nb\n\032", "a\r\nb\r\n\032", .crlf = CRLF_AUTO);
	CONVERT("\001\002\n", "\001\002\n", .crlf = CRLF_AUTO);

	CONVERT("x $Id$ y", "x $Id: 0123 $ y", .ident = 1);
	CONVERT("$Id: old $$Id$", "$Id: 0123 $$Id: 0123 $", .ident = 1);
	CONVERT("$Id: foo.c 1.2 tess $", "$Id: foo.c 1.2 tess $", .ident = 1);
	CONVERT("$Id: \n$", "$Id: \n$", .ident = 1);
	CONVERT("$Id:$ $ $Ident$ $I", "$Id: 0123 $ $ $Ident$ $I", .ident = 1);
	CONVERT("$$$Id$", "$$$Id: 0123 $", .ident = 1);

	CONVERT("a\xc3\xa9", "a\xe9", .encoding = "ISO-8859-1");
	CONVERT("a\n",
		"\xff\xfe"
		"a\0\r\0\n\0",
		.encoding = "UTF-16LE-BOM", .crlf = CRLF_TEXT);
	CONVERT("a", "\xfe\xff\0a", .encoding = "UTF-16BE-BOM");
	CONVERT("\xe2\x82\xac", "\xe2\x82\xac", .encoding = "ISO-8859-1");
	CONVERT("a", "a", .encoding = "NO-SUCH");
	CONVERT("", "", .encoding = "UTF-16");
}

static int may(const char *text, const char *name)
{
	struct attributes a = ATTRIBUTES_INIT;
	int answer;

	attributes_macros(&a, text, strlen(text));
	answer = attributes_may_convert(
		attributes_scope(&a, NULL, text, strlen(text)), name);
	attributes_release(&a);
	return answer;
}

static void attributes_that_matter(void **state)
{
	(void)state;
	assert_true(may("*.bat eol=crlf", "x.bat"));
	assert_true(may("*.bat text eol=crlf\r\n", "x.bat"));
	assert_false(may("*.bat eol=crlf", "x.bat.c"));
	assert_false(may("*.sh eol=lf\n* text=auto\n*.c diff=cpp", "x.sh"));
	assert_true(may("/a/b/*.c ident", "x.c"));
	assert_true(may("a/** ident", "anything"));
	assert_false(may("a/ ident", "a"));
	assert_true(may("# *.c ident\n  *.h\tident", "x.h"));
	assert_false(may("# *.c ident\n  *.h\tident", "x.c"));
	assert_true(may("\"with blank\" ident", "with blank"));
	assert_true(may("a[/]b.c ident", "b.c"));
	assert_false(may("*.c -ident !eol", "x.c"));
	assert_true(may("*.t working-tree-encoding=UTF-16", "x.t"));
	/* macros, of macros, used before they are defined */
	assert_true(may("*.w wide\n[attr]wide dos\n[attr]dos eol=crlf", "x.w"));
	assert_false(may("*.w wider\n[attr]wide eol=crlf", "x.w"));
	assert_false(may("", "x"));
}

static void attributes_of_a_commit(void **state)
{
	struct err e;

	(void)state;
	sh("mkdir -p repo.git/info && "
	   "echo '*.info eol=crlf' >repo.git/info/attributes && "
	   "git config core.autocrlf true");
	assert_int_equal(
		lay_out("export GIT_INDEX_FILE=$PWD/index; "
			"mkdir -p w/sub && cd w && "
			"printf 'a\\nb\\n' >x.bat && cp x.bat y.txt && "
			"cp x.bat z.info && cp x.bat sub/x.bat && "
			"cp x.bat sub/deep.txt && printf '$Id$\\n' >sub/id.c && "
			"printf 'a\\0b\\n' >bin.auto && cp x.bat text.auto && "
			"printf '\\377\\376a\\0\\n\\0b\\0\\n\\0' >wide.uni && "
			"cp x.bat gone && "
			"printf '*.bat text eol=crlf\\n[attr]dos eol=crlf\\n"
			"*.auto text=auto eol=crlf\\ngone export-ignore\\n"
			"*.uni working-tree-encoding=UTF-16LE-BOM\\n"
			"*.txt text\\n' >.gitattributes && "
			"printf '*.bat -text\\n*.txt dos\\n*.c ident\\n' "
			">sub/.gitattributes && "
			"git --work-tree=. -c core.autocrlf=false -c core.safecrlf=false add -A . && "
			"git write-tree",
			&e),
		0);
	sh("cd place && printf 'a\\r\\nb\\r\\n' | cmp - x.bat");
	sh("cd place && printf 'a\\nb\\n' | cmp - y.txt");
	sh("cd place && printf 'a\\r\\nb\\r\\n' | cmp - z.info");
	sh("cd place && printf 'a\\nb\\n' | cmp - sub/x.bat");
	sh("cd place && printf 'a\\r\\nb\\r\\n' | cmp - sub/deep.txt");
	sh("cd place && grep -q '^.Id: 055c8729cdcc372500a08db659c045e16c4409fb"
	   " .$' sub/id.c");
	sh("cd place && printf 'a\\0b\\n' | cmp - bin.auto");
	sh("cd place && printf 'a\\r\\nb\\r\\n' | cmp - text.auto");
	sh("cd place && printf '\\377\\376a\\0\\n\\0b\\0\\n\\0' | "
	   "cmp - wide.uni");
	sh("cd place && test -f gone");
}

static void changed_paths(void **state)
{
	struct buf out = BUF_INIT;
	struct err e;
	char one[64], two[64];

	(void)state;
	strcpy(one, sh("d=$(printf '100644 blob %s\\tx\\n' $b | git "
		       "mktree); t=$(printf '100644 blob "
		       "%s\\ta\\n100644 blob %s\\tb\\n040000 tree "
		       "%s\\tc\\n' $b $b $d | git mktree); "
		       "git commit-tree -m 1 $t"));
	/* a changes its mode, b is gone, the folder c becomes a file */
	strcpy(two, sh("t=$(printf '100755 blob %s\\ta\\n100644 blob "
		       "%s\\tc\\n160000 commit %s\\ts\\n' $b $b $gone | "
		       "git mktree); git commit-tree -m 2 $t"));
	assert_int_equal(workspace_changed(repo, one, two, &out, &e), 0);
	assert_int_equal(out.len, 12);
	assert_memory_equal(out.ptr, "a\0b\0c\0c/x\0s", 12);
	buf_reset(&out);
	assert_int_equal(workspace_changed(repo, two, two, &out, &e), 0);
	assert_int_equal(out.len, 0);
	assert_int_equal(workspace_changed(repo, NULL, one, &out, &e), 0);
	assert_int_equal(out.len, 8);
	assert_memory_equal(out.ptr, "a\0b\0c/x", 8);
	buf_reset(&out);
	assert_int_equal(workspace_changed(repo, "1", two, &out, &e), -1);
	buf_release(&out);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(modes_links_and_submodules),
		TEST(names_that_would_escape),
		TEST(one_name_twice),
		TEST(trees_that_lie),
		TEST(unknown_commits),
		TEST(given_up),
		cmocka_unit_test(conversions),
		cmocka_unit_test(attributes_that_matter),
		TEST(attributes_of_a_commit),
		TEST(changed_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
