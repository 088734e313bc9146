#include "base/pipeline.h"

#include <string.h>

#include "base/glob.h"

static void add_list(struct buf *b, const struct strv *globs)
{
	for (size_t i = 0; i < globs->n; i++)
		buf_addf(b, "%s%s", i ? ", " : "", globs->v[i]);
}

static int ref_matches(const struct strv *globs, const char *what,
	const char *name, struct buf *why)
{
	for (size_t i = 0; name && i < globs->n; i++)
		if (glob_ref(globs->v[i], name))
			return 1;
	if (name)
		buf_addf(why, "%s is '%s', not ", what, name);
	else
		buf_addf(why, "there is no %s, only for ", what);
	add_list(why, globs);
	return 0;
}

static int path_matches(const struct strv *globs, const char *changed,
	size_t len, struct buf *why)
{
	for (size_t at = 0; at < len;) {
		size_t path_len = strnlen(changed + at, len - at);

		if (at + path_len == len) /* cut off: no NUL behind it */
			break;
		for (size_t i = 0; i < globs->n; i++)
			if (glob_path(globs->v[i], changed + at))
				return 1;
		at += path_len + 1;
	}
	buf_adds(why, "no change in ");
	add_list(why, globs);
	return 0;
}

int when_matches(const struct when *w, const char *branch, const char *tag,
	const char *changed, size_t changed_len, struct buf *why)
{
	if (w->has_branch && !ref_matches(&w->branch, "branch", branch, why))
		return 0;
	if (w->has_tag && !ref_matches(&w->tag, "tag", tag, why))
		return 0;
	if (w->has_paths && changed &&
		!path_matches(&w->paths, changed, changed_len, why))
		return 0;
	return 1;
}
