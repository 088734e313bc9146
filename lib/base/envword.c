#include "base/envword.h"

#include <string.h>

#define BLANKS " \t\n"

int envword_is_name(const char *word, size_t len)
{
	if (!len || (word[0] >= '0' && word[0] <= '9'))
		return 0;
	for (size_t i = 0; i < len; i++) {
		char c = word[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			    (c >= '0' && c <= '9') || c == '_'))
			return 0;
	}
	return 1;
}

int envword_next(
	const char **at, struct buf *name, struct buf *value, struct err *e)
{
	const char *word = *at + strspn(*at, BLANKS);
	size_t len = strcspn(word, BLANKS);
	const char *equals = memchr(word, '=', len);

	buf_reset(name);
	buf_reset(value);
	*at = word + len;
	if (!len)
		return 0;
	if (!equals || !envword_is_name(word, (size_t)(equals - word)))
		return err_set(e, EXIT_USAGE,
			"'%.*s' is not of the form NAME=VALUE",
			len > 200 ? 200 : (int)len, word);
	buf_add(name, word, (size_t)(equals - word));
	buf_add(value, equals + 1, (size_t)(word + len - equals - 1));
	return 1;
}
