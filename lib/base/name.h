/*
 * name.h - what repositories and runs are called.
 *
 * A repository's name is its path below repos/ with ".git": "foo.git",
 * "work/foo.git". In URLs and RUNs it stands without: "foo", "foo#42".
 */
#ifndef QUIRE_BASE_NAME_H
#define QUIRE_BASE_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Whether name can be a repository's. Refused, with the reason in e: empty
 * components, a component that begins with "." or "-", control bytes, '#', no
 * ".git" at the end, more than 255 bytes, a component before the last that
 * ends in ".git" (it would lie inside another repository), and what the pages
 * need: a last component "ci" (ci.git), one in the middle (foo/ci/7.git would
 * be at the address of run 7 of foo), a first one "api", "metrics" or
 * "style.css".
 */
int name_check(const char *name, struct err *e);
/* Appends the name as given, with ".git" added if it is missing. */
void name_add_full(struct buf *b, const char *name);
/* The length of name without ".git". */
size_t name_short_len(const char *name);
/* "main" of refs/heads/main, "v1" of refs/tags/v1, else the whole ref. */
const char *name_of_ref(const char *ref);

/* Whether a secret, which is a file, can be called that: 1 to 64 of A-Z a-z
 * 0-9 . _ -, no '.' first. */
int name_check_secret(const char *name, struct err *e);

/* What a RUN on the command line or in a URL names. */
struct run_name {
	int64_t number; /* foo#42: 42; else 0 */
	char repo[256]; /* foo#42: "foo.git"; else "" */
	char id[64]; /* an id or the start of one; else "" */
};
/* Splits it; -1 with a line that says what a RUN looks like. */
int name_parse_run(const char *text, struct run_name *run, struct err *e);

#endif
