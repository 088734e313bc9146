#include "exec/attributes.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLANKS " \t\r"
#define MACRO "[attr]"

void attributes_release(struct attributes *a)
{
	while (a->scopes) {
		struct attr_scope *next = a->scopes->next;

		strv_release(&a->scopes->patterns);
		free(a->scopes);
		a->scopes = next;
	}
	strv_release(&a->macros);
	strv_release(&a->converting);
}

/* Copies the next line that is neither empty nor a comment into line, without
 * the blanks around it. */
static int next_line(const char **at, const char *end, struct buf *line)
{
	while (*at < end) {
		const char *nl = memchr(*at, '\n', (size_t)(end - *at));
		const char *start = *at, *stop = nl ? nl : end;

		*at = nl ? nl + 1 : end;
		while (start < stop && strchr(BLANKS, *start))
			start++;
		if (start == stop || *start == '#')
			continue;
		buf_reset(line);
		buf_add(line, start, (size_t)(stop - start));
		return 1;
	}
	return 0;
}

static int in_list(const struct strv *list, const char *word, size_t len)
{
	for (size_t i = 0; i < list->n; i++)
		if (strlen(list->v[i]) == len &&
			memcmp(list->v[i], word, len) == 0)
			return 1;
	return 0;
}

static int is_word(const char *word, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(word, want, len) == 0;
}

/* Whether one of the blank-separated attributes leads to a conversion. */
static int has_converting(const struct attributes *a, const char *attrs)
{
	static const char encoding[] = "working-tree-encoding=";

	for (const char *p = attrs + strspn(attrs, BLANKS); *p;) {
		size_t len = strcspn(p, BLANKS);

		if (is_word(p, len, "eol=crlf") || is_word(p, len, "ident") ||
			strncmp(p, encoding, sizeof(encoding) - 1) == 0 ||
			in_list(&a->converting, p, len))
			return 1;
		p += len;
		p += strspn(p, BLANKS);
	}
	return 0;
}

void attributes_macros(struct attributes *a, const char *text, size_t len)
{
	struct buf line = BUF_INIT;
	const char *at = text, *end = text + len;
	size_t found;

	while (next_line(&at, end, &line))
		if (strncmp(line.ptr, MACRO, sizeof(MACRO) - 1) == 0) {
			const char *name = line.ptr + sizeof(MACRO) - 1;

			strv_push(&a->macros, name + strspn(name, BLANKS));
		}
	buf_release(&line);

	do { /* a macro may name another, defined before or behind it */
		found = a->converting.n;
		for (size_t i = 0; i < a->macros.n; i++) {
			const char *macro = a->macros.v[i];
			size_t name_len = strcspn(macro, BLANKS);

			if (in_list(&a->converting, macro, name_len) ||
				!has_converting(a, macro + name_len))
				continue;
			char *name = mem_strndup(macro, name_len);
			strv_push(&a->converting, name);
			free(name);
		}
	} while (a->converting.n != found);
}

/* A pattern for the last component of the paths that the line's pattern can
 * match. Where that can't be told for certain, "*". */
static void add_pattern(struct strv *patterns, char *pattern, size_t len)
{
	pattern[len] = '\0';

	const char *slash = strrchr(pattern, '/');
	if (pattern[0] == '"' || (slash && strchr(pattern, '[')))
		strv_push(patterns, "*");
	else if (!slash)
		strv_push(patterns, pattern);
	else if (slash[1]) /* "folder/" matches no file */
		strv_push(patterns, slash + 1);
}

const struct attr_scope *attributes_scope(struct attributes *a,
	const struct attr_scope *above, const char *text, size_t len)
{
	struct strv patterns = STRV_INIT;
	struct buf line = BUF_INIT;
	const char *at = text, *end = text + len;

	while (next_line(&at, end, &line)) {
		size_t pattern_len = strcspn(line.ptr, BLANKS);

		/* a quoted pattern may hold blanks: what is behind the first
		 * one is taken for attributes then, and errs to this side */
		if (strncmp(line.ptr, MACRO, sizeof(MACRO) - 1) == 0 ||
			!has_converting(a, line.ptr + pattern_len))
			continue;
		add_pattern(&patterns, line.ptr, pattern_len);
	}
	buf_release(&line);
	if (!patterns.n)
		return above;

	struct attr_scope *scope = mem_zero(sizeof(*scope));
	scope->above = above;
	scope->patterns = patterns;
	scope->next = a->scopes;
	a->scopes = scope;
	return scope;
}

int attributes_may_convert(const struct attr_scope *scope, const char *name)
{
	for (; scope; scope = scope->above)
		for (size_t i = 0; i < scope->patterns.n; i++)
			if (fnmatch(scope->patterns.v[i], name, 0) == 0)
				return 1;
	return 0;
}
