/* Questions to git, and what raw objects say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/commit.h"
#include "base/git.h"
#include "base/gitcat.h"

static char top[64];
static char git_dir[128];

static void __attribute__((format(printf, 1, 2))) sh(const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	assert_int_equal(system(b.ptr), 0);
	buf_release(&b);
}

static int make_repo(void **state)
{
	(void)state;
	strcpy(top, "/tmp/quire-unit.XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(git_dir, sizeof(git_dir), "%s/r.git", top);
	unsetenv("GIT_DIR");
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("GIT_AUTHOR_NAME", "Tess", 1);
	setenv("GIT_AUTHOR_EMAIL", "t@example.org", 1);
	setenv("GIT_COMMITTER_NAME", "Tess", 1);
	setenv("GIT_COMMITTER_EMAIL", "t@example.org", 1);
	sh("cd %s && git init -q -b main w && cd w && mkdir .quire && "
	   "echo '{}' >.quire/ci.json && head -c 300000 /dev/zero >zeros && "
	   "git add . && git commit -qm 'first\nline\n\nrest' && "
	   "git tag -m note v1 && git tag blob $(git rev-parse :zeros) && "
	   "git clone -q --bare . ../r.git && rm -rf ../w",
		top);
	return 0;
}

static int remove_repo(void **state)
{
	(void)state;
	sh("rm -rf %s", top);
	return 0;
}

static void answers_in_order(void **state)
{
	static const char *const asked[] = { "refs/heads/main", "refs/tags/v1",
		"refs/tags/v1^{commit}", "refs/heads/main:.quire",
		"refs/heads/nope", "refs/heads/main:no such file",
		"refs/tags/blob", "refs/tags/blob^{commit}", "" };
	static const enum gitcat_type types[] = { GITCAT_COMMIT, GITCAT_TAG,
		GITCAT_COMMIT, GITCAT_TREE, GITCAT_MISSING, GITCAT_MISSING,
		GITCAT_BLOB, GITCAT_MISSING, GITCAT_MISSING };
	struct gitcat g = { 0 };
	struct gitcat_answer a[9];
	struct err e;

	(void)state;
	assert_int_equal(gitcat_start(&g, git_dir, &e), 0);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(gitcat_ask(&g, asked, 9, a, &e), 0);
		for (int i = 0; i < 9; i++) {
			assert_int_equal(a[i].type, types[i]);
			assert_int_equal(
				oid_is_valid(a[i].oid), a[i].type != 0);
		}
		assert_string_equal(a[0].oid, a[2].oid);
		assert_string_not_equal(a[1].oid, a[2].oid);
		assert_int_equal(a[6].content.len, 300000);
		assert_int_equal(pipeline_kind_of_tree(
					 a[3].content.ptr, a[3].content.len),
			PIPELINE_STATIC);
		for (int i = 0; i < 9; i++)
			buf_release(&a[i].content);
	}
	gitcat_stop(&g);
	gitcat_stop(&g);
}

/* More questions than both pipes hold, with long answers. */
static void many_questions_do_not_block(void **state)
{
	enum { N = 5000 };
	const char **asked = calloc(N, sizeof(*asked));
	struct gitcat_answer *a = calloc(N, sizeof(*a));
	struct gitcat g = { 0 };
	struct err e;

	(void)state;
	for (int i = 0; i < N; i++)
		asked[i] = i % 500 ? "refs/tags/v1^{commit}" : "refs/tags/blob";
	assert_int_equal(gitcat_start(&g, git_dir, &e), 0);
	assert_int_equal(gitcat_ask(&g, asked, N, a, &e), 0);
	for (int i = 0; i < N; i++) {
		assert_int_equal(
			a[i].type, i % 500 ? GITCAT_COMMIT : GITCAT_BLOB);
		if (i % 500 == 0)
			assert_int_equal(a[i].content.len, 300000);
		buf_release(&a[i].content);
	}
	gitcat_stop(&g);
	free(asked);
	free(a);
}

static void a_dead_git_is_an_error(void **state)
{
	static const char *const asked[] = { "refs/heads/main" };
	struct gitcat g = { 0 };
	struct gitcat_answer a[1];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(gitcat_start(&g, "/nonexistent/x.git", &e), 0);
	assert_int_equal(gitcat_ask(&g, asked, 1, a, &e), -1);
	assert_non_null(strstr(e.text, "not a git repository"));
	gitcat_stop(&g);

	static const char *const two[] = { "a\nb" };
	assert_int_equal(gitcat_start(&g, git_dir, &e), 0);
	assert_int_equal(gitcat_ask(&g, two, 1, a, &e), -1);
	gitcat_stop(&g);
}

