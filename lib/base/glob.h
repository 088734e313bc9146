/*
 * glob.h - patterns over refs and over paths, which differ on purpose.
 */
#ifndef QUIRE_BASE_GLOB_H
#define QUIRE_BASE_GLOB_H

#include "base/buf.h"

/*
 * Refs, branches, tags: fnmatch(3) with no flags, so '*' matches '/'.
 */
int glob_ref(const char *pattern, const char *name);
/* Whether name matches one of the patterns in a list split by blanks. */
int glob_ref_list(const char *patterns, const char *name);
/*
 * Paths, anchored at the top: '*' and '?' and [..] do not match '/', a
 * component "**" is zero or more directories, a trailing "**" is everything
 * below. Linear in practice: a pattern with several "**" is matched without
 * exponential backtracking.
 */
int glob_path(const char *pattern, const char *path);
/* Whether something in the folder, or below it, may match: so that who walks a
 * tree need not look into each. */
int glob_path_below(const char *pattern, const char *folder);

/* A pattern or a path split into its components: for who matches many. */
struct glob_parts {
	struct buf text; /* each is ended by a NUL */
};
/* What parts had before is forgotten, its memory used again. */
void glob_split(struct glob_parts *parts, const char *path);
void glob_parts_release(struct glob_parts *parts);
/* As glob_path() and glob_path_below(), and allocate nothing. */
int glob_parts_match(
	const struct glob_parts *pattern, const struct glob_parts *path);
int glob_parts_below(
	const struct glob_parts *pattern, const struct glob_parts *folder);

#endif
