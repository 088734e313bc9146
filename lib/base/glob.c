#include "base/glob.h"

#include <fnmatch.h>
#include <string.h>

#include "base/buf.h"

int glob_ref(const char *pattern, const char *name)
{
	return fnmatch(pattern, name, 0) == 0;
}

int glob_ref_list(const char *patterns, const char *name)
{
	static const char blanks[] = " \t\n";
	struct buf one = BUF_INIT;
	int found = 0;

	while (!found) {
		patterns += strspn(patterns, blanks);
		size_t len = strcspn(patterns, blanks);

		if (!len)
			break;
		buf_reset(&one);
		buf_add(&one, patterns, len);
		found = glob_ref(one.ptr, name);
		patterns += len;
	}
	buf_release(&one);
	return found;
}

/* A path as its components, each ended by a NUL. */
static void add_components(struct buf *b, const char *path)
{
	buf_add(b, path, strlen(path) + 1);
	for (char *p = b->ptr; p < b->ptr + b->len; p++) {
		if (*p == '/')
			*p = '\0';
	}
}

static const char *next_component(const char *c)
{
	return c + strlen(c) + 1;
}

/*
 * A "**" first stands for no component; when what follows it does not fit, it
 * takes one more. Only the last "**" need ever be gone back to: an earlier one
 * that took more could only leave it less to choose from. So the work is at
 * most components of the pattern times those of the path.
 */
static int match_components(
	const char *p, const char *p_end, const char *s, const char *s_end)
{
	const char *p_again = NULL, *s_again = NULL;

	while (s < s_end) {
		if (p < p_end && !strcmp(p, "**")) {
			p = next_component(p);
			if (p == p_end)
				return 1; /* everything below */
			p_again = p;
			s_again = s;
		} else if (p < p_end && fnmatch(p, s, 0) == 0) {
			p = next_component(p);
			s = next_component(s);
		} else if (p_again) {
			s_again = next_component(s_again);
			s = s_again;
			p = p_again;
		} else {
			return 0;
		}
	}
	return p == p_end;
}

int glob_path(const char *pattern, const char *path)
{
	struct buf p = BUF_INIT, s = BUF_INIT;

	add_components(&p, pattern);
	add_components(&s, path);
	int matches =
		match_components(p.ptr, p.ptr + p.len, s.ptr, s.ptr + s.len);
	buf_release(&p);
	buf_release(&s);
	return matches;
}

int glob_path_below(const char *pattern, const char *folder)
{
	struct buf pb = BUF_INIT, sb = BUF_INIT;
	int fits = 1;

	add_components(&pb, pattern);
	add_components(&sb, folder);
	const char *p = pb.ptr, *p_end = p + pb.len;
	const char *s = sb.ptr, *s_end = s + sb.len;
	for (; fits && s < s_end; s = next_component(s)) {
		if (p < p_end && !strcmp(p, "**"))
			break; /* that takes any folder */
		fits = p < p_end && fnmatch(p, s, 0) == 0;
		if (fits)
			p = next_component(p);
	}
	fits = fits && p < p_end;
	buf_release(&pb);
	buf_release(&sb);
	return fits;
}
