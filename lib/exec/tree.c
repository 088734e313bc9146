#include "exec/tree.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/fs.h"

/* The code points that HFS+ ignores in names are of three bytes in UTF-8:
 * U+200C to 200F, 202A to 202E, 206A to 206F, FEFF. */
static int is_hfs_ignored(const unsigned char *p, size_t len)
{
	if (len < 3)
		return 0;
	if (p[0] == 0xe2 && p[1] == 0x80)
		return (p[2] >= 0x8c && p[2] <= 0x8f) ||
		       (p[2] >= 0xaa && p[2] <= 0xae);
	if (p[0] == 0xe2 && p[1] == 0x81)
		return p[2] >= 0xaa && p[2] <= 0xaf;
	return p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf;
}

static int is_hfs_dotgit(const char *name, size_t len)
{
	static const char want[] = ".git";
	const unsigned char *p = (const unsigned char *)name;
	size_t matched = 0;

	for (size_t i = 0; i < len;) {
		if (is_hfs_ignored(p + i, len - i)) {
			i += 3;
			continue;
		}
		unsigned char c = p[i++];
		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c - 'A' + 'a');
		if (matched == 4 || c != (unsigned char)want[matched])
			return 0;
		matched++;
	}
	return matched == 4;
}

/* NTFS drops blanks and dots at the end of a name, takes what is behind a
 * colon for a stream, and knows .git as git~1, too. */
static int is_ntfs_dotgit(const char *name, size_t len)
{
	size_t rest;

	if (len >= 4 && strncasecmp(name, ".git", 4) == 0)
		rest = 4;
	else if (len >= 5 && strncasecmp(name, "git~1", 5) == 0)
		rest = 5;
	else
		return 0;
	for (; rest < len && name[rest] != ':'; rest++)
		if (name[rest] != ' ' && name[rest] != '.')
			return 0;
	return 1;
}

int tree_name_check(const char *name, size_t len, struct err *e)
{
	const char *part = name, *end = name + len;

	if (!len || memchr(name, '/', len) || memchr(name, '\0', len))
		return err_set(e, EXIT_INTERNAL,
			"the commit holds a file name that is empty or has a "
			"'/' in it");
	if (fs_is_dots(name))
		return err_set(e, EXIT_INTERNAL,
			"the commit holds a file called '%s'", name);
	if (is_hfs_dotgit(name, len))
		goto dotgit;
	while (part < end) {
		const char *slash = memchr(part, '\\', (size_t)(end - part));
		const char *stop = slash ? slash : end;

		if (is_ntfs_dotgit(part, (size_t)(stop - part)))
			goto dotgit;
		part = slash ? slash + 1 : end;
	}
	return 0;
dotgit:
	return err_set(e, EXIT_INTERNAL,
		"the commit holds a file called '%.100s', which a file system "
		"may take for '.git'",
		name);
}

static int tree_kind_of(uint32_t mode, enum tree_kind *kind)
{
	switch (mode & 0170000) {
	case 0100000:
		*kind = mode & 0100 ? TREE_EXECUTABLE : TREE_FILE;
		return 0;
	case 0120000:
		*kind = TREE_SYMLINK;
		return 0;
	case 0040000:
		*kind = TREE_FOLDER;
		return 0;
	case 0160000:
		*kind = TREE_SUBMODULE;
		return 0;
	}
	return -1;
}

int tree_next(const char **at, const char *end, struct tree_entry *entry,
	struct err *e)
{
	const char *p = *at, *nul;
	uint32_t mode = 0;
	int digits = 0;

	if (p == end)
		return 0;
	for (; p < end && *p >= '0' && *p <= '7' && digits < 7; p++, digits++)
		mode = mode * 8 + (uint32_t)(*p - '0');
	if (!digits || p == end || *p != ' ')
		goto malformed;
	p++;
	nul = memchr(p, '\0', (size_t)(end - p));
	if (!nul || end - nul - 1 < TREE_OID_BYTES)
		goto malformed;

	entry->name = p;
	entry->name_len = (size_t)(nul - p);
	entry->oid = (const unsigned char *)nul + 1;
	if (tree_kind_of(mode, &entry->kind))
		return err_set(e, EXIT_INTERNAL,
			"the commit holds a file of unknown mode %o", mode);
	if (tree_name_check(entry->name, entry->name_len, e))
		return -1;
	*at = nul + 1 + TREE_OID_BYTES;
	return 1;
malformed:
	return err_set(e, EXIT_INTERNAL, "a tree of the commit is malformed");
}
