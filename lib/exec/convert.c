#include "exec/convert.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* text, or its older name crlf: what they say of the line ends. */
enum text_attr { TEXT_UNSAID, TEXT_YES, TEXT_NO, TEXT_AUTO };

static enum text_attr text_attr_of(const char *value)
{
	switch (git_attr_value(value)) {
	case GIT_ATTR_VALUE_TRUE:
		return TEXT_YES;
	case GIT_ATTR_VALUE_FALSE:
		return TEXT_NO;
	case GIT_ATTR_VALUE_STRING:
		if (strcmp(value, "auto") == 0)
			return TEXT_AUTO;
		return strcmp(value, "input") == 0 ? TEXT_YES : TEXT_UNSAID;
	case GIT_ATTR_VALUE_UNSPECIFIED:
		break;
	}
	return TEXT_UNSAID;
}

int convert_lookup(struct objects *o, const git_oid *commit, const char *path,
	struct conversion *c, struct err *e)
{
	static const char *names[] = { "text", "crlf", "eol", "ident",
		"working-tree-encoding" };
	const char *values[5];
	git_attr_options opts = { .version = GIT_ATTR_OPTIONS_VERSION };
	enum text_attr text;

	opts.flags = GIT_ATTR_CHECK_NO_SYSTEM | GIT_ATTR_CHECK_INCLUDE_COMMIT |
		     GIT_ATTR_CHECK_INDEX_ONLY;
	opts.attr_commit_id = *commit;
	if (git_attr_get_many_ext(values, o->repo, &opts, path, 5, names))
		return objects_error(e, path);

	memset(c, 0, sizeof(*c));
	text = text_attr_of(values[0]);
	if (text == TEXT_UNSAID)
		text = text_attr_of(values[1]);
	if (text != TEXT_NO && GIT_ATTR_HAS_VALUE(values[2]) &&
		strcmp(values[2], "crlf") == 0)
		c->crlf = text == TEXT_AUTO ? CRLF_AUTO : CRLF_TEXT;
	c->ident = GIT_ATTR_IS_TRUE(values[3]);
	if (GIT_ATTR_HAS_VALUE(values[4]) && *values[4] &&
		strlen(values[4]) < sizeof(c->encoding) &&
		strcasecmp(values[4], "UTF-8") != 0 &&
		strcasecmp(values[4], "UTF8") != 0)
		memcpy(c->encoding, values[4], strlen(values[4]) + 1);
	return 0;
}

/*
 * The length of an $Id$ or $Id: ...$ at p, or 0. One with a blank within its
 * text was put there by another version control system and stays.
 */
static size_t ident_at(const char *p, const char *end)
{
	const char *dollar, *blank;

	if (end - p < 4 || memcmp(p, "$Id", 3) != 0)
		return 0;
	if (p[3] == '$')
		return 4;
	if (p[3] != ':')
		return 0;
	dollar = memchr(p + 4, '$', (size_t)(end - p - 4));
	if (!dollar || memchr(p + 4, '\n', (size_t)(dollar - p - 4)))
		return 0;
	if (dollar > p + 5) {
		blank = memchr(p + 5, ' ', (size_t)(dollar - p - 5));
		if (blank && blank < dollar - 1)
			return 0;
	}
	return (size_t)(dollar + 1 - p);
}

void convert_ident(struct buf *b, const char *hex)
{
	struct buf out = BUF_INIT;
	const char *p = b->ptr, *end = b->ptr + b->len, *dollar;
	int found = 0;

	while ((dollar = memchr(p, '$', (size_t)(end - p)))) {
		size_t len = ident_at(dollar, end);

		buf_add(&out, p, (size_t)(dollar - p));
		if (len) {
			buf_addf(&out, "$Id: %s $", hex);
			found = 1;
		} else {
			buf_addc(&out, '$');
			len = 1;
		}
		p = dollar + len;
	}
	if (found) {
		buf_add(&out, p, (size_t)(end - p));
		buf_release(b);
		*b = out;
	} else {
		buf_release(&out);
	}
}

