#include "base/shword.h"

#include <string.h>

static int is_plain(const char *s)
{
	return *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789/._-+:@,")];
}

static void add(struct buf *b, const char *s, const char *percent)
{
	if (is_plain(s)) {
		buf_adds(b, s);
		return;
	}
	buf_addc(b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_adds(b, "'\\''");
		else if (*s == '%')
			buf_adds(b, percent);
		else
			buf_addc(b, *s);
	}
	buf_addc(b, '\'');
}

void shword_add(struct buf *b, const char *s)
{
	add(b, s, "%");
}

void shword_add_cron(struct buf *b, const char *s)
{
	/* cron takes the backslash away also between quotes, as it knows none;
	 * it is put outside of them for the shells that see the line as is */
	add(b, s, "'\\%'");
}
