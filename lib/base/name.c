#include "base/name.h"

#include <string.h>

#include "base/units.h"

#define SECRET_MAX 64
#define SUFFIX ".git"
#define SUFFIX_LEN (sizeof(SUFFIX) - 1)

static int ends_in_suffix(const char *name, size_t len)
{
	return len > SUFFIX_LEN &&
	       !memcmp(name + len - SUFFIX_LEN, SUFFIX, SUFFIX_LEN);
}

static int is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && !memcmp(s, word, len);
}

/* Why the component c of a name will not do, or NULL. */
static const char *component_fault(
	const char *c, size_t len, int is_first, int is_last)
{
	if (!len)
		return "a component is empty";
	if (*c == '.' || *c == '-')
		return "a component begins with '.' or '-'";
	if (!is_last && ends_in_suffix(c, len))
		return "it would lie inside another repository";
	if (is_last)
		len -= SUFFIX_LEN;
	/* /foo/ci is the list of runs of foo, /foo/ci/7 one of them */
	if (is_word(c, len, "ci") && (is_last || !is_first))
		return "the component 'ci' is taken by the pages";
	if (is_first && (is_word(c, len, "api") || is_word(c, len, "metrics") ||
				is_word(c, len, "style.css")))
		return "its first component is taken by the pages";
	return NULL;
}

static const char *name_fault(const char *name)
{
	size_t len = strlen(name);

	if (*name == '/')
		return "it is a path below the home's repos, and begins with no /";
	if (len > 255)
		return "it has more than 255 bytes";
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c < 0x20 || c == 0x7f)
			return "it holds a control character";
		if (c == '#')
			return "it holds a '#', which foo#42 needs";
	}
	if (!ends_in_suffix(name, len))
		return "it does not end in .git";

	int is_first = 1;
	for (const char *c = name;; is_first = 0) {
		size_t n = strcspn(c, "/");
		const char *fault = component_fault(c, n, is_first, !c[n]);

		if (fault || !c[n])
			return fault;
		c += n + 1;
	}
}

int name_check(const char *name, struct err *e)
{
	const char *fault = name_fault(name);

	if (fault)
		return err_set(e, EXIT_USAGE,
			"'%.255s' cannot be a repository's name: %s", name,
			fault);
	return 0;
}

int name_check_secret(const char *name, struct err *e)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz"
				  "0123456789._-");

	if (name[len] || len < 1 || len > SECRET_MAX || *name == '.')
		return err_set(e, EXIT_USAGE,
			"'%.*s' is no name for a secret: 1 to %d of A-Z a-z "
			"0-9 . _ -, no . first",
			SECRET_MAX, name, SECRET_MAX);
	return 0;
}

void name_add_full(struct buf *b, const char *name)
{
	buf_adds(b, name);
	if (!ends_in_suffix(name, strlen(name)))
		buf_adds(b, SUFFIX);
}

size_t name_short_len(const char *name)
{
	size_t len = strlen(name);

	return ends_in_suffix(name, len) ? len - SUFFIX_LEN : len;
}

const char *name_of_ref(const char *ref)
{
	if (!strncmp(ref, "refs/heads/", 11) && ref[11])
		return ref + 11;
	if (!strncmp(ref, "refs/tags/", 10) && ref[10])
		return ref + 10;
	return ref;
}

static int parse_numbered(
	const char *text, const char *hash, struct run_name *run)
{
	size_t len = (size_t)(hash - text);

	if (!len || len + SUFFIX_LEN >= sizeof(run->repo))
		return -1;
	if (units_int(hash + 1, 1, INT64_MAX, &run->number, NULL) < 0)
		return -1;
	memcpy(run->repo, text, len);
	run->repo[len] = '\0';
	if (!ends_in_suffix(run->repo, len))
		memcpy(run->repo + len, SUFFIX, SUFFIX_LEN + 1);
	return 0;
}

/* Runs of the older system may have ids of another make than ours. */
static int parse_id(const char *text, struct run_name *run)
{
	size_t len = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-");

	if (text[len] || len < 4 || len >= sizeof(run->id))
		return -1;
	memcpy(run->id, text, len + 1);
	return 0;
}

int name_parse_run(const char *text, struct run_name *run, struct err *e)
{
	const char *hash = strrchr(text, '#');

	*run = (struct run_name){ 0 };
	if ((hash ? parse_numbered(text, hash, run) : parse_id(text, run)) < 0)
		return err_set(e, EXIT_USAGE,
			"'%.100s' is not a run: give REPO#NUMBER, as foo#42, "
			"or 4 or more characters of its id",
			text);
	return 0;
}
