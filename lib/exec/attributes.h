/*
 * attributes.h - which files of a tree might need a conversion.
 *
 * Asking libgit2 for the attributes of a file costs more than writing it, and
 * almost no file has one that matters. So the patterns of .gitattributes that
 * lead to a conversion on the way out (eol=crlf, ident, working-tree-encoding,
 * or a macro of these) are gathered while the tree is walked, and libgit2 is
 * asked about the files that these might match: all that do, and perhaps some
 * that don't.
 *
 * The order: attributes_macros() for $GIT_DIR/info/attributes and for the
 * .gitattributes at the top (macros are defined nowhere else), then
 * attributes_scope() for both, then for the folders from the top down. Reading
 * is safe from several threads once a scope is made.
 */
#ifndef QUIRE_EXEC_ATTRIBUTES_H
#define QUIRE_EXEC_ATTRIBUTES_H

#include <stddef.h>

#include "base/buf.h"

struct attributes {
	struct strv macros; /* the definitions: "name attr attr..." */
	struct strv converting; /* names of macros that lead to a conversion */
	struct attr_scope *scopes; /* all, to be freed */
};

/* What holds in a folder: its own patterns, and those of the folders above. */
struct attr_scope {
	const struct attr_scope *above;
	struct attr_scope *next;
	struct strv patterns; /* for the last component of a path */
};

#define ATTRIBUTES_INIT                    \
	{                                  \
		STRV_INIT, STRV_INIT, NULL \
	}
void attributes_release(struct attributes *a);

void attributes_macros(struct attributes *a, const char *text, size_t len);
/* The scope of a folder with this .gitattributes; above itself if that says
 * nothing of interest. Owned by a. */
const struct attr_scope *attributes_scope(struct attributes *a,
	const struct attr_scope *above, const char *text, size_t len);
/* Whether a file called name in a folder of this scope might be converted. */
int attributes_may_convert(const struct attr_scope *scope, const char *name);

#endif
