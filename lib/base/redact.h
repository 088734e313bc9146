/*
 * redact.h - takes the values of secrets out of a stream of bytes.
 *
 * Each place where a value stands becomes "{{ name }}". Found are, of every
 * secret, the value itself; each of its lines that has REDACT_MIN bytes or
 * more; the value as sh(1) quotes it; and the value, with a newline behind it
 * or without, in base64 (either alphabet, padded or not, at any of the three
 * offsets within a longer text: then all characters that depend on nothing but
 * the value) and in hexadecimal (lower or upper case). Encoded text may be
 * broken up as programs do it: between two of its characters may be one or two
 * of blank, tab, colon, newline and carriage return, but none before its
 * second character and no line's end before its fourth. Where a line ends
 * within the first four characters the rest is found by itself.
 *
 * A value of fewer bytes than REDACT_MIN would be found in innocent text and
 * is left alone. Other encodings are not found, nor a value with other text in
 * between.
 *
 * The rule, for a text as a whole: from the left, the place that begins first
 * is replaced, of those the longest; one that begins within what was replaced
 * and reaches further counts from there, so that nothing of it remains. How
 * the text is cut into calls makes no difference. What may yet be the
 * beginning of a place is held back until it is known to be none; that is
 * never more than the longest text that a pattern stands for.
 *
 * It is an automaton of Aho and Corasick for what is literal and one for what
 * is encoded, both linear in the text, and a table of pairs of bytes that
 * passes over text in which none can begin.
 */
#ifndef QUIRE_BASE_REDACT_H
#define QUIRE_BASE_REDACT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define REDACT_MIN 8 /* bytes: shorter values are not looked for */

/* What is looked for. Made once, then only read, by any number of streams. */
struct redactor;
struct redactor *redactor_new(void);
/* Any bytes. All secrets are added before redactor_prepare(). */
void redactor_add(
	struct redactor *r, const char *name, const char *value, size_t len);
void redactor_prepare(struct redactor *r);
void redactor_free(struct redactor *r); /* NULL is fine */

typedef void redact_give(void *arg, const char *text, size_t len);

struct redact_match {
	uint64_t from, to; /* offsets in the stream */
	uint32_t secret;
};

struct redact_stream {
	const struct redactor *r;
	redact_give *give; /* takes the text that is left */
	void *arg; /* of give() */

	uint64_t done; /* the text before this offset is given or replaced */
	uint64_t at; /* the text before this offset is scanned */
	struct buf held; /* the text between them */
	uint32_t literal, encoded; /* states of the two automata */

	/* of the encoded one */
	uint64_t *places; /* of its last characters, a ring */
	uint64_t n_chars;
	int n_breaks; /* since its last character */

	/* found and not replaced yet; from and to both increase */
	struct redact_match *found;
	size_t n_found, found_size;
};

void redact_open(struct redact_stream *s, const struct redactor *r,
	redact_give *give, void *arg);
/* give() is called for what of the text so far is certain, in pieces; they may
 * point into data. */
void redact_feed(struct redact_stream *s, const char *data, size_t len);
/* Bytes that are held back. */
size_t redact_held(const struct redact_stream *s);
/* The end of the text: gives what is held back, and starts over. */
void redact_end(struct redact_stream *s);
/* Forgets what is held back. */
void redact_release(struct redact_stream *s);

/* A whole text at once, appended to out. r NULL: as it is. */
void redact_add(struct buf *out, const struct redactor *r, const char *text,
	size_t len);

#endif