/* What git counts to tell text from binary. */
struct text_stats {
	size_t nul, lone_cr, lone_lf, crlf, printable, nonprintable;
};

static int is_unprintable(unsigned char c)
{
	int in_text = c == '\b' || c == '\t' || c == '\033' || c == '\f';

	return c == 0x7f || (c < 32 && !in_text);
}

static void text_stats(struct text_stats *s, const char *data, size_t len)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == '\r' && i + 1 < len && data[i + 1] == '\n') {
			s->crlf++;
			i++;
		} else if (c == '\r') {
			s->lone_cr++;
		} else if (c == '\n') {
			s->lone_lf++;
		} else if (is_unprintable(c)) {
			s->nul += c == 0;
			s->nonprintable++;
		} else {
			s->printable++;
		}
	}
	/* the end-of-file mark of DOS is no sign of a binary */
	if (len && data[len - 1] == '\032')
		s->nonprintable--;
}

void convert_crlf(struct buf *b, int only_if_text)
{
	struct buf out = BUF_INIT;
	struct text_stats s;
	const char *p = b->ptr, *end = b->ptr + b->len, *nl;

	text_stats(&s, b->ptr, b->len);
	if (!s.lone_lf)
		return;
	if (only_if_text && (s.lone_cr || s.crlf || s.nul ||
				    s.printable >> 7 < s.nonprintable))
		return;

	buf_grow(&out, b->len + s.lone_lf);
	while ((nl = memchr(p, '\n', (size_t)(end - p)))) {
		buf_add(&out, p, (size_t)(nl - p));
		if (nl == b->ptr || nl[-1] != '\r')
			buf_addc(&out, '\r');
		buf_addc(&out, '\n');
		p = nl + 1;
	}
	buf_add(&out, p, (size_t)(end - p));
	buf_release(b);
	*b = out;
}

/* 0, or -1 if the text is not what it should be or can't be said in it. */
static int encode(iconv_t cd, struct buf *b, struct buf *out)
{
	char *in = b->ptr;
	size_t in_left = b->len;

	for (;;) {
		buf_grow(out, in_left * 2 + 64);

		char *to = out->ptr + out->len;
		size_t room = out->size - out->len - 1, before = room;
		size_t n =
			iconv(cd, in_left ? &in : NULL, &in_left, &to, &room);

		buf_setlen(out, out->len + before - room);
		if (n == (size_t)-1 && errno != E2BIG)
			return -1;
		if (n != (size_t)-1 && !in_left) {
			if (!in)
				return 0;
			in = NULL; /* once more, for the shift state */
		}
	}
}

void convert_encoding(struct buf *b, const char *encoding)
{
	struct buf out = BUF_INIT;
	const char *to = encoding;

	/* names of git's own: little or big end first, with a mark for it */
	if (strcasecmp(encoding, "UTF-16LE-BOM") == 0) {
		buf_add(&out, "\xff\xfe", 2);
		to = "UTF-16LE";
	} else if (strcasecmp(encoding, "UTF-16BE-BOM") == 0) {
		buf_add(&out, "\xfe\xff", 2);
		to = "UTF-16BE";
	}

	iconv_t cd = iconv_open(to, "UTF-8");
	if (cd == (iconv_t)-1) {
		buf_release(&out);
		return;
	}
	int failed = !b->len || encode(cd, b, &out);
	iconv_close(cd);
	if (failed) {
		buf_release(&out);
		return;
	}
	buf_release(b);
	*b = out;
}

void convert_apply(const struct conversion *c, const char *hex, struct buf *b)
{
	if (c->ident)
		convert_ident(b, hex);
	if (c->crlf != CRLF_NONE)
		convert_crlf(b, c->crlf == CRLF_AUTO);
	if (c->encoding[0])
		convert_encoding(b, c->encoding);
}
