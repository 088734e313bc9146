#include "web/ansi.h"

#include <string.h>

#include "web/html.h"

#define ESC 0x1b
#define BEL 0x07

/* Skips bytes from lo to hi. */
static size_t skip(const char *s, size_t i, size_t n, char lo, char hi)
{
	while (i < n && s[i] >= lo && s[i] <= hi)
		i++;
	return i;
}

/* A string that BEL or ESC \ ends; without an end it is the rest. */
static size_t string_end(const char *s, size_t i, size_t n)
{
	for (; i < n; i++) {
		if (s[i] == BEL)
			return i + 1;
		if (s[i] == ESC && i + 1 < n && s[i + 1] == '\\')
			return i + 2;
	}
	return n;
}

/* The index behind the sequence whose ESC is at i. */
static size_t sequence_end(const char *s, size_t i, size_t n)
{
	if (++i == n)
		return n;
	switch (s[i]) {
	case '[': /* CSI: parameters, intermediates, one final byte */
		i = skip(s, i + 1, n, 0x30, 0x3f);
		i = skip(s, i, n, 0x20, 0x2f);
		return i < n && s[i] >= 0x40 && s[i] <= 0x7e ? i + 1 : i;
	case ']': /* OSC, DCS, SOS, PM, APC */
	case 'P':
	case 'X':
	case '^':
	case '_':
		return string_end(s, i + 1, n);
	default:
		i = skip(s, i, n, 0x20, 0x2f);
		return i < n && s[i] >= 0x30 && s[i] <= 0x7e ? i + 1 : i;
	}
}

void ansi_html(struct buf *b, const char *line, size_t len)
{
	while (len && line[len - 1] == '\r')
		len--;

	const char *cr = memrchr(line, '\r', len);
	size_t i = cr ? (size_t)(cr - line) + 1 : 0;
	while (i < len) {
		const char *esc = memchr(line + i, ESC, len - i);
		size_t stop = esc ? (size_t)(esc - line) : len;

		html_textn(b, line + i, stop - i);
		i = esc ? sequence_end(line, stop, len) : len;
	}
}
