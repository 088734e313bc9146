/*
 * Making a redactor: its patterns as two automata, and the table of pairs.
 */
#include "base/redact_build.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_NODES 64

static uint32_t new_node(struct redact_automaton *a)
{
	if (a->n == a->size) {
		a->size = a->size ? a->size * 2 : FIRST_NODES;
		a->nodes = mem_resize(a->nodes, a->size, sizeof(*a->nodes));
	}
	a->nodes[a->n] = (struct redact_node){ 0 };
	return a->n++;
}

struct redactor *redactor_new(void)
{
	struct redactor *r = mem_zero(sizeof(*r));

	new_node(&r->literal);
	new_node(&r->encoded);
	return r;
}

void redactor_free(struct redactor *r)
{
	if (!r)
		return;
	free(r->literal.nodes);
	free(r->encoded.nodes);
	strv_release(&r->names);
	free(r);
}

static uint32_t add_child(
	struct redact_automaton *a, uint32_t node, uint8_t byte)
{
	uint32_t new = new_node(a);

	a->nodes[new].byte = byte;
	a->nodes[new].depth = a->nodes[node].depth + 1;
	if (a->nodes[new].depth > a->depth)
		a->depth = a->nodes[new].depth;
	if (node) {
		a->nodes[new].sibling = a->nodes[node].child;
		a->nodes[node].child = new;
	} else {
		a->first[byte] = new;
	}
	return new;
}

void redact_pattern(struct redact_automaton *a, const void *text, size_t len,
	uint32_t secret)
{
	const uint8_t *bytes = text;
	uint32_t node = 0;

	for (size_t i = 0; i < len; i++) {
		uint32_t child = redact_child(a, node, bytes[i]);

		node = child ? child : add_child(a, node, bytes[i]);
	}
	/* what two secrets have in common is the first one's */
	if (!a->nodes[node].secret)
		a->nodes[node].secret = secret;
}

/* Each line of its own, where there are several. */
static void add_lines(
	struct redactor *r, const char *value, size_t len, uint32_t secret)
{
	const char *end = value + len;

	while (value < end) {
		const char *newline =
			memchr(value, '\n', (size_t)(end - value));
		const char *stop = newline ? newline : end;
		size_t n = (size_t)(stop - value);

		if (n && value[n - 1] == '\r')
			n--;
		if (n >= REDACT_MIN)
			redact_pattern(&r->literal, value, n, secret);
		value = newline ? newline + 1 : end;
	}
}

/* As it stands between single quotes of sh, which `set -x` shows. */
static void add_quoted(
	struct redactor *r, const char *value, size_t len, uint32_t secret)
{
	struct buf quoted = BUF_INIT;

	for (size_t i = 0; i < len; i++)
		if (value[i] == '\'')
			buf_adds(&quoted, "'\\''");
		else
			buf_addc(&quoted, value[i]);
	redact_pattern(&r->literal, quoted.ptr, quoted.len, secret);
	buf_release(&quoted);
}

void redactor_add(
	struct redactor *r, const char *name, const char *value, size_t len)
{
	if (len < REDACT_MIN)
		return;
	strv_push(&r->names, name);
	uint32_t secret = (uint32_t)r->names.n;

	redact_pattern(&r->literal, value, len, secret);
	add_lines(r, value, len, secret);
	add_quoted(r, value, len, secret);
	redact_encoded(r, value, len, secret);
}

/* Where the automaton goes on when child is reached by way of node. */
static void link_child(
	struct redact_automaton *a, uint32_t node, uint32_t child)
{
	struct redact_node *c = &a->nodes[child];
	uint32_t at = node, to = 0;

	while (at && !to) {
		at = a->nodes[at].fail;
		to = redact_child(a, at, c->byte);
	}
	c->fail = to;
	c->shorter = a->nodes[to].secret ? to : a->nodes[to].shorter;
}

/* In the order of depth, since a link leads to what is less deep. */
static void link_nodes(struct redact_automaton *a)
{
	uint32_t *queue = mem_alloc(a->n * sizeof(*queue));
	uint32_t n = 0;

	for (int byte = 0; byte < 256; byte++)
		if (a->first[byte])
			queue[n++] = a->first[byte];
	for (uint32_t i = 0; i < n; i++) {
		uint32_t node = queue[i];

		for (uint32_t child = a->nodes[node].child; child;
			child = a->nodes[child].sibling) {
			link_child(a, node, child);
			queue[n++] = child;
		}
	}
	free(queue);
}

static void make_fold(uint8_t *fold)
{
	memset(fold, REDACT_OTHER, 256);
	for (int c = '0'; c <= 'z'; c++)
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			(c >= 'a' && c <= 'z'))
			fold[c] = (uint8_t)c;
	fold['+'] = fold['-'] = '+';
	fold['/'] = fold['_'] = '/';
	fold['='] = '=';
	fold[' '] = fold['\t'] = fold[':'] = REDACT_BLANK;
	fold['\n'] = fold['\r'] = REDACT_LINE;
}

/* Marks the pairs of what may stand for a and of what may stand for b. */
static void mark(
	struct redactor *r, uint8_t kind, int is_encoded, uint8_t a, uint8_t b)
{
	if (!is_encoded) {
		r->pairs[a << 8 | b] |= kind;
		return;
	}
	for (int x = 0; x < 256; x++)
		for (int y = 0; r->fold[x] == a && y < 256; y++)
			if (r->fold[y] == b)
				r->pairs[x << 8 | y] |= kind;
}

static void mark_pairs(
	struct redactor *r, const struct redact_automaton *a, int is_encoded)
{
	for (uint32_t i = 1; i < a->n; i++) {
		const struct redact_node *one = &a->nodes[i];

		if (one->depth != 1)
			continue;
		for (uint32_t k = one->child; k; k = a->nodes[k].sibling) {
			const struct redact_node *two = &a->nodes[k];

			mark(r, REDACT_STARTS, is_encoded, one->byte,
				two->byte);
			if (is_encoded)
				mark(r, REDACT_FOLLOWS, 1, two->byte,
					REDACT_BLANK);
			for (uint32_t m = two->child; m;
				m = a->nodes[m].sibling)
				mark(r, REDACT_FOLLOWS, is_encoded, two->byte,
					a->nodes[m].byte);
		}
	}
}

void redactor_prepare(struct redactor *r)
{
	link_nodes(&r->literal);
	link_nodes(&r->encoded);
	make_fold(r->fold);
	mark_pairs(r, &r->literal, 0);
	mark_pairs(r, &r->encoded, 1);
	for (r->ring = 7; r->ring <= r->encoded.depth;
		r->ring = r->ring * 2 + 1)
		;
}
