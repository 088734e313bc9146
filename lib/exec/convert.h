/*
 * convert.h - what attributes make of a file on its way into a workspace, as
 * gitattributes(5): ident first, then line ends, then the encoding.
 *
 * Configuration plays no part (core.autocrlf, core.eol, filter drivers): where
 * an attribute leaves the line ends to it, they stay as they are.
 */
#ifndef QUIRE_EXEC_CONVERT_H
#define QUIRE_EXEC_CONVERT_H

#include "base/buf.h"
#include "base/err.h"
#include "exec/objects.h"

struct conversion {
	enum { CRLF_NONE, CRLF_TEXT, CRLF_AUTO } crlf; /* text, text=auto */
	int ident;
	char encoding[64]; /* "" for none */
};

/* What the attributes in the commit, and $GIT_DIR/info/attributes, say of the
 * file at path. */
int convert_lookup(struct objects *o, const git_oid *commit, const char *path,
	struct conversion *c, struct err *e);
/* Converts the content of a blob in place. hex is its id. An encoding that is
 * unknown, or can't hold the text, leaves the text as it is, as git does. */
void convert_apply(const struct conversion *c, const char *hex, struct buf *b);

void convert_ident(struct buf *b, const char *hex);
void convert_crlf(struct buf *b, int only_if_text);
void convert_encoding(struct buf *b, const char *encoding);

#endif
