#include "base/crilog.h"

#include <stdint.h>
#include <string.h>

#include "base/clock.h"

#define SHORT_LINE 64

/* One blank-ended word of the line; -1 if there is none. */
static int next_word(
	const char **at, const char *end, const char **word, size_t *len)
{
	const char *blank = memchr(*at, ' ', (size_t)(end - *at));
	const char *stop = blank ? blank : end;

	*word = *at;
	*len = (size_t)(stop - *at);
	*at = blank ? blank + 1 : end;
	return *len ? 0 : -1;
}

static int is_time(const char *s, size_t len)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";

	if (len < sizeof(shape)) /* at least the zone comes behind it */
		return 0;
	for (size_t i = 0; shape[i]; i++) {
		int digit = s[i] >= '0' && s[i] <= '9';
		if (shape[i] == 'd' ? !digit : s[i] != shape[i])
			return 0;
	}
	return 1;
}

/*
 * Whether 8 bytes are those of shape, in which 0 stands for any digit. By xor
 * a digit becomes 0 to 9 and what else there must be 0; the limit of each byte
 * is what may be added to that without reaching its highest bit: 0x76 ("v") or
 * 0x7f.
 */
static inline int has_shape(const char *s, const char *shape, const char *limit)
{
	uint64_t seen, want, add;

	memcpy(&seen, s, 8);
	memcpy(&want, shape, 8);
	memcpy(&add, limit, 8);
	seen ^= want;
	return !(((seen + add) | seen) & UINT64_C(0x8080808080808080));
}

/*
 * A record as crilog_feed writes it, whose columns have a fixed width: 1, or 0
 * for one that has to be looked at word by word. Who counts the lines of a
 * gigabyte looks at ten million of them.
 */
#define FIXED_TIME 30
#define FIXED_COLUMNS 40
static int parse_fixed(struct crilog_record *r, const char *line, size_t len)
{
	const char *word = line + FIXED_COLUMNS - 8;

	if (len < FIXED_COLUMNS ||
		!has_shape(line, "0000-00-", "vvvv\177vv\177") ||
		!has_shape(line + 8, "00T00:00", "vv\177vv\177vv") ||
		!has_shape(line + 16, ":00.0000", "\177vv\177vvvv") ||
		!has_shape(line + 24, "00000Z s", "vvvvv\177\177\177"))
		return 0;
	if (!memcmp(word, "tdout F ", 8) || !memcmp(word, "tdout P ", 8))
		r->stream = CRILOG_STDOUT;
	else if (!memcmp(word, "tderr F ", 8) || !memcmp(word, "tderr P ", 8))
		r->stream = CRILOG_STDERR;
	else
		return 0;
	r->partial = word[6] == 'P';
	r->time = line;
	r->time_len = FIXED_TIME;
	r->text = line + FIXED_COLUMNS;
	r->len = len - FIXED_COLUMNS;
	return 1;
}

int crilog_parse(struct crilog_record *r, const char *line, size_t len)
{
	const char *at = line, *end = line + len, *word;
	size_t n;

	if (parse_fixed(r, line, len))
		return 0;
	if (next_word(&at, end, &r->time, &r->time_len) < 0 ||
		!is_time(r->time, r->time_len))
		return -1;
	if (next_word(&at, end, &word, &n) < 0 || n != 6)
		return -1;
	if (memcmp(word, "stdout", 6) == 0)
		r->stream = CRILOG_STDOUT;
	else if (memcmp(word, "stderr", 6) == 0)
		r->stream = CRILOG_STDERR;
	else
		return -1;
	/* more tags may follow the first, behind colons: none is known */
	if (next_word(&at, end, &word, &n) < 0 ||
		(*word != 'F' && *word != 'P') || (n > 1 && word[1] != ':'))
		return -1;
	r->partial = *word == 'P';
	r->text = at;
	r->len = (size_t)(end - at);
	return 0;
}

/* What stands before the text: "<time> stdout F ", the same for a whole read,
 * so it is formatted once. */
#define STAMP_MAX 48
struct stamp {
	char text[STAMP_MAX];
	size_t len;
	size_t tag; /* where the F is */
};

static void make_stamp(struct stamp *s, const struct crilog_writer *w,
	const struct timespec *at)
{
	struct buf text = BUF_INIT;

	clock_add_rfc3339_ns(&text, at);
	buf_adds(&text,
		w->stream == CRILOG_STDERR ? " stderr F " : " stdout F ");
	s->len = text.len < STAMP_MAX ? text.len : STAMP_MAX;
	s->tag = s->len - 2;
	memcpy(s->text, text.ptr, s->len);
	buf_release(&text);
}

/* Room for a record of so many bytes of text, and for what add_line() writes
 * beyond it. */
static char *room(struct buf *out, size_t len)
{
	if (out->size - out->len <= STAMP_MAX + len + SHORT_LINE)
		buf_grow(out, STAMP_MAX + len + SHORT_LINE);
	return out->ptr + out->len;
}

static void end_record(struct buf *out, char *end)
{
	*end++ = '\n';
	*end = '\0';
	out->len = (size_t)(end - out->ptr);
}

/* A record whose text is a and then b. */
static void add_record(struct buf *out, struct stamp *s, char tag,
	const char *a, size_t a_len, const char *b, size_t b_len)
{
	char *to = room(out, a_len + b_len);

	memcpy(to, s->text, s->len);
	to[s->tag] = tag;
	to += s->len;
	if (a_len)
		memcpy(to, a, a_len);
	if (b_len)
		memcpy(to + a_len, b, b_len);
	end_record(out, to + a_len + b_len);
}

/*
 * A line of which nothing came before. Most are short, and copies of a size
 * that the compiler knows take a fraction of the time; what they copy too much
 * the next record covers. there: bytes that can be read at text.
 */
static void add_line(struct buf *out, const struct stamp *s, const char *text,
	size_t len, size_t there)
{
	char *to = room(out, len);

	memcpy(to, s->text, STAMP_MAX);
	to += s->len;
	if (len <= SHORT_LINE && there >= SHORT_LINE)
		memcpy(to, text, SHORT_LINE);
	else
		memcpy(to, text, len);
	end_record(out, to + len);
}

void crilog_feed(struct crilog_writer *w, const char *data, size_t len,
	const struct timespec *at, struct buf *out)
{
	const char *end = data + len;
	struct stamp s = { 0 };

	if (!len)
		return;
	make_stamp(&s, w, at);
	while (data < end) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));
		const char *stop = newline ? newline : end;

		while ((size_t)(stop - data) + w->rest.len > CRILOG_PIECE) {
			size_t take = CRILOG_PIECE - w->rest.len;
			add_record(out, &s, 'P', w->rest.ptr, w->rest.len, data,
				take);
			buf_reset(&w->rest);
			data += take;
		}
		if (!newline) {
			buf_add(&w->rest, data, (size_t)(stop - data));
			break;
		}
		if (!w->rest.len) {
			add_line(out, &s, data, (size_t)(stop - data),
				(size_t)(end - data));
		} else {
			add_record(out, &s, 'F', w->rest.ptr, w->rest.len, data,
				(size_t)(stop - data));
			buf_reset(&w->rest);
		}
		data = newline + 1;
	}
}

void crilog_end(
	struct crilog_writer *w, const struct timespec *at, struct buf *out)
{
	struct stamp s = { 0 };

	if (w->rest.len) {
		make_stamp(&s, w, at);
		add_record(out, &s, 'F', w->rest.ptr, w->rest.len, NULL, 0);
	}
	buf_release(&w->rest);
}