/* What a caller's environment says about another repository is not heard. */
static void environment_is_not_heard(void **state)
{
	static const char *const asked[] = { "refs/heads/main" };
	struct gitcat g = { 0 };
	struct gitcat_answer a[1];
	struct err e;

	(void)state;
	setenv("GIT_OBJECT_DIRECTORY", top, 1);
	setenv("GIT_WORK_TREE", "/nonexistent", 1);
	setenv("GIT_CONFIG_PARAMETERS", "bad", 1);
	assert_int_equal(gitcat_start(&g, git_dir, &e), 0);
	assert_int_equal(gitcat_ask(&g, asked, 1, a, &e), 0);
	assert_int_equal(a[0].type, GITCAT_COMMIT);
	buf_release(&a[0].content);
	gitcat_stop(&g);
	/* in a hook of this repository it is */
	setenv("GIT_DIR", git_dir, 1);
	assert_int_equal(gitcat_start(&g, git_dir, &e), 0);
	assert_int_equal(gitcat_ask(&g, asked, 1, a, &e), 0);
	assert_int_equal(a[0].type, GITCAT_MISSING);
	gitcat_stop(&g);
	unsetenv("GIT_DIR");
	unsetenv("GIT_OBJECT_DIRECTORY");
	unsetenv("GIT_WORK_TREE");
	unsetenv("GIT_CONFIG_PARAMETERS");
}

