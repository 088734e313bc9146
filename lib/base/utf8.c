#include "base/utf8.h"

#include <stdint.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static int is_between(unsigned char c, int low, int high)
{
	return c >= low && c <= high;
}

size_t utf8_len(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	int low = 0x80, high = 0xbf; /* of the second byte */
	size_t len;

	if (!n)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (is_between(p[0], 0xc2, 0xdf)) {
		len = 2;
	} else if (is_between(p[0], 0xe0, 0xef)) {
		len = 3;
		if (p[0] == 0xe0)
			low = 0xa0; /* below: overlong */
		else if (p[0] == 0xed)
			high = 0x9f; /* above: surrogates */
	} else if (is_between(p[0], 0xf0, 0xf4)) {
		len = 4;
		if (p[0] == 0xf0)
			low = 0x90; /* below: overlong */
		else if (p[0] == 0xf4)
			high = 0x8f; /* above: past U+10FFFF */
	} else {
		return 0;
	}

	if (n < len || !is_between(p[1], low, high))
		return 0;
	for (size_t i = 2; i < len; i++) {
		if (!is_between(p[i], 0x80, 0xbf))
			return 0;
	}
	return len;
}

void utf8_add(struct buf *b, const char *s, size_t n)
{
	size_t done = 0, i = 0;

	while (i < n) {
		size_t len = utf8_len(s + i, n - i);

		if (len) {
			i += len;
			continue;
		}
		buf_add(b, s + done, i - done);
		buf_adds(b, REPLACEMENT);
		done = ++i;
	}
	buf_add(b, s + done, n - done);
}

/* Of a well-formed sequence of two bytes or more. */
static uint32_t code_point(const unsigned char *p, size_t len)
{
	uint32_t c = p[0] & (0x7fU >> len);

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3fU);
	return c;
}

static int is_control(const char *s, size_t len, int keep_tabs)
{
	unsigned char c = (unsigned char)*s;

	if (len == 1)
		return (c < 0x20 && !(keep_tabs && c == '\t')) || c == 0x7f;

	uint32_t point = code_point((const unsigned char *)s, len);
	return point <= 0x9f || /* C1 */
	       /* line and paragraph separator, embeddings and overrides */
	       (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069); /* isolates */
}

void utf8_add_plain(struct buf *b, const char *s, size_t n, int keep_tabs)
{
	size_t done = 0, i = 0;

	while (i < n) {
		size_t len = utf8_len(s + i, n - i);

		if (len && !is_control(s + i, len, keep_tabs)) {
			i += len;
			continue;
		}
		buf_add(b, s + done, i - done);
		buf_adds(b, len ? "?" : REPLACEMENT);
		i += len ? len : 1;
		done = i;
	}
	buf_add(b, s + done, n - done);
}
