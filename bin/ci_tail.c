#include "ci_tail.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define ESCAPE '\033'
#define BELL '\007'

void ci_tail_init(struct ci_tail *t)
{
	*t = (struct ci_tail){ .partial = { BUF_INIT, BUF_INIT } };
}

void ci_tail_release(struct ci_tail *t)
{
	buf_release(&t->partial[0]);
	buf_release(&t->partial[1]);
	for (size_t i = 0; i < CI_TAIL_LINES; i++)
		free(t->lines[i]);
	ci_tail_init(t);
}

/* The length of the escape sequence at s (ECMA-48): a control sequence, a
 * string such as a window's title, or the two characters of another. */
static size_t escape_len(const char *s, size_t n)
{
	size_t i = 2;

	if (n < 2)
		return n;
	if (s[1] == '[') {
		while (i < n && (s[i] < '@' || s[i] > '~'))
			i++;
		return i < n ? i + 1 : n;
	}
	if (s[1] != ']' && s[1] != 'P' && s[1] != '^' && s[1] != '_')
		return s[1] >= ' ' ? 2 : 1;
	for (; i < n; i++) {
		if (s[i] == BELL)
			return i + 1;
		if (s[i] == ESCAPE)
			return i + 1 < n && s[i + 1] == '\\' ? i + 2 : i;
	}
	return n;
}

/* Appends the state of the line that is seen in the end. */
static void add_clean(struct buf *to, const char *s, size_t n)
{
	struct buf text = BUF_INIT;

	while (n && s[n - 1] == '\r')
		n--;
	const char *back = n ? memrchr(s, '\r', n) : NULL;
	if (back) {
		n -= (size_t)(back + 1 - s);
		s = back + 1;
	}
	while (n) {
		size_t len = *s == ESCAPE ? escape_len(s, n) : 1;

		if (*s != ESCAPE)
			buf_addc(&text, *s == '\t' ? ' ' : *s);
		s += len;
		n -= len;
	}
	utf8_add_plain(to, text.ptr, text.len, 0);
	buf_release(&text);
}

static void end_line(
	struct ci_tail *t, struct buf *partial, ci_tail_line *line, void *arg)
{
	struct buf clean = BUF_INIT;
	char **place = &t->lines[t->n++ % CI_TAIL_LINES];

	add_clean(&clean, partial->ptr, partial->len);
	buf_reset(partial);
	free(*place);
	*place = buf_detach(&clean);
	if (line)
		line(arg, *place);
}

static void add_part(struct buf *partial, const char *data, size_t len)
{
	size_t room = CI_TAIL_LINE_BYTES - partial->len;

	/* a line that is written over for ever does not fill up */
	const char *back = len ? memrchr(data, '\r', len) : NULL;
	if (back && back + 1 < data + len) {
		len -= (size_t)(back + 1 - data);
		data = back + 1;
		buf_reset(partial);
		room = CI_TAIL_LINE_BYTES;
	}
	buf_add(partial, data, len < room ? len : room);
}

void ci_tail_add(struct ci_tail *t, enum crilog_stream stream, const char *data,
	size_t len, ci_tail_line *line, void *arg)
{
	struct buf *partial = &t->partial[stream != CRILOG_STDOUT];

	while (len) {
		const char *newline = memchr(data, '\n', len);
		size_t part = newline ? (size_t)(newline - data) : len;

		add_part(partial, data, part);
		if (newline) {
			end_line(t, partial, line, arg);
			part++;
		}
		data += part;
		len -= part;
	}
}

void ci_tail_end(struct ci_tail *t, ci_tail_line *line, void *arg)
{
	for (int i = 0; i < 2; i++)
		if (t->partial[i].len)
			end_line(t, &t->partial[i], line, arg);
}

void ci_tail_last(const struct ci_tail *t, struct buf *b)
{
	buf_reset(b);
	for (int i = 0; i < 2 && !b->len; i++)
		add_clean(b, t->partial[i].ptr, t->partial[i].len);
	/* an empty line says less than the one before */
	for (size_t back = 1; !b->len && back <= t->n && back <= CI_TAIL_LINES;
		back++)
		buf_adds(b, t->lines[(t->n - back) % CI_TAIL_LINES]);
}

const char *ci_tail_nth(const struct ci_tail *t, size_t i)
{
	size_t kept = t->n < CI_TAIL_LINES ? t->n : CI_TAIL_LINES;

	return i < kept ? t->lines[(t->n - kept + i) % CI_TAIL_LINES] : NULL;
}
