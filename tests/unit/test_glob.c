#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/glob.h"

static void refs_match_over_slashes(void **state)
{
	(void)state;
	assert_true(glob_ref("refs/heads/*", "refs/heads/main"));
	assert_true(glob_ref("refs/heads/*", "refs/heads/a/b"));
	assert_true(glob_ref("v[0-9]*", "v1.2"));
	assert_true(glob_ref("*", ""));
	assert_false(glob_ref("main", "maint"));
	assert_false(glob_ref("refs/heads/*", "refs/tags/v1"));
	assert_false(glob_ref("", "x"));
}

static void lists_are_split_by_blanks(void **state)
{
	const char *refs = " refs/heads/*\trefs/tags/v* ";

	(void)state;
	assert_true(glob_ref_list(refs, "refs/heads/main"));
	assert_true(glob_ref_list(refs, "refs/tags/v1"));
	assert_false(glob_ref_list(refs, "refs/tags/x"));
	assert_false(glob_ref_list("", "refs/heads/main"));
	assert_false(glob_ref_list("  ", ""));
}

static const struct {
	const char *pattern, *path;
	int matches;
} paths[] = {
	{ "README", "README", 1 },
	{ "README", "doc/README", 0 }, /* anchored at the top */
	{ "*.c", "a.c", 1 },
	{ "*.c", "src/a.c", 0 },
	{ "*.c", ".c", 1 },
	{ "*", ".hidden", 1 },
	{ "src/*.c", "src/a.c", 1 },
	{ "src/*.c", "src/x/a.c", 0 },
	{ "src/?.c", "src/a.c", 1 },
	{ "src?a.c", "src/a.c", 0 },
	{ "src[/]a.c", "src/a.c", 0 },
	{ "src/[ab].c", "src/b.c", 1 },
	{ "src/[!ab].c", "src/b.c", 0 },
	{ "**/a.c", "a.c", 1 },
	{ "**/a.c", "x/a.c", 1 },
	{ "**/a.c", "x/y/z/a.c", 1 },
	{ "**/a.c", "x/ba.c", 0 },
	{ "src/**/a.c", "src/a.c", 1 },
	{ "src/**/a.c", "src/x/a.c", 1 },
	{ "src/**/a.c", "src/x/y/a.c", 1 },
	{ "src/**/a.c", "lib/a.c", 0 },
	{ "src/**/x/*.c", "src/a/x/b/x/c.c", 1 },
	{ "src/**/x/*.c", "src/a/x/b/c.c", 0 },
	{ "src/**", "src/a.c", 1 },
	{ "src/**", "src/x/y/a.c", 1 },
	{ "src/**", "src", 0 }, /* below, not itself */
	{ "src/**", "srcs/a", 0 },
	{ "**", "a", 1 },
	{ "**", "a/b/c", 1 },
	{ "**/**", "a", 1 },
	{ "a/**/**/b", "a/b", 1 },
	{ "**/a/**/b/**", "x/a/b/y", 1 },
	{ "**/a/**/b/**", "x/a/b", 0 },
	{ "a**", "abc", 1 }, /* no component of its own: two times '*' */
	{ "a**", "ab/c", 0 },
	{ "\\*", "*", 1 },
	{ "\\*", "x", 0 },
	{ "", "a", 0 },
	{ "a/b", "a", 0 },
	{ "a", "a/b", 0 },
};

static void paths_match_by_component(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (glob_path(paths[i].pattern, paths[i].path) !=
			paths[i].matches)
			fail_msg("%s on %s", paths[i].pattern, paths[i].path);
	}
}

/* The definition, straight: every way to place "**" is tried. */
static int slow_match(const char *p, const char *s)
{
	if (!strcmp(p, "**"))
		return *s != '\0';
	if (!strncmp(p, "**/", 3)) {
		for (;; s++) {
			if (slow_match(p + 3, s))
				return 1;
			s += strcspn(s, "/");
			if (!*s)
				return 0;
		}
	}
	if (!*p || !*s || *p == '/' || *s == '/') {
		if (*p != *s)
			return 0;
		return !*p || slow_match(p + 1, s + 1);
	}
	return *p == *s && slow_match(p + 1, s + 1);
}

/* The n-th word over the pieces, joined by '/'. */
static void add_word(
	struct buf *b, unsigned n, const char *const *pieces, unsigned count)
{
	buf_reset(b);
	for (; n; n /= count + 1) {
		if (n % (count + 1) == 0)
			continue;
		if (b->len)
			buf_addc(b, '/');
		buf_adds(b, pieces[n % (count + 1) - 1]);
	}
}

/* Who looks for the path comes through all folders above it. */
static void assert_below(const char *pattern, const char *path)
{
	struct buf folder = BUF_INIT;

	for (const char *p = path; (p = strchr(p, '/')); p++) {
		buf_reset(&folder);
		buf_add(&folder, path, (size_t)(p - path));
		if (!glob_path_below(pattern, folder.ptr))
			fail_msg("%s below %s", pattern, folder.ptr);
	}
	buf_release(&folder);
}

static void most_folders_hold_nothing(void **state)
{
	(void)state;
	assert_true(glob_path_below("dist/*.o", "dist"));
	assert_true(glob_path_below("*/b/*", "x"));
	assert_true(glob_path_below("**/x", "a/b"));
	assert_true(glob_path_below("a/**", "a"));
	assert_false(glob_path_below("dist/*.o", "dist/sub"));
	assert_false(glob_path_below("dist/*.o", "src"));
	assert_false(glob_path_below("*.o", "dist"));
	assert_false(glob_path_below("a/b", "a/b"));
}

static void agrees_with_the_definition(void **state)
{
	static const char *const pattern_pieces[] = { "a", "b", "**" };
	static const char *const path_pieces[] = { "a", "b" };
	struct buf pattern = BUF_INIT, path = BUF_INIT;

	(void)state;
	for (unsigned i = 1; i < 4096; i++) {
		add_word(&pattern, i, pattern_pieces, 3);
		for (unsigned j = 1; j < 243; j++) {
			add_word(&path, j, path_pieces, 2);
			if (!path.len || !pattern.len)
				continue;
			int matches = glob_path(pattern.ptr, path.ptr);
			if (matches != slow_match(pattern.ptr, path.ptr))
				fail_msg("%s on %s", pattern.ptr, path.ptr);
			if (matches)
				assert_below(pattern.ptr, path.ptr);
		}
	}
	buf_release(&pattern);
	buf_release(&path);
}

static void many_double_stars_do_not_explode(void **state)
{
	struct buf pattern = BUF_INIT, path = BUF_INIT;

	(void)state;
	/* with backtracking into each of them, 2^100 steps */
	for (int i = 0; i < 100; i++)
		buf_adds(&pattern, "**/a/");
	buf_adds(&pattern, "b");
	for (int i = 0; i < 2000; i++)
		buf_adds(&path, "a/");
	buf_adds(&path, "c");
	assert_false(glob_path(pattern.ptr, path.ptr));
	buf_release(&pattern);
	buf_release(&path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refs_match_over_slashes),
		cmocka_unit_test(lists_are_split_by_blanks),
		cmocka_unit_test(paths_match_by_component),
		cmocka_unit_test(most_folders_hold_nothing),
		cmocka_unit_test(agrees_with_the_definition),
		cmocka_unit_test(many_double_stars_do_not_explode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
