/*
 * A pattern and a path, split by a newline: the matcher says what a plain
 * backtracking one says, where that has the patience.
 */
#include "fuzz.h"

#include <fnmatch.h>
#include <string.h>

#include "base/glob.h"

#define SHORT 24 /* bytes, for the one that is exponential */

/* One component of a path. */
static int matches_part(
	const char *pattern, size_t n, const char *path, size_t len)
{
	char *a = strndup(pattern, n), *b = strndup(path, len);

	MUST(a && b);
	int is = fnmatch(a, b, FNM_PATHNAME) == 0;
	free(a);
	free(b);
	return is;
}

static int matches(const char *pattern, const char *path)
{
	size_t n = strcspn(pattern, "/"), len = strcspn(path, "/");

	if (n == 2 && strncmp(pattern, "**", 2) == 0) {
		if (!pattern[2])
			return *path != '\0';
		if (matches(pattern + 3, path))
			return 1;
		return path[len] == '/' && matches(pattern, path + len + 1);
	}
	if (!matches_part(pattern, n, path, len))
		return 0;
	if (!pattern[n] || !path[len])
		return !pattern[n] && !path[len];
	return matches(pattern + n + 1, path + len + 1);
}

/* What a path in a tree is; and brackets are fnmatch's own business. */
static int is_plain(const char *pattern, const char *path)
{
	return *path && *path != '/' && !strstr(path, "//") &&
	       path[strlen(path) - 1] != '/' && !strstr(pattern, "//") &&
	       *pattern && *pattern != '/' &&
	       pattern[strlen(pattern) - 1] != '/' && !strpbrk(pattern, "[\\");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *pattern = strndup((const char *)data, len);

	MUST(pattern);
	char *path = strchr(pattern, '\n');
	if (path) {
		*path++ = '\0';
		int is = glob_path(pattern, path);
		if (len <= SHORT && is_plain(pattern, path))
			MUST(is == matches(pattern, path));
		glob_ref(pattern, path);
	}
	free(pattern);
	return 0;
}
