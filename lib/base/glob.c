#include "base/glob.h"

#include <fnmatch.h>
#include <string.h>

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

void glob_split(struct glob_parts *parts, const char *path)
{
	struct buf *b = &parts->text;

	buf_reset(b);
	buf_add(b, path, strlen(path) + 1);
	for (char *p = b->ptr; p < b->ptr + b->len; p++)
		if (*p == '/')
			*p = '\0';
}

void glob_parts_release(struct glob_parts *parts)
{
	buf_release(&parts->text);
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

int glob_parts_match(
	const struct glob_parts *pattern, const struct glob_parts *path)
{
	const struct buf *p = &pattern->text, *s = &path->text;

	return match_components(
		p->ptr, p->ptr + p->len, s->ptr, s->ptr + s->len);
}

int glob_parts_below(
	const struct glob_parts *pattern, const struct glob_parts *folder)
{
	const char *p = pattern->text.ptr, *p_end = p + pattern->text.len;
	const char *s = folder->text.ptr, *s_end = s + folder->text.len;

	for (; s < s_end; s = next_component(s)) {
		if (p < p_end && !strcmp(p, "**"))
			break; /* that takes any folder */
		if (p == p_end || fnmatch(p, s, 0) != 0)
			return 0;
		p = next_component(p);
	}
	return p < p_end;
}

static int with_parts(const char *pattern, const char *path,
	int (*matches)(const struct glob_parts *, const struct glob_parts *))
{
	struct glob_parts p = { BUF_INIT }, s = { BUF_INIT };

	glob_split(&p, pattern);
	glob_split(&s, path);
	int is = matches(&p, &s);
	glob_parts_release(&p);
	glob_parts_release(&s);
	return is;
}

int glob_path(const char *pattern, const char *path)
{
	return with_parts(pattern, path, glob_parts_match);
}

int glob_path_below(const char *pattern, const char *folder)
{
	return with_parts(pattern, folder, glob_parts_below);
}
