#include "base/near.h"

#include <string.h>

#define LONGEST 64 /* words that anybody mistypes are shorter */

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edits and swaps of neighbours that turn a into b; both up to LONGEST. */
static int distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int rows[3][LONGEST + 1];
	int *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		above[j] = (int)j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = (int)i;
		for (size_t j = 1; j <= b_len; j++) {
			int differs = a[i - 1] != b[j - 1];

			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				above[j - 1] + differs);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1] && before[j - 2] < row[j])
				row[j] = before[j - 2] + 1;
		}
		int *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[b_len];
}

const char *near_word(const char *typed, const char *const *words, size_t n)
{
	size_t typed_len = strlen(typed);
	const char *best = NULL;
	int least = LONGEST;

	if (typed_len > LONGEST)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(words[i]);
		size_t longer = len > typed_len ? len : typed_len;

		if (len > LONGEST)
			continue;
		int d = distance(typed, typed_len, words[i], len);
		if (d < least && (size_t)d <= longer / 3) {
			least = d;
			best = words[i];
		}
	}
	return best;
}

const char *near_other(
	const char *typed, const struct near_other *others, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(typed, others[i].there))
			return others[i].here;
	return NULL;
}
