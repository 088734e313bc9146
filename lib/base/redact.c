/*
 * Looking for the patterns of a redactor in a stream.
 */
#include "base/redact.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/redact_build.h"

#define MAX_BREAKS 2 /* between two characters of encoded text */
#define DEAD ((uint64_t)1 << 63) /* in places: no pattern begins here */

void redact_open(struct redact_stream *s, const struct redactor *r,
	redact_give *give, void *arg)
{
	*s = (struct redact_stream){
		.r = r, .give = give, .arg = arg, .held = BUF_INIT
	};
}

void redact_release(struct redact_stream *s)
{
	buf_release(&s->held);
	free(s->places);
	free(s->found);
	redact_open(s, s->r, s->give, s->arg);
}

size_t redact_held(const struct redact_stream *s)
{
	return s->held.len;
}

/* Where the character stands that came n characters ago; 1 is the last one. */
static uint64_t *place(const struct redact_stream *s, uint64_t n)
{
	return &s->places[(s->n_chars - n) & s->r->ring];
}

/* Where the text of a node begins that the encoded automaton is at. */
static uint64_t place_of(const struct redact_stream *s, uint32_t node)
{
	return *place(s, s->r->encoded.nodes[node].depth);
}

/* From a node to the longest end of it whose beginning is not broken up. */
static uint32_t skip_dead(const struct redact_stream *s, uint32_t node)
{
	while (node && (place_of(s, node) & DEAD))
		node = s->r->encoded.nodes[node].fail;
	return node;
}

static void note(
	struct redact_stream *s, uint64_t from, uint64_t to, uint32_t secret)
{
	const struct redact_match *last =
		s->n_found ? &s->found[s->n_found - 1] : NULL;

	/* one that is within another is never the one to replace */
	if (last && last->from <= from && last->to >= to)
		return;
	while (s->n_found && s->found[s->n_found - 1].from >= from)
		s->n_found--;
	if (s->n_found == s->found_size) {
		s->found_size = s->found_size ? s->found_size * 2 : 8;
		s->found =
			mem_resize(s->found, s->found_size, sizeof(*s->found));
	}
	s->found[s->n_found++] = (struct redact_match){ from, to, secret };
}

static void step_literal(struct redact_stream *s, uint8_t byte)
{
	const struct redact_automaton *a = &s->r->literal;
	uint32_t node = s->literal, next;

	while (!(next = redact_child(a, node, byte)) && node)
		node = a->nodes[node].fail;
	const struct redact_node *n = &a->nodes[next];
	uint32_t ends = n->secret ? next : n->shorter;

	if (ends)
		note(s, s->at + 1 - a->nodes[ends].depth, s->at + 1,
			a->nodes[ends].secret);
	/* a pattern's end leads nowhere: only what is shorter may go on */
	while (next && !a->nodes[next].child)
		next = a->nodes[next].fail;
	s->literal = next;
}

static void step_break(struct redact_stream *s, int kind)
{
	if (!s->encoded)
		return;
	if (++s->n_breaks > MAX_BREAKS) {
		s->encoded = 0;
		return;
	}
	uint64_t n = kind == REDACT_LINE ? 3 : 1;
	/* of a stream that has just begun it may mark what was never used */
	for (; n; n--)
		*place(s, n) |= DEAD;
	s->encoded = skip_dead(s, s->encoded);
}

static void step_char(struct redact_stream *s, uint8_t c)
{
	const struct redact_automaton *a = &s->r->encoded;
	uint32_t node = s->encoded, next;

	while (!(next = redact_child(a, node, c)) && node)
		node = skip_dead(s, a->nodes[node].fail);
	if (!s->places)
		s->places = mem_zero((s->r->ring + 1) * sizeof(*s->places));
	*place(s, 0) = s->at;
	s->n_chars++;
	s->n_breaks = 0;

	uint32_t ends = a->nodes[next].secret ? next : a->nodes[next].shorter;
	while (ends && (place_of(s, ends) & DEAD))
		ends = a->nodes[ends].shorter;
	if (ends)
		note(s, place_of(s, ends), s->at + 1, a->nodes[ends].secret);
	while (next && !a->nodes[next].child)
		next = skip_dead(s, a->nodes[next].fail);
	s->encoded = next;
}

/* The text from s->done to offset `to` is right; data is what was fed, which
 * follows on what is held. */
