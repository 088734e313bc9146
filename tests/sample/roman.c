#include "roman.h"

#include <string.h>

static const struct {
	int value;
	const char *text;
} steps[] = {
	{ 1000, "M" },
	{ 900, "CM" },
	{ 500, "D" },
	{ 400, "CD" },
	{ 100, "C" },
	{ 90, "XC" },
	{ 50, "L" },
	{ 40, "XL" },
	{ 10, "X" },
	{ 9, "IX" },
	{ 5, "V" },
	{ 4, "IV" },
	{ 1, "I" },
};
static const size_t n_steps = sizeof(steps) / sizeof(steps[0]);

int roman_write(int n, char *out, size_t size)
{
	size_t used = 0;

	if (n < 1 || n > 3999)
		return -1;
	for (size_t i = 0; i < n_steps; i++) {
		size_t len = strlen(steps[i].text);

		for (; n >= steps[i].value; n -= steps[i].value) {
			if (used + len + 1 > size)
				return -1;
			memcpy(out + used, steps[i].text, len);
			used += len;
		}
	}
	out[used] = '\0';
	return 0;
}

int roman_read(const char *text)
{
	char again[32];
	const char *p = text;
	int n = 0;

	for (size_t i = 0; i < n_steps; i++) {
		size_t len = strlen(steps[i].text);

		while (strncmp(p, steps[i].text, len) == 0) {
			n += steps[i].value;
			p += len;
		}
	}
	if (*p || roman_write(n, again, sizeof(again)) < 0)
		return -1;
	return strcmp(again, text) == 0 ? n : -1;
}
