#include "web/html.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

/* What stops the copying of bytes as they are; all of ASCII else passes. */
static const char needs_care[256] = {
	[0 ... 8] = 1,
	[11 ... 31] = 1,
	['"'] = 1,
	['&'] = 1,
	['\''] = 1,
	['<'] = 1,
	['>'] = 1,
	[127 ... 255] = 1,
};

static void add_replacement(struct buf *b)
{
	html_raw(b, "\xEF\xBF\xBD");
}

static unsigned code_point(const unsigned char *s, size_t len)
{
	switch (len) {
	case 2:
		return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	case 3:
		return (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 |
		       (s[2] & 0x3fu);
	default:
		return 0x10000; /* of no interest here */
	}
}

/* U+061C, U+200E, U+200F, U+202A..E, U+2066..9 (Unicode UAX 9, 2). */
static int is_bidi_control(unsigned c)
{
	return c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* One character beyond ASCII; returns the bytes it took. */
static size_t add_beyond_ascii(struct buf *b, const char *s, size_t n)
{
	size_t len = utf8_len(s, n);

	if (!len) {
		add_replacement(b);
		return 1;
	}
	unsigned c = code_point((const unsigned char *)s, len);
	if (is_bidi_control(c))
		buf_addf(b, "[U+%04X]", c);
	else if (c < 0xa0 || c == 0xfffe || c == 0xffff)
		add_replacement(b);
	else
		buf_add(b, s, len);
	return len;
}

void html_textn(struct buf *b, const char *s, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t from = i;

		while (i < n && !needs_care[(unsigned char)s[i]])
			i++;
		buf_add(b, s + from, i - from);
		if (i == n)
			return;
		switch (s[i]) {
		case '<':
			html_raw(b, "&lt;");
			i++;
			break;
		case '>':
			html_raw(b, "&gt;");
			i++;
			break;
		case '&':
			html_raw(b, "&amp;");
			i++;
			break;
		case '"':
			html_raw(b, "&quot;");
			i++;
			break;
		case '\'':
			html_raw(b, "&#39;");
			i++;
			break;
		default:
			if ((unsigned char)s[i] < 0x80) {
				add_replacement(b);
				i++;
			} else {
				i += add_beyond_ascii(b, s + i, n - i);
			}
		}
	}
}

void html_text(struct buf *b, const char *s)
{
	html_textn(b, s, strlen(s));
}

/* RFC 3986, 2.3: what may stand as it is anywhere in a URL. */
static int is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

static void add_url(struct buf *b, const char *s, char also)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (is_unreserved(c) || *s == also) {
			buf_addc(b, *s);
		} else {
			char enc[3] = { '%', hex[c >> 4], hex[c & 15] };

			buf_add(b, enc, sizeof(enc));
		}
	}
}

void html_url_segment(struct buf *b, const char *s)
{
	add_url(b, s, '-');
}

void html_url_path(struct buf *b, const char *s)
{
	add_url(b, s, '/');
}

void html_int(struct buf *b, int64_t n)
{
	buf_addi(b, n);
}

void html_size(struct buf *b, int64_t bytes)
{
	static const char units[] = "kMGTPE";

	if (bytes < 1000) {
		buf_addi(b, bytes);
		html_raw(b, " B");
		return;
	}
	/* in tenths of the unit, so that 3,400,000 is 3.4 MB */
	int64_t tenths = bytes / 100;
	int unit = 0;
	for (; tenths >= 10000; unit++)
		tenths /= 1000;
	buf_addi(b, tenths / 10);
	if (tenths < 1000) {
		buf_addc(b, '.');
		buf_addi(b, tenths % 10);
	}
	buf_addc(b, ' ');
	buf_addc(b, units[unit]);
	buf_addc(b, 'B');
}

void html_time(struct buf *b, int64_t at_ms, int64_t now_ms)
{
	struct buf at = BUF_INIT;

	clock_add_rfc3339(&at, at_ms);
	html_raw(b, "<time datetime=\"");
	html_text(b, at.ptr);
	html_raw(b, "\" title=\"");
	/* 2026-11-24T05:46:58Z, as people write it */
	if (at.len == 20) {
		html_textn(b, at.ptr, 10);
		buf_addc(b, ' ');
		html_textn(b, at.ptr + 11, 8);
		html_raw(b, " UTC");
	}
	html_raw(b, "\">");
	clock_add_ago(b, at_ms, now_ms);
	html_raw(b, "</time>");
	buf_release(&at);
}