static void give(
	struct redact_stream *s, const char *data, uint64_t begin, uint64_t to)
{
	if (s->done < begin && s->done < to) {
		uint64_t stop = to < begin ? to : begin;

		s->give(s->arg, s->held.ptr + s->held.len - (begin - s->done),
			stop - s->done);
		s->done = stop;
	}
	if (s->done < to)
		s->give(s->arg, data + (s->done - begin), to - s->done);
	s->done = to;
}

static void replace(struct redact_stream *s, const char *data, uint64_t begin,
	const struct redact_match *m)
{
	const char *name = s->r->names.v[m->secret - 1];

	if (m->from > s->done)
		give(s, data, begin, m->from);
	s->give(s->arg, "{{ ", 3);
	s->give(s->arg, name, strlen(name));
	s->give(s->arg, " }}", 3);
	s->done = m->to;
}

/* Where the first pattern begins that may yet be found. */
static uint64_t earliest(const struct redact_stream *s)
{
	uint64_t from = s->at;

	if (s->literal)
		from -= s->r->literal.nodes[s->literal].depth;
	if (s->encoded && place_of(s, s->encoded) < from)
		from = place_of(s, s->encoded);
	return from;
}

/* Replaces what was found where nothing can come before it, or be longer, that
 * begins at `from` or later. */
static void settle(struct redact_stream *s, const char *data, uint64_t begin,
	uint64_t from)
{
	size_t n = 0;

	while (n < s->n_found) {
		const struct redact_match *m = &s->found[n];

		if (n + 1 < s->n_found && m[1].from <= s->done) {
			n++;
			continue;
		}
		if (from <= (m->from > s->done ? m->from : s->done))
			break;
		replace(s, data, begin, m);
		n++;
	}
	s->n_found -= n;
	if (n)
		memmove(s->found, s->found + n, s->n_found * sizeof(*s->found));
}

static inline unsigned pair(const uint8_t *pairs, const uint8_t *text)
{
	return pairs[text[0] << 8 | text[1]];
}

/* From at on, the first place where a pattern may begin, as far as can be told
 * by two bytes: at len and the byte before it, it can't. */
static size_t skip(
	const struct redactor *r, const uint8_t *text, size_t at, size_t len)
{
	const uint8_t *pairs = r->pairs;
	size_t i = at + 1;

	/* a pair at i shows what begins there and what begins before it */
	for (; i + 1 < len; i += 2) {
		while (i + 7 < len &&
			!(pair(pairs, text + i) | pair(pairs, text + i + 2) |
				pair(pairs, text + i + 4) |
				pair(pairs, text + i + 6)))
			i += 8;
		if (i + 1 >= len)
			break;
		if (pair(pairs, text + i - 1) & REDACT_STARTS)
			return i - 1;
		if (pair(pairs, text + i) & REDACT_STARTS)
			return i;
	}
	return i - 1;
}

void redact_feed(struct redact_stream *s, const char *data, size_t len)
{
	const struct redactor *r = s->r;
	const uint8_t *text = (const uint8_t *)data;
	uint64_t begin = s->at;

	for (size_t i = 0; i < len; i++) {
		if (!s->literal && !s->encoded &&
			(i = skip(r, text, i, len)) >= len)
			break;
		s->at = begin + i;
		step_literal(s, text[i]);
		uint8_t c = r->fold[text[i]];
		if (c > REDACT_LINE)
			step_char(s, c);
		else if (c == REDACT_OTHER)
			s->encoded = 0;
		else
			step_break(s, c);
		s->at++;
		if (s->n_found)
			settle(s, data, begin, earliest(s));
	}
	s->at = begin + len;
	uint64_t safe = earliest(s);
	if (s->n_found && s->found[0].from < safe)
		safe = s->found[0].from;
	if (safe > s->done)
		give(s, data, begin, safe);
	uint64_t keep = begin > s->done ? begin - s->done : 0;
	if (keep < s->held.len)
		buf_consume(&s->held, s->held.len - keep);
	uint64_t from = s->done > begin ? s->done : begin;
	if (from < s->at)
		buf_add(&s->held, data + (from - begin), s->at - from);
}

void redact_end(struct redact_stream *s)
{
	settle(s, NULL, s->at, s->at + 1);
	if (s->done < s->at)
		give(s, NULL, s->at, s->at);
	redact_release(s);
}

static void append(void *arg, const char *text, size_t len)
{
	buf_add(arg, text, len);
}

void redact_add(
	struct buf *out, const struct redactor *r, const char *text, size_t len)
{
	struct redact_stream s;

	if (!r) {
		buf_add(out, text, len);
		return;
	}
	redact_open(&s, r, append, out);
	redact_feed(&s, text, len);
	redact_end(&s);
}
