/*
 * tree.h - one tree object, as bytes, read without trusting it.
 *
 * A tree is a row of "<octal mode> <name>\0<20 bytes of id>". What receive-pack
 * lets in may still be malicious unless the repository sets
 * receive.fsckObjects, so names are judged here.
 */
#ifndef QUIRE_EXEC_TREE_H
#define QUIRE_EXEC_TREE_H

#include <stddef.h>

#include "base/err.h"

#define TREE_OID_BYTES 20

enum tree_kind {
	TREE_FILE,
	TREE_EXECUTABLE,
	TREE_SYMLINK,
	TREE_FOLDER,
	TREE_SUBMODULE,
};

struct tree_entry {
	enum tree_kind kind;
	const char *name; /* points into the object, ended by NUL */
	size_t name_len;
	const unsigned char *oid;
};

/*
 * Reads the entry at *at and moves *at behind it. 1 an entry, 0 the end, -1
 * malformed, or a name that must not become a file (tree_name_check).
 */
int tree_next(const char **at, const char *end, struct tree_entry *entry,
	struct err *e);

/*
 * What a file must not be called: "", "..", ".", anything with '/', and ".git"
 * in any spelling that a file system may fold to it: in any case, with the code
 * points that HFS+ ignores, and as NTFS reads it ("git~1", ".git.", ".git ",
 * ".git:stream", behind a backslash). git refuses to check these out, too.
 */
int tree_name_check(const char *name, size_t len, struct err *e);

#endif
