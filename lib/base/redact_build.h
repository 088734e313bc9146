/*
 * redact_build.h - what a redactor is made of; for lib/base/redact*.c alone.
 */
#ifndef QUIRE_BASE_REDACT_BUILD_H
#define QUIRE_BASE_REDACT_BUILD_H

#include "base/redact.h"

/*
 * A node stands for the beginning of a pattern, its depth in characters; node
 * 0 is the empty one. fail is the longest proper end of it that is a beginning
 * of a pattern too; shorter is the next node on that way that ends one.
 */
struct redact_node {
	uint32_t child, sibling; /* 0: none */
	uint32_t fail, shorter;
	uint32_t depth;
	uint32_t secret; /* index + 1 of the one that ends here; 0: none */
	uint8_t byte;
};

struct redact_automaton {
	struct redact_node *nodes;
	uint32_t n, size;
	uint32_t first[256]; /* children of node 0 */
	uint32_t depth; /* of the deepest */
};

/* What a byte is to the automaton of encoded text: one of its characters, as
 * which it counts (the two alphabets of base64 are one), or one of these. */
#define REDACT_OTHER 0
#define REDACT_BLANK 1 /* may stand behind the second character */
#define REDACT_LINE 2 /* may stand behind the fourth */

/* Kinds of pairs of bytes. */
#define REDACT_STARTS 1 /* the first two of a pattern */
#define REDACT_FOLLOWS 2 /* or what may stand at its second and third place */

struct redactor {
	struct redact_automaton literal, encoded;
	struct strv names;
	uint8_t fold[256];
	uint8_t pairs[65536]; /* by first * 256 + second */
	uint64_t ring; /* entries of redact_stream.places, less 1 */
};

/* redact_build.c: a pattern, of four bytes at least. */
void redact_pattern(struct redact_automaton *a, const void *text, size_t len,
	uint32_t secret);
/* redact_code.c: all encoded patterns of a value. */
void redact_encoded(
	struct redactor *r, const char *value, size_t len, uint32_t secret);

/* The child of a node for a byte, 0 if there is none. */
static inline uint32_t redact_child(
	const struct redact_automaton *a, uint32_t node, uint8_t byte)
{
	if (!node)
		return a->first[byte];
	for (node = a->nodes[node].child; node; node = a->nodes[node].sibling)
		if (a->nodes[node].byte == byte)
			break;
	return node;
}

#endif
