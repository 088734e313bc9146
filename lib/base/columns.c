#include "base/columns.h"

#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

/* Columns of the character at s, whose length is put into *len. */
static size_t char_columns(
	locale_t utf8, const char *s, size_t left, size_t *len)
{
	mbstate_t state;
	wchar_t wide;
	int columns = 1;

	*len = utf8_len(s, left);
	if (*len <= 1) {
		*len = 1;
		return 1;
	}
	if (!utf8)
		return 1;
	/* what a character takes does not hang on the user's locale */
	locale_t before = uselocale(utf8);
	memset(&state, 0, sizeof(state));
	if (mbrtowc(&wide, s, *len, &state) == *len)
		columns = wcwidth(wide);
	uselocale(before);
	return columns < 0 ? 1 : (size_t)columns;
}

/* Bytes of text, at most len, within so many columns, which are put into
 * *used. */
static size_t measure(
	const char *text, size_t len, size_t columns, size_t *used)
{
	locale_t utf8 = (locale_t)0;
	size_t at = 0;

	*used = 0;
	while (at < len) {
		size_t char_len;

		if (!utf8 && (unsigned char)text[at] >= 0x80)
			utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
		size_t n = char_columns(utf8, text + at, len - at, &char_len);
		if (*used + n > columns)
			break;
		*used += n;
		at += char_len;
	}
	if (utf8)
		freelocale(utf8);
	return at;
}

size_t columns_of(const char *text)
{
	size_t used;

	measure(text, strlen(text), (size_t)-1, &used);
	return used;
}

size_t columns_fit(const char *text, size_t columns)
{
	size_t used;

	return measure(text, strlen(text), columns, &used);
}

void columns_cut(struct buf *text, size_t columns)
{
	size_t used;

	if (measure(text->ptr, text->len, columns, &used) == text->len)
		return;
	buf_setlen(text, measure(text->ptr, text->len,
				 columns ? columns - 1 : 0, &used));
	if (columns)
		buf_adds(text, "…");
}

void columns_pad(struct buf *b, size_t have, size_t want)
{
	for (; have < want; have++)
		buf_addc(b, ' ');
}
