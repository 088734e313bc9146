#include "base/crilog.h"

#include <string.h>

#include "base/clock.h"

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

int crilog_parse(struct crilog_record *r, const char *line, size_t len)
{
	const char *at = line, *end = line + len, *word;
	size_t n;

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
struct stamp {
	struct buf text;
	size_t tag; /* where the F is */
};

static void make_stamp(struct stamp *s, const struct crilog_writer *w,
	const struct timespec *at)
{
	buf_init(&s->text);
	clock_add_rfc3339_ns(&s->text, at);
	buf_adds(&s->text,
		w->stream == CRILOG_STDERR ? " stderr F " : " stdout F ");
	s->tag = s->text.len - 2;
}

/* A record whose text is a and then b. */
static void add_record(struct buf *out, struct stamp *s, char tag,
	const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t stamp_len = s->text.len;
	size_t len = stamp_len + a_len + b_len + 1;

	if (out->size - out->len <= len)
		buf_grow(out, len);
	char *to = out->ptr + out->len;
	memcpy(to, s->text.ptr, stamp_len);
	to[s->tag] = tag;
	to += stamp_len;
	if (a_len)
		memcpy(to, a, a_len);
	if (b_len)
		memcpy(to + a_len, b, b_len);
	to[a_len + b_len] = '\n';
	to[a_len + b_len + 1] = '\0';
	out->len += len;
}

void crilog_feed(struct crilog_writer *w, const char *data, size_t len,
	const struct timespec *at, struct buf *out)
{
	const char *end = data + len;
	struct stamp s;

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
		add_record(out, &s, 'F', w->rest.ptr, w->rest.len, data,
			(size_t)(stop - data));
		if (w->rest.len)
			buf_reset(&w->rest);
		data = newline + 1;
	}
	buf_release(&s.text);
}

void crilog_end(
	struct crilog_writer *w, const struct timespec *at, struct buf *out)
{
	struct stamp s;

	if (w->rest.len) {
		make_stamp(&s, w, at);
		add_record(out, &s, 'F', w->rest.ptr, w->rest.len, NULL, 0);
		buf_release(&s.text);
	}
	buf_release(&w->rest);
}
