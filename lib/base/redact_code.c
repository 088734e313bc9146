/*
 * The ways in which a value may be encoded.
 */
#include "base/redact_build.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* A line may end within the first characters: then the rest is what is found. */
#define BEFORE_LINE 4

static void add(
	struct redactor *r, const char *text, size_t len, uint32_t secret)
{
	redact_pattern(&r->encoded, text, len, secret);
	if (len >= BEFORE_LINE + REDACT_MIN)
		redact_pattern(&r->encoded, text + BEFORE_LINE,
			len - BEFORE_LINE, secret);
}

/* The six bits from bit on; those behind the end are 0. */
static char base64_char(const uint8_t *data, size_t len, size_t bit)
{
	size_t at = bit / 8;
	unsigned two = (unsigned)data[at] << 8;

	if (at + 1 < len)
		two |= data[at + 1];
	return alphabet[two >> (10 - bit % 8) & 63];
}

/*
 * The value behind `before` bytes (0 to 2, modulo 3) of a longer text. Its
 * characters begin at every sixth bit of that text; the first may hold bits of
 * what stands before, the last of what stands behind or, at the end of the
 * text, zeros.
 */
static void add_base64(struct redactor *r, const uint8_t *data, size_t len,
	size_t before, uint32_t secret)
{
	size_t skip = (6 - before * 8 % 6) % 6; /* bits */
	size_t rest = (len * 8 - skip) % 6;
	char *text = mem_alloc(len * 4 / 3 + 8);
	size_t n = 0;

	for (size_t bit = skip; bit + 6 <= len * 8; bit += 6)
		text[n++] = base64_char(data, len, bit);
	add(r, text, n, secret);
	if (rest) {
		text[n++] = base64_char(data, len, len * 8 - rest);
		add(r, text, n, secret);
		text[n++] = '=';
		if (rest == 2)
			text[n++] = '=';
		add(r, text, n, secret);
	}
	free(text);
}

static void add_hex(struct redactor *r, const uint8_t *data, size_t len,
	const char *digits, uint32_t secret)
{
	char *text = mem_alloc(2 * len);

	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[data[i] >> 4];
		text[2 * i + 1] = digits[data[i] & 15];
	}
	add(r, text, 2 * len, secret);
	free(text);
}

void redact_encoded(
	struct redactor *r, const char *value, size_t len, uint32_t secret)
{
	uint8_t *data = mem_alloc(len + 1);

	memcpy(data, value, len);
	data[len] = '\n'; /* what echo puts behind it */
	for (size_t before = 0; before < 3; before++) {
		add_base64(r, data, len, before, secret);
		add_base64(r, data, len + 1, before, secret);
	}
	add_hex(r, data, len, "0123456789abcdef", secret);
	add_hex(r, data, len, "0123456789ABCDEF", secret);
	free(data);
}