static void refs_are_listed(void **state)
{
	struct git_ref *refs;
	struct err e;
	size_t n;

	(void)state;
	sh("git -C %s symbolic-ref refs/heads/alias refs/heads/main", git_dir);
	assert_int_equal(git_refs(git_dir, &refs, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_string_equal(refs[0].name, "refs/heads/main");
	assert_string_equal(refs[1].name, "refs/tags/blob");
	assert_string_equal(refs[2].name, "refs/tags/v1");
	git_refs_release(refs, n);

	/* cat-file would find refs/tags/v1 for the second and third */
	static const char *const names[] = { "refs/tags/v1", "v1",
		"refs/heads/v1", "refs/heads", "refs/heads/main",
		"refs/heads/alias" };
	assert_int_equal(git_refs_named(git_dir, names, 6, &refs, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(refs[0].name, "refs/heads/main");
	assert_string_equal(refs[1].name, "refs/tags/v1");
	git_refs_release(refs, n);
}

static void gone_is_told_from_broken(void **state)
{
	struct git_ref *refs;
	struct err e;
	char path[128];
	size_t n;

	(void)state;
	snprintf(path, sizeof(path), "%s/gone.git", top);
	assert_int_equal(git_refs(path, &refs, &n, &e), -1);
	assert_int_equal(errno, ENOENT);
	snprintf(path, sizeof(path), "%s/unmounted/gone.git", top);
	assert_int_equal(git_refs(path, &refs, &n, &e), -1);
	assert_int_not_equal(errno, ENOENT);
	assert_int_equal(git_refs(top, &refs, &n, &e), -1);
	assert_int_not_equal(errno, ENOENT);
	assert_non_null(strstr(e.text, "not a git repository"));
	sh("git init -q --bare --object-format=sha256 %s/s.git && "
	   "git -C %s/s.git update-ref refs/heads/x "
	   "$(git -C %s/s.git commit-tree -m x "
	   "$(git -C %s/s.git mktree </dev/null))",
		top, top, top, top);
	snprintf(path, sizeof(path), "%s/s.git", top);
	assert_int_equal(git_refs(path, &refs, &n, &e), -1);
	assert_non_null(strstr(e.text, "SHA-1"));
}

static void git_run_gathers(void **state)
{
	static const char *const bad[] = { "git", "no-such-command", NULL };
	static const char *const dir[] = { "git", "rev-parse", "--git-dir",
		NULL };
	static const char *const big[] = { "git", "cat-file", "blob",
		"refs/tags/blob", NULL };
	struct buf out = BUF_INIT;
	struct err e;

	(void)state;
	assert_int_equal(git_run(git_dir, dir, &out, 4096, &e), 0);
	assert_int_equal(strncmp(out.ptr, git_dir, strlen(git_dir)), 0);
	assert_true(git_run(git_dir, bad, NULL, 4096, &e) > 0);
	assert_non_null(strstr(e.text, "no-such-command"));
	assert_int_equal(git_run(git_dir, big, NULL, 4096, &e), -1);
	assert_int_equal(git_run(git_dir, big, NULL, 300000, &e), 0);
	buf_release(&out);
}

static void check_info(const char *raw, const char *subject, const char *author)
{
	struct commit_info c;

	commit_info_parse(&c, raw, strlen(raw));
	assert_string_equal(c.subject, subject);
	assert_string_equal(c.author, author);
	commit_info_release(&c);
}

static void commits_are_read(void **state)
{
	(void)state;
	check_info("tree 1\nauthor A U <a@b> 1 +0000\ncommitter C <c@d> 2 +0\n"
		   "\none\ntwo\n\nbody\n",
		"one two", "A U <a@b>");
	check_info("tree 1\nauthor  <> 1 +0000\n\n\n \nsubject  \n", "subject",
		" <>");
	check_info("tree 1\nauthor X\n\n", "", "X");
	check_info("tree 1\nauthor X <a@b> 1 +0\n", "", "X <a@b>");
	check_info("", "", "");
	/* only headers can be the author */
	check_info(
		"tree 1\n\nauthor E <e@f> 1 +0\n", "author E <e@f> 1 +0", "");
	check_info("a\nauthor \xff\x01 <\x02> 1 +0\n\n\xfe\x1b[m\n",
		"\xfe\x1b[m", "\xff\x01 <\x02>");
}

static void add_entry(struct buf *b, const char *mode, const char *name)
{
	buf_addf(b, "%s %s", mode, name);
	buf_addc(b, '\0');
	buf_add(b, "aaaaaaaaaaaaaaaaaaaa", 20);
}

static enum pipeline_kind kind_of(const char *const *entries)
{
	struct buf b = BUF_INIT;

	for (; *entries; entries += 2)
		add_entry(&b, entries[0], entries[1]);
	enum pipeline_kind k = pipeline_kind_of_tree(b.ptr, b.len);
	buf_release(&b);
	return k;
}

static void trees_are_read(void **state)
{
	static const struct {
		const char *entries[8];
		enum pipeline_kind kind;
	} cases[] = {
		{ { NULL }, PIPELINE_NONE },
		{ { "100644", "other" }, PIPELINE_NONE },
		{ { "100644", "ci.json" }, PIPELINE_STATIC },
		{ { "100755", "ci.json" }, PIPELINE_STATIC },
		{ { "100664", "ci.json" }, PIPELINE_STATIC },
		{ { "120000", "ci.json" }, PIPELINE_NOT_A_FILE },
		{ { "40000", "ci.json" }, PIPELINE_NOT_A_FILE },
		{ { "160000", "ci" }, PIPELINE_NOT_A_FILE },
		{ { "100755", "ci" }, PIPELINE_DYNAMIC },
		{ { "100644", "ci" }, PIPELINE_NOT_EXECUTABLE },
		{ { "100644", "ci.fnl" }, PIPELINE_FENNEL },
		{ { "100644", "ci.yml" }, PIPELINE_YAML },
		{ { "100644", "ci.yaml" }, PIPELINE_YAML },
		{ { "100755", "ci", "100644", "ci.json" }, PIPELINE_BOTH },
		{ { "100644", "ci", "100644", "ci.json" }, PIPELINE_STATIC },
		{ { "40000", "ci", "100644", "ci.json" }, PIPELINE_STATIC },
		{ { "100755", "ci", "100644", "ci.fnl" }, PIPELINE_DYNAMIC },
		{ { "100644", "ci", "100644", "ci.fnl" },
			PIPELINE_NOT_EXECUTABLE },
		{ { "100644", "ci.fnl", "100644", "ci.json" },
			PIPELINE_STATIC },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum pipeline_kind k = kind_of(cases[i].entries);

		assert_int_equal(k, cases[i].kind);
		/* a commit makes a run, or says why not, or neither */
		assert_false(pipeline_kind_runs(k) && pipeline_kind_hint(k));
		if (k >= PIPELINE_NOT_EXECUTABLE)
			assert_non_null(pipeline_kind_hint(k));
	}
}

static void damaged_trees_end_somewhere(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	add_entry(&b, "100644", "ci.json");
	for (size_t n = 0; n < b.len; n++) {
		char *exact = malloc(n ? n : 1);

		memcpy(exact, b.ptr, n);
		assert_int_equal(
			pipeline_kind_of_tree(exact, n), PIPELINE_NONE);
		free(exact);
	}
	assert_int_equal(pipeline_kind_of_tree("garbage", 7), PIPELINE_NONE);
	buf_release(&b);
}

static void oids_are_told(void **state)
{
	(void)state;
	assert_true(oid_is_valid("0123456789abcdef0123456789abcdef01234567"));
	assert_false(oid_is_valid("0123456789ABCDEF0123456789abcdef01234567"));
	assert_false(oid_is_valid("0123456789abcdef0123456789abcdef0123456"));
	assert_false(oid_is_valid("0123456789abcdef0123456789abcdef012345678"));
	assert_true(oid_is_zero("0000000000000000000000000000000000000000"));
	assert_false(oid_is_zero("000000000000000000000000000000000000000"));
	assert_false(oid_is_zero("0000000000000000000000000000000000000001"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_in_order),
		cmocka_unit_test(many_questions_do_not_block),
		cmocka_unit_test(a_dead_git_is_an_error),
		cmocka_unit_test(environment_is_not_heard),
		cmocka_unit_test(refs_are_listed),
		cmocka_unit_test(gone_is_told_from_broken),
		cmocka_unit_test(git_run_gathers),
		cmocka_unit_test(commits_are_read),
		cmocka_unit_test(trees_are_read),
		cmocka_unit_test(damaged_trees_end_somewhere),
		cmocka_unit_test(oids_are_told),
	};

	return cmocka_run_group_tests(tests, make_repo, remove_repo);
}
