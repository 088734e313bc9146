#include "base/commit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* The line at p, without its newline; *next is where the following starts. */
static size_t line_len(const char *p, const char *end, const char **next)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	*next = nl ? nl + 1 : end;
	return (size_t)((nl ? nl : end) - p);
}

static int is_blank(const char *s, size_t n)
{
	while (n && strchr(" \t\r\f\v", s[n - 1]) && s[n - 1])
		n--;
	return n == 0;
}

/* "Name <mail> 1700000000 +0100": what is behind the mail is left out. */
static char *author_of(const char *s, size_t n)
{
	const char *end = memrchr(s, '>', n);

	return mem_strndup(s, end ? (size_t)(end + 1 - s) : n);
}

static char *subject_of(const char *p, const char *end)
{
	struct buf b = BUF_INIT;
	const char *next;

	for (; p < end; p = next) {
		size_t n = line_len(p, end, &next);

		if (is_blank(p, n)) {
			if (b.len)
				break;
			continue; /* blank lines before the first paragraph */
		}
		if (b.len)
			buf_addc(&b, ' ');
		/* a NUL would end the text for whoever reads it */
		buf_add(&b, p, strnlen(p, n));
	}
	while (b.len && is_blank(b.ptr + b.len - 1, 1))
		buf_setlen(&b, b.len - 1);
	return buf_detach(&b);
}

void commit_info_parse(struct commit_info *c, const char *raw, size_t len)
{
	const char *end = raw + len, *p = raw, *next;

	c->author = NULL;
	for (; p < end; p = next) {
		size_t n = line_len(p, end, &next);

		if (!n) {
			p = next;
			break; /* the headers end here */
		}
		if (!c->author && n > 7 && !memcmp(p, "author ", 7))
			c->author = author_of(p + 7, n - 7);
	}
	c->subject = subject_of(p, end);
	if (!c->author)
		c->author = mem_strdup("");
}

void commit_info_release(struct commit_info *c)
{
	free(c->subject);
	free(c->author);
	c->subject = c->author = NULL;
}

enum entry_kind { ENTRY_NONE, ENTRY_FILE, ENTRY_EXECUTABLE, ENTRY_OTHER };

static enum entry_kind entry_kind_of(unsigned mode)
{
	if ((mode & 0170000) != 0100000)
		return ENTRY_OTHER; /* link, folder, submodule */
	return mode & 0100 ? ENTRY_EXECUTABLE : ENTRY_FILE;
}

/*
 * An entry of a raw tree is "<octal mode> SP <name> NUL <20 bytes>". Reads one
 * and moves *p behind it; 0 at the end or at what is no entry.
 */
static int next_entry(
	const char **p, const char *end, unsigned *mode, const char **name)
{
	const char *s = *p;

	for (*mode = 0; s < end && *s >= '0' && *s <= '7'; s++)
		*mode = *mode << 3 | (unsigned)(*s - '0');
	if (s == *p || s == end || *s != ' ')
		return 0;
	*name = ++s;
	s = memchr(s, '\0', (size_t)(end - s));
	if (!s || end - s < 21)
		return 0;
	*p = s + 21;
	return 1;
}

enum pipeline_kind pipeline_kind_of_tree(const char *raw, size_t len)
{
	enum entry_kind json = ENTRY_NONE, ci = ENTRY_NONE, fnl = ENTRY_NONE;
	enum entry_kind yaml = ENTRY_NONE;
	const char *p = raw, *name;
	unsigned mode;

	while (next_entry(&p, raw + len, &mode, &name)) {
		if (!strcmp(name, "ci.json"))
			json = entry_kind_of(mode);
		else if (!strcmp(name, "ci"))
			ci = entry_kind_of(mode);
		else if (!strcmp(name, "ci.fnl"))
			fnl = entry_kind_of(mode);
		else if (!strcmp(name, "ci.yml") || !strcmp(name, "ci.yaml"))
			yaml = entry_kind_of(mode);
	}

	int is_static = json == ENTRY_FILE || json == ENTRY_EXECUTABLE;
	if (is_static && ci == ENTRY_EXECUTABLE)
		return PIPELINE_BOTH;
	if (is_static)
		return PIPELINE_STATIC;
	if (ci == ENTRY_EXECUTABLE)
		return PIPELINE_DYNAMIC;
	if (json == ENTRY_OTHER || ci == ENTRY_OTHER)
		return PIPELINE_NOT_A_FILE;
	if (ci == ENTRY_FILE)
		return PIPELINE_NOT_EXECUTABLE;
	if (fnl != ENTRY_NONE)
		return PIPELINE_FENNEL;
	return yaml == ENTRY_NONE ? PIPELINE_NONE : PIPELINE_YAML;
}

enum pipeline_kind pipeline_kind_of(const struct gitcat_answer *a)
{
	if (a->type == GITCAT_MISSING)
		return PIPELINE_NONE;
	if (a->type != GITCAT_TREE)
		return PIPELINE_NOT_A_TREE;
	return pipeline_kind_of_tree(a->content.ptr, a->content.len);
}

int pipeline_kind_runs(enum pipeline_kind k)
{
	return k == PIPELINE_STATIC || k == PIPELINE_DYNAMIC ||
	       k == PIPELINE_BOTH;
}

const char *pipeline_kind_hint(enum pipeline_kind k)
{
	switch (k) {
	case PIPELINE_NOT_EXECUTABLE:
		return ".quire/ci is not executable "
		       "(git update-index --chmod=+x .quire/ci)";
	case PIPELINE_FENNEL:
		return ".quire/ci.fnl is a pipeline of the older system: "
		       "rewrite it as .quire/ci.json";
	case PIPELINE_YAML:
		return "a pipeline is .quire/ci.json or an executable "
		       ".quire/ci, not YAML (see quire-pipeline(5))";
	case PIPELINE_NOT_A_FILE:
		return "the pipeline in .quire is a link or a folder, "
		       "not a regular file";
	case PIPELINE_NOT_A_TREE:
		return ".quire is not a folder";
	case PIPELINE_NONE:
	case PIPELINE_STATIC:
	case PIPELINE_DYNAMIC:
	case PIPELINE_BOTH:
		break;
	}
	return NULL;
}
